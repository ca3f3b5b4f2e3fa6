//! Every bound on one call, in one place.

use std::time::Duration;

use bursar_domain::watch::StreamLimits;

/// What one call may take. The defaults suit a person and a program alike.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Attempts at one call, the first included.
    pub attempts_max: u32,
    /// The longest first pause between attempts; it doubles each time.
    pub backoff_base: Duration,
    /// The longest pause between attempts.
    pub backoff_max: Duration,
    /// The longest wait for the head of a reply.
    pub first_byte: Duration,
    /// The longest silence within a reply.
    pub idle: Duration,
    /// The longest a reply may take in all.
    pub total: Duration,
    /// How long a caller that does not read may hold a reply up.
    pub slow_caller: Duration,
    /// The most bytes of a reply that is not a stream.
    pub reply_bytes_max: usize,
    /// How far a stream may go, beside what the ledger has for it: the strictest counts.
    pub streams: StreamLimits,
    /// How long the upstream of a cut stream, or of a caller that has gone, is read for its usage.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts_max: 4,
            backoff_base: Duration::from_millis(500),
            backoff_max: Duration::from_secs(20),
            // A plain reply's head comes only when the whole answer has been generated.
            first_byte: Duration::from_mins(15),
            idle: Duration::from_mins(2),
            total: Duration::from_hours(1),
            slow_caller: Duration::from_secs(30),
            // Bedrock's own limit on a body is 25 MB; images come back base64-encoded.
            reply_bytes_max: 64 << 20,
            streams: StreamLimits::NONE,
            // The longest answers take about as long.
            drain: Duration::from_mins(5),
        }
    }
}
