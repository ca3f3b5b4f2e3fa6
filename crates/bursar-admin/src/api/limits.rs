//! Limits and freezes, and whether a call would be admitted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Nothing, Rows};
use crate::{
    BudgetChange, BudgetRow, CallAhead, Forecast, Foresight, FreezeRow, Frozen, LimitQuery,
    LimitWords, Method, Operation, Route, Selectors, Thawed,
};

/// A limit to be set.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SetLimit {
    /// Which calls it counts.
    pub select: Selectors,
    /// How much, within which time, and what then.
    pub limit: LimitWords,
}

/// Somebody to be frozen or thawed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FreezeAsk {
    /// Whom.
    pub select: Selectors,
    /// Why.
    pub reason: String,
}

/// Every limit on what is selected, and how it stands.
pub static BUDGETS: Route<Selectors, Rows<BudgetRow>> = Route::new(
    (Method::Get, "/budgets"),
    "Every limit on what is selected, or part of it, and how it stands",
    |desk, ask: Selectors| {
        Box::pin(async move { Ok(Rows { rows: desk.admin.budgets(&ask).await? }) })
    },
)
.for_part(|view, ask: Selectors| {
    Box::pin(async move { Ok(Rows { rows: view.budgets_of(&ask).await? }) })
});

/// Sets a limit.
pub static SET_BUDGET: Route<SetLimit, BudgetChange> = Route::new(
    (Method::Post, "/budgets"),
    "Set a limit, or change the one on the same calls, of the same unit and window",
    |desk, ask: SetLimit| {
        Box::pin(async move { desk.admin.set_budget(&ask.select, &ask.limit).await })
    },
)
.for_part(|view, ask: SetLimit| {
    Box::pin(async move { view.set_budget(&ask.select, &ask.limit).await })
});

/// How one limit stands.
pub static BUDGET: Route<LimitQuery, Rows<BudgetRow>> = Route::new(
    (Method::Post, "/budgets/show"),
    "How one limit stands: a row for each of its counters",
    |desk, ask| Box::pin(async move { Ok(Rows { rows: desk.admin.budget(&ask).await? }) }),
)
.reading();

/// Ends a limit.
pub static END_BUDGET: Route<LimitQuery, BudgetChange> = Route::new(
    (Method::Post, "/budgets/end"),
    "End a limit; what it has counted stays",
    |desk, ask: LimitQuery| Box::pin(async move { desk.admin.end_budget(&ask).await }),
)
.for_part(|view, ask: LimitQuery| Box::pin(async move { view.end_budget(&ask).await }));

/// How fast limits are used up.
pub static FORECAST: Route<Selectors, Rows<Forecast>> = Route::new(
    (Method::Get, "/budgets/forecast"),
    "How fast limits are used up, and when they will be",
    |desk, ask| Box::pin(async move { Ok(Rows { rows: desk.admin.forecast(&ask).await? }) }),
);

/// Whether a call would be admitted.
pub static CHECK_BUDGET: Route<CallAhead, Foresight> = Route::new(
    (Method::Post, "/budgets/check"),
    "Whether a call would be admitted now, and by which limits; nothing is held or counted",
    |desk, ask| Box::pin(async move { desk.admin.foresee_call(&ask).await }),
)
.reading();

/// Who is frozen.
pub static FREEZES: Route<Nothing, Rows<FreezeRow>> = Route::new(
    (Method::Get, "/freezes"),
    "Who is frozen, the longest first",
    |desk, Nothing {}| Box::pin(async move { Ok(Rows { rows: desk.admin.freezes().await? }) }),
)
.for_part(|view, Nothing {}| Box::pin(async move { Ok(Rows { rows: view.freezes().await? }) }));

/// Refuses every call of what is selected.
pub static FREEZE: Route<FreezeAsk, Frozen> = Route::new(
    (Method::Post, "/freezes"),
    "Refuse every call of what is selected, on every process",
    |desk, ask| Box::pin(async move { desk.admin.freeze(&ask.select, &ask.reason).await }),
);

/// Ends freezes.
pub static THAW: Route<FreezeAsk, Thawed> = Route::new(
    (Method::Post, "/freezes/thaw"),
    "End every freeze of what is selected, and of whatever is part of it",
    |desk, ask| Box::pin(async move { desk.admin.thaw(&ask.select, &ask.reason).await }),
);

pub(super) fn operations() -> Vec<Operation> {
    vec![
        BUDGETS.operation(),
        SET_BUDGET.operation(),
        BUDGET.operation(),
        END_BUDGET.operation(),
        FORECAST.operation(),
        CHECK_BUDGET.operation(),
        FREEZES.operation(),
        FREEZE.operation(),
        THAW.operation(),
    ]
}
