//! Where changes are written. Rows of one table wait for each other, so that one statement writes
//! many: a hundred thousand teams are a few hundred statements.
//!
//! A row that is to be written twice, and whatever is written otherwise, waits for those before it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::Error;
use crate::statement::{Session, Statement, keyed};

/// So many rows wait at most: one statement writes as many in a few milliseconds.
const WAITING_MAX: usize = 1_000;

/// The tables, each after those that it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Team,
    TeamFact,
    Project,
    Member,
    Key,
    Secret,
    Policy,
    Limit,
}

impl Table {
    /// What writes its rows: new ones, and what may change of those that are known.
    const fn statement(self) -> Statement {
        let (doing, sql) = match self {
            Self::Team => ("keep teams", include_str!("../../queries/copy/team_put.sql")),
            Self::TeamFact => {
                ("keep teams' facts", include_str!("../../queries/copy/team_fact_put.sql"))
            }
            Self::Project => ("keep projects", include_str!("../../queries/copy/project_put.sql")),
            Self::Member => ("keep users", include_str!("../../queries/copy/member_put.sql")),
            Self::Key => ("keep keys", include_str!("../../queries/copy/virtual_key_put.sql")),
            Self::Secret => ("keep secrets", include_str!("../../queries/copy/key_secret_put.sql")),
            Self::Policy => ("keep policies", include_str!("../../queries/copy/policy_put.sql")),
            Self::Limit => ("set limits", include_str!("../../queries/copy/budget_put.sql")),
        };
        Statement { doing, sql }
    }
}

/// A transaction, and the rows that are still to be written in it.
#[derive(Debug)]
pub(super) struct Ink<'s, 'c> {
    session: &'s mut Session<'c>,
    waiting: BTreeMap<Table, BTreeMap<String, Box<RawValue>>>,
    count: usize,
}

impl<'s, 'c> Ink<'s, 'c> {
    pub(super) const fn new(session: &'s mut Session<'c>) -> Self {
        Self { session, waiting: BTreeMap::new(), count: 0 }
    }

    /// Writes a row before long. `key` is what the table knows it by.
    pub(super) async fn put(
        &mut self,
        table: Table,
        key: &str,
        row: &impl Serialize,
    ) -> Result<(), Error> {
        let is_twice = self.waiting.get(&table).is_some_and(|rows| rows.contains_key(key));
        if is_twice || self.count >= WAITING_MAX {
            self.dry().await?;
        }
        let row = to_raw_value(row).map_err(|error| Error::Unkept {
            field: "row",
            problem: format!("cannot be written as JSON: {error}"),
        })?;
        self.waiting.entry(table).or_default().insert(key.to_owned(), row);
        self.count += 1;
        Ok(())
    }

    /// The transaction, in which all is written that waited.
    pub(super) async fn dry(&mut self) -> Result<&mut Session<'c>, Error> {
        self.count = 0;
        for (table, rows) in std::mem::take(&mut self.waiting) {
            self.session.run(table.statement(), &[keyed(rows)?]).await?;
        }
        Ok(self.session)
    }
}
