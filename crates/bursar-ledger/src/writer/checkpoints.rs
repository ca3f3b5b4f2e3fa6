//! The checkpoints of a group, the highest for each call.

use std::collections::BTreeMap;

use bursar_domain::money::Cost;
use serde::Serialize;

use crate::queue::Task;

/// The least that an open call has come to.
#[derive(Debug, Default, Serialize)]
pub(super) struct CheckpointJson {
    pico: Option<i64>,
    tokens: i64,
    at_ms: i64,
    cut_code: Option<String>,
}

/// By call.
pub(super) fn checkpoints(tasks: &[&Task]) -> BTreeMap<String, CheckpointJson> {
    let mut highest = BTreeMap::new();
    for task in tasks {
        let Task::Checkpoint { id, checkpoint } = task else { continue };
        let known: &mut CheckpointJson = highest.entry(id.to_string()).or_default();
        known.pico = known.pico.max(checkpoint.cost.map(Cost::pico));
        known.tokens =
            known.tokens.max(i64::try_from(checkpoint.output_tokens).unwrap_or(i64::MAX));
        known.at_ms = known.at_ms.max(checkpoint.at.0);
        known.cut_code = known.cut_code.take().or_else(|| checkpoint.cut_code.clone());
    }
    highest
}
