//! One line of the log for each call that has ended: what its row has, without prompt, answer or
//! secret. Who reads logs finds the row by the id.

use bursar_domain::call::{Intent, Settlement};
use bursar_domain::usage::Usage;

/// Under this name a log can be filtered for calls alone.
const TARGET: &str = "bursar::call";

/// Tells how a call ended.
pub(crate) fn log(intent: &Intent, settlement: &Settlement) {
    let Intent { attribution: who, .. } = intent;
    let Usage { input, output, cache_read, cache_write_5m, cache_write_1h, .. } =
        settlement.bill.usage;
    let ending = &settlement.ending;
    let first_token = settlement.first_token_at.map(|at| at.0 - intent.started_at.0);
    tracing::info!(
        target: TARGET,
        id = %settlement.id,
        team = who.team,
        project = who.project,
        user = who.user,
        key = who.key,
        operation = %intent.operation,
        model = settlement.model(intent).as_str(),
        model_requested = intent.model_requested,
        region = intent.region,
        outcome = %ending.outcome,
        http_status = ending.http_status,
        error_code = ending.error_code,
        client_gone = ending.client_gone,
        attempts = settlement.attempts.len(),
        input,
        output,
        cache_read,
        cache_write = cache_write_5m.saturating_add(cache_write_1h),
        cost_usd = settlement.bill.cost.map(|cost| tracing::field::display(cost.usd())),
        estimated = settlement.bill.estimated,
        took_ms = settlement.ended_at.0 - intent.started_at.0,
        first_token_ms = first_token,
        request_id = settlement.request_id,
        "call"
    );
}
