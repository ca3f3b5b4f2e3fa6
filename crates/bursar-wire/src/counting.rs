//! What CountTokens is asked: a Converse request or an InvokeModel body, wrapped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::body::Prompt;
use crate::provider::converse_json;

/// Counts a prompt as Converse would see it. The limit and the temperature play no part.
#[must_use]
pub fn count_prompt(prompt: &Prompt<'_>) -> Vec<u8> {
    let bare = Prompt { max_tokens: None, temperature: None, ..*prompt };
    json!({"input": {"converse": converse_json(&bare)}}).to_string().into_bytes()
}

/// Counts an InvokeModel body, which CountTokens wants whole and valid.
#[must_use]
pub fn count_body(body: &[u8]) -> Vec<u8> {
    json!({"input": {"invokeModel": {"body": STANDARD.encode(body)}}}).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn only_what_is_counted_is_sent() {
        let prompt = Prompt {
            system: Some("be short"),
            text: "hello",
            max_tokens: Some(7),
            temperature: Some(0.5),
        };
        let body: Value = serde_json::from_slice(&count_prompt(&prompt)).unwrap();
        let keys: Vec<&String> = body["input"]["converse"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["messages", "system"]);
    }

    #[test]
    fn a_body_is_wrapped_whole() {
        let body: Value = serde_json::from_slice(&count_body(b"{\"a\":1}")).unwrap();
        assert_eq!(body["input"]["invokeModel"]["body"], "eyJhIjoxfQ==");
    }
}
