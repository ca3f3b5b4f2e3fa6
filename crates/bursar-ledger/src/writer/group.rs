//! A group of reservations on PostgreSQL: held by one statement, all or none. Where they do not all
//! fit, the ones that do not are decided on the rows that the statement had locked, and the rest is
//! tried again.

use std::collections::BTreeMap;

use bursar_domain::admission::{Decision, decide, least_room};
use bursar_domain::budget::{Balance, Refusal, WindowId};
use bursar_domain::call::Intent;
use bursar_domain::time::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use super::asked::{Asked, refuse};
use super::{Done, Failure};
use crate::Error;
use crate::posting::{Posting, WindowSum};
use crate::queue::Task;
use crate::rules::{Rules, WindowRow};
use crate::statement::{Value, keyed};

/// The statement's verdict, beside each window that was locked; the window's columns are NULL when
/// none was.
#[derive(Debug, FromRow)]
pub(super) struct ReserveRow {
    admitted: bool,
    known: bool,
    revision: i64,
    timely: bool,
    now_ms: i64,
    window_id: Option<String>,
    budget_id: Option<String>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    held_micro: Option<i64>,
    spent_micro: Option<i64>,
    spent_rest: Option<i64>,
}

impl ReserveRow {
    fn window(self) -> Option<WindowRow> {
        Some(WindowRow {
            window_id: self.window_id?,
            budget_id: self.budget_id?,
            start_ms: self.start_ms?,
            end_ms: self.end_ms?,
            held_micro: self.held_micro?,
            spent_micro: self.spent_micro?,
            spent_rest: self.spent_rest?,
        })
    }
}

/// What became of a statement.
#[derive(Debug)]
pub(super) enum Verdict {
    /// All of it is held; its windows as they stood before.
    Admitted(Vec<WindowRow>),
    /// Not all of it fits; how the windows stood.
    Short(BTreeMap<WindowId, Balance>),
    /// Limits have changed.
    Stale,
    /// By the database's clock, a window is not the one that counts now.
    Untimely { now_ms: i64 },
    /// An id is held or recorded already.
    Duplicate,
}

impl Verdict {
    pub(super) fn read(rows: Vec<ReserveRow>, rules: &Rules) -> Result<Self, Error> {
        let Some(first) = rows.first() else { return Ok(Self::Stale) };
        if first.admitted {
            return Ok(Self::Admitted(rows.into_iter().filter_map(ReserveRow::window).collect()));
        }
        if first.revision != rules.revision {
            return Ok(Self::Stale);
        }
        if !first.timely {
            return Ok(Self::Untimely { now_ms: first.now_ms });
        }
        if first.known {
            return Ok(Self::Duplicate);
        }
        let mut balances = BTreeMap::new();
        for row in rows.into_iter().filter_map(ReserveRow::window) {
            let balance = row.balance(rules)?;
            balances.insert(balance.window.clone(), balance);
        }
        Ok(Self::Short(balances))
    }
}

/// One call of the group.
#[derive(Debug)]
enum Member<'r> {
    /// It asks to be held.
    Pending(Asked<'r>),
    /// Others wait for one of its windows.
    Behind(WindowId),
    /// Its windows have no room for it.
    Refused(Asked<'r>, Box<Refusal>),
    /// It is frozen, or not allowed.
    Barred(&'r Intent, Refusal),
}

/// The calls of a group, in order.
#[derive(Debug)]
pub(super) struct Group<'r>(Vec<Member<'r>>);

impl<'r> Group<'r> {
    pub(super) fn new(
        rules: &'r Rules,
        tasks: &[&'r Task],
        at: Timestamp,
    ) -> Result<Self, Failure> {
        let members = tasks.iter().map(|task| match task {
            Task::Reserve { asking, patience } => {
                Ok(match Asked::new(rules, (asking, patience), at) {
                    Ok(asked) => match asked.waits_for() {
                        Some(window) => Member::Behind(window),
                        None => Member::Pending(asked),
                    },
                    Err(refusal) => Member::Barred(&asking.intent, refusal),
                })
            }
            _ => Err(Failure::Split),
        });
        members.collect::<Result<_, _>>().map(Self)
    }

    /// The calls that are to be held.
    pub(super) fn pending(&self) -> Vec<&Asked<'r>> {
        let members = self.0.iter();
        members
            .filter_map(|member| match member {
                Member::Pending(asked) => Some(asked),
                _ => None,
            })
            .collect()
    }

    /// Whether any of the calls is frozen, or not allowed.
    pub(super) fn has_barred(&self) -> bool {
        self.0.iter().any(|member| matches!(member, Member::Barred(..)))
    }

    /// Refuses what does not fit, so that the rest can be tried again; false when there is none.
    pub(super) fn drop_refused(&mut self, balances: &BTreeMap<WindowId, Balance>) -> bool {
        let mut balances = balances.clone();
        let mut is_any = false;
        for member in &mut self.0 {
            let Member::Pending(asked) = member else { continue };
            let decision = decide(&mut balances, std::slice::from_ref(&asked.open.lines)).pop();
            if let Some(Decision::Refuse(refusal)) = decision {
                *member = Member::Refused(asked.clone(), refusal);
                is_any = true;
            }
        }
        is_any
    }

    /// Notes what was left for each call that is held now, where the windows stood so before.
    pub(super) fn note_rooms(&mut self, rules: &Rules, windows: Vec<WindowRow>) {
        let balances = windows.into_iter().filter_map(|row| row.balance(rules).ok());
        let mut balances: BTreeMap<WindowId, Balance> =
            balances.map(|balance| (balance.window.clone(), balance)).collect();
        for member in &mut self.0 {
            let Member::Pending(asked) = member else { continue };
            decide(&mut balances, std::slice::from_ref(&asked.open.lines));
            asked.open.room = least_room(&balances, &asked.open.lines);
        }
    }

    /// What became of each call; gathers the refusals.
    pub(super) fn done(self, posting: &mut Posting, now: Timestamp) -> Vec<Done> {
        let done = self.0.into_iter().map(|member| match member {
            Member::Pending(asked) => Done::Admitted(Box::new(asked.open)),
            Member::Behind(window) => Done::Waits { window },
            Member::Refused(asked, refusal) => asked.refuse(posting, refusal, now),
            Member::Barred(intent, refusal) => {
                refuse(posting, intent, &refusal, now);
                Done::Refused { refusal: Box::new(refusal), freeze: None }
            }
        });
        done.collect()
    }
}

/// A window's sum beside its limit.
#[derive(Debug, Serialize)]
pub(super) struct WantJson<'p> {
    #[serde(flatten)]
    sum: &'p WindowSum,
    mode: &'static str,
    limit_micro: i64,
}

/// What the group asks of each window.
pub(super) fn wanted<'p>(
    asked: &[&Asked<'_>],
    posting: &'p Posting,
) -> BTreeMap<String, WantJson<'p>> {
    let counted = asked.iter().flat_map(|asked| asked.limits());
    let wanted = counted.filter_map(|counted| {
        let window = counted.place.window.to_string();
        let sum = posting.windows.get(&window)?;
        let (mode, limit_micro) = (counted.limit.mode.as_str(), counted.limit.amount.0);
        Some((window, WantJson { sum, mode, limit_micro }))
    });
    wanted.collect()
}

/// What calls ask that were admitted without the ledger: no limit refuses them any more.
pub(super) fn drained(posting: &Posting) -> Result<Value, Error> {
    let wanted = posting.windows.iter();
    keyed(wanted.map(|(window, sum)| (window, WantJson { sum, mode: "drained", limit_micro: 0 })))
}
