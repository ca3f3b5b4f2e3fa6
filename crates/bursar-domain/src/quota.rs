//! What an account may take of a model in a minute, and how Bedrock's throttler counts tokens against
//! that, which is not how the bill does.

/// The rule, in words.
pub const RULE: &str = "at its start a call takes its whole input and its output limit from the quota, \
    or the model's own limit where the call sets none; what it did not use comes back at its end";

/// How often an output token counts for Claude 3.7 and later.
const BURNDOWN: u64 = 5;
/// The Claude models before 3.7, by how their names begin, and the first that is none of them.
const BEFORE: [&str; 3] = ["claude-v", "claude-instant", "claude-3-"];
const FIRST: &str = "claude-3-7-";

/// What an account may take of a model in a minute; `None` where that was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// Tokens, as the throttler counts them.
    pub tokens: Option<u64>,
    /// Requests.
    pub requests: Option<u64>,
}

/// How often a token of a model's output counts against the quota, by its canonical id. Rates differ
/// by model, and only this much is published.
#[must_use]
pub fn burndown(model: &str) -> u64 {
    let Some(name) = model.strip_prefix("anthropic.") else { return 1 };
    let is_before = BEFORE.iter().any(|before| name.starts_with(before));
    if is_before && !name.starts_with(FIRST) { 1 } else { BURNDOWN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_counts_five_times_from_claude_3_7_on_and_once_for_all_others() {
        for (model, times) in [
            ("anthropic.claude-v2:1", 1),
            ("anthropic.claude-instant-v1", 1),
            ("anthropic.claude-3-5-sonnet-20241022-v2:0", 1),
            ("anthropic.claude-3-7-sonnet-20250219-v1:0", 5),
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", 5),
            ("amazon.nova-lite-v1:0", 1),
        ] {
            assert_eq!(burndown(model), times, "{model}");
        }
    }
}
