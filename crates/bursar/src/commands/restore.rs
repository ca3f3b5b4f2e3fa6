//! `bursar ledger restore`: a backup made the ledger again.

use std::path::PathBuf;

use bursar_domain::time::Clock;
use bursar_ledger::{Ledger, OpenOptions, restore_command};

use super::ledger::{audit_json, show};
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar ledger restore bursar-backup.db --ledger sqlite:restored.db
  bursar ledger restore bursar-backup.db --force

A ledger that is there already is refused, or with --force set aside under a new name; no process
may have it open. What was open when the backup was made is settled at its hold. Exit 9 when the
audit at the end finds something. Blocks that were signed after the backup are gone, and
`bursar ledger verify` says so.")]
pub(crate) struct RestoreArgs {
    /// A file of `bursar ledger backup`
    file: PathBuf,
    /// Take the place of the ledger that is there
    #[arg(long)]
    force: bool,
}

impl RestoreArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let database = settings.database()?;
        if let Some(command) = restore_command(&database, &self.file) {
            let message = format!("{database} is no file, and PostgreSQL restores its own backups");
            return Err(Failure::new(Situation::Usage, message)
                .hint(format!("into a new, empty database, run `{command}`"))
                .hint("then `bursar ledger audit` settles what was open, and checks it"));
        }
        let options = OpenOptions::new(Clock::system());
        let actor = (settings.actor.as_str(), options);
        let restored = Ledger::restore(&database, (&self.file, self.force), actor).await?;
        let set_aside = restored.set_aside.as_ref().map(|path| path.display().to_string());
        let mut object = audit_json(&restored.audit);
        object["file"] = self.file.display().to_string().into();
        object["set_aside"] = set_aside.clone().into();
        object["swept"] = restored.swept.into();
        if let Some(path) = set_aside.filter(|_| !output.json) {
            output.note(format!("the ledger that was there is kept as {path}"));
        }
        let clean = format!(
            "{database} holds the {} calls of {}; {} that were open are settled at their hold",
            restored.audit.calls,
            self.file.display(),
            restored.swept
        );
        show(&restored.audit, &object, &clean, output)
    }
}
