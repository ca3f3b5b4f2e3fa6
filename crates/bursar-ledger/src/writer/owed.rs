//! What is owed to the ledger: a call that was made must be recorded, so a settlement that could
//! not be written is written later. Its caller has been told by then, and waits no longer.
//!
//! Until then its hold stands. If the process ends first, the sweep settles the call at its hold.

use std::time::Duration;

use super::answer;
use crate::Error;
use crate::queue::{Job, Task, WeakQueue};

/// Long enough for a disk or a database that is away not to be asked all the time.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells everybody of a part that it was not written, and keeps what is owed.
pub(super) fn fail(queue: &WeakQueue, part: Vec<Job>, error: &Error) {
    let may_pass = matches!(error, Error::Full { .. } | Error::Locked | Error::Unreachable { .. });
    for Job { task, reply, .. } in part {
        answer(reply, Err(error.clone()));
        if may_pass && is_owed(&task) {
            let queue = queue.clone();
            tokio::spawn(async move {
                tokio::time::sleep(PAUSE).await;
                queue.leave(task);
            });
        }
    }
}

fn is_owed(task: &Task) -> bool {
    matches!(task, Task::Settle { .. } | Task::Abandon { .. } | Task::Void { .. })
}
