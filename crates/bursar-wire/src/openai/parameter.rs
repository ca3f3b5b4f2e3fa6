//! Every parameter of a chat completion, and what becomes of it.
//!
//! A parameter that is not in the table is left out as harmless, since it is never sent on, and is
//! told to the caller. One that means something elsewhere belongs into the table: a test compares it
//! with OpenAI's own list.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::problem::Problem;

/// What becomes of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    /// It is written in Bedrock's words.
    Translated,
    /// It is left out: it changes neither the cost nor what the answer means.
    Ignored,
    /// It is refused, but for the values that ask for nothing. Then what to do instead.
    Refused(&'static [&'static str], &'static str),
}

use Treatment::{Ignored, Refused, Translated};

const NO_LOG_PROBABILITIES: &str = "Bedrock tells no log probabilities; leave it out";
const NO_PENALTY: &str = "Converse has no penalties; leave it out";
const USE_TOOLS: &str = "it is OpenAI's older form; send `tools` and `tool_choice`";

const PARAMETERS: [(&str, Treatment); 39] = [
    ("audio", Refused(&[], "no sound is made; leave it out")),
    ("frequency_penalty", Refused(&["0", "0.0"], NO_PENALTY)),
    ("function_call", Refused(&[], USE_TOOLS)),
    ("functions", Refused(&[], USE_TOOLS)),
    ("logit_bias", Refused(&["{}"], "Converse has no token biases; leave it out")),
    ("logprobs", Refused(&["false"], NO_LOG_PROBABILITIES)),
    ("max_completion_tokens", Translated),
    ("max_tokens", Translated),
    ("messages", Translated),
    ("metadata", Translated),
    ("modalities", Refused(&["[\"text\"]"], "answers are text; leave it out")),
    ("model", Translated),
    ("moderation", Refused(&[], "use a guardrail of Bedrock's; leave it out")),
    // Each answer is a call with a hold and a row of its own: one request is one call.
    ("n", Refused(&["1"], "one request is one metered call; ask as often as you want answers")),
    ("parallel_tool_calls", Translated),
    // A guess at the answer that makes it come faster; the answer is the same without it.
    ("prediction", Ignored),
    ("presence_penalty", Refused(&["0", "0.0"], NO_PENALTY)),
    ("prompt_cache_key", Ignored),
    ("prompt_cache_options", Ignored),
    ("prompt_cache_retention", Ignored),
    ("reasoning_effort", Translated),
    ("response_format", Translated),
    ("safety_identifier", Ignored),
    // OpenAI promises no more than an effort.
    ("seed", Ignored),
    ("service_tier", Translated),
    ("stop", Translated),
    // Nothing is stored, which is what a caller who leaves it out gets as well.
    ("store", Ignored),
    ("stream", Translated),
    ("stream_options", Translated),
    ("temperature", Translated),
    ("thinking", Refused(&[], "use `reasoning_effort`, or send Claude's own JSON to /v1/messages")),
    ("tool_choice", Translated),
    ("tools", Translated),
    ("top_k", Refused(&[], "Converse has no common `top_k`; leave it out")),
    ("top_logprobs", Refused(&["0"], NO_LOG_PROBABILITIES)),
    ("top_p", Translated),
    ("user", Ignored),
    ("verbosity", Refused(&["\"medium\""], "ask for it in words, or bound `max_tokens`")),
    ("web_search_options", Refused(&[], "a search is billed beside the tokens; leave it out")),
];

/// The parameters that are known, in alphabetical order.
pub fn parameter_names() -> impl Iterator<Item = &'static str> {
    PARAMETERS.iter().map(|(name, _)| *name)
}

/// Refuses what must not be left out unseen; gives the names of what is left out.
pub(super) fn check(fields: &BTreeMap<String, &RawValue>) -> Result<Vec<String>, Problem> {
    let mut ignored = Vec::new();
    for (name, raw) in fields {
        let known = PARAMETERS.iter().find(|(known, _)| known == name);
        match known.map(|(_, treatment)| treatment) {
            Some(Ignored) | None => ignored.push(name.clone()),
            Some(Refused(nothing, instead)) if !asks_for_nothing(raw, nothing) => {
                let message = format!("`{name}` cannot be passed on; hint: {instead}");
                return Err(Problem::invalid(name, message));
            }
            Some(Translated | Refused(..)) => {}
        }
    }
    Ok(ignored)
}

fn asks_for_nothing(raw: &RawValue, nothing: &[&str]) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let value = read(raw.get());
    nothing.iter().any(|text| read(text) == value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn checked(body: &str) -> Result<Vec<String>, Problem> {
        check(&serde_json::from_str(body).unwrap())
    }

    /// OpenAI's own list lies beside the checkout where it is shared.
    fn schema() -> Option<Value> {
        let shared = "../../../shared/data/openai_chat_schemas.json";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(shared);
        let text = path.exists().then(|| std::fs::read_to_string(path).unwrap())?;
        Some(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn no_parameter_of_openais_is_forgotten() {
        let Some(schema) = schema() else { return };
        let request = &schema["CreateChatCompletionRequest"]["allOf"][1]["properties"];
        let shared = &schema["ModelResponseProperties"]["properties"];
        let listed =
            [request, shared].into_iter().flat_map(|list| list.as_object().unwrap().keys());
        let known: BTreeSet<&str> = parameter_names().collect();
        let forgotten: Vec<_> = listed.filter(|name| !known.contains(name.as_str())).collect();
        assert_eq!(forgotten, Vec::<&String>::new());
    }

    #[test]
    fn every_parameter_stands_in_the_manual() {
        let manual = include_str!("../../../../docs/dialects.md");
        let missing: Vec<&str> =
            parameter_names().filter(|name| !manual.contains(&format!("`{name}`"))).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn the_table_is_in_order_and_names_each_once() {
        let names: Vec<&str> = parameter_names().collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }

    #[test]
    fn what_asks_for_nothing_passes_and_what_asks_for_something_is_named() {
        let nothing = r#"{"n":1,"logprobs":false,"presence_penalty":0,"frequency_penalty":0.0,
            "logit_bias":{},"modalities":["text"],"verbosity":"medium","top_logprobs":0}"#;
        assert_eq!(checked(nothing).unwrap(), Vec::<String>::new());
        for (name, value) in [
            ("n", "2"),
            ("n", "0"),
            ("n", "\"1\""),
            ("logprobs", "true"),
            ("audio", "{}"),
            ("functions", "[]"),
            ("web_search_options", "{}"),
            ("verbosity", "\"low\""),
            ("top_k", "1"),
        ] {
            let problem = checked(&format!("{{\"{name}\":{value}}}")).unwrap_err();
            assert_eq!(problem.param.as_deref(), Some(name), "{problem}");
            assert!(problem.message.contains("hint: "), "{problem}");
        }
    }

    #[test]
    fn what_is_left_out_is_told() {
        let told = checked(r#"{"seed":1,"of_some_other_server":2,"user":"u","model":"m"}"#);
        assert_eq!(told.unwrap(), ["of_some_other_server", "seed", "user"]);
    }
}
