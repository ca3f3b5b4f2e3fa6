//! `bursar completions`: what a shell needs to complete commands and flags, on stdout.

use clap_complete::generate;

use crate::failure::Failure;
use crate::help;
use crate::output::{Output, unless_closed};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar completions bash > bursar
  bursar completions zsh > _bursar
  bursar completions fish > bursar.fish

Put the file where the shell looks: ~/.local/share/bash-completion/completions for bash, a folder
of `fpath` for zsh (before `compinit` runs), ~/.config/fish/completions for fish.")]
pub(crate) struct Completions {
    /// Whose completions
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Completions {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let shell = match self.shell {
            Shell::Bash => clap_complete::Shell::Bash,
            Shell::Zsh => clap_complete::Shell::Zsh,
            Shell::Fish => clap_complete::Shell::Fish,
        };
        let mut script = Vec::new();
        generate(shell, &mut help::command(), "bursar", &mut script);
        Ok(unless_closed(Output::bytes(&script))?)
    }
}
