//! Opens ledgers as a crash may have left them, each in a folder of its own, and audits them.

use std::path::Path;

use bursar_domain::time::Clock;
use bursar_ledger::{CallFilter, DatabaseUrl, Ledger, OpenOptions, Page};
use serde_json::{Value, json};

use crate::{Outcome, job, say};

pub(crate) async fn run(job: &job::Images) -> Outcome<()> {
    let mut folders: Vec<_> = std::fs::read_dir(&job.folder)?.collect::<Result<_, _>>()?;
    folders.sort_by_key(std::fs::DirEntry::file_name);
    for folder in folders {
        let told = look(&folder.path()).await.unwrap_or_else(
            |error| json!({"is_open": false, "error": error.to_string(), "findings": 0}),
        );
        say(&json!({"image": folder.file_name().to_string_lossy(), "told": told}));
    }
    Ok(())
}

/// Opening sweeps: what was held by the dead is a call then, so every intent is a row.
async fn look(folder: &Path) -> Outcome<Value> {
    let url = DatabaseUrl::parse(&format!("sqlite:{}", folder.join("ledger.db").display()))?;
    let ledger = Ledger::open(&url, OpenOptions::new(Clock::system())).await?;
    let audit = ledger.audit().await;
    let page = Page { after: None, limit: Page::LIMIT_MAX };
    let rows = ledger.calls(&CallFilter::default(), &page).await;
    ledger.close().await?;
    let (audit, rows) = (audit?, rows?);
    let first = audit.findings.first().map(|finding| format!("{finding:?}"));
    Ok(json!({
        "is_open": true, "findings": audit.findings.len(), "error": first,
        "intents": rows.len() as u64 + audit.holds,
    }))
}
