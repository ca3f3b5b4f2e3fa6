//! What all requests share.

use bursar_core::Bursar;
use bursar_domain::identity::Attribution;
use bursar_wire::problem::Problem;
use http::HeaderMap;
use http::request::Parts;
use tokio::sync::Semaphore;

use crate::prefix;
use crate::settings::Settings;
use crate::who::KEY_PREFIX;
use crate::wishes::{self, Wishes};

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

    /// Whom a call of a known caller belongs to, and what is wished of it, by what stands before
    /// its path and in its headers.
    pub(crate) fn said(
        &self,
        raw_prefix: &str,
        caller: Attribution,
        headers: &HeaderMap,
    ) -> Result<(Attribution, Wishes), Problem> {
        let mut who = prefix::read(raw_prefix, caller)?;
        let wishes = wishes::read(headers, &mut who)?;
        if let Some(private) = &self.settings.private {
            private.check(&who)?;
        }
        Ok((who, wishes))
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
