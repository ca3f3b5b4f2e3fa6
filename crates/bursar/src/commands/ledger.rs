//! `bursar ledger`: bring its schema up to date, and check its books.

use serde_json::json;

use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;
use crate::wiring;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar ledger migrate --ledger postgres://bursar@db.example/bursar
  bursar ledger audit --json")]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LedgerCommand {
    /// Make the ledger, or bring it up to this program's version
    Migrate,
    /// Check that holds, calls, windows and roll-ups agree; exit 9 when they do not
    Audit,
}

impl LedgerArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let database = settings.database()?;
        let ledger = wiring::open_ledger(settings).await?;
        match self.command {
            LedgerCommand::Migrate => {
                ledger.close().await?;
                if output.json {
                    Output::object(&json!({"ledger": database.to_string(), "migrated": true}))?;
                } else {
                    Output::line(format!("{database} is up to date"))?;
                }
                Ok(())
            }
            LedgerCommand::Audit => {
                let report = ledger.audit().await?;
                ledger.close().await?;
                show(&report, output)
            }
        }
    }
}

fn show(report: &bursar_ledger::AuditReport, output: Output) -> Result<(), Failure> {
    if output.json {
        let findings = report.findings.iter().map(|finding| {
            json!({
                "check": finding.check,
                "subject": finding.subject,
                "expected": finding.expected,
                "found": finding.found,
            })
        });
        Output::object(&json!({
            "clean": report.is_clean(),
            "calls": report.calls,
            "holds": report.holds,
            "findings": findings.collect::<Vec<_>>(),
        }))?;
    } else {
        for finding in &report.findings {
            let bursar_ledger::Finding { check, subject, expected, found } = finding;
            Output::line(format!("{check} of {subject}: {found} is recorded, {expected} follows"))?;
        }
    }
    if report.is_clean() {
        if !output.json {
            Output::line(format!("{} calls and {} open holds agree", report.calls, report.holds))?;
        }
        return Ok(());
    }
    // The findings are printed; only the exit code is left to say.
    let message = format!("the audit has {} findings", report.findings.len());
    Err(Failure::new(Situation::AuditFindings, message)
        .hint("keep the ledger as it is, and restore a backup beside it to compare"))
}
