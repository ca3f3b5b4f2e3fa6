//! Claiming a key for a call, the same on both databases.

use bursar_domain::call::CallId;
use bursar_domain::once::Once;
use bursar_domain::time::Timestamp;

use super::Done;
use crate::Error;
use crate::once::{CLAIM, FORGET, forgotten};
use crate::statement::Session;

/// Claims the key, once old claims are forgotten. Either statement stands alone: that two processes
/// forget the same claims does no harm, and only one of them can claim.
pub(super) async fn claim(
    session: &mut Session<'_>,
    (once, id): (&Once, &CallId),
    now: Timestamp,
) -> Result<Done, Error> {
    session.run(FORGET, &[forgotten(now).into()]).await?;
    let values = [
        once.asker.as_str().into(),
        once.key_hash.as_str().into(),
        once.fingerprint.as_str().into(),
        id.as_str().into(),
        now.0.into(),
    ];
    Ok(Done::Claimed(session.run(CLAIM, &values).await? == 1))
}
