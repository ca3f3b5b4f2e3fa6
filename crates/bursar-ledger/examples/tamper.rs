//! The tamper room: a sealed ledger is changed by one byte, one deletion, one exchange of two rows
//! or one cut of its end at a time, and each must be found by who has its heads and public key.
//!
//! `tamper [ROUNDS] [SEED]`, 1,000 rounds unless it is said. Ends in PASS or FAIL; the seed that it
//! prints replays a failure. SQL is written here because tampering is what no query of ours does.

#[path = "tamper/books.rs"]
mod books;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use bursar_ledger::{DatabaseUrl, Ledger};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

use books::Books;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// What is protected.
const TABLES: [&str; 7] = ["call", "attempt", "journal", "correction", "change", "sealed", "block"];

/// Numbers that follow from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % most.max(1) as u64).unwrap_or(0)
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// How often each kind was tried, and found.
type Tally = BTreeMap<&'static str, (u64, u64)>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, usual: u64| match arguments.get(at) {
        Some(text) => text.parse(),
        None => Ok(usual),
    };
    let (rounds, seed) = (number(0, 1_000)?, number(1, 1)?);
    let tally = run(rounds, seed).await?;
    let (tried, found) = tally.values().fold((0, 0), |sum, kind| (sum.0 + kind.0, sum.1 + kind.1));
    for (kind, (tried, found)) in &tally {
        println!("{kind}: {found} of {tried} found");
    }
    let verdict = if found == tried && tried == rounds { "PASS" } else { "FAIL" };
    println!("{verdict} tamper: {found} of {tried} found, seed {seed}");
    if verdict == "FAIL" { Err("a change of the books was not found".into()) } else { Ok(()) }
}

async fn run(rounds: u64, seed: u64) -> Result<Tally, Failure> {
    let books = Books::write().await?;
    let mut dice = Chance(seed);
    let mut tally = Tally::new();
    for round in 0..rounds {
        let (kind, change) = tamper(&books, &mut dice).await?;
        let is_found = is_found(&books).await?;
        let counted = tally.entry(kind).or_default();
        counted.0 += 1;
        counted.1 += u64::from(is_found);
        if !is_found {
            eprintln!("round {round} of seed {seed} was not found: {change}");
        }
    }
    Ok(tally)
}

/// Whether the changed copy is seen to be changed.
async fn is_found(books: &Books) -> Result<bool, Failure> {
    let url = DatabaseUrl::parse(&format!("sqlite:{}", books.copy.display()))?;
    let verified = Ledger::verify_at(&url, &books.heads, &books.key).await;
    // A value that cannot be read any more is seen, too.
    Ok(verified.map_or(true, |report| !report.is_clean()))
}

/// Makes a fresh copy and changes it; what kind of change it was, and which.
async fn tamper(books: &Books, chance: &mut Chance) -> Result<(&'static str, String), Failure> {
    loop {
        fs::copy(&books.ledger, &books.copy)?;
        let mut session = open(&books.copy).await?;
        let table = *chance.of(&TABLES);
        let (kind, changed) = match chance.below(10) {
            0..5 => ("edits", edit(&mut session, table, chance).await?),
            5..7 => ("deletions", delete(&mut session, table, chance).await?),
            7..9 => ("exchanges", exchange(&mut session, table, chance).await?),
            _ => ("cuts", cut(&mut session, books.blocks, chance).await?),
        };
        session.close().await?;
        if let Some(change) = changed {
            return Ok((kind, change));
        }
    }
}

/// A session that minds no constraint but keys.
async fn open(file: &Path) -> Result<SqliteConnection, Failure> {
    let connect = SqliteConnectOptions::new().filename(file).foreign_keys(false);
    let mut session = connect.pragma("ignore_check_constraints", "ON").connect().await?;
    run_sql(&mut session, "PRAGMA journal_mode = DELETE".to_owned()).await?;
    Ok(session)
}

async fn run_sql(session: &mut SqliteConnection, sql: String) -> Result<u64, sqlx::Error> {
    Ok(sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await?.rows_affected())
}

/// One text of a one-column answer for each row.
async fn texts(session: &mut SqliteConnection, sql: String) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(session).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

async fn row_of(
    session: &mut SqliteConnection,
    table: &str,
    chance: &mut Chance,
) -> Result<String, Failure> {
    let rows = texts(session, format!("SELECT CAST(rowid AS TEXT) FROM {table}")).await?;
    Ok(chance.of(&rows).clone())
}

async fn column_of(
    session: &mut SqliteConnection,
    table: &str,
    chance: &mut Chance,
) -> Result<String, Failure> {
    let columns = texts(session, format!("SELECT name FROM pragma_table_info('{table}')")).await?;
    Ok(chance.of(&columns).clone())
}

/// A cell as SQL writes it; `NULL` where it is empty.
async fn cell(
    session: &mut SqliteConnection,
    (table, column, row): (&str, &str, &str),
) -> Result<String, Failure> {
    let sql = format!("SELECT quote({column}) FROM {table} WHERE rowid = {row}");
    Ok(texts(session, sql).await?.pop().ok_or("the row is gone")?)
}

/// Changes one byte of one value; `None` where that value has none to change.
async fn edit(
    session: &mut SqliteConnection,
    table: &str,
    chance: &mut Chance,
) -> Result<Option<String>, Failure> {
    let (row, column) =
        (row_of(session, table, chance).await?, column_of(session, table, chance).await?);
    let value = cell(session, (table, &column, &row)).await?;
    let Some(edited) = edit_byte(&value, chance) else { return Ok(None) };
    let sql = format!("UPDATE {table} SET {column} = {edited} WHERE rowid = {row}");
    Ok(run_sql(session, sql.clone()).await.ok().map(|_| format!("{sql} -- was {value}")))
}

/// Another digit of a number, another letter of a text.
fn edit_byte(value: &str, chance: &mut Chance) -> Option<String> {
    let is_text = value.starts_with('\'');
    let inner = if is_text { &value[1..value.len() - 1] } else { value };
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\'';
    if value == "NULL" || inner.is_empty() || !inner.bytes().all(is_plain) {
        return None;
    }
    let mut bytes = inner.as_bytes().to_vec();
    let at = chance.below(bytes.len());
    let letters: &[u8] = if is_text { b"0123456789abcdefXYZ" } else { b"0123456789" };
    let other = *chance.of(letters);
    if bytes[at] == other || !is_text && !bytes[at].is_ascii_digit() {
        return None;
    }
    bytes[at] = other;
    let edited = String::from_utf8(bytes).ok()?;
    if is_text {
        return Some(format!("'{edited}'"));
    }
    let number: i64 = edited.parse().ok()?;
    (value.parse() != Ok(number)).then(|| number.to_string())
}

async fn delete(
    session: &mut SqliteConnection,
    table: &str,
    chance: &mut Chance,
) -> Result<Option<String>, Failure> {
    let row = row_of(session, table, chance).await?;
    let sql = format!("DELETE FROM {table} WHERE rowid = {row}");
    Ok((run_sql(session, sql.clone()).await? == 1).then_some(sql))
}

/// Exchanges what two rows have in one column: of a key, the order of the rows.
async fn exchange(
    session: &mut SqliteConnection,
    table: &str,
    chance: &mut Chance,
) -> Result<Option<String>, Failure> {
    let (one, two) = (row_of(session, table, chance).await?, row_of(session, table, chance).await?);
    let column = column_of(session, table, chance).await?;
    let first = cell(session, (table, &column, &one)).await?;
    let second = cell(session, (table, &column, &two)).await?;
    if first == second || first == "NULL" || second == "NULL" {
        return Ok(None);
    }
    let set = |value: &str, row: &str| {
        format!("UPDATE {table} SET {column} = {value} WHERE rowid = {row};")
    };
    let sql = format!("{}{}{}", set("-1", &one), set(&first, &two), set(&second, &one));
    Ok(run_sql(session, sql.clone()).await.ok().map(|_| sql))
}

/// Cuts the books' end: the last blocks, and all that they cover.
async fn cut(
    session: &mut SqliteConnection,
    blocks: usize,
    chance: &mut Chance,
) -> Result<Option<String>, Failure> {
    let last = chance.below(blocks);
    let covered = format!("SELECT subject FROM sealed WHERE block > {last} AND kind <> 'change'");
    let sql = format!(
        "DELETE FROM call WHERE id IN ({covered});
         DELETE FROM attempt WHERE call_id IN ({covered});
         DELETE FROM journal WHERE call_id IN ({covered});
         DELETE FROM correction WHERE call_id IN ({covered});
         DELETE FROM sealed WHERE block > {last};
         DELETE FROM block WHERE number > {last}"
    );
    run_sql(session, sql.clone()).await?;
    Ok(Some(sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sixty_changes_of_sealed_books_are_found() {
        let tally = run(60, 7).await.unwrap();
        assert_eq!(tally.values().map(|kind| kind.0).sum::<u64>(), 60);
        assert!(tally.values().all(|(tried, found)| tried == found), "{tally:?}");
    }

    #[tokio::test]
    async fn books_that_nobody_changed_are_not_accused() {
        let books = Books::write().await.unwrap();
        fs::copy(&books.ledger, &books.copy).unwrap();
        open(&books.copy).await.unwrap().close().await.unwrap();
        assert!(!is_found(&books).await.unwrap());
    }
}
