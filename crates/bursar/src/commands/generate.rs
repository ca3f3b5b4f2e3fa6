//! `bursar generate`: the man pages and completions that a release carries.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_complete::{Shell, generate_to};

use crate::args::Args;
use crate::failure::{Failure, Situation};

#[derive(Debug, clap::Args)]
pub(crate) struct Generate {
    /// What to write
    #[arg(value_enum)]
    what: What,
    /// The folder to write into
    folder: PathBuf,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum What {
    /// One page a command
    Man,
    /// For bash, zsh and fish
    Completions,
}

impl Generate {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let written = match self.what {
            What::Man => clap_mangen::generate_to(Args::command(), &self.folder),
            What::Completions => completions(&self.folder),
        };
        written.map_err(|error| {
            let message = format!("cannot write to `{}`: {error}", self.folder.display());
            Failure::new(Situation::NoFile, message)
        })
    }
}

fn completions(folder: &Path) -> std::io::Result<()> {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut Args::command(), "bursar", folder)?;
    }
    Ok(())
}
