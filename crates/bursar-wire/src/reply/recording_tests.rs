//! Every recorded response says the tokens, text and stop reason that the recording states. The
//! recordings lie beside the checkout where they are shared; elsewhere there is nothing to read.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::tests::{headers, kinds, model};
use super::*;
use crate::path::parse_path;

/// File, `[input, output, cache read, 5m, 1h]`, stop reason, how the text begins.
type Expected = (&'static str, [u64; 5], Option<&'static str>, &'static str);

const REPLIES: [Expected; 20] = [
    ("converse_claude45_cache_read", [433, 16, 2752, 0, 0], Some("tool_use"), ""),
    ("converse_claude_cacheDetails_write", [3, 288, 0, 2074, 0], Some("end_turn"), "I'd be happy"),
    ("converse_gpt_oss_120b_reasoning", [74, 44, 0, 0, 0], Some("end_turn"), "ok"),
    ("converse_stream_claude_tool_use", [236, 58, 0, 0, 0], Some("tool_use"), "Okay"),
    ("converse_stream_titan", [8, 10, 0, 0, 0], Some("max_tokens"), "Sure, how can I help you"),
    ("converse_titan_text_lite", [8, 10, 0, 0, 0], Some("max_tokens"), "Hello, how are you doing"),
    ("embed_cohere_v3", [4, 0, 0, 0, 0], None, ""),
    ("embed_titan_v2", [5, 0, 0, 0, 0], None, ""),
    ("embed_titan_v2_application_inference_profile", [5, 0, 0, 0, 0], None, ""),
    ("error_400_unsupported_content", [558, 46, 0, 0, 0], Some("tool_use"), "I'll retrieve"),
    ("invoke_claude2_text_completions", [18, 87, 0, 0, 0], Some("stop_sequence"), " "),
    ("invoke_claude3_haiku", [17, 50, 0, 0, 0], Some("end_turn"), "Here's an OpenTelemetry"),
    ("invoke_claude_haiku45_cache", [3, 44, 9511, 1956, 0], Some("end_turn"), "Python evolved"),
    ("invoke_cohere_command", [9, 112, 0, 0, 0], Some("COMPLETE"), " What does an open-source"),
    ("invoke_llama3_70b", [8, 35, 0, 0, 0], Some("stop"), "\nWhy did the"),
    ("invoke_mistral_7b", [6, 10, 0, 0, 0], Some("length"), "\n\nA man stands"),
    ("invoke_nova_lite_cross_region", [7, 53, 0, 0, 0], Some("end_turn"), "Sure, here's a joke"),
    ("invoke_stream_claude3", [16, 21, 0, 0, 0], Some("end_turn"), ""),
    ("invoke_titan_text", [5, 10, 0, 0, 0], Some("LENGTH"), " comment\nHello!"),
    ("invoke_stream_titan", [5, 10, 0, 0, 0], Some("LENGTH"), "\nHello! I am a computer"),
];

fn recording(name: &str) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/recordings");
    if !folder.exists() {
        return None;
    }
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// The operation, and the base model that the id as sent stands for.
fn asked(recording: &Value) -> (Operation, ModelId) {
    let path = parse_path(recording["request"]["path"].as_str().unwrap()).unwrap();
    let base = ["us.", "eu."].iter().find_map(|geo| path.model.strip_prefix(geo));
    let base = base.unwrap_or(&path.model);
    // The application profile of the recordings stands for the Titan embedding.
    let base = if base.starts_with("arn:") { "amazon.titan-embed-text-v2:0" } else { base };
    (path.operation, model(base))
}

fn sent_headers(recording: &Value) -> HeaderMap {
    let members = recording["response"]["headers"].as_object().unwrap();
    let pairs: Vec<_> =
        members.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    headers(&pairs)
}

fn read_recording(recording: &Value) -> (ReplyFacts, String) {
    let (operation, model) = asked(recording);
    let response = &recording["response"];
    if !operation.is_stream() {
        let body = response["body"].to_string();
        let facts = read_reply(operation, &model, &sent_headers(recording), body.as_bytes());
        let facts = facts.unwrap();
        return (facts.clone(), facts.text);
    }
    let bytes = STANDARD.decode(response["raw_body_base64"].as_str().unwrap()).unwrap();
    let mut reader = StreamReader::new(operation, &model);
    let mut text = String::new();
    for piece in bytes.chunks(61) {
        for seen in reader.observe(piece).unwrap() {
            if let Seen::Text(piece) = seen {
                text.push_str(&piece);
            }
        }
    }
    let (facts, completeness) = reader.finish();
    assert_eq!(completeness, Completeness::Complete);
    (facts, text)
}

#[test]
fn every_recorded_reply_says_what_the_recording_states() {
    for (name, tokens, stop, text) in REPLIES {
        let Some(recording) = recording(name) else { return };
        let (facts, read) = read_recording(&recording);
        assert_eq!(facts.usage.map(|usage| kinds(&usage)), Some(tokens), "{name}");
        assert_eq!(facts.stop_reason.as_deref(), stop, "{name}");
        assert!(read.starts_with(text), "{name}: {read:?}");
        assert_eq!(facts.usage_suspect, None, "{name}");
    }
}

#[test]
fn every_recorded_file_is_known_to_these_tests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/recordings");
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let others = ["count_tokens_converse", "error_400_invalid_model_stream"];
    for entry in entries {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = file.strip_suffix(".json") else { continue };
        let is_known = REPLIES.iter().any(|(known, ..)| known == &name)
            || others.contains(&name)
            || name.starts_with("OWN_");
        assert!(is_known, "`{file}` is read by no test");
    }
}

#[test]
fn recorded_requests_count_and_error_are_read() {
    for (name, ..) in REPLIES {
        let Some(recording) = recording(name) else { return };
        let (operation, model) = asked(&recording);
        let body = recording["request"]["body"].to_string();
        let facts =
            crate::request::read_request(operation, &model, &HeaderMap::new(), body.as_bytes());
        let facts = facts.unwrap();
        let limits = ["max_tokens", "max_tokens_to_sample", "max_gen_len"];
        let request = &recording["request"]["body"];
        let stated = limits.iter().find_map(|name| request[name].as_u64());
        if let Some(stated) = stated {
            assert_eq!(facts.max_tokens, Some(stated), "{name}");
        }
    }
    let Some(counted) = recording("count_tokens_converse") else { return };
    let (facts, _) = read_recording(&counted);
    assert_eq!(facts.counted_tokens, Some(11));

    let Some(refused) = recording("error_400_invalid_model_stream") else { return };
    let body = refused["response"]["body"].to_string();
    let error =
        crate::error::WireError::from_response(400, &sent_headers(&refused), body.as_bytes());
    assert_eq!(error, crate::messages::invalid_model_id());
}

#[test]
fn recorded_frames_are_written_byte_for_byte() {
    let Some(recording) = recording("OWN_eventstream_frames") else { return };
    for stated in recording["frames"].as_array().unwrap() {
        let bytes = hex::decode(stated["frame_hex"].as_str().unwrap()).unwrap();
        let mut decoder = crate::frame::FrameDecoder::new();
        decoder.push(&bytes);
        let frame = decoder.next().unwrap().unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&frame.payload).unwrap(), stated["payload"]);
        assert_eq!(frame.encode().unwrap(), bytes);
    }
}
