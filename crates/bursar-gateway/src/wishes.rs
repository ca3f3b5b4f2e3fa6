//! What a caller says of a call beside asking for it: in headers, since an SDK lets those be added
//! and leaves its bodies alone.
//!
//! A header of ours that nobody knows is refused, not passed over: a limit that is misspelt would be
//! a limit that nobody keeps.

use std::time::Duration;

use bursar_core::{Bursar, TraceParent};
use bursar_domain::identity::Attribution;
use bursar_domain::money::{Cost, Micros};
use bursar_domain::watch::{OnRepetition, StreamLimits};
use bursar_wire::problem::Problem;
use http::HeaderMap;

use crate::prefix::tag;

/// How every header of ours begins.
const OURS: &str = "x-bursar-";
const TAG: &str = "x-bursar-tag-";
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Claude Code's own word for a conversation.
const CLAUDE_CODE_SESSION: &str = "x-claude-code-session-id";
/// The longest name of a session.
const SESSION_BYTES_MAX: usize = 256;

/// What is wished of one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// Its caller's own key for it: it is made once a day.
    pub(crate) idempotency_key: Option<String>,
    /// As long an answer will do as there is room for.
    pub(crate) affordable: bool,
    /// The longest that it may take.
    pub(crate) deadline: Option<Duration>,
    /// How far it may go where it is a stream.
    pub(crate) streams: StreamLimits,
    /// The span that asks for it.
    pub(crate) parent: Option<TraceParent>,
}

/// Reads what a request's headers wish; labels and the session go to whom it belongs.
///
/// # Errors
/// A header of ours that is unknown, comes twice, or has no such value.
pub(crate) fn read(headers: &HeaderMap, who: &mut Attribution) -> Result<Wishes, Problem> {
    let mut wishes = Wishes { parent: parent(headers), ..Wishes::default() };
    for name in headers.keys() {
        let name = name.as_str();
        let is_read =
            name.starts_with(OURS) || [IDEMPOTENCY_KEY, CLAUDE_CODE_SESSION].contains(&name);
        if !is_read {
            continue;
        }
        let mut values = headers.get_all(name).iter();
        let value = values.next().and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        let value = value.ok_or_else(|| wrong(name, "is no text"))?.trim();
        if values.next().is_some() {
            return Err(wrong(name, "comes twice"));
        }
        match name.strip_prefix(TAG) {
            Some(key) => tag(who, key, value)?,
            None => wishes.take(name, value, who)?,
        }
    }
    Ok(wishes)
}

impl Wishes {
    fn take(&mut self, name: &str, value: &str, who: &mut Attribution) -> Result<(), Problem> {
        match name {
            IDEMPOTENCY_KEY => self.idempotency_key = Some(value.to_owned()),
            CLAUDE_CODE_SESSION | "x-bursar-session" => {
                who.client_session = Some(session(name, value)?);
            }
            "x-bursar-affordable" => {
                self.affordable =
                    value.parse().map_err(|_| wrong(name, "is neither `true` nor `false`"))?;
            }
            "x-bursar-deadline-ms" => {
                self.deadline = Some(Duration::from_millis(above_zero(name, value)?));
            }
            "x-bursar-stream-usd" => self.streams.money = Some(money(name, value)?),
            "x-bursar-stream-tokens" => self.streams.output_tokens = Some(above_zero(name, value)?),
            "x-bursar-stream-seconds" => self.streams.seconds = Some(above_zero(name, value)?),
            "x-bursar-stream-idle" => self.streams.idle_seconds = Some(above_zero(name, value)?),
            "x-bursar-on-repetition" => {
                let said: Result<OnRepetition, _> = value.parse();
                self.streams.on_repetition = said.map_err(|why| wrong(name, &why.to_string()))?;
            }
            _ => {
                return Err(wrong(name, "is none that is known\nhint: see docs/gateway.md"));
            }
        }
        Ok(())
    }

    /// The metered call as it is made for somebody with these wishes: never looser than it was.
    pub(crate) fn bound(&self, bursar: &Bursar) -> Bursar {
        let mut bursar = bursar.clone();
        bursar.witness = bursar.witness.under(self.parent);
        let limits = &mut bursar.limits;
        limits.streams = limits.streams.strictest(self.streams);
        if let Some(deadline) = self.deadline {
            limits.first_byte = limits.first_byte.min(deadline);
            limits.total = limits.total.min(deadline);
        }
        bursar
    }
}

/// W3C's: one that is none, and one of several, begins a new trace instead of being refused.
fn parent(headers: &HeaderMap) -> Option<TraceParent> {
    let mut values = headers.get_all("traceparent").iter();
    let parent = TraceParent::parse(values.next()?.to_str().ok()?)?;
    values.next().is_none().then_some(parent)
}

fn session(name: &str, value: &str) -> Result<String, Problem> {
    let fits = (1..=SESSION_BYTES_MAX).contains(&value.len());
    if !fits || value.chars().any(char::is_control) {
        return Err(wrong(name, "has 1 to 256 bytes, all of them seen"));
    }
    Ok(value.to_owned())
}

fn above_zero(name: &str, value: &str) -> Result<u64, Problem> {
    let number = value.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| wrong(name, "is no whole number above zero"))
}

fn money(name: &str, value: &str) -> Result<Micros, Problem> {
    // The name says the unit already; said again, it does no harm.
    let said = format!("{}usd", value.strip_suffix("usd").unwrap_or(value));
    let cost = Cost::parse_usd(&said).ok().map(Cost::micros_up).filter(|micros| micros.0 > 0);
    cost.ok_or_else(|| wrong(name, "is no amount of dollars above zero, such as `0.05`"))
}

fn wrong(name: &str, why: &str) -> Problem {
    let shown: String = name.chars().take(64).collect();
    Problem::invalid(name, format!("the header `{shown}` {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::try_from(*name).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn wishes_labels_and_the_session_are_read() {
        let mut who = Attribution::default();
        let sent = headers(&[
            ("Idempotency-Key", "k1"),
            ("X-Bursar-Affordable", "true"),
            ("x-bursar-deadline-ms", "1500"),
            ("x-bursar-stream-usd", "0.05"),
            ("x-bursar-stream-tokens", "300"),
            ("x-bursar-tag-env", "prod"),
            ("x-claude-code-session-id", "s-1"),
            ("user-agent", "x"),
        ]);
        let wishes = read(&sent, &mut who).unwrap();
        assert_eq!(wishes.idempotency_key.as_deref(), Some("k1"));
        assert!(wishes.affordable);
        assert_eq!(wishes.deadline, Some(Duration::from_millis(1500)));
        assert_eq!(wishes.streams.money, Some(Micros(50_000)));
        assert_eq!(wishes.streams.output_tokens, Some(300));
        assert_eq!(who.tags["env"], "prod");
        assert_eq!(who.client_session.as_deref(), Some("s-1"));
    }

    #[test]
    fn what_is_no_wish_is_refused_by_its_name() {
        for pairs in [
            &[("x-bursar-stream-usb", "1")][..],
            &[("x-bursar-stream-usd", "0")],
            &[("x-bursar-stream-usd", "-1")],
            &[("x-bursar-stream-usd", "NaN")],
            &[("x-bursar-stream-tokens", "1e3")],
            &[("x-bursar-deadline-ms", "99999999999999999999")],
            &[("x-bursar-affordable", "yes")],
            &[("x-bursar-affordable", "true"), ("x-bursar-affordable", "false")],
            &[("x-bursar-tag-a", "")],
            &[("x-bursar-session", "\u{202e}\u{9b}2J")],
            &[("x-bursar-team", "other")],
            &[("x-bursar-", "")],
        ] {
            assert!(read(&headers(pairs), &mut Attribution::default()).is_err(), "{pairs:?}");
        }
    }
}
