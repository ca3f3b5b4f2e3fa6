//! Whether what is said of archived months is what was said when they were taken out: by the hashes
//! in the list of changes, which is itself sealed.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::FromRow;

use super::check::{Sums, hash_items_of};
use super::page::finding;
use super::{Archive, Month};
use crate::seal::Fields;
use crate::statement::{Pool, Statement};
use crate::{Error, Finding};
use bursar_domain::time::Timestamp;

const MONTHS: Statement = Statement {
    doing: "read which months are archived",
    sql: include_str!("../../queries/archived_months.sql"),
};
const CHANGE: Statement = Statement {
    doing: "read what was archived",
    sql: include_str!("../../queries/archive_change.sql"),
};
const BASES: Statement = Statement {
    doing: "read what journals add up to",
    sql: include_str!("../../queries/journal_bases.sql"),
};

#[derive(Debug, FromRow)]
struct MonthRow {
    month_ms: i64,
}

#[derive(Debug, FromRow)]
struct ChangeRow {
    becomes: Option<String>,
}

#[derive(Debug, FromRow)]
struct BaseRow {
    window_id: String,
    seq: i64,
    held_micro: i64,
    spent_micro: i64,
    spent_rest: i64,
    settled: i64,
}

/// That a month is being taken out, and that it was, in the list of changes.
pub(super) const BEGUN: &str = "archive drop begun";
pub(super) const DROPPED: &str = "archive dropped";

/// What was said when a month was gone.
#[derive(Debug, Deserialize)]
struct Said {
    base_hash: Option<String>,
}

/// The hash of every base: they change when a month is taken out, and not else.
pub(super) async fn bases_hash(pool: &Pool) -> Result<String, Error> {
    let mut bases = BTreeMap::new();
    let mut after = String::new();
    loop {
        let rows: Vec<BaseRow> = pool.rows(BASES, &[after.as_str().into()]).await?;
        let Some(last) = rows.last() else { break };
        after.clone_from(&last.window_id);
        bases.extend(rows.into_iter().map(|row| (row.window_id.clone(), row)));
    }
    // In an order that no database chooses.
    let mut fields = Fields::new("bursar journal bases 1");
    for (window, base) in &bases {
        fields.text(window).number(base.seq).number(base.held_micro);
        fields.number(base.spent_micro).number(base.spent_rest).number(base.settled);
    }
    Ok(fields.hash())
}

/// What does not hold of the months that were archived.
pub(crate) async fn prove(pool: &Pool) -> Result<Vec<Finding>, Error> {
    let archives = super::read(pool).await?;
    let mut findings = Vec::new();
    for row in pool.rows::<MonthRow>(MONTHS, &[]).await? {
        let month = Month::of(Timestamp(row.month_ms));
        if archives.iter().all(|archive| archive.month != month) {
            let sides = ("noted as archived".to_owned(), "not noted".to_owned());
            findings.push(finding("archive", month.to_string(), sides));
        }
    }
    let mut is_under_way = false;
    for archive in &archives {
        findings.extend(prove_month(pool, archive).await?);
        is_under_way |= archive.is_under_way();
    }
    if !is_under_way && let Some(last) = said(pool, DROPPED, "").await? {
        let said: Said = serde_json::from_str(&last).unwrap_or(Said { base_hash: None });
        let expected = said.base_hash.unwrap_or_default();
        let found = bases_hash(pool).await?;
        if expected != found {
            findings.push(finding("journal base", "every window".to_owned(), (expected, found)));
        }
    }
    Ok(findings)
}

async fn prove_month(pool: &Pool, archive: &Archive) -> Result<Vec<Finding>, Error> {
    let month = archive.month;
    let mut findings = Vec::new();
    let mut compare = |check, sides: (String, String)| {
        if sides.0 != sides.1 {
            findings.push(finding(check, month.to_string(), sides));
        }
    };
    let dropped = said(pool, DROPPED, &month.to_string()).await?;
    let said = match dropped {
        // What was gone cannot be on its way again.
        Some(dropped) => dropped,
        None => said(pool, BEGUN, &month.to_string()).await?.unwrap_or_default(),
    };
    compare("archive", (said, archive.json.clone()));
    let summary = archive.summary()?;
    let hash = hash_items_of(pool, month, None).await?;
    compare("archived items", (summary.items.to_string(), hash.items.to_string()));
    compare("archived hash", (summary.items_hash.clone(), hash.hash()));
    let hours = Sums::of_hours(pool, month).await?;
    compare("archived calls", (summary.calls.to_string(), hours.calls.to_string()));
    compare("archived cost", (summary.cost_usd, hours.cost().usd()));
    Ok(findings)
}

/// What does not hold of an archive itself: its rows by the hashes that it has of them.
pub(crate) async fn prove_file(pool: &Pool, archive: &Archive) -> Result<Vec<Finding>, Error> {
    let month = archive.month;
    let path = std::path::Path::new("this file");
    let hash = match hash_items_of(pool, month, Some((pool, path))).await {
        Ok(hash) => hash,
        Err(Error::ArchiveDiffers { what, .. }) => {
            let sides = ("every row as it was sealed".to_owned(), what);
            return Ok(vec![finding("archive", month.to_string(), sides)]);
        }
        Err(error) => return Err(error),
    };
    let expected = archive.summary()?.items_hash;
    let found = hash.hash();
    Ok(if expected == found {
        Vec::new()
    } else {
        vec![finding("archived hash", month.to_string(), (expected, found))]
    })
}

/// The last that was said when this was done to a month, or to any.
async fn said(pool: &Pool, action: &str, month: &str) -> Result<Option<String>, Error> {
    let row: Option<ChangeRow> = pool.row(CHANGE, &[action.into(), month.into()]).await?;
    Ok(row.and_then(|row| row.becomes))
}
