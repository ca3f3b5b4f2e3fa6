//! A limit's window as a call meets it: its balance, and the refusal when a call does not fit.
//!
//! A balance only says how things stand; `admission` decides, and the ledger keeps the rows.

use std::fmt;

use crate::closed_set;
use crate::freeze::Freeze;
use crate::limit::Unit;
use crate::money::{Micros, Total};
use crate::policy::{Aspect, Objection};
use crate::span::Span;
use crate::time::Timestamp;

/// One counter of a limit over `[start, end)`. Windows are locked in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowId(pub String);

impl fmt::Display for WindowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

closed_set! {
    /// What a limit does with a call that does not fit.
    Mode {
        /// Refuses it.
        Hard = "hard",
        /// Lets it pass, counts it, and tells when a threshold is passed.
        Soft = "soft",
        /// Lets it pass, and counts what it would have refused.
        Shadow = "shadow",
    }
}

closed_set! {
    /// Why a call is refused before anything is sent.
    RefusalReason {
        /// Spent plus the worst case is over the limit: final.
        Spent = "spent",
        /// It would fit once open holds settle: worth another try.
        Held = "held",
        /// Nothing bounds its cost, and the budget is hard.
        Unbounded = "unbounded",
        /// Too many calls or tokens a minute.
        Rate = "rate",
        /// Not allowed to this caller.
        Policy = "policy",
        /// The model has no price.
        Unpriced = "unpriced",
        /// Its key or team is frozen.
        Frozen = "frozen",
    }
}

/// How one window stands. Amounts are in millionths of the unit.
///
/// `held >= 0`, `spent >= 0` and `0 <= spent_rest < 1_000_000`. When a hold is granted on a hard
/// window, `spent + held <= limit`; `spent` alone may pass the limit later, for a bill is recorded
/// even when it is over its hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The window.
    pub window: WindowId,
    /// What the limit is called, for people.
    pub name: String,
    /// The first instant of the window.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
    /// What it counts.
    pub unit: Unit,
    /// Whether it refuses.
    pub mode: Mode,
    /// What may be spent.
    pub limit: Micros,
    /// The sum of open holds.
    pub held: Micros,
    /// The sum of what settled calls have used, whole millionths.
    pub spent: Micros,
    /// The rest of that sum below a millionth: pico-dollars, and nothing for other units.
    pub spent_rest: i64,
}

/// A window as short as this begins anew soon: to wait for it is worth it.
const SHORT_MS: i64 = 300_000;

impl Balance {
    /// Why `amount` does not fit, or `None` when it does. An amount that overflows does not fit.
    #[must_use]
    pub fn objection(&self, amount: Micros) -> Option<RefusalReason> {
        let spent = self.spent.0.checked_add(i64::from(self.spent_rest > 0));
        let once_settled = spent.and_then(|spent| spent.checked_add(amount.0));
        let fits = |sum: Option<i64>| sum.is_some_and(|sum| sum <= self.limit.0);
        if !fits(once_settled) {
            let is_short = self.end.0 - self.start.0 <= SHORT_MS && amount <= self.limit;
            return Some(if is_short { RefusalReason::Rate } else { RefusalReason::Spent });
        }
        let now = once_settled.and_then(|sum| sum.checked_add(self.held.0));
        (!fits(now)).then_some(RefusalReason::Held)
    }

    /// What is spent, to the pico-dollar.
    #[must_use]
    pub fn spent_total(&self) -> Total {
        Total::from_halves(self.spent.0, self.spent_rest)
    }

    /// What a call may still add, now; never negative.
    #[must_use]
    pub fn room(&self) -> Micros {
        let spent = self.spent.0.saturating_add(i64::from(self.spent_rest > 0));
        Micros(self.limit.0.saturating_sub(spent).saturating_sub(self.held.0).max(0))
    }

    /// An amount of this window's unit, for people.
    #[must_use]
    pub fn amount(&self, micros: Micros) -> String {
        self.unit.amount(Total::from_halves(micros.0, 0))
    }
}

/// The ledger's no, with the figures then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A window had no room.
    NoRoom {
        /// `Spent`, `Held`, `Rate` or `Unbounded`.
        reason: RefusalReason,
        /// The window, as it stood.
        balance: Box<Balance>,
        /// What the call may add; `None` when nothing bounds it.
        asked: Option<Micros>,
    },
    /// Somebody, or a limit, has frozen whom the call belongs to.
    Frozen(Box<Freeze>),
    /// A policy does not allow it, or its key or team is no more.
    Policy(Box<Objection>),
}

impl Refusal {
    /// Why, in a word.
    #[must_use]
    pub const fn reason(&self) -> RefusalReason {
        match self {
            Self::NoRoom { reason, .. } => *reason,
            Self::Frozen(_) => RefusalReason::Frozen,
            Self::Policy(_) => RefusalReason::Policy,
        }
    }

    /// Whether a policy does not allow the model.
    #[must_use]
    pub fn is_about_model(&self) -> bool {
        let Self::Policy(objection) = self else { return false };
        matches!(**objection, Objection::Outside { aspect: Aspect::Model, .. })
    }

    /// The window that had no room.
    #[must_use]
    pub fn balance(&self) -> Option<&Balance> {
        match self {
            Self::NoRoom { balance, .. } => Some(balance),
            Self::Frozen(_) | Self::Policy(_) => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoom { reason, balance, asked } => balance.refuse(*reason, *asked, f),
            Self::Frozen(freeze) => freeze.fmt(f),
            Self::Policy(objection) => objection.fmt(f),
        }
    }
}

impl Balance {
    fn refuse(
        &self,
        reason: RefusalReason,
        asked: Option<Micros>,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let Self { name, limit, held, .. } = self;
        let spent = self.unit.amount(self.spent_total());
        let (limit, held) = (self.amount(*limit), self.amount(*held));
        write!(f, "limit `{name}`")?;
        if self.end != Span::FOREVER {
            write!(f, " until {}", self.end)?;
        }
        write!(f, " has no room: limit {limit}, spent {spent}, held {held}")?;
        match asked {
            Some(asked) => write!(
                f,
                "; this call may add {}, and {} would fit",
                self.amount(asked),
                self.amount(self.room()),
            )?,
            None => write!(f, "; nothing bounds what this call may add")?,
        }
        f.write_str("\nhint: ")?;
        f.write_str(match reason {
            RefusalReason::Held => "it fits once open calls settle; try again in a few seconds",
            RefusalReason::Rate => "it fits when the window begins anew; try again then",
            RefusalReason::Unbounded => "say how many tokens the answer may have",
            _ => "raise the limit, ask for a shorter answer, or wait for the next window",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(limit: i64, held: i64, spent: i64, spent_rest: i64) -> Balance {
        Balance {
            window: WindowId("w".into()),
            name: "team research, month".into(),
            start: Timestamp(0),
            end: Timestamp(31 * crate::time::DAY_MS),
            unit: Unit::Usd,
            mode: Mode::Hard,
            limit: Micros(limit),
            held: Micros(held),
            spent: Micros(spent),
            spent_rest,
        }
    }

    #[test]
    fn an_amount_fits_up_to_the_limit_itself() {
        assert_eq!(balance(100, 30, 40, 0).objection(Micros(30)), None);
        assert_eq!(balance(100, 30, 40, 0).objection(Micros(31)), Some(RefusalReason::Held));
        assert_eq!(balance(100, 30, 40, 0).objection(Micros(61)), Some(RefusalReason::Spent));
    }

    #[test]
    fn a_rest_of_a_pico_dollar_counts_as_a_whole_micro_dollar() {
        assert_eq!(balance(100, 0, 40, 1).objection(Micros(60)), Some(RefusalReason::Spent));
        assert_eq!(balance(100, 10, 40, 1).room(), Micros(49));
    }

    #[test]
    fn what_overflows_does_not_fit() {
        let full = balance(i64::MAX, 1, 0, 0);
        assert_eq!(full.objection(Micros(i64::MAX)), Some(RefusalReason::Held));
        let over = balance(i64::MAX, 0, 1, 0);
        assert_eq!(over.objection(Micros(i64::MAX)), Some(RefusalReason::Spent));
    }

    #[test]
    fn a_short_window_refuses_for_a_while_and_never_what_is_over_the_whole_limit() {
        let mut minute = balance(100, 0, 90, 0);
        minute.end = Timestamp(60_000);
        assert_eq!(minute.objection(Micros(20)), Some(RefusalReason::Rate));
        assert_eq!(minute.objection(Micros(101)), Some(RefusalReason::Spent));
    }

    #[test]
    fn a_refusal_tells_its_figures() {
        let refusal = Refusal::NoRoom {
            reason: RefusalReason::Held,
            balance: Box::new(balance(500_000_000, 1_950_000, 498_000_000, 0)),
            asked: Some(Micros(120_000)),
        };
        assert_eq!(
            refusal.to_string(),
            "limit `team research, month` until 1970-02-01T00:00:00.000Z has no room: limit \
             $500.00, spent $498.00, held $1.95; this call may add $0.120, and $0.0500 would \
             fit\nhint: it fits once open calls settle; try again in a few seconds"
        );
    }
}
