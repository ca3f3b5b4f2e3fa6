//! How a call ended for its caller, whoever made it: this process itself, or a gateway.

use bursar_core::{Error, Receipt};
use bursar_domain::budget::{Refusal, RefusalReason};
use bursar_domain::causes::with_causes;
use bursar_domain::money::Cost;
use bursar_domain::once::Repeat;

/// A hold that is a thousand times its cost, or more, in hundredths.
const RATIO_MAX: i128 = 100_000;

pub(crate) enum Ended {
    /// It was settled, and the caller has all of its answer.
    Settled(Settled),
    /// The ledger alone was asked, and said that it keeps the call of this id.
    Acknowledged(String),
    /// The caller did not stay.
    Left,
    /// Nothing was sent, for this reason.
    Refused(No),
    /// It was made before under its key: how that one stands.
    Repeated(&'static str),
    /// Anything else.
    Failed(String),
}

/// What a caller knows of a call that has ended.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) id: String,
    /// What was held for it, where that is told.
    pub(crate) held_micro: i64,
    /// Hold ÷ cost, in hundredths, where both are told.
    pub(crate) ratio: Option<u64>,
    /// Input and output tokens, as the caller read them in its answer.
    pub(crate) tokens: Option<(u64, u64)>,
}

/// A refusal.
pub(crate) struct No {
    pub(crate) reason: &'static str,
    /// Spent and limit, where the reason is what is spent; both in one unit.
    pub(crate) spent: Option<(i64, i64)>,
}

impl Ended {
    /// Whether it would fit once others have ended.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self, Self::Refused(no) if no.reason == RefusalReason::Held.as_str())
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(no) => Self::Refused(No::from(&no.refusal)),
            Error::Repeated { repeat } => Self::Repeated(match repeat {
                Repeat::Running(_) => "running",
                Repeat::Ended(_) => "ended",
                Repeat::OtherRequest(_) => "other",
            }),
            error => Self::Failed(with_causes(error.to_string(), &error)),
        }
    }
}

impl From<&Refusal> for No {
    fn from(refusal: &Refusal) -> Self {
        let reason = refusal.reason();
        let balance = refusal.balance().filter(|_| reason == RefusalReason::Spent);
        let spent = balance.map(|balance| (balance.spent.0, balance.limit.0));
        Self { reason: reason.as_str(), spent }
    }
}

impl From<&Receipt> for Settled {
    fn from(receipt: &Receipt) -> Self {
        let cost = receipt.settlement.bill.cost.map_or(0, Cost::pico);
        let ratio = receipt.held.filter(|_| cost > 0).map(|held| {
            let hundredths = i128::from(held.pico()) * 100 / i128::from(cost);
            u64::try_from(hundredths.min(RATIO_MAX)).unwrap_or(0)
        });
        Self {
            id: receipt.settlement.id.to_string(),
            held_micro: receipt.held.map_or(0, |held| held.micros_up().0),
            ratio,
            tokens: None,
        }
    }
}
