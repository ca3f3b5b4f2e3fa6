//! Taking a month out of the ledger, in steps that are each one short transaction. Whatever they are
//! interrupted by, what is left adds up, and the next run goes on from there.

use std::collections::BTreeMap;
use std::slice;

use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use super::page::{Calls, last_id};
use super::{Archive, Month};
use crate::change::{self, Change};
use crate::queue::Task;
use crate::statement::{Session, Statement, Value, keyed};
use crate::{Error, Ledger};

pub(super) const PUT: Statement =
    Statement { doing: "note an archive", sql: include_str!("../../queries/put_archive.sql") };
const BORDERS: Statement = Statement {
    doing: "read how far a month's journal goes",
    sql: include_str!("../../queries/archive_borders.sql"),
};
const PUT_BASES: Statement = Statement {
    doing: "add up a journal",
    sql: include_str!("../../queries/put_journal_bases.sql"),
};
const MARK: Statement = Statement {
    doing: "note what is archived",
    sql: include_str!("../../queries/mark_archived.sql"),
};
/// What is deleted of calls, and whether it is their corrections.
const DROPS: [(Statement, bool); 4] = [
    (drop_rows(include_str!("../../queries/drop_attempt.sql")), false),
    (drop_rows(include_str!("../../queries/drop_correction.sql")), true),
    (drop_rows(include_str!("../../queries/drop_journal.sql")), false),
    (drop_rows(include_str!("../../queries/drop_call.sql")), false),
];
const DROP_TAGS: Statement = drop_rows(include_str!("../../queries/drop_call_tag.sql"));

const fn drop_rows(sql: &'static str) -> Statement {
    Statement { doing: "take out what is archived", sql }
}

/// So many lines of each window are added up by one statement, which says so itself.
const LINES_MAX: i64 = 50_000;

/// One of them.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Note how far a month is, and, where it matters to people, that somebody did that.
    Note {
        actor: String,
        action: &'static str,
        archive: Option<Archive>,
        subject: String,
        becomes: String,
    },
    /// Add up the journals of these windows, each as far as is said.
    Bases(BTreeMap<String, i64>),
    /// Take out these calls, of which so many items were sealed, so many of them corrections.
    Drop { month: Month, calls: Calls, items: u64, corrections: u64 },
}

#[derive(Debug, FromRow)]
struct BorderRow {
    window_id: String,
    seq: i64,
    base_seq: i64,
}

/// Takes a step within a transaction.
pub(crate) async fn take(
    session: &mut Session<'_>,
    step: &Step,
    now: Timestamp,
) -> Result<(), Error> {
    match step {
        Step::Note { actor, action, archive, subject, becomes } => {
            if let Some(archive) = archive {
                session.run(PUT, &archive.values()).await?;
            }
            let note = Change::Note { action, subject: subject.clone(), becomes: becomes.clone() };
            change::make(session, (actor, &[note]), now).await.map(drop)
        }
        Step::Bases(borders) => session.run(PUT_BASES, &[keyed(borders)?]).await.map(drop),
        Step::Drop { month, calls, items, corrections } => {
            let keys = calls.keys()?;
            let values: [Value; 2] = [month.start().0.into(), keys.clone()];
            let marked = session.run(MARK, &values).await?;
            session.run(DROP_TAGS, &[calls.tag_keys()?]).await?;
            let mut corrected = 0;
            for (what, is_correction) in DROPS {
                let rows = session.run(what, slice::from_ref(&keys)).await?;
                corrected += if is_correction { rows } else { 0 };
            }
            // One that came since the archive was checked is in neither: all of this is undone.
            if (marked, corrected) == (*items, *corrections) {
                return Ok(());
            }
            let row = calls.last().to_owned();
            Err(Error::Inconsistent { table: "correction", column: "call_id", row })
        }
    }
}

impl Ledger {
    pub(super) async fn step(&self, step: Step) -> Result<(), Error> {
        self.queue.ask(Task::Archive(Box::new(step))).await.map(drop)
    }

    /// Adds up every window's journal as far as the month's calls go in it. From then on nothing
    /// reads the lines below that, but who asks for a call's own.
    pub(crate) async fn add_up_journals(&self, month: Month) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let values = [month.start().0.into(), month.end().0.into(), after.as_str().into()];
            let rows: Vec<BorderRow> = self.reads.rows(BORDERS, &values).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.window_id);
            let lines = rows.iter().map(|row| row.seq - row.base_seq).max().unwrap_or(0);
            let borders = rows.into_iter().map(|row| (row.window_id, row.seq));
            let borders: BTreeMap<String, i64> = borders.collect();
            for _ in 0..lines.max(0).div_euclid(LINES_MAX) + i64::from(lines > 0) {
                self.step(Step::Bases(borders.clone())).await?;
            }
        }
    }

    /// Takes out what is left of a month's calls, a page at a time.
    pub(super) async fn take_out(&self, month: Month) -> Result<(), Error> {
        let until = last_id(&self.reads, month).await?;
        while let Some(calls) = Calls::read(&self.reads, month, ("", &until)).await? {
            self.take_out_page(month, calls).await?;
        }
        Ok(())
    }

    pub(crate) async fn take_out_page(&self, month: Month, calls: Calls) -> Result<(), Error> {
        let items = calls.sealed(&self.reads, month).await?.len() as u64;
        // Each call has an item of its own.
        let corrections = items - calls.ids.len() as u64;
        self.step(Step::Drop { month, calls, items, corrections }).await
    }
}
