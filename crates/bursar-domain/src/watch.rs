//! Watching a stream while it runs: its limits, and when one of them cuts it.
//!
//! A pure state machine. Who shows it text, usage and time, and obeys its verdict, is not here; nor
//! is what was spent in the end, which the reply itself reports.

mod reason;
mod repeat;
mod withheld;

use std::time::Duration;

use crate::closed_set;
use crate::money::{Cost, Micros, Rate};
use crate::price::Rates;
use crate::usage::{TokenKind, Usage};

pub use reason::CutReason;
pub use repeat::Repeated;
use repeat::Repeats;
pub use withheld::Withheld;

/// Bytes of text in a token, about: what English and code have on the average. Other scripts have
/// fewer, so that a count by bytes is low rather than high for them.
pub const BYTES_PER_TOKEN: u64 = 4;

closed_set! {
    /// What becomes of a stream that repeats itself. Later words are stricter.
    OnRepetition {
        /// Nobody looks.
        Off = "off",
        /// It is told, once a stream.
        Alarm = "alarm",
        /// It is cut.
        Cut = "cut",
    }
}

closed_set! {
    /// What becomes of the upstream when the client's stream is cut.
    OnCut {
        /// It is read to its usage, within bounds: the bill is exact.
        Drain = "drain",
        /// It is closed: the bill is a bound, and what stops is unknown.
        Drop = "drop",
    }
}

/// How far a stream may go. `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// The most it may cost, in micro-dollars.
    pub money: Option<Micros>,
    /// The most tokens it may put out.
    pub output_tokens: Option<u64>,
    /// The longest it may run.
    pub seconds: Option<u64>,
    /// The longest it may be silent.
    pub idle_seconds: Option<u64>,
    /// What becomes of repetition.
    pub on_repetition: OnRepetition,
    /// What becomes of the upstream.
    pub on_cut: OnCut,
}

impl StreamLimits {
    /// No limit at all.
    pub const NONE: Self = Self {
        money: None,
        output_tokens: None,
        seconds: None,
        idle_seconds: None,
        on_repetition: OnRepetition::Off,
        on_cut: OnCut::Drain,
    };

    /// The strictest of both, limit by limit. Draining is what happens when nobody says otherwise,
    /// so `drop` outweighs it.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self {
            money: least(self.money, other.money),
            output_tokens: least(self.output_tokens, other.output_tokens),
            seconds: least(self.seconds, other.seconds),
            idle_seconds: least(self.idle_seconds, other.idle_seconds),
            on_repetition: self.on_repetition.max(other.on_repetition),
            on_cut: self.on_cut.max(other.on_cut),
        }
    }

    /// What it says, for people: `$0.50, 2000 tokens, cut on repetition`.
    #[must_use]
    pub fn words(&self) -> String {
        let parts = [
            self.money.and_then(Micros::cost).map(|cost| cost.to_string()),
            self.output_tokens.map(|tokens| format!("{tokens} output tokens")),
            self.seconds.map(|seconds| format!("{seconds} s")),
            self.idle_seconds.map(|seconds| format!("{seconds} s of silence")),
            (self.on_repetition != OnRepetition::Off)
                .then(|| format!("{} on repetition", self.on_repetition)),
            (self.on_cut == OnCut::Drop).then(|| "drop the upstream".to_owned()),
        ];
        let said: Vec<String> = parts.into_iter().flatten().collect();
        if said.is_empty() { "no limit".to_owned() } else { said.join(", ") }
    }
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self::NONE
    }
}

fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// What is seen of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight<'a> {
    /// The next piece of its text, or of its reasoning.
    Text(&'a str),
    /// What it has reported so far.
    Usage(&'a Usage),
    /// How long it has run.
    Elapsed(Duration),
    /// How long it has been silent.
    Idle(Duration),
}

/// What is to happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The stream goes on.
    Go,
    /// It goes on, and somebody should hear that it repeats itself. Told once.
    Alarm(Repeated),
    /// It is to be cut.
    Cut(CutReason),
}

/// What a stream has come to so far, as far as can be told while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoFar {
    /// Output tokens: what is reported, or counted by pieces and by bytes, whichever is most.
    pub output_tokens: u64,
    /// What it costs; `None` without a price.
    pub cost: Option<Cost>,
    /// Whether a part of it was counted, not reported.
    pub is_estimate: bool,
}

/// A stream, as its watcher knows it.
#[derive(Debug, Clone)]
pub struct Watch {
    limits: StreamLimits,
    rates: Option<Rates>,
    input_tokens: u64,
    reported: Option<Usage>,
    pieces: u64,
    bytes: u64,
    /// Only where somebody looks: it is twenty kilobytes.
    repeats: Option<Repeats>,
    has_alarmed: bool,
}

impl Watch {
    /// Of a stream at its beginning. `rates` are those expected to apply, and `input_tokens` an
    /// estimate of the input, which counts until the stream reports it.
    #[must_use]
    pub fn new(limits: StreamLimits, rates: Option<Rates>, input_tokens: u64) -> Self {
        Self {
            limits,
            rates,
            input_tokens,
            reported: None,
            pieces: 0,
            bytes: 0,
            repeats: (limits.on_repetition != OnRepetition::Off).then(Repeats::new),
            has_alarmed: false,
        }
    }

    /// The limits that it keeps to.
    #[must_use]
    pub const fn limits(&self) -> &StreamLimits {
        &self.limits
    }

    /// Text pieces that were not empty. Each is a token at least.
    #[must_use]
    pub const fn pieces(&self) -> u64 {
        self.pieces
    }

    /// Takes what is seen next, and judges.
    #[must_use]
    pub fn observe(&mut self, sight: Sight<'_>) -> Verdict {
        match sight {
            Sight::Text(text) => self.text(text),
            Sight::Usage(usage) => {
                if self.reported.as_ref() != Some(usage) {
                    self.reported = Some(usage.clone());
                }
                self.over_amounts().map_or(Verdict::Go, Verdict::Cut)
            }
            Sight::Elapsed(elapsed) => match self.limits.seconds {
                Some(limit) if elapsed >= Duration::from_secs(limit) => {
                    Verdict::Cut(CutReason::Seconds { limit })
                }
                _ => Verdict::Go,
            },
            Sight::Idle(silence) => match self.limits.idle_seconds {
                Some(limit) if silence >= Duration::from_secs(limit) => {
                    Verdict::Cut(CutReason::Idle { limit })
                }
                _ => Verdict::Go,
            },
        }
    }

    /// What the stream has come to.
    #[must_use]
    pub fn so_far(&self) -> SoFar {
        let counted = self.pieces.max(self.bytes.div_ceil(BYTES_PER_TOKEN));
        let nothing = Usage::default();
        let reported = self.reported.as_ref().unwrap_or(&nothing);
        let output_tokens = reported.output.max(counted);
        let knows_input = reported.context_tokens() > 0;
        let cost = self.rates.map(|rates| {
            let kinds = TokenKind::ALL.iter().map(|&kind| match kind {
                TokenKind::Output => (rates.of(kind), output_tokens),
                TokenKind::Input if !knows_input => (rates.of(kind), self.input_tokens),
                _ => (rates.of(kind), reported.tokens(kind)),
            });
            kinds.fold(Cost::ZERO, add)
        });
        let is_estimate = !knows_input || reported.output < output_tokens;
        SoFar { output_tokens, cost, is_estimate }
    }

    fn text(&mut self, text: &str) -> Verdict {
        if text.is_empty() {
            return Verdict::Go;
        }
        self.pieces += 1;
        self.bytes += text.len() as u64;
        if let Some(reason) = self.over_amounts() {
            return Verdict::Cut(reason);
        }
        let repeated = self.repeats.as_mut().and_then(|repeats| repeats.push(text.as_bytes()));
        match (repeated, self.limits.on_repetition) {
            (Some(repeated), OnRepetition::Cut) => Verdict::Cut(CutReason::Repetition(repeated)),
            (Some(repeated), _) if !self.has_alarmed => {
                self.has_alarmed = true;
                Verdict::Alarm(repeated)
            }
            _ => Verdict::Go,
        }
    }

    /// The limit of money or of tokens that the stream is over.
    fn over_amounts(&self) -> Option<CutReason> {
        let StreamLimits { money, output_tokens, .. } = self.limits;
        if money.is_none() && output_tokens.is_none() {
            return None;
        }
        let so_far = self.so_far();
        if let Some(limit) = output_tokens.filter(|limit| so_far.output_tokens > *limit) {
            return Some(CutReason::Tokens { limit, so_far });
        }
        let limit = money?;
        // What has no price cannot be kept below an amount of money.
        let is_over = so_far.cost.is_none_or(|cost| cost.micros_up() > limit);
        is_over.then_some(CutReason::Money { limit, so_far })
    }
}

/// A sum too large for a row is over every limit, and stays the largest there is.
fn add(sum: Cost, (rate, tokens): (Option<Rate>, u64)) -> Cost {
    let more = rate.map_or(Ok(Cost::ZERO), |rate| rate.times(tokens));
    more.and_then(|more| sum.plus(more)).unwrap_or(Cost::MAX)
}

#[cfg(test)]
mod repeat_tests;
#[cfg(test)]
mod tests;
