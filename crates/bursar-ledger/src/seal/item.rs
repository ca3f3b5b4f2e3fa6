//! What one item of a block covers: a call with its attempts and journal lines, a correction with
//! those that came with it, or a change.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::FromRow;

use super::Entry;
use super::digest::Fields;
use super::row::PlainRow;
use crate::Error;
use crate::statement::{Pool, Statement, keyed};

const CALLS: Statement =
    Statement { doing: "read calls to hash", sql: include_str!("../../queries/sealed_calls.sql") };
const ATTEMPTS: Statement = Statement {
    doing: "read attempts to hash",
    sql: include_str!("../../queries/sealed_attempts.sql"),
};
const JOURNAL: Statement = Statement {
    doing: "read the journal to hash",
    sql: include_str!("../../queries/sealed_journal.sql"),
};
const CORRECTIONS: Statement = Statement {
    doing: "read corrections to hash",
    sql: include_str!("../../queries/sealed_corrections.sql"),
};
const CHANGES: Statement = Statement {
    doing: "read changes to hash",
    sql: include_str!("../../queries/sealed_changes.sql"),
};

/// What `hashes` is made of, in order; a dash where there are no such rows.
pub(super) const PARTS: [&str; 3] = ["", "attempts", "journal"];

/// An item, as it stands in its block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub(crate) struct Item {
    pub(crate) place: i64,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) hashes: String,
}

/// Rows by what they belong to, each list in the order of its key.
type Rows = BTreeMap<String, Vec<PlainRow>>;

/// What the items cover, as it is now.
#[derive(Debug, Default)]
struct Covered {
    calls: Rows,
    attempts: Rows,
    journal: Rows,
    corrections: Rows,
    changes: Rows,
}

/// The items of a block as they follow from the rows. Every row but a change never changes, nor may
/// one be added to what has ended, so they need not be read at one moment.
pub(crate) async fn hash_items(pool: &Pool, entries: Vec<Entry>) -> Result<Vec<Item>, Error> {
    let covered = Covered::read(pool, &entries).await?;
    let items = (0..).zip(entries).map(|(place, entry)| Item {
        place,
        hashes: covered.hashes(&entry),
        kind: entry.kind,
        subject: entry.subject,
    });
    Ok(items.collect())
}

impl Covered {
    async fn read(pool: &Pool, entries: &[Entry]) -> Result<Self, Error> {
        let of = |kinds: &[&str]| {
            let wanted = entries.iter().filter(|entry| kinds.contains(&entry.kind.as_str()));
            keyed(wanted.map(|entry| (entry.subject.clone(), ())))
        };
        let mut covered = Self::default();
        if entries.iter().any(|entry| entry.kind != "change") {
            let calls = [of(&["call", "correction"])?];
            covered.calls = by(pool.rows(CALLS, &calls).await?, "id");
            covered.attempts = by(pool.rows(ATTEMPTS, &calls).await?, "call_id");
            covered.journal = by(pool.rows(JOURNAL, &calls).await?, "call_id");
            covered.corrections = by(pool.rows(CORRECTIONS, &calls).await?, "call_id");
        }
        // Only what is a number can be looked for by number; anything else is not there.
        let numbers = entries.iter().filter(|entry| entry.kind == "change");
        let numbers = numbers.filter_map(|entry| entry.subject.parse::<i64>().ok());
        let changes = [keyed(numbers.map(|number| (number, ())))?];
        for row in pool.rows::<PlainRow>(CHANGES, &changes).await? {
            covered.changes.insert(row.number("seq").to_string(), vec![row]);
        }
        Ok(covered)
    }

    /// The hashes of an entry. A correction's attempts and journal lines are its own: the call that
    /// it corrects was settled without them.
    fn hashes(&self, entry: &Entry) -> String {
        let id = entry.subject.as_str();
        let is_corrected = self.corrections.contains_key(id);
        let of = |rows: &Rows| rows.get(id).cloned().unwrap_or_default();
        let is_correction = entry.kind == "correction";
        let mut attempts = of(&self.attempts);
        let mut journal = of(&self.journal);
        journal.retain(|row| (row.text("kind") == "correction") == is_correction);
        if is_corrected != is_correction {
            attempts.clear();
        }
        let own = match entry.kind.as_str() {
            "call" => of(&self.calls),
            "correction" => of(&self.corrections),
            _ => return format!("{} - -", hash("change", &of(&self.changes))),
        };
        let own = hash(&entry.kind, &own);
        format!("{own} {} {}", hash("attempt", &attempts), hash("journal", &journal))
    }
}

fn by(mut rows: Vec<PlainRow>, column: &str) -> Rows {
    let place = |row: &PlainRow| {
        (row.text("window_id").to_owned(), row.number("seq"), row.number("number"))
    };
    rows.sort_by_cached_key(place);
    let mut grouped = Rows::new();
    for row in rows {
        grouped.entry(row.text(column).to_owned()).or_default().push(row);
    }
    grouped
}

fn hash(table: &str, rows: &[PlainRow]) -> String {
    if rows.is_empty() {
        return "-".to_owned();
    }
    let mut fields = Fields::new(table);
    for row in rows {
        row.add_to(&mut fields);
    }
    fields.hash()
}
