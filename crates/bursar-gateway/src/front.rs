//! What all requests share.

use std::sync::Arc;
use std::time::Instant;

use bursar_core::Bursar;
use bursar_domain::identity::Attribution;
use bursar_wire::problem::{Problem, ProblemKind};
use http::HeaderMap;
use http::request::Parts;
use tokio::sync::Semaphore;

use crate::counts::Counts;
use crate::guesses::{Guesses, Peer};
use crate::prefix;
use crate::settings::Settings;
use crate::who::KEY_PREFIX;
use crate::wishes::{self, Wishes};

/// How long who guesses at keys is told to wait.
const GUESSER_WAITS_MS: u64 = 1_000;

/// The front doors' common ground.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    pub(crate) bursar: Bursar,
    pub(crate) settings: Settings,
    pub(crate) counts: Arc<Counts>,
    pub(crate) guesses: Arc<Guesses>,
    /// Room for bodies in memory, in KiB.
    pub(crate) bodies: Arc<Semaphore>,
}

impl Front {
    pub(crate) fn new(bursar: Bursar, settings: Settings, counts: Arc<Counts>) -> Self {
        let bodies = Arc::new(Semaphore::new((settings.bodies_bytes_max >> 10).max(1)));
        Self { bursar, settings, counts, guesses: Arc::default(), bodies }
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

/// What a refused request's caller is told.
#[derive(Debug)]
pub(crate) struct No<'a> {
    pub(crate) kind: ProblemKind,
    pub(crate) code: &'a str,
    pub(crate) status: u16,
    pub(crate) why: &'a str,
}

impl Front {
    /// What somebody is told whose key is none, once he has tried too many. He is counted, and his
    /// tries fill no log.
    pub(crate) fn guessing(&self, parts: &Parts, kind: ProblemKind) -> Option<Problem> {
        let peer = parts.extensions.get::<Peer>().filter(|_| kind == ProblemKind::UnknownCaller)?;
        if !self.guesses.wrong(*peer, Instant::now()) {
            return None;
        }
        self.counts.refusals.add("guessing");
        let message = "too many requests without a right key came from this address";
        let problem = Problem::new(ProblemKind::Busy, message);
        Some(Problem { retry_after_ms: Some(GUESSER_WAITS_MS), ..problem })
    }

    /// Counts a request that was not answered, and logs it in a line. Its query is left out:
    /// somebody may have put a key there.
    pub(crate) fn refused(&self, parts: &Parts, no: &No<'_>) {
        if let Some(reason) = reason(no.kind) {
            self.counts.refusals.add(reason);
        }
        log(parts, no);
    }
}

/// Why a request was refused, as it is counted; `None` for what a limit or a policy refused, which
/// is counted by its own reason.
const fn reason(kind: ProblemKind) -> Option<&'static str> {
    Some(match kind {
        ProblemKind::OverBudget | ProblemKind::Busy | ProblemKind::NotAllowed => return None,
        ProblemKind::UnknownCaller => "unknown_caller",
        ProblemKind::UnknownModel => "unknown_model",
        ProblemKind::NoSuchRoute => "no_such_route",
        ProblemKind::Invalid => "invalid",
        ProblemKind::TooLong => "too_long",
        ProblemKind::TooLarge => "too_large",
        ProblemKind::Repeated => "repeated",
        ProblemKind::OtherRequest => "other_request",
        ProblemKind::Unavailable => "unavailable",
        ProblemKind::Throttled
        | ProblemKind::TimedOut
        | ProblemKind::ModelFailed
        | ProblemKind::Broken => "upstream",
    })
}

fn log(parts: &Parts, no: &No<'_>) {
    let No { code, status, why, .. } = *no;
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
