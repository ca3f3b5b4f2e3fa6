//! The first page of help: commands grouped by what people want to do.
//!
//! clap has headings for flags and none for commands, so the list is written here, in a template.

use std::fmt::Write;

use clap::{Command, CommandFactory, FromArgMatches};

use crate::args::Args;

/// What people want to do, and with which commands.
const GROUPS: [(&str, &[&str]); 8] = [
    ("See what calls cost", &["usage", "calls"]),
    ("Set limits", &["budget", "freeze", "thaw", "why"]),
    ("Give access", &["team", "key", "admin-key", "user", "apply"]),
    ("Serve and watch", &["serve", "run", "streams", "top"]),
    ("Ask models", &["chat", "converse", "invoke"]),
    ("Know prices", &["estimate", "price", "models"]),
    ("Try it", &["demo", "simulate", "replay"]),
    ("Set it up", &["doctor", "iam-policy", "config", "ledger", "completions"]),
];

/// The command line with its grouped help.
pub(crate) fn command() -> Command {
    let command = Args::command();
    let template = template(&command);
    command.help_template(template)
}

/// Reads this process's arguments; ends it where they make no sense or ask for help.
pub(crate) fn parse() -> Args {
    let matches = command().get_matches();
    Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn template(command: &Command) -> String {
    let heading = command.get_styles().get_header();
    let name = command.get_styles().get_literal();
    let width = command.get_subcommands().map(|command| command.get_name().len()).max();
    let width = width.unwrap_or_default();
    let mut groups = String::new();
    for (title, names) in GROUPS {
        // Writing to a text cannot fail.
        let _ = writeln!(groups, "{heading}{title}:{heading:#}");
        for subcommand in names.iter().filter_map(|name| command.find_subcommand(name)) {
            let about = subcommand.get_about().map(ToString::to_string).unwrap_or_default();
            let label = subcommand.get_name();
            let _ = writeln!(groups, "  {name}{label:width$}{name:#}  {about}");
        }
        groups.push('\n');
    }
    format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}\
         Each command has its flags and examples in `bursar COMMAND --help`.\n\n\
         {heading}Everywhere:{heading:#}\n{{options}}{{after-help}}"
    )
}

#[cfg(test)]
mod runbook_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_stands_in_one_group_and_every_group_names_commands_that_exist() {
        let command = Args::command();
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        let mut shown: Vec<&str> = shown.map(Command::get_name).collect();
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        shown.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(grouped, shown);
        for (title, names) in GROUPS {
            assert!(names.len() <= 5, "more than anybody keeps in mind at a glance: {title}");
        }
    }
}
