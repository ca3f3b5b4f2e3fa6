//! Running streams: their limits are set and ended, and calls are wished cut.

use bursar_domain::call::CallId;
use bursar_domain::scope::Scope;
use bursar_domain::time::Timestamp;
use bursar_domain::watch::StreamLimits;
use serde::Serialize;

use super::Changed;
use crate::Error;
use crate::rules::write_scope;
use crate::statement::{Session, Statement, keyed};
use crate::streams::{STREAM_LIMITS, StreamLimitRow, StreamRule};

const PUT: Statement = Statement {
    doing: "set limits of streams",
    sql: include_str!("../../queries/put_stream_limit.sql"),
};
const END: Statement = Statement {
    doing: "end limits of streams",
    sql: include_str!("../../queries/end_stream_limit.sql"),
};
const WISH: Statement =
    Statement { doing: "wish a call cut", sql: include_str!("../../queries/put_cut_wish.sql") };
const FORGET: Statement = Statement {
    doing: "forget wishes to cut",
    sql: include_str!("../../queries/forget_cut_wishes.sql"),
};

/// The row, but for its id, and what the list of changes shows of it.
#[derive(Debug, Serialize)]
struct LimitsJson {
    scope: String,
    money_micro: Option<i64>,
    output_tokens: Option<u64>,
    seconds: Option<u64>,
    idle_seconds: Option<u64>,
    on_repetition: &'static str,
    on_cut: &'static str,
    created_ms: i64,
}

impl LimitsJson {
    fn new(scope: &Scope, limits: &StreamLimits, now: Timestamp) -> Self {
        Self {
            scope: write_scope(scope),
            money_micro: limits.money.map(|money| money.0),
            output_tokens: limits.output_tokens,
            seconds: limits.seconds,
            idle_seconds: limits.idle_seconds,
            on_repetition: limits.on_repetition.as_str(),
            on_cut: limits.on_cut.as_str(),
            created_ms: now.0,
        }
    }
}

/// Sets the limits of a scope's streams; where it has some, those are changed.
pub(super) async fn set(
    session: &mut Session<'_>,
    (id, scope, limits): (&str, &Scope, &StreamLimits),
    now: Timestamp,
) -> Result<Changed, Error> {
    let was = live(session, scope).await?;
    if was.as_ref().is_none_or(|was| was.limits != *limits) {
        let id = was.as_ref().map_or(id, |was| &was.id);
        let row = LimitsJson::new(scope, limits, now);
        session.run(PUT, &[keyed([(id, row)])?]).await?;
    }
    Ok(Changed {
        action: "stream limit set",
        subject: scope.to_string(),
        was: was.map(|was| was.limits.words()),
        becomes: Some(limits.words()),
    })
}

/// Ends the limits of a scope's streams; nothing happens where there are none.
pub(super) async fn end(
    session: &mut Session<'_>,
    scope: &Scope,
    now: Timestamp,
) -> Result<Changed, Error> {
    let was = live(session, scope).await?;
    if let Some(was) = &was {
        session.run(END, &[was.id.as_str().into(), now.0.into()]).await?;
    }
    Ok(Changed {
        action: "stream limit end",
        subject: scope.to_string(),
        was: was.map(|was| was.limits.words()),
        becomes: None,
    })
}

/// Wishes calls cut. One that has ended, or is wished cut already, is no change.
pub(super) async fn wish(
    session: &mut Session<'_>,
    (calls, reason): (&[CallId], &str),
    (actor, now): (&str, Timestamp),
) -> Result<Vec<Changed>, Error> {
    session.run(FORGET, &[]).await?;
    let mut wished = Vec::new();
    for call in calls {
        let values = [call.as_str().into(), reason.into(), actor.into(), now.0.into()];
        let is_new = session.run(WISH, &values).await? > 0;
        wished.push(Changed {
            action: "stream cut",
            subject: call.to_string(),
            was: None,
            becomes: is_new.then(|| reason.to_owned()),
        });
    }
    Ok(wished)
}

async fn live(session: &mut Session<'_>, scope: &Scope) -> Result<Option<StreamRule>, Error> {
    let rows: Vec<StreamLimitRow> = session.rows(STREAM_LIMITS, &[]).await?;
    let rules = rows.into_iter().map(StreamLimitRow::rule).collect::<Result<Vec<_>, _>>()?;
    Ok(rules.into_iter().find(|rule| rule.scope == *scope))
}
