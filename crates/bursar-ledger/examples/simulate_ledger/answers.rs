//! What a process makes of what its statements answer: whom it tells what, and what it does next.

use std::collections::BTreeMap;
use std::rc::Rc;

use bursar_domain::admission::{Decision, decide};
use bursar_domain::budget::{Balance, WindowId};

use crate::check::Violation;
use crate::mutant::Mutant;
use crate::process::{Job, Phase, Task};
use crate::rules::Open;
use crate::tables::{End, Verdict};
use crate::turn::Answer;
use crate::world::World;
use crate::writer::Effect;

impl World {
    /// What the process makes of an answer; whether its group is done.
    pub(crate) fn answer(
        &mut self,
        number: usize,
        job: &mut Job,
        effect: Effect,
    ) -> Result<bool, Violation> {
        match effect {
            Effect::Verdict(verdict) => return self.answer_verdict(number, job, verdict),
            Effect::Answers(Some(answers)) => self.tell(number, job, answers)?,
            Effect::Ended(true) => self.tally.add("groups ended"),
            Effect::Ended(false) | Effect::Answers(None) if job.tasks.len() > 1 => {
                self.tally.add("groups split");
                let process = &mut self.processes[number];
                process.singles.extend(job.tasks.drain(..).map(|task| (task, job.again)));
            }
            Effect::Ended(false) => {
                job.phase = Phase::Correct;
                return Ok(false);
            }
            Effect::Claimed(left) => {
                let tasks = left.into_iter().map(|open| Task::End(End::Abandon(open)));
                let inbox = &mut self.processes[number].inbox;
                let before = inbox.len();
                inbox.extend(tasks);
                if inbox.len() > before {
                    self.tally.add("sweeps that found something");
                }
            }
            Effect::Answers(None) | Effect::Corrected | Effect::Changed => {}
        }
        Ok(true)
    }

    fn answer_verdict(
        &mut self,
        number: usize,
        job: &mut Job,
        verdict: Verdict,
    ) -> Result<bool, Violation> {
        job.phase = Phase::Place;
        let process = &mut self.processes[number];
        match verdict {
            Verdict::Admitted => {
                self.tell_all_admitted(number, job);
                return Ok(true);
            }
            Verdict::Stale => {
                process.known = None;
                self.tally.add("stale limits");
            }
            Verdict::Untimely => {
                process.offset_ms = -process.skew_ms;
                self.tally.add("untimely windows");
            }
            Verdict::Known if job.tasks.len() > 1 => {
                process.singles.extend(job.tasks.drain(..).map(|task| (task, job.again)));
                return Ok(true);
            }
            Verdict::Known => {
                self.tally.add("known already");
                if self.tables.mutant == Some(Mutant::ResendForgets) && job.again {
                    self.tell_all_admitted(number, job);
                }
                return Ok(true);
            }
            Verdict::Short(balances) => {
                let refused = drop_refused(&mut job.pending, balances);
                for open in &refused {
                    self.tell_refused(open.call)?;
                    let is_refused =
                        |task: &Task| matches!(task, Task::Reserve(call) if *call == open.call);
                    job.tasks.retain(|task| !is_refused(task));
                }
                if !refused.is_empty() {
                    job.phase = Phase::Reserve;
                }
                return Ok(job.pending.is_empty());
            }
        }
        Ok(false)
    }

    fn tell_all_admitted(&mut self, number: usize, job: &mut Job) {
        for open in std::mem::take(&mut job.pending) {
            self.tell_admitted(number, &open);
        }
    }

    fn tell(&mut self, number: usize, job: &Job, answers: Vec<Answer>) -> Result<(), Violation> {
        for (task, answer) in job.tasks.iter().zip(answers) {
            match (task, answer) {
                (Task::Reserve(_), Answer::Admitted(open)) => self.tell_admitted(number, &open),
                (Task::Reserve(call), Answer::Refused(_)) => self.tell_refused(*call)?,
                (_, Answer::Ended { late: true }) => self.tally.add("ended late"),
                _ => self.tally.add("groups ended"),
            }
        }
        Ok(())
    }
}

/// What does not fit leaves the group.
fn drop_refused(
    pending: &mut Vec<Rc<Open>>,
    mut balances: BTreeMap<WindowId, Balance>,
) -> Vec<Rc<Open>> {
    let is_refused = |open: &mut Rc<Open>| {
        let decision = decide(&mut balances, std::slice::from_ref(&open.lines)).pop();
        matches!(decision, Some(Decision::Refuse(_)))
    };
    pending.extract_if(.., is_refused).collect()
}
