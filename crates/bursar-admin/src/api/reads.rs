//! What was recorded, what it cost, who changed what, and how the ledger is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Nothing, OneKey, Rows};
use crate::{
    CallDetail, CallPage, CallQuery, ChangePage, ChangeQuery, Health, KeyWhy, Method, Operation,
    PriceQuery, PriceRow, Route, UsageAsk, UsageReply, Why,
};

/// One call.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneCall {
    /// Its id, or Bedrock's request id.
    pub id: String,
}

/// Recorded calls.
pub static CALLS: Route<CallQuery, CallPage> = Route::new(
    (Method::Get, "/calls"),
    "Calls as they are recorded, newest first; pass `next` as `after` for the rows behind",
    |desk, ask: CallQuery| Box::pin(async move { desk.admin.calls(&ask).await }),
)
.for_part(|view, ask: CallQuery| Box::pin(async move { view.calls(&ask).await }));

/// One call in full.
pub static CALL: Route<OneCall, CallDetail> = Route::new(
    (Method::Get, "/calls/{id}"),
    "One call in full, with its attempts",
    |desk, ask: OneCall| Box::pin(async move { desk.admin.call(&ask.id).await }),
)
.for_part(|view, ask: OneCall| Box::pin(async move { view.call(&ask.id).await }));

/// Why a call was admitted, refused, or ended as it did.
pub static WHY: Route<OneCall, Why> = Route::new(
    (Method::Get, "/calls/{id}/why"),
    "Why a call was admitted, refused, or ended as it did",
    |desk, ask| Box::pin(async move { desk.admin.why(&ask.id).await }),
);

/// What stands on a key.
pub static WHY_KEY: Route<OneKey, KeyWhy> = Route::new(
    (Method::Get, "/keys/{key}/why"),
    "What stands on a virtual key now, and what became of its last calls",
    |desk, ask| Box::pin(async move { desk.admin.why_key(&ask.key).await }),
);

/// What was spent.
pub static USAGE: Route<UsageAsk, UsageReply> = Route::new(
    (Method::Get, "/usage"),
    "What was spent, by model, team, day and so on, from the hourly and daily sums",
    |desk, ask: UsageAsk| Box::pin(async move { desk.admin.usage(&ask).await }),
)
.for_part(|view, ask: UsageAsk| Box::pin(async move { view.usage(&ask).await }));

/// Who changed what.
pub static CHANGES: Route<ChangeQuery, ChangePage> = Route::new(
    (Method::Get, "/changes"),
    "Who changed what, newest first; pass `next` as `before` for the rows behind",
    |desk, ask| Box::pin(async move { desk.admin.changes(&ask).await }),
);

/// Prices in force.
pub static PRICES: Route<PriceQuery, Rows<PriceRow>> = Route::new(
    (Method::Get, "/prices"),
    "The prices of a model that are in force, as calls of this process are priced",
    |desk, ask: PriceQuery| Box::pin(async move { Ok(Rows { rows: desk.prices(&ask)? }) }),
)
.for_part(|view, ask: PriceQuery| Box::pin(async move { Ok(Rows { rows: view.prices(&ask)? }) }));

/// How the ledger is.
pub static HEALTH: Route<Nothing, Health> =
    Route::new((Method::Get, "/health"), "How the ledger is", |desk, Nothing {}| {
        Box::pin(async move { desk.admin.health().await })
    });

pub(super) fn operations() -> Vec<Operation> {
    vec![
        CALLS.operation(),
        CALL.operation(),
        WHY.operation(),
        WHY_KEY.operation(),
        USAGE.operation(),
        CHANGES.operation(),
        PRICES.operation(),
        HEALTH.operation(),
    ]
}
