//! Tasks that are written by themselves, each in a transaction of its own, on both databases.

use bursar_domain::time::Timestamp;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::Done;
use super::claims::claim;
use crate::Error;
use crate::queue::Task;
use crate::statement::{Session, failed};
use crate::{archive, change, seal};

/// Whether a task is one of them. Past calls are too, but for that each store posts in its own way.
pub(super) fn is_alone(task: &Task) -> bool {
    matches!(
        task,
        Task::Change { .. }
            | Task::Claim { .. }
            | Task::Seal(_)
            | Task::Adopt
            | Task::Offered(_)
            | Task::Audited(_)
            | Task::Archive(_)
            | Task::Record(_)
    )
}

/// A change is many statements: it is given up after so many times what one of them may take.
pub(super) const ALONE_PATIENCE: u32 = 5;
/// So many changes at once are written by about as many statements as one change alone.
const CHANGES_A_TURN: usize = 1_000;

/// How many times what a statement may take.
pub(super) fn patience(task: &Task) -> u32 {
    let changes = match task {
        Task::Change { changes, .. } => changes.len() / CHANGES_A_TURN,
        _ => 0,
    };
    u32::try_from(changes).unwrap_or(u32::MAX).saturating_add(1).saturating_mul(ALONE_PATIENCE)
}

pub(super) async fn write_in_transaction(
    connection: &mut PgConnection,
    task: &Task,
    now: Timestamp,
) -> Result<Done, Error> {
    let mut transaction = connection.begin().await.map_err(|error| failed("begin", error))?;
    // Dropped on an error, the transaction is rolled back.
    let done = write(&mut Session::Postgres(&mut transaction), task, now).await?;
    transaction.commit().await.map_err(|error| failed("commit", error))?;
    Ok(done)
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
        Task::Audited(audit) => audit.write(session).await.map(|()| Done::Nothing),
        _ => Ok(Done::Nothing),
    }
}
