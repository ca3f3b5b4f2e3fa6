//! A group on SQLite: one transaction, in turn with those of other processes.

use std::collections::BTreeSet;
use std::rc::Rc;

use bursar_domain::admission::Decision;
use bursar_domain::budget::{Refusal, WindowId};
use bursar_domain::call::Intent;
use bursar_domain::time::Timestamp;

use crate::rules::{Change, Open};
use crate::tables::{CallNumber, End, Owner, Seen, Tables};

/// What a caller is told.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Admitted(Rc<Open>),
    /// `None` when it is frozen.
    Refused(Option<Box<Refusal>>),
    /// Whether it came after the sweep.
    Ended {
        late: bool,
    },
    /// The id is held or recorded already, or nobody knows the call.
    Failed,
}

/// What a process writes in one transaction.
#[derive(Debug)]
pub(crate) enum Group<'a> {
    Reserve(Vec<(CallNumber, Rc<Intent>)>),
    End(Vec<End>),
    Change(&'a Change),
}

/// Who writes, by which time, and which windows it knows to be there.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) owner: Owner,
    pub(crate) now: Timestamp,
    pub(crate) made: &'a mut BTreeSet<WindowId>,
}

impl Tables {
    /// Writes a group; `None` when one of its tasks is in the way of the others, and nothing is
    /// written then. Beside the answers, what reservations were decided by.
    pub(crate) fn write_group(
        &mut self,
        group: &Group<'_>,
        writer: Writer<'_>,
    ) -> Option<(Vec<Answer>, Seen)> {
        let at = writer.now.max(self.latest);
        let seen = Seen { rules: Rc::clone(&self.rules), now: at };
        let answers = match group {
            Group::Change(change) => {
                self.change(change);
                vec![Answer::Ended { late: false }]
            }
            Group::End(ends) if self.end(ends) => vec![Answer::Ended { late: false }; ends.len()],
            Group::End(ends) => {
                let [end] = ends.as_slice() else { return None };
                vec![self.end_late(end)]
            }
            Group::Reserve(calls) => self.reserve_each(calls, (at, writer))?,
        };
        Some((answers, seen))
    }

    /// What is left to do when the hold is gone.
    fn end_late(&mut self, end: &End) -> Answer {
        let End::Settle(open, truth) = end else { return Answer::Ended { late: true } };
        let Some(row) = self.calls.get(&open.call) else { return Answer::Failed };
        let late = row.settlement.ending.outcome == bursar_domain::call::Outcome::Abandoned;
        self.correct(open, truth);
        Answer::Ended { late }
    }

    fn reserve_each(
        &mut self,
        calls: &[(CallNumber, Rc<Intent>)],
        (at, writer): (Timestamp, Writer<'_>),
    ) -> Option<Vec<Answer>> {
        let ids: BTreeSet<CallNumber> = calls.iter().map(|(call, _)| *call).collect();
        if ids.len() < calls.len() || ids.iter().any(|id| self.is_known(*id)) {
            return (calls.len() == 1).then(|| vec![Answer::Failed]);
        }
        let rules = Rc::clone(&self.rules);
        let mut answers = Vec::with_capacity(calls.len());
        for (call, intent) in calls {
            if rules.is_frozen(intent) {
                answers.push(Answer::Refused(None));
                continue;
            }
            let open = Rc::new(rules.open(*call, intent, at));
            if open.lines.iter().any(|line| !writer.made.contains(&line.window)) {
                self.make_windows(&open);
                self.latest = at;
                writer.made.extend(open.lines.iter().map(|line| line.window.clone()));
            }
            answers.push(match self.admit(writer.owner, &open) {
                Decision::Admit { .. } => Answer::Admitted(open),
                Decision::Refuse(refusal) => Answer::Refused(Some(refusal)),
                Decision::Missing(_) => Answer::Failed,
            });
        }
        Some(answers)
    }
}
