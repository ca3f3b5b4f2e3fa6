//! What all requests share.

use std::sync::Arc;
use std::time::Instant;

use bursar_core::Bursar;
use bursar_domain::identity::Attribution;
use bursar_wire::problem::{Problem, ProblemKind};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use tokio::sync::Semaphore;

use crate::counts::Counts;
use crate::guesses::{Guesses, Peer};
use crate::prefix;
use crate::settings::Settings;
use crate::who::{API_KEY, KEY_PREFIX};
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

/// All that a request's head says its caller has: bearer secrets, or the id of a pair, without the
/// signature, which is another each time.
fn credentials(headers: &HeaderMap) -> [&[u8]; 2] {
    [AUTHORIZATION.as_str(), API_KEY].map(|name| {
        let said = headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
        let text = std::str::from_utf8(said).unwrap_or_default();
        match text.split_once("Credential=") {
            Some((scheme, rest)) if scheme.starts_with("AWS4") => {
                rest.split('/').next().unwrap_or_default().as_bytes()
            }
            _ => said,
        }
    })
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
        self.guesses.wrong(*peer, Instant::now()).then(|| self.told_to_wait())
    }

    /// The same, before anybody has looked what his key is.
    pub(crate) fn held_off(&self, parts: &Parts) -> Option<Problem> {
        let peer = parts.extensions.get::<Peer>()?;
        let is_held = self.guesses.holds_off(*peer, credentials(&parts.headers), Instant::now());
        is_held.then(|| self.told_to_wait())
    }

    /// Remembers that a request's key was right.
    pub(crate) fn was_right(&self, parts: &Parts) {
        if let Some(peer) = parts.extensions.get::<Peer>() {
            self.guesses.right(*peer, credentials(&parts.headers));
        }
    }

    fn told_to_wait(&self) -> Problem {
        self.counts.refusals.add("guessing");
        let message = "too many requests without a right key came from this address";
        let problem = Problem::new(ProblemKind::Busy, message);
        Problem { retry_after_ms: Some(GUESSER_WAITS_MS), ..problem }
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
