//! The words of a reply, for callers that show them to a person.

use bursar_domain::call::Operation;
use bursar_domain::model::ModelId;
use bursar_wire::reply::{Seen, StreamReader, read_reply};
use http::HeaderMap;

/// Reads the text out of a reply's bytes as they come. Metering does not depend on it.
pub struct Transcript {
    operation: Operation,
    model: ModelId,
    reading: Reading,
}

enum Reading {
    Stream(Box<StreamReader>),
    Plain(Vec<u8>),
    /// A broken stream has no more words; the receipt says what broke.
    Broken,
}

impl Transcript {
    /// For a reply to `operation` by `model`.
    #[must_use]
    pub fn new(operation: Operation, model: ModelId) -> Self {
        let reading = if operation.is_stream() {
            Reading::Stream(Box::new(StreamReader::new(operation, &model)))
        } else {
            Reading::Plain(Vec::new())
        };
        Self { operation, model, reading }
    }

    /// The answer's text within the next bytes; reasoning is left out.
    pub fn take(&mut self, bytes: &[u8]) -> String {
        let reader = match &mut self.reading {
            Reading::Stream(reader) => reader,
            Reading::Plain(body) => {
                body.extend_from_slice(bytes);
                return String::new();
            }
            Reading::Broken => return String::new(),
        };
        let Ok(seen) = reader.observe(bytes) else {
            self.reading = Reading::Broken;
            return String::new();
        };
        let words = seen.into_iter().filter_map(|seen| match seen {
            Seen::Text(text) => Some(text),
            Seen::Reasoning(_) | Seen::Exception(_) | Seen::Other => None,
        });
        words.collect()
    }

    /// The text that can only be read from the whole body.
    #[must_use]
    pub fn finish(self) -> String {
        let Reading::Plain(body) = self.reading else { return String::new() };
        let read = read_reply(self.operation, &self.model, &HeaderMap::new(), &body);
        read.map(|facts| facts.text).unwrap_or_default()
    }
}
