//! Every bound of the front doors, in one place, and who may come through them.

use std::time::Duration;

use bursar_domain::catalogue::Names;

use crate::private::Private;

/// How the front doors behave.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What callers' names for models stand for.
    pub names: Names,
    /// Whether callers without a key are let in. A key that comes is checked all the same.
    pub open: bool,
    /// For whom alone the doors are, if for one command alone: no key is of use then.
    pub private: Option<Private>,
    /// The longest body that is read, in bytes.
    pub body_bytes_max: usize,
    /// The most bytes of bodies that are in memory at once; a request that would be more waits.
    pub bodies_bytes_max: usize,
    /// How long a body waits for room in memory before its sender is told to come back.
    pub room_patience: Duration,
    /// The longest head of a request, in bytes.
    pub head_bytes_max: u32,
    /// How long a request's head may take to come, and a connection lie idle before it.
    pub head_timeout: Duration,
    /// The longest silence within a request's body.
    pub body_idle: Duration,
    /// The longest that a body may take in all.
    pub body_timeout: Duration,
    /// The longest silence in a stream of events before its client is told that it goes on.
    pub events_silence: Duration,
    /// The most connections at once; more wait to be accepted.
    pub connections_max: usize,
    /// How long running calls may go on after the stop.
    pub stop_patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            names: Names::default(),
            open: false,
            private: None,
            // Bedrock's own limit.
            body_bytes_max: 25_000_000,
            bodies_bytes_max: 512 << 20,
            room_patience: Duration::from_secs(10),
            head_bytes_max: 64 << 10,
            // Longer than most clients keep idle connections, so that few are closed as they are
            // used again.
            head_timeout: Duration::from_secs(75),
            body_idle: Duration::from_secs(15),
            body_timeout: Duration::from_mins(5),
            // Well below what proxies and clients take for an end.
            events_silence: Duration::from_secs(15),
            connections_max: 8_192,
            stop_patience: Duration::from_secs(30),
        }
    }
}
