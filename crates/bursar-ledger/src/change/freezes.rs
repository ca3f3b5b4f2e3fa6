//! Freezes: made by a person or a limit, ended by a person.

use bursar_domain::freeze::Freeze;
use bursar_domain::scope::Scope;
use bursar_domain::time::Timestamp;

use super::Changed;
use crate::Error;
use crate::rules::{FREEZES, FreezeRow, write_scope};
use crate::statement::{Session, Statement};

const INSERT_FREEZE: Statement =
    Statement { doing: "freeze", sql: include_str!("../../queries/insert_freeze.sql") };
const THAW: Statement = Statement { doing: "thaw", sql: include_str!("../../queries/thaw.sql") };

pub(super) async fn freeze(
    session: &mut Session<'_>,
    (id, scope, reason): (&str, &Scope, &str),
    (actor, now): (&str, Timestamp),
) -> Result<Changed, Error> {
    let was = live(session).await?.into_iter().find(|freeze| freeze.scope == *scope);
    if was.is_none() {
        let scope = write_scope(scope);
        let values = [id.into(), scope.as_str().into(), reason.into(), actor.into(), now.0.into()];
        session.run(INSERT_FREEZE, &values).await?;
    }
    let was = was.map(|freeze| freeze.reason);
    let becomes = Some(was.clone().unwrap_or_else(|| reason.to_owned()));
    Ok(Changed { action: "freeze", subject: scope.to_string(), was, becomes })
}

pub(super) async fn thaw(
    session: &mut Session<'_>,
    (scope, reason): (&Scope, &str),
    (actor, now): (&str, Timestamp),
) -> Result<Vec<Changed>, Error> {
    let mut thawed = Vec::new();
    for freeze in live(session).await? {
        if freeze.scope.includes(scope) {
            session.run(THAW, &[freeze.id.as_str().into(), actor.into(), now.0.into()]).await?;
            thawed.push(Changed {
                action: "thaw",
                subject: freeze.scope.to_string(),
                was: Some(freeze.reason),
                becomes: Some(format!("thawed: {reason}")).filter(|_| !reason.is_empty()),
            });
        }
    }
    Ok(thawed)
}

async fn live(session: &mut Session<'_>) -> Result<Vec<Freeze>, Error> {
    let rows: Vec<FreezeRow> = session.rows(FREEZES, &[]).await?;
    rows.into_iter().map(FreezeRow::freeze).collect()
}
