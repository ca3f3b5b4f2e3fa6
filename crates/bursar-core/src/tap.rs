//! What is read off a reply while it passes: its facts, and the least that it has used so far.

use std::time::Duration;

use bursar_domain::call::CallId;
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use bursar_wire::error::WireError;
use bursar_wire::frame::FrameError;
use bursar_wire::reply::{Completeness, ReplyFacts, Seen, StreamReader, read_reply};
use http::HeaderMap;
use tokio::time::Instant;

use crate::Bursar;
use crate::priced::Priced;

/// How often the ledger is told what a running stream has used at least.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

/// Reads one reply's bytes as they pass.
pub(crate) struct Tap<'a> {
    bursar: &'a Bursar,
    priced: &'a Priced,
    id: &'a CallId,
    reader: Reader,
    first_byte_at: Option<Timestamp>,
    exception: Option<WireError>,
    /// Text pieces that were not empty: each is at least one token.
    pieces: u64,
    checkpointed: Instant,
    pub(crate) client_gone: bool,
}

enum Reader {
    Plain(Vec<u8>),
    Stream(Box<StreamReader>),
}

/// What was read off a reply that has ended.
pub(crate) struct Tapped {
    pub(crate) facts: ReplyFacts,
    /// What the reply lacks to be whole; `None` when it is.
    pub(crate) missing: Option<String>,
    pub(crate) at_least: Usage,
    pub(crate) exception: Option<WireError>,
    pub(crate) first_byte_at: Option<Timestamp>,
    pub(crate) client_gone: bool,
}

impl<'a> Tap<'a> {
    pub(crate) fn new(bursar: &'a Bursar, priced: &'a Priced, id: &'a CallId) -> Self {
        let operation = priced.invocation.operation;
        let reader = if operation.is_stream() {
            Reader::Stream(Box::new(StreamReader::new(operation, &priced.model)))
        } else {
            Reader::Plain(Vec::new())
        };
        Self {
            bursar,
            priced,
            id,
            reader,
            first_byte_at: None,
            exception: None,
            pieces: 0,
            checkpointed: Instant::now(),
            client_gone: false,
        }
    }

    /// The call.
    pub(crate) fn id(&self) -> &CallId {
        self.id
    }

    /// Takes the head: a stream's headers name the tier that serves it.
    pub(crate) fn begin(&mut self, headers: &HeaderMap) {
        if let Reader::Stream(reader) = &mut self.reader {
            reader.observe_headers(headers);
        }
    }

    /// Bytes kept so far: a plain reply can only be read whole.
    pub(crate) fn buffered(&self) -> usize {
        match &self.reader {
            Reader::Plain(body) => body.len(),
            Reader::Stream(_) => 0,
        }
    }

    /// Takes the next bytes.
    pub(crate) fn observe(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        if self.first_byte_at.is_none() && !bytes.is_empty() {
            self.first_byte_at = Some(self.bursar.clock.now());
        }
        let reader = match &mut self.reader {
            Reader::Plain(body) => {
                body.extend_from_slice(bytes);
                return Ok(());
            }
            Reader::Stream(reader) => reader,
        };
        for seen in reader.observe(bytes)? {
            match seen {
                Seen::Text(text) | Seen::Reasoning(text) => {
                    self.pieces += u64::from(!text.is_empty());
                }
                Seen::Exception(exception) => self.exception = Some(exception),
                Seen::Other => {}
            }
        }
        self.checkpoint();
        Ok(())
    }

    pub(crate) fn finish(self, headers: &HeaderMap) -> Tapped {
        let pieces = self.pieces;
        let (facts, missing) = match self.reader {
            Reader::Plain(body) => {
                let priced = self.priced;
                let operation = priced.invocation.operation;
                match read_reply(operation, &priced.model, headers, &body) {
                    Ok(facts) => (facts, None),
                    Err(malformed) => (ReplyFacts::default(), Some(malformed.to_string())),
                }
            }
            Reader::Stream(reader) => match reader.finish() {
                (facts, Completeness::Complete) => (facts, None),
                (facts, Completeness::Truncated { why }) => (facts, Some(why)),
            },
        };
        // A report that is not believed bounds nothing.
        let reported = facts.usage.as_ref().filter(|_| facts.usage_suspect.is_none());
        Tapped {
            at_least: at_least(reported, pieces),
            facts,
            missing,
            exception: self.exception,
            first_byte_at: self.first_byte_at,
            client_gone: self.client_gone,
        }
    }

    /// Leaves a lower bound in the ledger, for the case that this process does not live to settle.
    fn checkpoint(&mut self) {
        if self.checkpointed.elapsed() < CHECKPOINT_EVERY {
            return;
        }
        self.checkpointed = Instant::now();
        let Reader::Stream(reader) = &self.reader else { return };
        let used = at_least(reader.usage_so_far().as_ref(), self.pieces);
        let Some(Ok(cost)) = self.priced.price.as_ref().map(|price| used.cost(price)) else {
            return;
        };
        let (ledger, id) = (self.bursar.ledger.clone(), self.id.clone());
        tokio::spawn(async move {
            if let Err(error) = ledger.checkpoint(&id, cost).await {
                tracing::warn!(%id, %error, "a running stream's checkpoint was not kept");
            }
        });
    }
}

fn at_least(reported: Option<&Usage>, pieces: u64) -> Usage {
    let mut usage = reported.cloned().unwrap_or_default();
    usage.output = usage.output.max(pieces);
    usage
}
