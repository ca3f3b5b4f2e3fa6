//! One ledger's history written into another, page by page, on any pair of databases.
//!
//! Every page is written whole or not at all, and rows that are there already are left alone. So a
//! copy that was interrupted is simply begun again, and one that is done changes nothing.

pub(crate) mod row;
pub(crate) mod tables;

use bursar_domain::money::Total;
use sqlx::FromRow;

pub(crate) use self::row::CopiedRow;
use self::tables::{TABLES, Table};
use crate::ledger::Home;
use crate::open::check_same;
use crate::owner::SideFile;
use crate::rules::BUMP_REVISION;
use crate::seal::ADOPT;
use crate::statement::{Pool, Statement, Value, bulk, keyed};
use crate::{AuditReport, Counters, Dimension, Error, Ledger, UsageQuery};

const COUNTS: Statement =
    Statement { doing: "count rows to copy", sql: include_str!("../queries/copy/counts.sql") };
const COUNT_HOLDS: Statement =
    Statement { doing: "count holds", sql: include_str!("../queries/count_holds.sql") };
const FORGET_TAGS: Statement =
    Statement { doing: "forget report tags", sql: include_str!("../queries/copy/forget_tags.sql") };

#[derive(Debug, PartialEq, FromRow)]
struct CountRow {
    table_name: String,
    row_count: i64,
}

#[derive(Debug, FromRow)]
struct KnownRow {
    known: i64,
}

#[derive(Debug, FromRow)]
struct HoldsRow {
    holds: i64,
}

/// A copy under way. Both ledgers stay open; whoever opened them closes them.
#[derive(Debug)]
pub struct LedgerCopy {
    from: Ledger,
    to: Ledger,
    /// Rows to read, as they were counted at the start.
    rows_total: u64,
    rows_read: u64,
    rows_written: u64,
    /// Which of the tables is next, and after which key.
    table: usize,
    after: Vec<Value>,
}

/// What a copy that was verified did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyReport {
    /// Rows that were read, of every table.
    pub rows: u64,
    /// Rows that were not in the target yet, or differed.
    pub written: u64,
    /// The calls that the target holds now.
    pub calls: i64,
    /// What they cost.
    pub cost: Total,
    /// The target's audit.
    pub audit: AuditReport,
}

impl LedgerCopy {
    /// Looks whether `to` can take what `from` holds, and writes nothing.
    ///
    /// Refused: calls that are open in either of the two, a ledger of a later program, and a target with calls, refusals or
    /// budgets that the source does not have.
    pub async fn begin(from: Ledger, to: Ledger) -> Result<Self, Error> {
        for (ledger, side) in [(&from, "source"), (&to, "target")] {
            let row: Option<HoldsRow> = ledger.reads.row(COUNT_HOLDS, &[]).await?;
            let holds = row.map_or(0, |row| row.holds);
            if holds > 0 {
                return Err(Error::OpenCalls { side, holds });
            }
        }
        for ledger in [&from, &to] {
            check_same(&ledger.reads).await?;
        }
        for table in &TABLES {
            check_known(table, &from.reads, &to.reads).await?;
        }
        let rows_total = counts(&from).await?.iter().map(|row| row.row_count).sum::<i64>();
        Ok(Self {
            from,
            to,
            rows_total: u64::try_from(rows_total).unwrap_or_default(),
            rows_read: 0,
            rows_written: 0,
            table: 0,
            after: first_key(&TABLES[0]),
        })
    }

    /// How many rows there are to read, as counted at the start.
    #[must_use]
    pub fn rows_total(&self) -> u64 {
        self.rows_total
    }

    /// How many rows were read so far.
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        self.rows_read
    }

    /// Copies the next page, of at most five hundred rows; false when there is none left.
    pub async fn copy_page(&mut self) -> Result<bool, Error> {
        let Some(table) = TABLES.get(self.table) else { return Ok(false) };
        let rows: Vec<CopiedRow> = self.from.reads.rows(table.page, &self.after).await?;
        if table.name == "report_tag" {
            self.forget_other_tags(&rows).await?;
        }
        let Some(last) = rows.last() else {
            self.table += 1;
            self.after = TABLES.get(self.table).map(first_key).unwrap_or_default();
            return Ok(true);
        };
        self.after = key(table, last);
        self.rows_read += rows.len() as u64;
        self.rows_written += write(&self.to, table.put, &[bulk(rows)?]).await?;
        Ok(true)
    }

    /// Compares both ledgers and audits the target, once [`LedgerCopy::copy_page`] has copied all.
    ///
    /// A source that was written to meanwhile makes them differ; then the copy is to be made again.
    pub async fn verify(self) -> Result<CopyReport, Error> {
        if self.rows_written > 0 {
            write(&self.to, BUMP_REVISION, &[]).await?;
            // What the source had not sealed yet, the target does.
            write(&self.to, ADOPT, &[]).await?;
        }
        let (source, target) = (counts(&self.from).await?, counts(&self.to).await?);
        if let Some((source, target)) = source.iter().zip(&target).find(|(s, t)| s != t) {
            let rows = |row: &CountRow| format!("{} rows", row.row_count);
            return Err(Error::CopyDiffers {
                what: source.table_name.clone(),
                source_has: rows(source),
                target_has: rows(target),
            });
        }
        let (source, target) = (totals(&self.from).await?, totals(&self.to).await?);
        if source != target {
            return Err(Error::CopyDiffers {
                what: "totals".to_owned(),
                source_has: sums(&source),
                target_has: sums(&target),
            });
        }
        Ok(CopyReport {
            rows: self.rows_read,
            written: self.rows_written,
            calls: target.calls,
            cost: target.cost,
            audit: self.to.audit().await?,
        })
    }

    /// A tag that the target declared by itself has no sums of the calls that come to it now.
    async fn forget_other_tags(&self, rows: &[CopiedRow]) -> Result<(), Error> {
        // The page after the last one is empty, too, and must not forget what was just copied.
        if !rows.is_empty() || self.rows_read == 0 {
            let tags = keyed(rows.iter().map(|row| (row.text("tag_key"), ())))?;
            write(&self.to, FORGET_TAGS, &[tags]).await?;
        }
        Ok(())
    }
}

/// Writes to the target in its turn, as every process does.
pub(crate) async fn write(to: &Ledger, what: Statement, values: &[Value]) -> Result<u64, Error> {
    let _turn = match to.place.as_ref() {
        Home::File(path) => Some(SideFile::open(path)?.lock().await?),
        Home::Memory | Home::Postgres(_) => None,
    };
    to.reads.run(what, values).await
}

/// Whether the source has every row of a table that the target has.
async fn check_known(table: &Table, from: &Pool, to: &Pool) -> Result<(), Error> {
    let Some(known) = table.known else { return Ok(()) };
    let mut after = first_key(table);
    let mut others = 0;
    loop {
        let rows: Vec<CopiedRow> = to.rows(table.page, &after).await?;
        let Some(last) = rows.last() else { break };
        after = key(table, last);
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let found: Option<KnownRow> = from.row(known, &[bulk(rows)?]).await?;
        others += count - found.map_or(0, |row| row.known);
    }
    if others > 0 {
        return Err(Error::OtherRows { table: table.name, rows: others });
    }
    Ok(())
}

pub(crate) fn first_key(table: &Table) -> Vec<Value> {
    table.key.iter().map(|(_, kind)| kind.lowest()).collect()
}

pub(crate) fn key(table: &Table, row: &CopiedRow) -> Vec<Value> {
    table.key.iter().map(|(column, kind)| row.value(column, *kind)).collect()
}

/// In the order in which tables are copied, which is not one that a database promises.
async fn counts(ledger: &Ledger) -> Result<Vec<CountRow>, Error> {
    let mut rows: Vec<CountRow> = ledger.reads.rows(COUNTS, &[]).await?;
    rows.sort_by_key(|row| TABLES.iter().position(|table| table.name == row.table_name));
    Ok(rows)
}

async fn totals(ledger: &Ledger) -> Result<Counters, Error> {
    let everything =
        UsageQuery { by: Dimension::Model, since: None, until: None, count_tokens: true };
    Ok(ledger.usage(&everything).await?.total)
}

fn sums(total: &Counters) -> String {
    format!("{} calls, {} refusals and ${}", total.calls, total.refused, total.cost.usd())
}
