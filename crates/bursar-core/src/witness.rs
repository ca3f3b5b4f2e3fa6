//! Who is told of each call that has ended, beside the ledger: for traces and metrics. Nothing waits
//! for a witness, and nothing depends on it.

use std::fmt;
use std::sync::Arc;

use bursar_domain::call::{Intent, Settlement};

/// The length of a `traceparent` of version 00.
const PARENT_LENGTH: usize = 55;

/// A call that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// What was known before it was sent.
    pub intent: &'a Intent,
    /// What became of it.
    pub settlement: &'a Settlement,
    /// The span that asked for it, where its caller named one.
    pub parent: Option<TraceParent>,
}

type Tell = Arc<dyn Fn(&Ended<'_>) + Send + Sync>;

/// Somebody who is told, or nobody. Clones share it.
#[derive(Clone, Default)]
pub struct Witness {
    tell: Option<Tell>,
    parent: Option<TraceParent>,
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witness").field("parent", &self.parent).finish_non_exhaustive()
    }
}

impl Witness {
    /// Who is told by this: at once, within the call's own task, so it must not wait.
    pub fn new(tell: impl Fn(&Ended<'_>) + Send + Sync + 'static) -> Self {
        Self { tell: Some(Arc::new(tell)), parent: None }
    }

    /// The same, for calls that a span of their caller's asked for.
    #[must_use]
    pub fn under(self, parent: Option<TraceParent>) -> Self {
        Self { parent, ..self }
    }

    pub(crate) fn tell(&self, intent: &Intent, settlement: &Settlement) {
        if let Some(tell) = &self.tell {
            tell(&Ended { intent, settlement, parent: self.parent });
        }
    }
}

/// W3C's `traceparent`: the trace that a request belongs to, and the span that sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace, not all zeros.
    pub trace_id: [u8; 16],
    /// The span, not all zeros.
    pub span_id: [u8; 8],
    /// Whether its sender keeps the trace.
    pub is_sampled: bool,
}

impl TraceParent {
    /// Reads the header; `None` for what is none, which begins a new trace. A version to come may
    /// have more behind it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = hex(parts.next()?, 2)?;
        let (trace, span) = (hex(parts.next()?, 32)?, hex(parts.next()?, 16)?);
        let flags = hex(parts.next()?, 2)?;
        let is_known = version == 0 && text.len() == PARENT_LENGTH;
        let is_to_come = version > 0 && version < 0xff;
        let is_there = trace != 0 && span != 0;
        ((is_known || is_to_come) && is_there).then_some(Self {
            trace_id: trace.to_be_bytes(),
            span_id: u64::try_from(span).ok()?.to_be_bytes(),
            is_sampled: flags & 1 == 1,
        })
    }
}

/// So many lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let fits = text.len() == digits && text.bytes().all(is_digit);
    if fits { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_parent_is_read_as_w3c_writes_it() {
        let parent = TraceParent::parse(GOOD).unwrap();
        assert_eq!(parent.trace_id[..3], [0x4b, 0xf9, 0x2f]);
        assert_eq!(parent.span_id[7], 0xb7);
        assert!(parent.is_sampled);
        assert!(!TraceParent::parse(&GOOD.replace("-01", "-00")).unwrap().is_sampled);
        let to_come = GOOD.replacen("00-", "01-", 1) + "-more";
        assert_eq!(TraceParent::parse(&to_come), Some(parent));
    }

    #[test]
    fn what_is_no_parent_begins_a_new_trace() {
        for text in [
            "",
            "00",
            &GOOD.to_uppercase(),
            &GOOD[1..],
            &format!("{GOOD}-more"),
            &format!("{GOOD} "),
            &GOOD.replacen("00-", "ff-", 1),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-é",
        ] {
            assert_eq!(TraceParent::parse(text), None, "{text}");
        }
    }
}
