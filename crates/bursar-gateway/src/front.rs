//! What all requests share.

use bursar_core::Bursar;
use http::request::Parts;
use tokio::sync::Semaphore;

use crate::settings::Settings;
use crate::who::KEY_PREFIX;

/// The front doors' common ground.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) bursar: Bursar,
    pub(crate) settings: Settings,
    /// Room for bodies in memory, in KiB.
    pub(crate) bodies: Semaphore,
}

impl Front {
    pub(crate) fn new(bursar: Bursar, settings: Settings) -> Self {
        let bodies = Semaphore::new((settings.bodies_bytes_max >> 10).max(1));
        Self { bursar, settings, bodies }
    }
}

/// One line of the log for a request that was not answered. Its query is left out: somebody may
/// have put a key there.
pub(crate) fn log_refusal(parts: &Parts, code: &str, status: u16, why: &str) {
    let path = parts.uri.path();
    tracing::info!(
        target: "bursar::refused",
        method = parts.method.as_str(),
        path = if path.contains(KEY_PREFIX) { "(it holds a key)" } else { path },
        code,
        status,
        why,
        "refused"
    );
}
