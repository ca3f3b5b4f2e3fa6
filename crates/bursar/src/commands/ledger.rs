//! `bursar ledger`: bring its schema up to date, check and prove its books, copy it, back it up,
//! archive and restore it.

use std::path::{Path, PathBuf};

use bursar_domain::time::Clock;
use bursar_ledger::{
    AuditReport, Changed, CopyReport, DatabaseUrl, Finding, Ledger, LedgerCopy, OpenOptions,
    dump_command,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::archive::ArchiveArgs;
use super::changes::ChangesArgs;
use super::fill::FillArgs;
use super::restore::RestoreArgs;
use super::seal;
use super::verify::VerifyArgs;
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;
use crate::wiring;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar ledger migrate --ledger postgres://bursar@db.example/bursar
  bursar ledger audit --json
  bursar ledger changes --since 7d
  bursar ledger seal
  bursar ledger backup bursar-backup.db
  bursar ledger archive --before 2026-06 --drop
  bursar ledger copy sqlite:bursar.db postgres://bursar@db.example/bursar")]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LedgerCommand {
    /// Make the ledger, or bring it up to this program's version
    Migrate,
    /// Check that holds, calls, windows, limits and roll-ups agree; exit 9 when they do not
    #[command(after_help = "Examples:
  bursar ledger audit
  bursar ledger audit --rebuild

Calls may go on meanwhile. What it found stands at `/settings` of the dashboard until the next time,
where the role may write to the ledger.")]
    Audit {
        /// First set every balance to what its journal adds up to, and say what differed
        #[arg(long)]
        rebuild: bool,
    },
    /// Who changed what: limits, freezes, keys, and the ledger as a whole
    Changes(ChangesArgs),
    /// Make the key that signs what the ledger said, and print its public half
    #[command(after_help = "Examples:
  bursar ledger keygen

The key goes to `[ledger] signing_key_file`, or beside a SQLite ledger. Whoever has it can sign
another history: give the public half, and the heads, to somebody else.")]
    Keygen,
    /// Seal what was written into a block, and publish its signed head
    #[command(after_help = "Examples:
  bursar ledger seal
  bursar ledger seal --adopt

A process that runs for longer than a second seals by itself, once a second. Heads go to the log,
to `[ledger] heads_file` and to `[ledger] heads_url`; where the latter does not take this one, exit 1.")]
    Seal {
        /// Also what an older program wrote, which knew no blocks
        #[arg(long)]
        adopt: bool,
    },
    /// Check every row against published heads, with the public key alone; exit 9 on any difference
    Verify(VerifyArgs),
    /// Give a PostgreSQL role what running Bursar needs, and no right to change history
    #[command(after_help = "Examples:
  bursar ledger grant --to bursar_app --ledger postgres://owner@db.example/bursar

Run it as the schema's owner, again after each migration. What it grants is in
migrations/postgres/grants.sql.")]
    Grant {
        /// The role
        #[arg(long, value_name = "ROLE")]
        to: String,
    },
    /// Write a SQLite ledger to a new file, and check what was written
    #[command(after_help = "Examples:
  bursar ledger backup bursar-backup.db

Calls may go on meanwhile. A file that exists is never overwritten.")]
    Backup {
        /// The file to make
        file: PathBuf,
    },
    /// Write months that are over to files of their own, and take them out of the ledger
    Archive(ArchiveArgs),
    /// Make a backup the ledger, settle what was open in it, and audit it
    Restore(RestoreArgs),
    /// Make up calls of months past, to try things on a large ledger
    Fill(FillArgs),
    /// Write a ledger's history into another, on the same database or the other one
    #[command(after_help = "Examples:
  bursar ledger copy sqlite:bursar.db postgres://bursar@db.example/bursar
  bursar ledger copy postgres://bursar@db.example/bursar sqlite:bursar.db

Nothing may be calling meanwhile. When it was interrupted, run it again: what is there is kept. A
target with calls of its own is refused. At the end the target is compared with the source, and
audited.")]
    Copy {
        /// The ledger to read: `sqlite:PATH` or `postgres://USER@HOST/NAME`
        from: String,
        /// The ledger to write, made when there is none
        to: String,
    },
}

impl LedgerArgs {
    /// Whether there is work for more than one core.
    pub(crate) const fn is_long(&self) -> bool {
        matches!(self.command, LedgerCommand::Fill(_))
    }

    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        if !matches!(self.command, LedgerCommand::Changes(_)) {
            settings.at_ledger()?;
        }
        match self.command {
            LedgerCommand::Migrate => migrate(settings, output).await,
            LedgerCommand::Audit { rebuild } => audit(settings, rebuild, output).await,
            LedgerCommand::Changes(changes) => changes.run(settings, output).await,
            LedgerCommand::Keygen => seal::keygen(settings, output),
            LedgerCommand::Seal { adopt } => seal::run(settings, adopt, output).await,
            LedgerCommand::Verify(verify) => verify.run(settings, output).await,
            LedgerCommand::Grant { to } => grant(settings, &to, output).await,
            LedgerCommand::Archive(archive) => archive.run(settings, output).await,
            LedgerCommand::Fill(fill) => fill.run(settings, output).await,
            LedgerCommand::Restore(restore) => restore.run(settings, output).await,
            LedgerCommand::Backup { file } => backup(settings, &file, output).await,
            LedgerCommand::Copy { from, to } => copy(&from, &to, output).await,
        }
    }
}

async fn migrate(settings: &Settings, output: Output) -> Result<(), Failure> {
    let database = settings.database()?;
    wiring::open_ledger(settings).await?.close().await?;
    if output.json {
        Output::object(&json!({"ledger": database.to_string(), "migrated": true}))?;
    } else {
        Output::line(format!("{database} is up to date"))?;
    }
    Ok(())
}

async fn audit(settings: &Settings, rebuild: bool, output: Output) -> Result<(), Failure> {
    let ledger = wiring::open_ledger(settings).await?;
    let changed = if rebuild { ledger.rebuild(&settings.actor).await? } else { Vec::new() };
    let report = ledger.audit().await;
    let noted = match &report {
        Ok(report) => ledger.note_audit(report, Clock::system().now()).await,
        Err(_) => Ok(()),
    };
    ledger.close().await?;
    let report = report?;
    if let Err(error) = &noted {
        output.note(format!("what it found is not written down, and no page shows it: {error}"));
    }
    let mut object = audit_json(&report);
    object["noted"] = noted.is_ok().into();
    if rebuild {
        object["rebuilt"] = changed.iter().map(rebuilt_json).collect();
    }
    if rebuild && !output.json {
        show_rebuilt(&changed, output)?;
    }
    let clean = format!("{} calls and {} open holds agree", report.calls, report.holds);
    show(&report, &object, &clean, output)
}

fn rebuilt_json(changed: &Changed) -> Value {
    let side = |text: &Option<String>| -> Value {
        text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    json!({
        "window": changed.subject,
        "was": side(&changed.was),
        "becomes": side(&changed.becomes),
    })
}

fn show_rebuilt(changed: &[Changed], output: Output) -> Result<(), Failure> {
    for Changed { subject, was, becomes, .. } in changed {
        let side = |text: &Option<String>| text.clone().unwrap_or_default();
        Output::line(format!("rebuilt {subject}: {} was {}", side(becomes), side(was)))?;
    }
    if changed.is_empty() {
        output.note("every balance is what its journal adds up to; nothing was rebuilt");
    }
    Ok(())
}

async fn grant(settings: &Settings, role: &str, output: Output) -> Result<(), Failure> {
    let ledger = wiring::open_ledger(settings).await?;
    let granted = ledger.grant(role).await;
    ledger.close().await?;
    granted?;
    if output.json {
        Output::object(&json!({"role": role, "granted": true}))?;
    } else {
        Output::line(format!("`{role}` can run Bursar, and cannot change history"))?;
    }
    Ok(())
}

async fn backup(settings: &Settings, file: &Path, output: Output) -> Result<(), Failure> {
    let database = settings.database()?;
    if let Some(command) = dump_command(&database, file) {
        let message = format!("{database} is no file, and PostgreSQL has its own backups");
        return Err(Failure::new(Situation::Usage, message).hint(format!("run `{command}`")));
    }
    let mut options = OpenOptions::new(Clock::system());
    // A backup of a ledger that was made just now would hide that the name is wrong.
    options.create = false;
    let ledger = Ledger::open(&database, options).await?;
    let written = ledger.backup(file).await;
    ledger.close().await?;
    let report = written?;
    let mut object = audit_json(&report);
    object["file"] = file.display().to_string().into();
    let clean = format!("{} calls are backed up in {}", report.calls, file.display());
    show(&report, &object, &clean, output)
}

async fn copy(from: &str, to: &str, output: Output) -> Result<(), Failure> {
    let (source, target) = (DatabaseUrl::parse(from)?, DatabaseUrl::parse(to)?);
    if source.to_string() == target.to_string() {
        return Err(Failure::new(Situation::Usage, "source and target are one ledger")
            .hint("name the ledger to read first, then the one to write"));
    }
    if to == "sqlite::memory:" {
        return Err(Failure::new(Situation::Usage, "a copy in memory ends with the program")
            .hint("name a file, `sqlite:PATH`"));
    }
    let from = open(&source, false).await?;
    let to = open(&target, true).await?;
    let copied = copy_all(from.clone(), to.clone(), output).await;
    from.close().await?;
    to.close().await?;
    let report = copied?;
    let object = copy_json(&source, &target, &report);
    let clean = format!(
        "{target} holds the {} calls of {source}, {}; {} of {} rows are new",
        report.calls,
        report.cost.rounded(),
        report.written,
        report.rows
    );
    show(&report.audit, &object, &clean, output)
}

/// Opens one side. Report tags come with the source's rows, so none are declared here.
async fn open(url: &DatabaseUrl, create: bool) -> Result<Ledger, Failure> {
    let mut options = OpenOptions::new(Clock::system());
    options.create = create;
    options.readers = 1;
    Ok(Ledger::open(url, options).await?)
}

async fn copy_all(from: Ledger, to: Ledger, output: Output) -> Result<CopyReport, Failure> {
    let mut copy = LedgerCopy::begin(from, to).await?;
    let bar = progress_bar(copy.rows_total(), output);
    while copy.copy_page().await? {
        bar.set_position(copy.rows_read());
    }
    bar.finish_and_clear();
    Ok(copy.verify().await?)
}

fn progress_bar(rows: u64, output: Output) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(rows);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} rows, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn copy_json(source: &DatabaseUrl, target: &DatabaseUrl, report: &CopyReport) -> Value {
    let mut object = audit_json(&report.audit);
    object["from"] = source.to_string().into();
    object["to"] = target.to_string().into();
    object["calls"] = report.calls.into();
    object["cost_usd"] = report.cost.usd().into();
    object["rows"] = report.rows.into();
    object["rows_written"] = report.written.into();
    object
}

pub(super) fn audit_json(report: &AuditReport) -> Value {
    let findings = report.findings.iter().map(|finding| {
        json!({
            "check": finding.check,
            "subject": finding.subject,
            "expected": finding.expected,
            "found": finding.found,
        })
    });
    json!({
        "clean": report.is_clean(),
        "calls": report.calls,
        "holds": report.holds,
        "findings": findings.collect::<Vec<_>>(),
    })
}

/// Prints what was found, or the one line that says that all is well.
pub(super) fn show(
    report: &AuditReport,
    object: &Value,
    clean: &str,
    output: Output,
) -> Result<(), Failure> {
    if !output.json {
        for Finding { check, subject, expected, found } in &report.findings {
            Output::line(format!("{check} of {subject}: {found} is recorded, {expected} follows"))?;
        }
    }
    if report.is_clean() {
        return Ok(if output.json { Output::object(object) } else { Output::line(clean) }?);
    }
    // The findings are printed; only the exit code is left to say.
    let message = format!("the audit has {} findings", report.findings.len());
    let failure = Failure::new(Situation::AuditFindings, message)
        .hint("keep the ledger as it is, and restore a backup beside it to compare");
    Err(Failure { object: Some(object.clone()), ..failure })
}
