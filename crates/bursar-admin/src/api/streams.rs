//! What runs, how far it may go, and who is to be cut.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Nothing, Rows};
use crate::{
    CutRequest, CutResult, Method, Operation, Recent, Route, RunningCall, Selectors,
    StreamLimitChange, StreamLimitRow, StreamLimitWords,
};

/// Calls, by their ids.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallIds {
    /// The ids.
    pub ids: Vec<String>,
}

/// How far the streams of a scope may go from now on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SetStreamLimits {
    /// Whose streams.
    pub select: Selectors,
    /// How far; with nothing said, what was set is ended.
    pub limits: StreamLimitWords,
}

/// What runs now.
pub static STREAMS: Route<Nothing, Rows<RunningCall>> = Route::new(
    (Method::Get, "/streams"),
    "The calls that run, oldest first",
    |desk, Nothing {}| {
        Box::pin(async move { Ok(Rows { rows: desk.admin.running_calls().await? }) })
    },
)
.for_part(|view, Nothing {}| Box::pin(async move { Ok(Rows { rows: view.running(None).await? }) }));

/// Wishes running calls cut.
pub static CUT: Route<CutRequest, CallIds> = Route::new(
    (Method::Post, "/streams/cut"),
    "Wish running calls cut, in whichever process; says which they are",
    |desk, ask| {
        Box::pin(async move {
            let calls = desk.admin.cut(&ask).await?;
            Ok(CallIds { ids: calls.iter().map(ToString::to_string).collect() })
        })
    },
);

/// What became of calls that were wished cut.
pub static CUT_RESULTS: Route<CallIds, Rows<CutResult>> = Route::new(
    (Method::Post, "/streams/results"),
    "What has become of calls that were wished cut",
    |desk, ask: CallIds| {
        Box::pin(async move { Ok(Rows { rows: desk.admin.cut_results_of(&ask.ids).await? }) })
    },
)
.reading();

/// How far streams may go.
pub static STREAM_LIMITS: Route<Nothing, Rows<StreamLimitRow>> =
    Route::new((Method::Get, "/streams/limits"), "How far streams may go", |desk, Nothing {}| {
        Box::pin(async move { Ok(Rows { rows: desk.admin.stream_limits().await? }) })
    });

/// Sets how far streams may go.
pub static LIMIT_STREAMS: Route<SetStreamLimits, StreamLimitChange> = Route::new(
    (Method::Put, "/streams/limits"),
    "Set how far the streams of a scope may go, in place of what was set for it",
    |desk, ask| {
        Box::pin(async move {
            let limits = ask.limits.limits()?;
            Ok(desk.admin.limit_streams(&ask.select, limits).await?.into())
        })
    },
);

/// What has just happened.
pub static RECENT: Route<Nothing, Recent> = Route::new(
    (Method::Get, "/recent"),
    "What runs, what the last hour cost by the minute, and who was refused or throttled",
    |desk, Nothing {}| Box::pin(async move { desk.admin.recent().await }),
);

pub(super) fn operations() -> Vec<Operation> {
    vec![
        STREAMS.operation(),
        CUT.operation(),
        CUT_RESULTS.operation(),
        STREAM_LIMITS.operation(),
        LIMIT_STREAMS.operation(),
        RECENT.operation(),
    ]
}
