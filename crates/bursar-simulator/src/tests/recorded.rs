//! Recorded traffic as the referee: each recorded request is sent again, and every member and
//! header that Bedrock answered with must be in the answer here too. The recordings lie beside the
//! checkout and are not the project's; where they are absent there is nothing to compare with.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bursar_wire::frame::{FrameDecoder, FrameKind};
use serde_json::Value;

use super::fixture::*;
use crate::Simulator;

/// What belongs to the connection, or is optional by chance of the day.
const HOP_HEADERS: [&str; 5] = ["connection", "date", "via", "transfer-encoding", "content-length"];

fn recordings() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/recordings");
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let read = |path: std::path::PathBuf| {
        let recording: Value = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
        let is_traffic = recording["request"]["path"].is_string();
        is_traffic.then(|| (path.file_name().unwrap().to_string_lossy().into_owned(), recording))
    };
    files.filter_map(|file| read(file.ok()?.path())).collect()
}

/// The paths of all members, list items as one. A model's own wish to run a tool is left out: here
/// tools are used only where they are forced.
fn members(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members_of) => {
            for (name, value) in members_of.iter().filter(|(name, _)| *name != "toolUse") {
                let path = format!("{path}/{name}");
                members(value, &path, into);
                into.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, path, into)),
        _ => {}
    }
}

fn members_of_event(name: &str, payload: &Value, into: &mut BTreeSet<String>) {
    if name == "contentBlockStart" {
        return;
    }
    members(payload, name, into);
    if let Some(chunk) = payload["bytes"].as_str() {
        let chunk = STANDARD.decode(chunk).unwrap();
        members(&serde_json::from_slice(&chunk).unwrap(), "bytes", into);
    }
}

fn recorded(response: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    members(&response["body"], "", &mut found);
    for frame in response["frames"].as_array().into_iter().flatten() {
        let name = frame["headers"][":event-type"].as_str().unwrap();
        members_of_event(name, &frame["payload"], &mut found);
    }
    found
}

fn simulated(is_stream: bool, bytes: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if !is_stream {
        members(&serde_json::from_slice(bytes).unwrap(), "", &mut found);
        return found;
    }
    let mut decoder = FrameDecoder::new();
    decoder.push(bytes);
    while let Some(frame) = decoder.next().unwrap() {
        let FrameKind::Event(name) = &frame.kind else { panic!("{:?}", frame.kind) };
        members_of_event(name, &serde_json::from_slice(&frame.payload).unwrap(), &mut found);
    }
    found
}

async fn compare(simulator: &Simulator, name: &str, recording: &Value) {
    let (request, response) = (&recording["request"], &recording["response"]);
    let url = simulator.url() + request["path"].as_str().unwrap();
    let asked = reqwest::Client::new().post(url).header("authorization", "Bearer key");
    let reply = asked.body(request["body"].to_string()).send().await.unwrap();
    assert_eq!(reply.status().as_u16(), response["status"], "{name}");
    for header in response["headers"].as_object().unwrap().keys() {
        let header = header.to_lowercase();
        let is_there = reply.headers().contains_key(&header);
        assert!(is_there || HOP_HEADERS.contains(&header.as_str()), "{name}: no {header}");
    }
    let is_stream = response["frames"].is_array();
    let simulated = simulated(is_stream, &reply.bytes().await.unwrap());
    let missing: Vec<_> = recorded(response).difference(&simulated).cloned().collect();
    assert!(missing.is_empty(), "{name}: {missing:?}");
}

#[tokio::test]
async fn every_member_and_header_that_bedrock_answered_with_is_answered() {
    let simulator = start().await;
    for (name, recording) in recordings() {
        compare(&simulator, &name, &recording).await;
    }
}
