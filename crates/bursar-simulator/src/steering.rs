//! Steering: the words by which a caller, or a rule of a scenario, says how one call shall go.
//!
//! Words are `key=value`, separated by spaces, such as `input=374 output=44 fault=throttle`. They
//! travel in Bedrock's own request metadata under the key [`KEY`], so that any SDK can send them.
//! A word that is not known, or whose value makes no sense, refuses the call: a test that believes
//! it steers, and does not, would be worse.

use std::collections::BTreeMap;

use bursar_domain::closed_set;

use crate::fault::Fault;

/// The key of the request metadata that holds the words.
pub const KEY: &str = "bursar-sim";

/// The largest steered token count: what JSON readers hold exactly.
const COUNT_MAX: u64 = (1 << 53) - 1;
/// The longest steered pause, ten minutes: longer than any client waits.
const PAUSE_MS_MAX: u64 = 600_000;
/// The most pieces that a text is streamed in.
const PIECES_MAX: u64 = 65_536;
/// The longest steered name: what request metadata can hold at all.
const NAME_BYTES_MAX: usize = 256;

closed_set! {
    /// Why the model stopped, in Converse's words.
    Stop {
        /// It had said everything.
        EndTurn = "end_turn",
        /// It was at its limit.
        MaxTokens = "max_tokens",
        /// It met a stop sequence.
        StopSequence = "stop_sequence",
        /// It wants a tool to run.
        ToolUse = "tool_use",
        /// Its answer was filtered.
        ContentFiltered = "content_filtered",
        /// A guardrail stepped in.
        GuardrailIntervened = "guardrail_intervened",
    }
}

closed_set! {
    /// The service tiers by their names on the wire.
    WireTier {
        /// On demand.
        Default = "default",
        /// Faster.
        Priority = "priority",
        /// Slower.
        Flex = "flex",
        /// Bought ahead.
        Reserved = "reserved",
    }
}

closed_set! {
    /// The latency modes by their names on the wire.
    WireLatency {
        /// As ever.
        Standard = "standard",
        /// Optimised.
        Optimized = "optimized",
    }
}

closed_set! {
    /// The policies of a guardrail that count units of text.
    Policy {
        /// Denied topics.
        Topic = "topic",
        /// Filters of harmful content; the one policy that looks at images.
        Content = "content",
        /// Words and profanity; free.
        Word = "word",
        /// Personal data.
        SensitiveInformation = "sensitive-information",
        /// Regular expressions; free.
        SensitiveInformationFree = "sensitive-information-free",
        /// Whether an answer is grounded in a source and fits a query.
        ContextualGrounding = "contextual-grounding",
    }
}

impl Policy {
    /// What Bedrock's usage calls its units.
    pub(crate) const fn units_name(self) -> &'static str {
        match self {
            Self::Topic => "topicPolicyUnits",
            Self::Content => "contentPolicyUnits",
            Self::Word => "wordPolicyUnits",
            Self::SensitiveInformation => "sensitiveInformationPolicyUnits",
            Self::SensitiveInformationFree => "sensitiveInformationPolicyFreeUnits",
            Self::ContextualGrounding => "contextualGroundingPolicyUnits",
        }
    }
}

/// How one call shall go. `None` is: as it would go by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Steering {
    /// Uncached input tokens.
    pub input: Option<u64>,
    /// Output tokens.
    pub output: Option<u64>,
    /// Cache read tokens.
    pub cache_read: Option<u64>,
    /// Five-minute cache write tokens.
    pub cache_write_5m: Option<u64>,
    /// One-hour cache write tokens.
    pub cache_write_1h: Option<u64>,
    /// Milliseconds before the answer begins.
    pub delay_ms: Option<u64>,
    /// Milliseconds between two frames of a stream.
    pub gap_ms: Option<u64>,
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// Good frames before the fault; 1 unless said.
    pub after: Option<u64>,
    /// The fault strikes only the first so many times that this request is seen.
    pub times: Option<u64>,
    /// What makes requests the same for `times`; else it is model and body.
    pub id: Option<String>,
    /// The most pieces that the text is streamed in.
    pub pieces: Option<u64>,
    /// Why the model stops.
    pub stop: Option<Stop>,
    /// The tier that is reported as served.
    pub tier: Option<WireTier>,
    /// The latency mode that is reported as served.
    pub latency: Option<WireLatency>,
    /// The model version that is reported.
    pub model_version: Option<String>,
    /// The policies of an applied guardrail; the first is the one that steps in, if any does.
    pub policies: Option<Vec<Policy>>,
}

/// Words that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SteeringError {
    /// The word has no `=`, or its key means nothing.
    #[error("unknown steering word `{0}`\nhint: known are {known}", known = Steering::KNOWN)]
    Unknown(String),
    /// The word came twice.
    #[error("steering word `{0}` is there twice")]
    Twice(String),
    /// The key is known, its value is not.
    #[error("steering word `{word}`: {why}")]
    Value {
        /// The word as it came.
        word: String,
        /// What its value must be.
        why: String,
    },
}

impl Steering {
    pub(crate) const KNOWN: &str = "input output cache-read cache-write-5m cache-write-1h \
                                    delay-ms gap-ms fault after times id pieces stop tier \
                                    latency model-version policies";

    /// From texts of words; where two texts have the same word, the later text wins.
    pub fn parse(texts: &[&str]) -> Result<Self, SteeringError> {
        let mut words = BTreeMap::new();
        for text in texts {
            words.append(&mut split(text)?);
        }
        let mut steering = Self::default();
        for (key, value) in words {
            steering.follow(key, value)?;
        }
        Ok(steering)
    }

    /// Whether any token count is steered: then all are, and those not said are zero.
    #[must_use]
    pub const fn counts_tokens(&self) -> bool {
        self.input.is_some()
            || self.cache_read.is_some()
            || self.cache_write_5m.is_some()
            || self.cache_write_1h.is_some()
    }

    fn follow(&mut self, key: &str, value: &str) -> Result<(), SteeringError> {
        let number = |max: u64| at_most(key, value, max).map(Some);
        match key {
            "input" => self.input = number(COUNT_MAX)?,
            "output" => self.output = number(COUNT_MAX)?,
            "cache-read" => self.cache_read = number(COUNT_MAX)?,
            "cache-write-5m" => self.cache_write_5m = number(COUNT_MAX)?,
            "cache-write-1h" => self.cache_write_1h = number(COUNT_MAX)?,
            "delay-ms" => self.delay_ms = number(PAUSE_MS_MAX)?,
            "gap-ms" => self.gap_ms = number(PAUSE_MS_MAX)?,
            "after" => self.after = number(PIECES_MAX)?,
            "times" => self.times = number(PIECES_MAX)?,
            "pieces" => self.pieces = number(PIECES_MAX)?,
            "fault" => self.fault = Some(member(key, value)?),
            "stop" => self.stop = Some(member(key, value)?),
            "tier" => self.tier = Some(member(key, value)?),
            "latency" => self.latency = Some(member(key, value)?),
            "id" => self.id = Some(name(key, value)?),
            "model-version" => self.model_version = Some(name(key, value)?),
            "policies" => {
                let names = value.split(',').map(|name| member(key, name));
                self.policies = Some(names.collect::<Result<_, _>>()?);
            }
            _ => return Err(SteeringError::Unknown(format!("{key}={value}"))),
        }
        Ok(())
    }
}

fn split(text: &str) -> Result<BTreeMap<&str, &str>, SteeringError> {
    let mut words = BTreeMap::new();
    for word in text.split_whitespace() {
        let unknown = || SteeringError::Unknown(word.to_owned());
        let (key, value) = word.split_once('=').ok_or_else(unknown)?;
        if words.insert(key, value).is_some() {
            return Err(SteeringError::Twice(key.to_owned()));
        }
    }
    Ok(words)
}

fn at_most(key: &str, value: &str, max: u64) -> Result<u64, SteeringError> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().ok().filter(|number| digits && *number <= max);
    number.ok_or_else(|| SteeringError::Value {
        word: format!("{key}={value}"),
        why: format!("its value must be a whole number from 0 to {max}"),
    })
}

fn member<T: std::str::FromStr<Err = bursar_domain::closed_set::UnknownWord>>(
    key: &str,
    value: &str,
) -> Result<T, SteeringError> {
    value.parse().map_err(|unknown: T::Err| SteeringError::Value {
        word: format!("{key}={value}"),
        why: unknown.to_string(),
    })
}

fn name(key: &str, value: &str) -> Result<String, SteeringError> {
    if value.is_empty() || value.len() > NAME_BYTES_MAX {
        let why = format!("its value must have 1 to {NAME_BYTES_MAX} bytes");
        return Err(SteeringError::Value { word: format!("{key}={value}"), why });
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests;
