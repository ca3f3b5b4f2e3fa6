//! What a stream says, as it comes.
//!
//! The reader is told every byte in order and keeps a few numbers, never the text. It does not
//! change, delay or drop anything: the same bytes go on to the caller.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bursar_domain::call::Operation;
use bursar_domain::model::ModelId;
use bursar_domain::usage::Usage;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::counts::{self, Counts};
use super::{ReplyFacts, is_common, spoken, texts};
use crate::error::WireError;
use crate::frame::{Frame, FrameDecoder, FrameError, FrameKind};
use crate::json::first;
use crate::provider::Shape;

/// What one piece of a stream showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A piece of the answer.
    Text(String),
    /// A piece of the model's reasoning.
    Reasoning(String),
    /// The stream broke off with an error.
    Exception(WireError),
    /// An event without text.
    Other,
}

/// Whether a stream came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// Its last event came: `messageStop` and `metadata`, or the chunk with Bedrock's metrics.
    Complete,
    /// It did not.
    Truncated {
        /// What is missing.
        why: String,
    },
}

/// Reads a stream's bytes as they come.
#[derive(Debug)]
pub struct StreamReader {
    shape: &'static Shape,
    is_converse: bool,
    decoder: FrameDecoder,
    facts: ReplyFacts,
    body: Counts,
    bedrock: Counts,
    total: Option<Value>,
    doubt: Option<String>,
    broken: Option<String>,
    stopped: bool,
    ended: bool,
}

const METRICS: &str = "amazon-bedrock-invocationMetrics";

impl StreamReader {
    /// A reader at the start of a stream.
    #[must_use]
    pub fn new(operation: Operation, model: &ModelId) -> Self {
        Self {
            shape: spoken(operation, model),
            is_converse: is_common(operation),
            decoder: FrameDecoder::new(),
            facts: ReplyFacts::default(),
            body: Counts::default(),
            bedrock: Counts::default(),
            total: None,
            doubt: None,
            broken: None,
            stopped: false,
            ended: false,
        }
    }

    /// Takes the response's headers, where InvokeModel's streams name the tier that served them.
    pub fn observe_headers(&mut self, headers: &HeaderMap) {
        self.facts.take_settings(&Value::Null, headers);
    }

    /// Takes the next bytes and tells what they showed, in order. Behind a broken frame nothing can
    /// be read any more. An event that is not understood is passed over.
    pub fn observe(&mut self, bytes: &[u8]) -> Result<Vec<Seen>, FrameError> {
        self.decoder.push(bytes);
        let mut seen = Vec::new();
        loop {
            match self.decoder.next() {
                Ok(Some(frame)) => self.read_frame(&frame, &mut seen),
                Ok(None) => return Ok(seen),
                Err(why) => {
                    self.broken = Some(why.to_string());
                    return Err(why);
                }
            }
        }
    }

    /// What was reported so far; a lower bound until the stream is complete.
    #[must_use]
    pub fn usage_so_far(&self) -> Option<Usage> {
        let nothing = Counts::default();
        let is_silent = self.body == nothing && self.bedrock == nothing;
        let usage = || counts::usage(&self.body, &self.bedrock, self.shape, &mut None);
        (!is_silent).then(usage)
    }

    /// What each side reported so far: Bedrock, and the provider.
    pub(super) fn counts(&self) -> (Counts, Counts) {
        (self.bedrock, self.body)
    }

    /// The stream has ended, for whatever reason.
    #[must_use]
    pub fn finish(mut self) -> (ReplyFacts, Completeness) {
        let completeness = match self.missing() {
            None => Completeness::Complete,
            Some(why) => Completeness::Truncated { why },
        };
        let mut doubt = self.doubt.take();
        let usage = counts::usage(&self.body, &self.bedrock, self.shape, &mut doubt);
        counts::check_total(self.total.as_ref(), &usage, &mut doubt);
        let is_whole = counts::is_whole(&self.body, &self.bedrock, self.shape);
        let mut facts = std::mem::take(&mut self.facts);
        facts.usage_suspect = doubt;
        facts.usage = match completeness {
            Completeness::Complete => is_whole.then_some(usage),
            Completeness::Truncated { .. } => self.usage_so_far(),
        };
        (facts, completeness)
    }

    fn missing(&self) -> Option<String> {
        if let Some(why) = &self.broken {
            return Some(why.clone());
        }
        if self.decoder.is_inside_frame() {
            return Some("the stream ends inside a frame".to_owned());
        }
        let last = if self.is_converse { "`metadata` event" } else { "chunk with metrics" };
        match (self.stopped, self.ended) {
            (true, true) => None,
            (false, true) => Some("the stream ends without its `messageStop` event".to_owned()),
            (_, false) => Some(format!("the stream ends without its last {last}")),
        }
    }

    fn read_frame(&mut self, frame: &Frame, seen: &mut Vec<Seen>) {
        if let Some(error) = WireError::from_frame(frame) {
            self.broken = Some(format!("the stream broke off with `{}`", error.code));
            seen.push(Seen::Exception(error));
            return;
        }
        let before = seen.len();
        if let FrameKind::Event(name) = &frame.kind
            && let Some(event) = self.event(name, &frame.payload)
        {
            self.read_event(&event, seen);
        }
        if seen.len() == before {
            seen.push(Seen::Other);
        }
    }

    /// A chunk's own JSON; or an event under its name, so that both are read alike.
    fn event(&mut self, name: &str, payload: &[u8]) -> Option<Value> {
        let payload: Option<Value> = serde_json::from_slice(payload).ok();
        if self.is_converse {
            self.stopped |= name == "messageStop";
            self.ended |= name == "metadata";
            return payload
                .map(|payload| Value::Object(Map::from_iter([(name.to_owned(), payload)])));
        }
        let bytes = BASE64.decode(payload?.get("bytes")?.as_str()?).ok()?;
        let chunk: Value = serde_json::from_slice(&bytes).ok()?;
        if let Some(metrics) = first(&chunk, METRICS) {
            (self.stopped, self.ended) = (true, true);
            self.bedrock.update(Counts::from_metrics(metrics, &mut self.doubt));
            let latency = metrics.get("invocationLatency").and_then(Value::as_u64);
            self.facts.latency_ms = latency.or(self.facts.latency_ms);
        }
        Some(chunk)
    }

    fn read_event(&mut self, event: &Value, seen: &mut Vec<Seen>) {
        let paths = &self.shape.chunk;
        let reasoning = texts(event, paths.reasoning).into_iter();
        seen.extend(reasoning.map(|text| Seen::Reasoning(text.to_owned())));
        let answer = texts(event, paths.text).into_iter();
        seen.extend(answer.map(|text| Seen::Text(text.to_owned())));
        self.facts.take_words(event, paths);
        self.body.update(Counts::from_json(event, paths, &mut self.doubt));
        if let Some(total) = first(event, "metadata/usage/totalTokens") {
            self.total = Some(total.clone());
        }
        for settings in [Some(event), first(event, "metadata")].into_iter().flatten() {
            self.facts.take_settings(settings, &HeaderMap::new());
        }
    }
}
