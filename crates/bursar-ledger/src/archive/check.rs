//! Whether an archive holds what the ledger has, or had: by counts, by sums, and every row by the
//! hash that it was sealed with.

use std::path::Path;

use bursar_domain::money::Total;
use sqlx::FromRow;

use super::page::{SealedItem, last_id};
use super::{Archive, Month, Summary};
use crate::backup::open_read_only;
use crate::open::{check_header, check_pages, found_version};
use crate::seal::{Fields, hash_items};
use crate::statement::{Pool, Statement};
use crate::{Error, Ledger};

const SUMS: Statement =
    Statement { doing: "add up a month", sql: include_str!("../../queries/archive_sums.sql") };
const ROLLED_UP: Statement =
    Statement { doing: "add up a month", sql: include_str!("../../queries/rolled_up.sql") };
const ITEMS: Statement = Statement {
    doing: "read what archived calls were sealed as",
    sql: include_str!("../../queries/archived_items.sql"),
};

/// Counts and costs of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub(super) struct Sums {
    pub(super) calls: i64,
    cost_micro: i64,
    cost_rest: i64,
}

impl Sums {
    /// Of the calls themselves.
    pub(super) async fn of_calls(pool: &Pool, month: Month) -> Result<Self, Error> {
        Self::read(pool, SUMS, month).await
    }

    /// Of the roll-ups.
    pub(super) async fn of_hours(pool: &Pool, month: Month) -> Result<Self, Error> {
        Self::read(pool, ROLLED_UP, month).await
    }

    async fn read(pool: &Pool, what: Statement, month: Month) -> Result<Self, Error> {
        let values = [month.start().0.into(), month.end().0.into()];
        Ok(pool.row(what, &values).await?.unwrap_or(Self { calls: 0, cost_micro: 0, cost_rest: 0 }))
    }

    pub(super) fn cost(self) -> Total {
        Total::from_halves(self.cost_micro, self.cost_rest)
    }

    /// Two sums in words, where they differ.
    pub(super) fn difference(self, other: Self) -> Option<(String, String)> {
        let words = |sums: Self| format!("{} calls for ${}", sums.calls, sums.cost().usd());
        let is_same = self.calls == other.calls && self.cost() == other.cost();
        (!is_same).then(|| (words(self), words(other)))
    }
}

/// Hashes of sealed items, in the order of their subjects.
pub(super) struct ItemsHash {
    fields: Fields,
    pub(super) items: i64,
    pub(super) calls: i64,
}

impl ItemsHash {
    pub(super) fn new() -> Self {
        Self { fields: Fields::new("bursar archive 1"), items: 0, calls: 0 }
    }

    fn add(&mut self, items: &[SealedItem]) {
        for item in items {
            self.fields.text(&item.subject).text(&item.kind).text(&item.hashes);
            self.items += 1;
            self.calls += i64::from(item.kind == "call");
        }
    }

    pub(super) fn hash(self) -> String {
        self.fields.hash()
    }
}

/// Hashes what a month's calls were sealed as, those that are gone and those that are not, and
/// compares it to `file` where there is one.
pub(super) async fn hash_items_of(
    ledger: &Pool,
    month: Month,
    file: Option<(&Pool, &Path)>,
) -> Result<ItemsHash, Error> {
    let until = last_id(ledger, month).await?;
    let mut hash = ItemsHash::new();
    let mut after = (String::new(), String::new());
    loop {
        let values = [
            month.start().0.into(),
            month.end().0.into(),
            after.0.as_str().into(),
            after.1.as_str().into(),
            until.as_str().into(),
        ];
        let items: Vec<SealedItem> = ledger.rows(ITEMS, &values).await?;
        let Some(last) = items.last() else { return Ok(hash) };
        after = (last.subject.clone(), last.kind.clone());
        compare(&items, file).await?;
        hash.add(&items);
    }
}

async fn compare(items: &[SealedItem], file: Option<(&Pool, &Path)>) -> Result<(), Error> {
    let Some((file, path)) = file else { return Ok(()) };
    let found = hash_items(file, items.iter().map(SealedItem::entry).collect()).await?;
    let other = items.iter().zip(&found).find(|(sealed, found)| sealed.hashes != found.hashes);
    match other {
        None => Ok(()),
        Some((sealed, _)) => {
            let what = format!("{} {} is not as it was sealed", sealed.kind, sealed.subject);
            Err(Error::ArchiveDiffers { path: path.to_owned(), what })
        }
    }
}

/// Checks a file against the ledger; what it holds.
pub(super) async fn check(
    ledger: &Ledger,
    (month, path): (Month, &Path),
    known: Option<&Archive>,
) -> Result<Summary, Error> {
    check_header(path)?;
    let archive = open_read_only(path);
    let checked = check_open(ledger, (&archive, path), (month, known)).await;
    archive.reads.close().await;
    checked
}

async fn check_open(
    ledger: &Ledger,
    (archive, path): (&Ledger, &Path),
    (month, known): (Month, Option<&Archive>),
) -> Result<Summary, Error> {
    let differs = |what: String| Error::ArchiveDiffers { path: path.to_owned(), what };
    let version = found_version(&archive.reads).await?;
    let is_it = |row: &Archive| row.is_here() && row.month == month;
    if version < super::ARCHIVES_SINCE || !archive.archives().await?.iter().any(is_it) {
        return Err(differs(format!("it is no archive of {month}")));
    }
    check_pages(&archive.reads).await?;
    let file = Some((&archive.reads, path));
    let hash = hash_items_of(&ledger.reads, month, file).await?;
    let sums = Sums::of_calls(&archive.reads, month).await?;
    if sums.calls != hash.calls {
        return Err(differs(format!("it holds {} calls of {}", sums.calls, hash.calls)));
    }
    let hours = Sums::of_hours(&ledger.reads, month).await?;
    if let Some((here, there)) = sums.difference(hours) {
        return Err(differs(format!("it holds {here}, and the roll-ups say {there}")));
    }
    let summary = Summary::new(month, sums, hash);
    let Some(known) = known.map(Archive::summary).transpose()? else { return Ok(summary) };
    if known.items_hash != summary.items_hash {
        return Err(differs("the ledger does not say any more what it was made of".to_owned()));
    }
    Ok(known)
}
