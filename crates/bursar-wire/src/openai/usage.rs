//! Tokens as OpenAI counts them: what was read from and written to a cache is part of the prompt,
//! where Bedrock counts it beside.

use serde_json::{Value, json};

/// From a Converse `usage`; `None` where it does not tell input and output, for no figure is made
/// up. `thoughts` are the reasoning tokens, where the model told them.
pub(super) fn usage(usage: &Value, thoughts: Option<u64>) -> Option<Value> {
    let count = |names: &[&str]| names.iter().find_map(|name| usage[name].as_u64());
    let read = count(&["cacheReadInputTokens", "cacheReadInputTokenCount"]).unwrap_or(0);
    let written = count(&["cacheWriteInputTokens", "cacheWriteInputTokenCount"]).unwrap_or(0);
    let input = count(&["inputTokens"])?.checked_add(read)?.checked_add(written)?;
    let output = count(&["outputTokens"])?;
    let mut told = json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input.checked_add(output)?,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
    });
    if let Some(thoughts) = thoughts {
        told["completion_tokens_details"] = json!({"reasoning_tokens": thoughts});
    }
    Some(told)
}

/// The reasoning tokens, where the caller's model adds them to its answer.
pub(super) fn thoughts(additional_fields: &Value) -> Option<u64> {
    let details = ["output_tokens_details", "completion_tokens_details"];
    let usage = &additional_fields["usage"];
    details.iter().find_map(|name| usage[name]["reasoning_tokens"].as_u64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_includes_what_was_cached() {
        let bedrock = json!({"inputTokens": 433, "outputTokens": 16, "totalTokens": 3201,
            "cacheReadInputTokens": 2752, "cacheWriteInputTokens": 5});
        let told = usage(&bedrock, Some(7)).unwrap();
        assert_eq!(told["prompt_tokens"], 3190);
        assert_eq!(told["total_tokens"], 3206);
        assert_eq!(told["prompt_tokens_details"]["cached_tokens"], 2752);
        assert_eq!(told["completion_tokens_details"]["reasoning_tokens"], 7);
    }

    #[test]
    fn what_was_not_told_is_no_zero() {
        for bedrock in [json!({}), json!(null), json!({"inputTokens": -1, "outputTokens": 2})] {
            assert_eq!(usage(&bedrock, None), None);
        }
        let told = usage(&json!({"inputTokens": 1, "outputTokens": 2}), None).unwrap();
        assert_eq!(told.get("completion_tokens_details"), None);
    }
}
