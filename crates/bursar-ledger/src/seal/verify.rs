//! Checks a ledger against published heads, with the public key and nothing else of ours: every
//! signature, the chain of blocks, and every row that a block covers. It reads only, page by page.

use std::collections::BTreeMap;

use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use super::head::{Head, PublicKey};
use super::item::{Item, PARTS, hash_items};
use super::{BlockRow, Entry, NO_BLOCK, stray};
use crate::archive::prove;
use crate::open::{found_version, known_version, open_to_read};
use crate::statement::{Pool, Statement};
use crate::{AuditReport, DatabaseUrl, Error, Finding, Ledger};

const BLOCKS: Statement =
    Statement { doing: "read blocks", sql: include_str!("../../queries/blocks.sql") };
const ITEMS: Statement =
    Statement { doing: "read a block's items", sql: include_str!("../../queries/block_items.sql") };
const COUNT_UNPROTECTED: Statement = Statement {
    doing: "count what no head covers",
    sql: include_str!("../../queries/count_unprotected.sql"),
};

/// What checking a ledger against its heads found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// What is not as it was, in the order of the blocks; at most
    /// [`AuditReport::FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// Heads whose signature is good.
    pub heads: u64,
    /// Blocks that were read.
    pub blocks: u64,
    /// Calls, corrections and changes that were hashed again.
    pub items: u64,
    /// Those of them whose rows are archived: their hashes were compared with what was said when
    /// they were taken out.
    pub archived: u64,
    /// What no head covers.
    pub unprotected: Unprotected,
}

/// What came after the last head that was published: nobody can prove that it was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unprotected {
    /// Calls, corrections and changes.
    pub rows: u64,
    /// When the last head was signed; `None` where no head is good.
    pub since: Option<Timestamp>,
}

#[derive(Debug, FromRow)]
struct ItemRow {
    #[sqlx(flatten)]
    item: Item,
    archived_ms: Option<i64>,
}

#[derive(Debug, FromRow)]
struct CountRow {
    number: Option<i64>,
}

impl VerifyReport {
    /// Whether everything that a head covers is as it was.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn find(&mut self, check: &'static str, subject: &str, expected: &str, found: &str) {
        if self.findings.len() < AuditReport::FINDINGS_MAX {
            self.findings.push(Finding {
                check,
                subject: subject.to_owned(),
                expected: expected.to_owned(),
                found: found.to_owned(),
            });
        }
    }

    fn compare(&mut self, check: &'static str, subject: &str, (expected, found): (&str, &str)) {
        if expected != found {
            self.find(check, subject, expected, found);
        }
    }
}

/// The first version whose blocks say what is archived.
const BLOCKS_SINCE: i64 = 7;

impl Ledger {
    /// Checks a ledger that is only read: a copy of one, or one that calls go on in. Nothing is
    /// migrated, swept or written.
    ///
    /// # Errors
    /// [`Error::Older`] and [`Error::Newer`] for another version than this program knows.
    pub async fn verify_at(
        url: &DatabaseUrl,
        heads: &str,
        key: &PublicKey,
    ) -> Result<VerifyReport, Error> {
        let ledger = open_to_read(url).await?;
        let found = found_version(&ledger.reads).await;
        let verified = match found {
            Ok(found) if found < BLOCKS_SINCE => Err(Error::Older { found, needed: BLOCKS_SINCE }),
            Ok(found) if found > known_version() => {
                Err(Error::Newer { found, known: known_version() })
            }
            Ok(_) => ledger.verify(heads, key).await,
            Err(error) => Err(error),
        };
        ledger.reads.close().await;
        verified
    }

    /// Checks the ledger against heads, one JSON object a line, that the key signed. Calls may go
    /// on meanwhile.
    pub async fn verify(&self, heads: &str, key: &PublicKey) -> Result<VerifyReport, Error> {
        let mut report = VerifyReport::default();
        let mut heads = read_heads(heads, key, &mut report);
        let last = heads.last_key_value().map(|(block, head)| (*block, head[0].sealed_ms));
        let mut before = (0, NO_BLOCK.to_owned());
        loop {
            let blocks: Vec<BlockRow> = self.reads.rows(BLOCKS, &[before.0.into()]).await?;
            let Some(next) = blocks.last() else { break };
            let next = (next.number, next.hash.clone());
            for block in blocks {
                let signed = heads.remove(&block.number).unwrap_or_default();
                check_head(&block, &signed, &mut report);
                check_block(&self.reads, (&block, &before), &mut report).await?;
                before = (block.number, block.hash);
            }
            before = next;
        }
        for block in heads.keys() {
            report.find("block", &block.to_string(), "signed", "gone");
        }
        stray::find(&self.reads, &mut report).await?;
        for Finding { check, subject, expected, found } in prove(&self.reads).await? {
            report.find(check, &subject, &expected, &found);
        }
        let (block, since) = last.unwrap_or((0, 0));
        let count: Option<CountRow> = self.reads.row(COUNT_UNPROTECTED, &[block.into()]).await?;
        let rows = count.and_then(|row| row.number).unwrap_or_default();
        report.unprotected = Unprotected {
            rows: u64::try_from(rows).unwrap_or_default(),
            since: last.map(|_| Timestamp(since)),
        };
        Ok(report)
    }
}

/// Heads by block; a line that is none, or whose signature is not the key's, is a finding.
fn read_heads(text: &str, key: &PublicKey, report: &mut VerifyReport) -> BTreeMap<i64, Vec<Head>> {
    let mut heads: BTreeMap<i64, Vec<Head>> = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line_name = format!("line {number}");
        match serde_json::from_str::<Head>(line) {
            Ok(head) if key.has_signed(&head) => {
                report.heads += 1;
                heads.entry(head.block).or_default().push(head);
            }
            Ok(_) => report.find("head", &line_name, "signed by the key", "another signature"),
            Err(_) => report.find("head", &line_name, "a head", "something else"),
        }
    }
    if report.heads == 0 {
        report.find("heads", "the file", "a head that the key signed", "none");
    }
    heads
}

/// The block is the one that was signed.
fn check_head(block: &BlockRow, signed: &[Head], report: &mut VerifyReport) {
    let number = block.number.to_string();
    for head in signed {
        report.compare("block", &number, (&head.hash, &block.hash));
        let (signed, found) = (head.sealed_ms.to_string(), block.sealed_ms.to_string());
        report.compare("block time", &number, (&signed, &found));
    }
}

/// The block follows the one before, is what its items add up to, and they are what its rows are.
async fn check_block(
    pool: &Pool,
    (block, before): (&BlockRow, &(i64, String)),
    report: &mut VerifyReport,
) -> Result<(), Error> {
    let number = block.number.to_string();
    report.compare("block number", &number, (&(before.0 + 1).to_string(), &number));
    report.compare("block before", &number, (&before.1, &block.previous));
    let rows: Vec<ItemRow> = pool.rows(ITEMS, &[block.number.into()]).await?;
    let archived: Vec<bool> = rows.iter().map(|row| row.archived_ms.is_some()).collect();
    let items: Vec<Item> = rows.into_iter().map(|row| row.item).collect();
    report.compare("block items", &number, (&block.items.to_string(), &items.len().to_string()));
    report.compare("block hash", &number, (&block.true_hash(&items), &block.hash));
    let entries = items
        .iter()
        .map(|item| Entry { kind: item.kind.clone(), subject: item.subject.clone() })
        .collect();
    let now = hash_items(pool, entries).await?;
    for ((sealed, now), is_archived) in items.iter().zip(&now).zip(archived) {
        if is_archived {
            report.archived += 1;
            let subject = format!("{} {}", sealed.kind, sealed.subject);
            report.compare("archived row", &subject, ("- - -", &now.hashes));
        } else {
            compare_item(sealed, now, report);
        }
    }
    report.blocks += 1;
    report.items += items.len() as u64;
    Ok(())
}

/// Names the table whose rows are not what was sealed.
fn compare_item(sealed: &Item, now: &Item, report: &mut VerifyReport) {
    if sealed.hashes == now.hashes {
        return;
    }
    let subject = format!("{} {}", sealed.kind, sealed.subject);
    let parts = sealed.hashes.split(' ').zip(now.hashes.split(' ')).zip(PARTS);
    let differing = parts.filter(|((sealed, now), _)| sealed != now);
    let named: Vec<_> = differing.map(|((_, now), part)| (part, now)).collect();
    if named.is_empty() {
        report.find("row", &subject, "three hashes", "something else");
    }
    for (part, now) in named {
        let found = if now == "-" { "gone" } else { "changed" };
        let check = if part.is_empty() { "row" } else { part };
        report.find(check, &subject, "as it was sealed", found);
    }
}
