//! Reranking: every document gets a score that follows from the seed, best first.

use serde_json::{Value, json};

use crate::answer::Answer;

/// How many documents are billed as one query, or one search unit.
const DOCUMENTS_PER_UNIT: u64 = 100;

/// What a body is billed as.
pub(super) fn units(body: &Value) -> u64 {
    let documents = body["documents"].as_array().map_or(0, Vec::len) as u64;
    documents.div_ceil(DOCUMENTS_PER_UNIT).max(1)
}

pub(super) fn results(answer: &Answer, body: &Value) -> Value {
    let documents = body["documents"].as_array().map_or(0, Vec::len);
    let score = |index: usize| answer.chance.with_number(index as u64).below(1_000_000);
    let mut order: Vec<usize> = (0..documents).collect();
    order.sort_by_key(|index| std::cmp::Reverse(score(*index)));
    let wanted = body["top_n"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(documents);
    order.truncate(wanted);
    let result = |index: usize| {
        let millionths = u32::try_from(score(index)).unwrap_or(0);
        json!({"index": index, "relevance_score": f64::from(millionths) / 1e6})
    };
    json!({"results": order.into_iter().map(result).collect::<Vec<_>>()})
}
