//! Why a call was not made, in no dialect yet: core's errors as problems that each door words.
//!
//! Decided here once: what nobody may send again without being asked to, because money is spent or
//! the answer would be the same, and what passes by itself.

use bursar_core::{Error, NoAnswer, ROLE_NOT_ASSUMED};
use bursar_domain::budget::{Refusal, RefusalReason};
use bursar_domain::once::Repeat;
use bursar_domain::time::Timestamp;
use bursar_wire::problem::{Problem, ProblemKind};

/// How long to wait for room that others hold.
const HELD_RETRY_MS: u64 = 1_000;
/// The longest that a caller is told to wait: a minute's limit begins anew within one.
const RETRY_MS_MAX: i64 = 60_000;

/// What a caller is told who was not served.
pub(crate) fn problem(error: &Error, now: Timestamp) -> Problem {
    let told = |kind| Problem::new(kind, error.to_string());
    match error {
        Error::Refused(refused) => {
            let problem = of_refusal(&refused.refusal, now);
            let fits = refused.fitting_tokens.map_or_else(String::new, |tokens| {
                format!("\nhint: an answer of {tokens} tokens would fit")
            });
            let message = format!("{}{fits}\ncall: {}", problem.message, refused.call);
            Problem { message, ..problem }
        }
        Error::Opaque { .. } | Error::Unpriced(_) => told(ProblemKind::UnknownModel),
        Error::NoUpstream { .. } => told(ProblemKind::NotAllowed),
        Error::MalformedBody(malformed) => Problem::from(malformed.clone()),
        Error::NoBodyShape(_) | Error::TooDear(_) | Error::BadIdempotencyKey { .. } => {
            told(ProblemKind::Invalid)
        }
        Error::Repeated { repeat: Repeat::OtherRequest(_) } => told(ProblemKind::OtherRequest),
        Error::Repeated { .. } => told(ProblemKind::Repeated),
        Error::Ledger(bursar_core::LedgerError::Unkept { .. }) => told(ProblemKind::Invalid),
        // Nothing was sent: a call goes out only on what the ledger has written.
        Error::Ledger(error) => {
            tracing::warn!("a call was not made: {error}");
            Problem::new(ProblemKind::Unavailable, format!("the ledger is away: {error}"))
        }
        error => {
            tracing::error!("a call was not made: {error}");
            told(ProblemKind::Broken)
        }
    }
}

fn of_refusal(refusal: &Refusal, now: Timestamp) -> Problem {
    let (kind, retry_after_ms) = match refusal.reason() {
        RefusalReason::Held => (ProblemKind::Busy, Some(HELD_RETRY_MS)),
        RefusalReason::Rate => {
            let left = refusal.balance().map_or(RETRY_MS_MAX, |balance| balance.end.0 - now.0);
            let wait = u64::try_from(left.clamp(1, RETRY_MS_MAX)).unwrap_or(HELD_RETRY_MS);
            (ProblemKind::Busy, Some(wait))
        }
        RefusalReason::Policy => (ProblemKind::NotAllowed, None),
        RefusalReason::Unpriced => (ProblemKind::UnknownModel, None),
        RefusalReason::Spent | RefusalReason::Unbounded | RefusalReason::Frozen => {
            (ProblemKind::OverBudget, None)
        }
    };
    Problem { retry_after_ms, ..Problem::new(kind, refusal.to_string()) }
}

/// What a caller is told whose call brought no answer. Whatever may have been sent may have been
/// paid for, and is not to be sent again unasked.
pub(crate) fn unanswered(no_answer: &NoAnswer) -> Problem {
    if no_answer.code == ROLE_NOT_ASSUMED {
        // It names the role, for whoever has to let it be assumed.
        return Problem::new(ProblemKind::NotAllowed, no_answer.message.clone());
    }
    let kind = match no_answer.code.as_str() {
        "ConnectFailed" => ProblemKind::Unavailable,
        "FirstByteTimeout" | "TimedOut" => ProblemKind::TimedOut,
        _ => ProblemKind::ModelFailed,
    };
    Problem::new(kind, format!("Bedrock did not answer: {}", no_answer.code))
}
