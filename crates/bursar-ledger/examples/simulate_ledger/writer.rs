//! A process's writer, step by step: each step is one store call, one lock, or one commit, and
//! between any two of them another process moves, or this one dies.

use std::collections::BTreeSet;
use std::rc::Rc;

use bursar_domain::budget::WindowId;

use crate::check::{Violation, broken};
use crate::locks::{Lock, Taken};
use crate::mutant::Mutant;
use crate::process::{Job, Phase, Task};
use crate::rules::{Open, Rules};
use crate::tables::{End, Seen, Verdict};
use crate::turn::{Answer, Group, Writer};
use crate::world::World;

/// A group is sent again so often when its answer is lost; then its callers hear of it.
const LOSSES_MAX: u32 = 3;

/// What a statement has done.
#[derive(Debug)]
pub(crate) enum Effect {
    Verdict(Verdict),
    Ended(bool),
    Corrected,
    Changed,
    Claimed(Vec<Rc<Open>>),
    Answers(Option<Vec<Answer>>),
}

impl World {
    /// A process takes its next step, if it has one to take.
    pub(crate) fn advance(&mut self, number: usize) -> Result<(), Violation> {
        let process = &mut self.processes[number];
        if !self.is_calm && self.random.chance(5) {
            self.crash(number);
            return Ok(());
        }
        let Some(mut job) = process.job.take().or_else(|| process.next_job(self.is_sqlite)) else {
            return Ok(());
        };
        let is_done = match job.phase {
            Phase::Revise => self.revise(&mut job),
            Phase::Learn(revision) => self.learn(number, &mut job, revision),
            Phase::Look => self.look(number, &mut job),
            Phase::Place => self.place(number, &mut job)?,
            _ if job.seen.is_none() => self.begin(number, &mut job),
            _ => match job.wants.pop() {
                Some(lock) => self.lock(number, &lock)?,
                None => self.commit(number, &mut job)?,
            },
        };
        // It may have died on the way.
        if !is_done && self.processes[number].is_up {
            self.processes[number].job = Some(job);
        }
        Ok(())
    }

    fn revise(&mut self, job: &mut Job) -> bool {
        job.phase = Phase::Learn(self.tables.rules.revision);
        false
    }

    fn learn(&mut self, number: usize, job: &mut Job, revision: u64) -> bool {
        let rules = &self.tables.rules;
        let known = if rules.revision == revision {
            Rc::clone(rules)
        } else {
            Rc::new(Rules { revision, ..Rules::clone(rules) })
        };
        self.processes[number].known = Some(known);
        job.phase = Phase::Place;
        false
    }

    /// Whether a reservation that is sent again is held already, whoever owns that hold by now:
    /// then that is its answer. Where it was even settled since, its caller hears of an error.
    fn look(&mut self, number: usize, job: &mut Job) -> bool {
        job.phase = Phase::Place;
        let Some(call) = job.reserved().pop() else { return true };
        if self.tables.mutant == Some(Mutant::ResendForgets) {
            return false;
        }
        if self.tables.calls.contains_key(&call) {
            self.tally.add("known already");
            return true;
        }
        let Some(hold) = self.tables.holds.get(&call) else { return false };
        let open = Rc::clone(&hold.open);
        self.tally.add("found held when sent again");
        self.tell_admitted(number, &open);
        true
    }

    /// Finds the windows of the group's calls by what is known by heart, and makes them.
    fn place(&mut self, number: usize, job: &mut Job) -> Result<bool, Violation> {
        let process = &self.processes[number];
        let Some(known) = process.known.clone() else {
            job.phase = Phase::Revise;
            return Ok(false);
        };
        let clock = process.now(self.now);
        let at = bursar_domain::time::Timestamp(clock.0 + process.offset_ms);
        let mut frozen = Vec::new();
        job.pending.clear();
        for call in job.reserved() {
            let intent = &self.calls[call as usize].intent;
            if known.is_frozen(intent) {
                frozen.push(call);
            } else {
                job.pending.push(Rc::new(known.open(call, intent, at)));
            }
        }
        if !frozen.is_empty() && known.revision != self.tables.rules.revision {
            self.processes[number].known = None;
            return Ok(false);
        }
        for open in &job.pending {
            self.tables.make_windows(open);
        }
        for call in frozen {
            self.tell_refused(call)?;
            job.tasks.retain(|task| !matches!(task, Task::Reserve(one) if *one == call));
        }
        job.phase = Phase::Reserve;
        Ok(job.pending.is_empty())
    }

    /// Begins a statement: what it sees of tables that it does not lock is of this moment.
    fn begin(&mut self, number: usize, job: &mut Job) -> bool {
        let mut wants: Vec<Lock> = match job.phase {
            Phase::Whole => vec![Lock::Turn],
            Phase::Reserve => windows(&job.pending),
            Phase::End => {
                let opens: Vec<_> = job.ends().iter().map(|end| Rc::clone(end.open())).collect();
                let mut rows = windows(&opens);
                if self.tables.mutant == Some(Mutant::LockOrderReversed) {
                    rows.reverse();
                }
                holds(&opens).into_iter().chain(rows).collect()
            }
            Phase::Correct => {
                let opens: Vec<_> = job.ends().iter().map(|end| Rc::clone(end.open())).collect();
                windows(&opens)
            }
            _ => Vec::new(),
        };
        self.note(|| format!("process {number} begins {:?} of {:?}", job.phase, job.tasks));
        wants.reverse();
        job.wants = wants;
        job.seen = Some(Seen { rules: Rc::clone(&self.tables.rules), now: self.now });
        false
    }

    fn lock(&mut self, number: usize, lock: &Lock) -> Result<bool, Violation> {
        self.note(|| format!("process {number} asks for {lock:?}"));
        match self.locks.take(lock, number) {
            Taken::Granted => Ok(false),
            Taken::Waits => {
                self.tally.add("waits for a lock");
                Ok(false)
            }
            Taken::Deadlock(circle) => {
                broken("nobody waits in a circle", format!("processes {circle:?} at {lock:?}"))
            }
        }
    }

    /// A statement has its locks: it is done and committed, or undone; its answer comes, or is
    /// lost; the process lives to hear it, or not.
    fn commit(&mut self, number: usize, job: &mut Job) -> Result<bool, Violation> {
        let fate = if self.is_calm { 1_000 } else { self.random.below(1_000) };
        let (is_undone, is_lost) = (fate < 40 && fate % 2 == 0, fate < 40 && fate % 2 == 1);
        let Some(seen) = job.seen.take() else { return Ok(false) };
        let effect = if is_undone { None } else { Some(self.apply(number, job, &seen)?) };
        self.locks.release(number);
        match effect {
            Some(effect) if !is_lost => self.answer(number, job, effect),
            // On SQLite nothing lies between a process and its file; what is lost there is a life.
            _ if fate < 4 || self.is_sqlite => {
                self.crash(number);
                Ok(true)
            }
            _ => Ok(self.send_again(number, job, is_lost)),
        }
    }

    fn send_again(&mut self, number: usize, job: &mut Job, is_lost: bool) -> bool {
        self.note(|| format!("process {number} hears nothing; committed: {is_lost}"));
        self.tally.add(if is_lost { "answers lost" } else { "statements undone" });
        job.losses += 1;
        if job.losses == LOSSES_MAX {
            self.tally.add("given up");
            return true;
        }
        if job.tasks.len() > 1 {
            // One by one from here on: what is written already must be told from what is not.
            let process = &mut self.processes[number];
            process.singles.extend(job.tasks.drain(..).map(|task| (task, true)));
            return true;
        }
        job.again = true;
        job.phase = match job.phase {
            Phase::Reserve => Phase::Look,
            Phase::Correct => Phase::End,
            phase => phase,
        };
        false
    }

    /// What a statement does to the tables.
    fn apply(&mut self, number: usize, job: &Job, seen: &Seen) -> Result<Effect, Violation> {
        let process = &mut self.processes[number];
        let owner = process.owner;
        let mut reserved_by = seen.clone();
        let effect = match job.phase {
            Phase::Whole => {
                let now = process.now(self.now);
                let writer = Writer { owner, now, made: &mut process.made };
                let group = group(&job.tasks, |call| Rc::clone(&self.calls[call as usize].intent));
                let written = self.tables.write_group(&group, writer);
                Effect::Answers(written.map(|(answers, seen)| {
                    reserved_by = seen;
                    answers
                }))
            }
            Phase::Reserve => {
                let known = process.known.clone().unwrap_or_default();
                Effect::Verdict(self.tables.reserve(owner, &job.pending, (&known, seen)))
            }
            Phase::End => Effect::Ended(self.tables.end(&job.ends())),
            Phase::Correct => self.correct(job),
            Phase::Change => self.change_all(job),
            _ if self.is_sqlite => Effect::Claimed(self.tables.left()),
            _ => {
                let locks = &self.locks;
                let is_locked = |call| locks.is_held(&Lock::Hold(call));
                Effect::Claimed(self.tables.claim(owner, seen.now, is_locked))
            }
        };
        self.note(|| format!("process {number} commits {:?}: {effect:?}", job.phase));
        self.books.check(&mut self.tables, Some(&reserved_by))?;
        Ok(effect)
    }

    fn correct(&mut self, job: &Job) -> Effect {
        for end in job.ends() {
            let End::Settle(open, truth) = end else { continue };
            if self.tables.correct(&open, &truth) {
                self.tally.add("corrections");
            }
        }
        Effect::Corrected
    }

    fn change_all(&mut self, job: &Job) -> Effect {
        for task in &job.tasks {
            if let Task::Change(change) = task {
                self.tables.change(change);
                self.tally.add("changes");
            }
        }
        Effect::Changed
    }
}

fn group(tasks: &[Task], intent: impl Fn(u32) -> Rc<bursar_domain::call::Intent>) -> Group<'_> {
    match &tasks[0] {
        Task::Change(change) => Group::Change(change),
        Task::Reserve(_) => Group::Reserve(
            tasks
                .iter()
                .filter_map(|task| match task {
                    Task::Reserve(call) => Some((*call, intent(*call))),
                    _ => None,
                })
                .collect(),
        ),
        _ => Group::End(
            tasks
                .iter()
                .filter_map(|task| match task {
                    Task::End(end) => Some(end.clone()),
                    _ => None,
                })
                .collect(),
        ),
    }
}

/// The rows of the calls' windows, ascending.
fn windows(opens: &[Rc<Open>]) -> Vec<Lock> {
    let lines = opens.iter().flat_map(|open| &open.lines);
    let rows: BTreeSet<&WindowId> = lines.map(|line| &line.window).collect();
    rows.into_iter().cloned().map(Lock::Window).collect()
}

/// The rows of the calls' holds, ascending.
fn holds(opens: &[Rc<Open>]) -> Vec<Lock> {
    let rows: BTreeSet<u32> = opens.iter().map(|open| open.call).collect();
    rows.into_iter().map(Lock::Hold).collect()
}
