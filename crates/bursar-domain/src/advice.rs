//! Advice for whoever meets an error: what happened, why, and what to do next.
//!
//! One pure function over what is known of the trouble, the catalogue and the prices, so that a
//! terminal, a gateway and a page say the same. It decides nothing: whether a call is tried again,
//! or what it owes, is settled before anybody is advised.

mod access;
mod cause;
mod diagnosis;
mod identity;
mod network;
mod offer;
mod quota;
mod request;
mod scene;
mod upstream;

pub use cause::Cause;

use crate::call::Operation;
use crate::model::ModelRef;
use crate::price_book::PriceBook;
use crate::time::Timestamp;
use scene::Scene;

/// What is known of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble<'a> {
    /// Bedrock's error code without its namespace, or our own: `ConnectFailed`,
    /// `NoCredentials` …
    pub code: &'a str,
    /// The HTTP status, where an answer came: 2xx when it broke after it had begun.
    pub status: Option<u16>,
    /// The message that came with it, which may be empty.
    pub message: &'a str,
    /// What was asked of Bedrock, if it came to that.
    pub operation: Option<Operation>,
    /// The model that was asked for, if it came to that.
    pub model: Option<&'a ModelRef>,
    /// The region that was called; empty when it is not known.
    pub region: &'a str,
    /// How many attempts were made.
    pub attempts: usize,
    /// The length of the request's body in bytes; 0 when it is not known.
    pub body_bytes: u64,
    /// When it happened: it chooses prices and ends of life.
    pub at: Timestamp,
}

/// What to tell a person. Each text is lower case and without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Which of the known situations it is.
    pub cause: Cause,
    /// What happened.
    pub what: String,
    /// Why it happened.
    pub why: String,
    /// What to do, the likeliest remedy first.
    pub next: Vec<String>,
    /// The code that came, its status, and its message where `why` does not quote it; `None` where
    /// no answer came.
    pub answer: Option<String>,
}

impl Advice {
    fn of(cause: Cause, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { cause, what: what.into(), why: why.into(), next: Vec::new(), answer: None }
    }

    fn then(mut self, step: impl Into<String>) -> Self {
        self.next.push(step.into());
        self
    }

    fn then_if(mut self, step: Option<String>) -> Self {
        self.next.extend(step);
        self
    }
}

/// What to tell a person about an error. `prices` are those of the user: a successor is shown with
/// what it costs.
#[must_use]
pub fn advise(trouble: &Trouble<'_>, prices: &PriceBook) -> Advice {
    advise_on(diagnosis::diagnose(&Scene { trouble, prices }), trouble, prices)
}

/// The same where the cause is known from elsewhere than from an error.
#[must_use]
pub fn advise_on(cause: Cause, trouble: &Trouble<'_>, prices: &PriceBook) -> Advice {
    let scene = Scene { trouble, prices };
    let advice = access::advise(&scene, cause)
        .or_else(|| identity::advise(&scene, cause))
        .or_else(|| offer::advise(&scene, cause))
        .or_else(|| request::advise(&scene, cause))
        .or_else(|| quota::advise(&scene, cause))
        .or_else(|| network::advise(&scene, cause))
        .unwrap_or_else(|| upstream::advise(&scene, cause));
    let told =
        "the answer had begun: what came of it is incomplete, and asking again is a new call";
    let is_partial = trouble.status.is_some_and(|status| (200..300).contains(&status));
    let is_news = is_partial && cause != Cause::Stopped;
    let advice = advice.then_if(is_news.then(|| told.to_owned()));
    Advice { answer: scene.answer(&advice.why), ..advice }
}

#[cfg(test)]
mod tests;
