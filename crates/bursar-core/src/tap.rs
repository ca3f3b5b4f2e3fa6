//! What is read off a reply while it passes: its facts, and the least that it has used so far.

use std::time::Duration;

use bursar_domain::call::CallId;
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use bursar_domain::watch::{BYTES_PER_TOKEN, Sight, Verdict, Watch};
use bursar_ledger::{Admitted, Checkpoint};
use bursar_wire::error::WireError;
use bursar_wire::frame::FrameError;
use bursar_wire::reply::{Completeness, ReplyFacts, Seen, StreamReader, read_reply};
use http::HeaderMap;
use tokio::time::Instant;

use crate::Bursar;
use crate::cut::Wish;
use crate::priced::Priced;

/// How often the ledger is told what a running stream has used at least.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(3);

/// Reads one reply's bytes as they pass.
pub(crate) struct Tap<'a> {
    bursar: &'a Bursar,
    priced: &'a Priced,
    id: &'a CallId,
    reader: Reader,
    first_byte_at: Option<Timestamp>,
    exception: Option<WireError>,
    /// What it has come to, and the limits that it keeps to.
    pub(crate) watch: Watch,
    alarm: Option<String>,
    /// Output tokens that the caller may have, about: all but what is too much.
    allowed: u64,
    checkpointed: Instant,
    pub(crate) client_gone: bool,
    pub(crate) cut: Option<Cutting>,
}

/// A stream that its caller does not receive any more.
#[derive(Debug, Clone)]
pub(crate) struct Cutting {
    pub(crate) wish: Wish,
    /// Output tokens that the caller has received, about.
    pub(crate) delivered: u64,
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
    pub(crate) cut: Option<Cutting>,
    /// What its row shall say of it: that it repeats itself …
    pub(crate) alarm: Option<String>,
}

impl<'a> Tap<'a> {
    pub(crate) fn new(bursar: &'a Bursar, priced: &'a Priced, admitted: &'a Admitted) -> Self {
        let operation = priced.invocation.operation;
        let reader = if operation.is_stream() {
            Reader::Stream(Box::new(StreamReader::new(operation, &priced.model)))
        } else {
            Reader::Plain(Vec::new())
        };
        let limits = admitted.stream_limits().strictest(bursar.limits.streams);
        let rates = priced.price.as_ref().map(|price| price.rates);
        let input = priced.facts.input_bytes.div_ceil(BYTES_PER_TOKEN);
        Self {
            bursar,
            priced,
            id: admitted.id(),
            reader,
            first_byte_at: None,
            exception: None,
            watch: Watch::new(limits, rates, input),
            alarm: None,
            allowed: 0,
            checkpointed: Instant::now(),
            client_gone: false,
            cut: None,
        }
    }

    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.reader, Reader::Stream(_))
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

    /// Takes the next bytes, and judges what they bring.
    pub(crate) fn observe(&mut self, bytes: &[u8]) -> Result<Verdict, FrameError> {
        if self.first_byte_at.is_none() && !bytes.is_empty() {
            self.first_byte_at = Some(self.bursar.clock.now());
        }
        let reader = match &mut self.reader {
            Reader::Plain(body) => {
                body.extend_from_slice(bytes);
                return Ok(Verdict::Go);
            }
            Reader::Stream(reader) => reader,
        };
        let before = self.watch.so_far().output_tokens;
        let mut verdicts = Vec::new();
        for seen in reader.observe(bytes)? {
            match seen {
                Seen::Text(text) | Seen::Reasoning(text) => {
                    verdicts.push(self.watch.observe(Sight::Text(&text)));
                }
                Seen::Exception(exception) => self.exception = Some(exception),
                Seen::Other => {}
            }
        }
        if let Some(usage) = reader.usage_so_far() {
            verdicts.push(self.watch.observe(Sight::Usage(&usage)));
        }
        self.checkpoint(false);
        let verdict = self.gravest(verdicts);
        let is_too_much = matches!(verdict, Verdict::Cut(_));
        self.allowed = if is_too_much { before } else { self.watch.so_far().output_tokens };
        Ok(verdict)
    }

    /// The cut among verdicts, if there is one. An alarm is told, and kept for the call's row.
    fn gravest(&mut self, verdicts: Vec<Verdict>) -> Verdict {
        for verdict in verdicts {
            match verdict {
                Verdict::Go => {}
                Verdict::Alarm(repeated) => {
                    tracing::warn!(id = %self.id, "a stream repeats itself: {repeated}");
                    self.alarm = Some(format!("the stream repeats itself: {repeated}"));
                }
                Verdict::Cut(_) => return verdict,
            }
        }
        Verdict::Go
    }

    /// The caller receives no more of it.
    pub(crate) fn cut(&mut self, wish: Wish) {
        self.bursar.running.count_cut(&wish.code);
        self.cut = Some(Cutting { wish, delivered: self.allowed });
        self.checkpoint(true);
    }

    /// Why the upstream of a stream without a caller is closed before its end.
    pub(crate) fn cut_short(&self) -> Wish {
        let gone = || Wish {
            code: "ClientGone".to_owned(),
            why: "its caller has gone, and it was not read to its end".to_owned(),
            at_once: true,
        };
        self.cut.as_ref().map_or_else(gone, |cut| cut.wish.clone())
    }

    /// Whether it has come to more than what is held for it: nothing bounds it any more.
    pub(crate) fn is_over_hold(&self) -> bool {
        let cost = self.watch.so_far().cost;
        self.priced.ceiling.zip(cost).is_some_and(|(ceiling, cost)| cost > ceiling)
    }

    pub(crate) fn finish(self, headers: &HeaderMap) -> Tapped {
        let pieces = self.watch.pieces();
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
            cut: self.cut,
            alarm: self.alarm.or_else(|| self.priced.note.map(str::to_owned)),
        }
    }

    /// Leaves in the ledger what the stream has come to, for whoever looks, and as a lower bound
    /// for the case that this process does not live to settle.
    fn checkpoint(&mut self, now: bool) {
        if !now && self.checkpointed.elapsed() < CHECKPOINT_EVERY {
            return;
        }
        self.checkpointed = Instant::now();
        let Reader::Stream(reader) = &self.reader else { return };
        let used = at_least(reader.usage_so_far().as_ref(), self.watch.pieces());
        let checkpoint = Checkpoint {
            cost: self.priced.price.as_ref().and_then(|price| used.cost(price).ok()),
            output_tokens: used.output,
            at: self.bursar.clock.now(),
            cut_code: self.cut.as_ref().map(|cut| cut.wish.code.clone()),
        };
        let (ledger, id) = (self.bursar.ledger.clone(), self.id.clone());
        tokio::spawn(async move {
            if let Err(error) = ledger.checkpoint(&id, checkpoint).await {
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
