//! Tasks that are written by themselves, each in a transaction of its own, on both databases.

use bursar_domain::time::Timestamp;

use super::Done;
use super::claims::claim;
use crate::Error;
use crate::queue::Task;
use crate::statement::Session;
use crate::{archive, change, seal};

/// Whether a task is one of them.
pub(super) fn is_alone(task: &Task) -> bool {
    matches!(
        task,
        Task::Change { .. }
            | Task::Claim { .. }
            | Task::Seal(_)
            | Task::Adopt
            | Task::Offered(_)
            | Task::Archive(_)
    )
}

/// Writes one of them; on an error, the transaction is to be rolled back.
pub(super) async fn write(
    session: &mut Session<'_>,
    task: &Task,
    now: Timestamp,
) -> Result<Done, Error> {
    match task {
        Task::Change { actor, changes } => {
            Ok(Done::Changed(change::make(session, (actor, changes), now).await?))
        }
        Task::Claim { once, id } => claim(session, (once, id), now).await,
        Task::Seal(block) => Ok(Done::Sealed(seal::write(session, block).await?)),
        Task::Archive(step) => archive::take(session, step, now).await.map(|()| Done::Nothing),
        Task::Adopt => session.run(seal::ADOPT, &[]).await.map(|_| Done::Nothing),
        Task::Offered(offered) => {
            let failure = offered.failure.as_deref().unwrap_or_default();
            let values = [offered.block.into(), offered.at.0.into(), failure.into()];
            session.run(seal::NOTE, &values).await.map(|_| Done::Nothing)
        }
        _ => Ok(Done::Nothing),
    }
}
