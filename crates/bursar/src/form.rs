//! Flags for the form in which rows are printed, beside `--json`, which is everywhere.

use crate::failure::{Failure, Situation};
use crate::output::Output;

/// Flags of commands that print many rows.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct FormArgs {
    /// Rows as CSV; the columns are the keys of --json
    #[arg(long)]
    csv: bool,
    /// Never show a long table in a pager
    #[arg(long)]
    no_pager: bool,
}

/// The form that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Csv,
    Table { may_page: bool },
}

impl FormArgs {
    /// One form; two are a mistake.
    pub(crate) fn form(self, output: Output) -> Result<Form, Failure> {
        match (output.json, self.csv) {
            (true, true) => {
                let message = "`--json` and `--csv` are two forms of one thing";
                Err(Failure::new(Situation::Usage, message).hint("give one of them"))
            }
            (true, false) => Ok(Form::Json),
            (false, true) => Ok(Form::Csv),
            (false, false) => Ok(Form::Table { may_page: !self.no_pager }),
        }
    }
}
