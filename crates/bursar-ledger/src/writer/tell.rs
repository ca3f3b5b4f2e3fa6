//! Telling who waits what became of their tasks.

use tokio::sync::oneshot;

use super::Done;
use crate::Error;
use crate::admitted::{Admission, Admitted};
use crate::queue::{Answer, Job, WeakQueue};

/// Who waits for a task, if anybody does.
type Reply = Option<oneshot::Sender<Result<Answer, Error>>>;

/// Groups of so many are told from two threads.
const SHARED_MIN: usize = 8;

/// Tells a group. Half of a large one is told by another thread, which then has callers of its own
/// to run: woken for one of them at a time, it would interrupt this one as often.
pub(super) fn tell_all(mut told: Vec<(Reply, Result<Done, Error>)>, queue: &WeakQueue) {
    if told.len() >= SHARED_MIN {
        let half = told.split_off(told.len() / 2);
        let queue = queue.clone();
        tokio::spawn(async move { tell_each(half, &queue) });
    }
    tell_each(told, queue);
}

fn tell_each(told: Vec<(Reply, Result<Done, Error>)>, queue: &WeakQueue) {
    for (reply, done) in told {
        tell(reply, done, queue);
    }
}

/// Tells who waits what became of a task.
pub(super) fn tell(reply: Reply, done: Result<Done, Error>, queue: &WeakQueue) {
    let told = done.map(|done| match done {
        Done::Admitted(open) => {
            Answer::Admission(Box::new(Admission::Admitted(Admitted::new(open, queue.clone()))))
        }
        Done::Refused { refusal, .. } => Answer::Admission(Box::new(Admission::Refused(*refusal))),
        Done::Changed(changed) => Answer::Changed(changed),
        Done::Sealed(is_first) => Answer::Sealed(is_first),
        Done::Settled(settled) => Answer::Settled(settled),
        Done::Abandoned(was_open) => Answer::Abandoned(was_open),
        Done::Claimed(is_first) => Answer::Claimed(is_first),
        Done::Nothing | Done::Waits { .. } => Answer::Done,
    });
    answer(reply, told);
}

/// Tells who waits. When nobody does, the answer is dropped, and with it an admission that nobody
/// saw: that undoes its hold.
pub(super) fn answer(reply: Reply, told: Result<Answer, Error>) {
    match reply {
        Some(reply) => drop(reply.send(told)),
        None => {
            if let Err(error) = told {
                tracing::error!("the ledger could not write what nobody waits for: {error}");
            }
        }
    }
}

/// Tells everybody of a part that it failed.
pub(super) fn refuse_all(part: Vec<Job>, error: &Error) {
    for job in part {
        answer(job.reply, Err(error.clone()));
    }
}
