//! From how a call ended to what a person is told: an exit, and the advice that goes with it.
//!
//! The advice itself is the domain's, the same for everybody; here it meets exit codes and hints.

use std::sync::Arc;

use bursar_core::{Bursar, Invocation, Receipt, Unread};
use bursar_domain::advice::{Trouble, advise};
use bursar_domain::call::Operation;
use bursar_domain::model::ModelRef;
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::Clock;

use crate::failure::{Failure, Situation};

/// What was asked, kept for the case that it goes wrong.
pub(crate) struct Asked {
    operation: Operation,
    pub(crate) model: ModelRef,
    body_bytes: u64,
    region: String,
    prices: Arc<PriceBook>,
}

impl Asked {
    pub(crate) fn of(bursar: &Bursar, invocation: &Invocation) -> Self {
        Self {
            operation: invocation.operation,
            model: invocation.model.clone(),
            body_bytes: u64::try_from(invocation.body.len()).unwrap_or(u64::MAX),
            region: bursar.bedrock.region().to_owned(),
            prices: bursar.pricing.prices.clone(),
        }
    }

    /// The failure that a call's ending amounts to, with what to do about it.
    pub(crate) fn failure(&self, situation: Situation, receipt: &Receipt) -> Failure {
        let settlement = &receipt.settlement;
        let ending = &settlement.ending;
        let trouble = Trouble {
            code: ending.error_code.as_deref().unwrap_or_default(),
            status: ending.http_status,
            message: ending.error_message.as_deref().unwrap_or_default(),
            operation: Some(self.operation),
            model: Some(&self.model),
            region: &self.region,
            attempts: settlement.attempts.len(),
            body_bytes: self.body_bytes,
            at: settlement.ended_at,
        };
        Failure::advised(situation, advise(&trouble, &self.prices))
    }
}

/// The control plane did not tell what was asked of it.
pub(crate) fn unread(unread: &Unread) -> Failure {
    let trouble = Trouble {
        code: &unread.code,
        status: unread.status,
        message: &unread.message,
        operation: None,
        model: None,
        region: &unread.region,
        attempts: 1,
        body_bytes: 0,
        at: Clock::system().now(),
    };
    let situation = match unread.status {
        Some(401 | 403) => Situation::Unauthenticated,
        Some(429) => Situation::Throttled,
        _ => Situation::Upstream,
    };
    let advice = advise(&trouble, &PriceBook::embedded_only());
    let mut failure = Failure::advised(situation, advice);
    if !failure.message.contains(unread.action) {
        failure.message = format!("`{}` was not answered: {}", unread.action, failure.message);
    }
    failure
}

/// No credentials were found; `said` is what the AWS chain said about it.
pub(crate) fn no_credentials(said: &str) -> Failure {
    let trouble = Trouble {
        code: "NoCredentials",
        status: None,
        message: said,
        operation: None,
        model: None,
        region: "",
        attempts: 0,
        body_bytes: 0,
        at: Clock::system().now(),
    };
    Failure::advised(Situation::Unauthenticated, advise(&trouble, &PriceBook::embedded_only()))
}
