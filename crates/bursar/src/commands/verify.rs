//! `bursar ledger verify`: whether a ledger is what its published heads say, for somebody who has
//! nothing of ours but those heads and the public key.

use std::path::{Path, PathBuf};

use bursar_ledger::{Finding, Ledger, PublicKey, Unprotected, VerifyReport};
use serde_json::{Value, json};

use crate::failure::{Failure, Situation};
use crate::kept_file;
use crate::output::Output;
use crate::settings::Settings;

/// A year of heads, one a minute, and then some. The last lines of a longer file will do.
const HEADS_BYTES_MAX: u64 = 256 << 20;
const KEY_BYTES_MAX: u64 = 1 << 10;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar ledger verify --heads heads.jsonl --public-key key.pub
  bursar ledger verify --heads heads.jsonl --public-key key.pub --ledger sqlite:copy.db

It reads only, so a copy of the ledger will do, and any of its heads: the last one covers all that
came before. What came after it is named unprotected.")]
pub(crate) struct VerifyArgs {
    /// Heads as they were published, one JSON object a line
    #[arg(long, value_name = "FILE")]
    heads: PathBuf,
    /// What `bursar ledger keygen` printed, or a file that holds it
    #[arg(long, value_name = "KEY")]
    public_key: String,
}

impl VerifyArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let heads = read(&self.heads, HEADS_BYTES_MAX)?;
        let key = self.key()?;
        let report = Ledger::verify_at(&settings.database()?, &heads, &key).await?;
        let object = json(&report);
        if !output.json {
            for Finding { check, subject, expected, found } in &report.findings {
                Output::line(format!("{check} of {subject}: {found}, not {expected}"))?;
            }
            Output::line(unprotected(report.unprotected))?;
        }
        if report.is_clean() {
            let items = report.items;
            let mut clean = format!("{items} entries in {} blocks are as they were", report.blocks);
            if report.archived > 0 {
                clean = format!("{clean}, but {} that are archived", report.archived);
            }
            return Ok(if output.json { Output::object(&object) } else { Output::line(clean) }?);
        }
        let message = format!("{} things are not as they were signed", report.findings.len());
        let failure = Failure::new(Situation::AuditFindings, message)
            .hint("keep the ledger as it is, and compare it with a backup");
        Err(Failure { object: Some(object), ..failure })
    }

    fn key(&self) -> Result<PublicKey, Failure> {
        if let Some(key) = PublicKey::parse(&self.public_key) {
            return Ok(key);
        }
        let text = read(Path::new(&self.public_key), KEY_BYTES_MAX)?;
        PublicKey::parse(&text).ok_or_else(|| {
            let message = format!("`{}` holds no public key", self.public_key);
            Failure::new(Situation::BadData, message)
                .hint("it is the 64 hexadecimal digits that `bursar ledger keygen` printed")
        })
    }
}

fn read(path: &Path, bytes_max: u64) -> Result<String, Failure> {
    match kept_file::read(path, bytes_max) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => {
            let message = format!("there is no file `{}`", path.display());
            Err(Failure::new(Situation::NoFile, message))
        }
        Err(error) => {
            let message = format!("cannot read `{}`: {error}", path.display());
            Err(Failure::new(Situation::NoFile, message))
        }
    }
}

fn unprotected(unprotected: Unprotected) -> String {
    let Unprotected { rows, since } = unprotected;
    match since {
        Some(since) => format!("unprotected: {rows} rows since {since}"),
        None => format!("unprotected: {rows} rows, for no head is good"),
    }
}

fn json(report: &VerifyReport) -> Value {
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
        "heads": report.heads,
        "blocks": report.blocks,
        "rows": report.items,
        "archived": report.archived,
        "unprotected": {
            "rows": report.unprotected.rows,
            "since": report.unprotected.since.map(|since| since.to_string()),
        },
        "findings": findings.collect::<Vec<_>>(),
    })
}
