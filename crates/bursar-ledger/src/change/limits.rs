//! Limits: set and ended.

use bursar_domain::limit::{Limit, LimitId};
use bursar_domain::time::Timestamp;
use serde::Serialize;

use super::Changed;
use crate::Error;
use crate::rules::{LIMITS, LimitRow, write_scope};
use crate::statement::{Session, Statement};

const PUT_LIMIT: Statement =
    Statement { doing: "set a limit", sql: include_str!("../../queries/put_limit.sql") };
const END_LIMIT: Statement =
    Statement { doing: "end a limit", sql: include_str!("../../queries/end_limit.sql") };

/// A limit as the list of changes shows it.
#[derive(Debug, Serialize)]
struct LimitJson {
    id: String,
    mode: &'static str,
    on_limit: &'static str,
    limit_micro: i64,
    unit: &'static str,
    zone: &'static str,
}

/// Sets a limit; where one counts the same already, that one is changed.
pub(super) async fn set(
    session: &mut Session<'_>,
    limit: &Limit,
    now: Timestamp,
) -> Result<Changed, Error> {
    let same = |known: &Limit| {
        (&known.scope, known.each, known.unit, known.span)
            == (&limit.scope, limit.each, limit.unit, limit.span)
    };
    let was = live(session).await?.into_iter().find(same);
    let id = was.as_ref().map_or(&limit.id, |was| &was.id).clone();
    let becomes = Limit { id, ..limit.clone() };
    if was.as_ref() != Some(&becomes) {
        let values = [
            becomes.id.0.as_str().into(),
            write_scope(&limit.scope).as_str().into(),
            limit.each.map_or("", |each| each.as_str()).into(),
            limit.unit.as_str().into(),
            limit.span.as_str().into(),
            limit.zone.name().into(),
            limit.mode.as_str().into(),
            limit.on_limit.as_str().into(),
            limit.amount.0.into(),
            now.0.into(),
        ];
        session.run(PUT_LIMIT, &values).await?;
    }
    Ok(Changed {
        action: "limit set",
        subject: becomes.name(),
        was: was.as_ref().map(json),
        becomes: Some(json(&becomes)),
    })
}

/// Ends a limit.
pub(super) async fn end(
    session: &mut Session<'_>,
    id: &LimitId,
    now: Timestamp,
) -> Result<Changed, Error> {
    let was = live(session).await?.into_iter().find(|limit| limit.id == *id);
    let was = was.ok_or_else(|| Error::UnknownLimit { id: id.to_string() })?;
    session.run(END_LIMIT, &[id.0.as_str().into(), now.0.into()]).await?;
    Ok(Changed { action: "limit end", subject: was.name(), was: Some(json(&was)), becomes: None })
}

async fn live(session: &mut Session<'_>) -> Result<Vec<Limit>, Error> {
    let rows: Vec<LimitRow> = session.rows(LIMITS, &[]).await?;
    rows.into_iter().map(LimitRow::limit).collect()
}

fn json(limit: &Limit) -> String {
    let row = LimitJson {
        id: limit.id.to_string(),
        mode: limit.mode.as_str(),
        on_limit: limit.on_limit.as_str(),
        limit_micro: limit.amount.0,
        unit: limit.unit.as_str(),
        zone: limit.zone.name(),
    };
    // Texts and a number cannot fail to be written.
    serde_json::to_string(&row).unwrap_or_default()
}
