//! `bursar user`: who may sign in where people look, in a browser.

use std::io::{IsTerminal, Read};

use bursar_admin::api::{self, Nothing, WhichUser};
use bursar_admin::{MadeUser, NewUser, UserRow};
use bursar_ledger::Secret;
use serde_json::json;

use crate::door::Door;
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;
use crate::table;

/// More than this is no password.
const PASSWORD_BYTES_MAX: u64 = 4_096;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar user create ann --role admin
  bursar user create bob --role lead --team research < password.txt
  bursar user create carol --role member --team research
  bursar user list
  bursar user reset bob
  bursar user disable bob
  bursar user enable bob

A password has 15 characters or more, and is read from stdin. Without one, a link is printed at which
it is set, once, within a day. A finance user sees everything and changes nothing; a lead sees one team,
and changes its keys and budgets; a member sees what the team's calls record under the same name.
These people sign in where `bursar serve --admin-listen` says; `bursar key` is for those who call.")]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, clap::Subcommand)]
enum UserCommand {
    /// Make somebody who may sign in, by a password on stdin or by a link
    Create {
        /// By which they sign in
        name: String,
        /// What they may see and change: admin, finance, lead or member
        #[arg(long)]
        role: String,
        /// The team of a lead or a member
        #[arg(long, value_name = "NAME")]
        team: Option<String>,
    },
    /// Who may sign in, or might once
    List,
    /// Let somebody sign in no more, and end their sessions
    Disable {
        /// Their name or id
        user: String,
    },
    /// Let somebody sign in again
    Enable {
        /// Their name or id
        user: String,
    },
    /// Take somebody's password away, and print a link at which they set another
    Reset {
        /// Their name or id
        user: String,
    },
}

impl UserArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        match self.command {
            UserCommand::Create { name, role, team } => {
                let password = read_password()?;
                let ask = NewUser { name, role, team, password };
                let made = Door::ask_once(settings, &api::MAKE_USER, ask).await?;
                reveal(made, settings, output)
            }
            UserCommand::Reset { user } => {
                let ask = WhichUser { user };
                let made = Door::ask_once(settings, &api::RESET_USER, ask).await?;
                reveal(made, settings, output)
            }
            UserCommand::List => {
                let users = Door::ask_once(settings, &api::USERS, Nothing {}).await?;
                list(&users.rows, output)
            }
            UserCommand::Disable { user } => {
                let ask = WhichUser { user };
                tell(&Door::ask_once(settings, &api::DISABLE_USER, ask).await?, output)
            }
            UserCommand::Enable { user } => {
                let ask = WhichUser { user };
                tell(&Door::ask_once(settings, &api::ENABLE_USER, ask).await?, output)
            }
        }
    }
}

/// The password that is piped in; `None` where nobody is piping, or nothing.
fn read_password() -> Result<Option<Secret>, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    stdin.take(PASSWORD_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| {
        Failure::new(Situation::BadData, format!("stdin: cannot read the password: {error}"))
    })?;
    if text.len() as u64 > PASSWORD_BYTES_MAX {
        let message = format!("what is on stdin is over {PASSWORD_BYTES_MAX} bytes");
        return Err(Failure::new(Situation::BadData, message).hint("pipe in one password"));
    }
    // The line's end is the shell's, not the password's.
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    Ok((!password.is_empty()).then(|| Secret::new(password.to_owned())))
}

fn reveal(made: MadeUser, settings: &Settings, output: Output) -> Result<(), Failure> {
    // The server that made it is where it leads.
    let server = settings.server.as_ref().map(|server| server.url.trim_end_matches('/'));
    let link = made
        .link
        .as_ref()
        .map(|link| Secret::new(format!("{}{}", server.unwrap_or_default(), link.expose())));
    let made = MadeUser { link, ..made };
    if output.json {
        return Ok(Output::object(&made)?);
    }
    Output::line(format!("user    {} ({}), {}", made.name, made.id, made.role))?;
    if let Some(link) = &made.link {
        Output::line(format!("link    {}", link.expose()))?;
        if server.is_none() {
            output.note("the link belongs behind the address that `bursar serve` calls `admin on`");
        }
        let until = made.link_expires_at.unwrap_or_default();
        output.note(format!("whoever opens it sets the password, once, until {until}"));
    }
    Ok(())
}

fn tell(user: &UserRow, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(Output::object(user)?);
    }
    Ok(Output::line(format!("{} ({}) is {}", user.name, user.id, user.state))?)
}

fn list(users: &[UserRow], output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(Output::object(&json!({"rows": users}))?);
    }
    if users.is_empty() {
        output.note("nobody may sign in yet; `bursar user create NAME --role admin` makes one");
        return Ok(());
    }
    let mut table = table::new(&["name", "id", "role", "team", "state", "since"]);
    for user in users {
        table.add_row(vec![
            user.name.clone(),
            user.id.clone(),
            user.role.clone(),
            user.team.clone().unwrap_or_else(|| "–".to_owned()),
            user.state.clone(),
            user.created_at.clone(),
        ]);
    }
    Ok(Output::line(table.to_string())?)
}
