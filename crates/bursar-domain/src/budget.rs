//! Budgets as a call meets them: a window's balance, and the refusal when a call does not fit.
//!
//! A balance only says how things stand; `admission` decides, and the ledger keeps the rows.

use std::fmt;

use crate::closed_set;
use crate::money::{Micros, PICO_PER_MICRO, Total};
use crate::time::Timestamp;

/// One budget's window: `[start, end)` of one period. Windows are locked in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowId(pub String);

impl fmt::Display for WindowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

closed_set! {
    /// What a budget does with a call that does not fit.
    Mode {
        /// Refuses it.
        Hard = "hard",
        /// Lets it pass, and counts it.
        Soft = "soft",
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

/// How one window stands.
///
/// `held >= 0`, `spent >= 0` and `0 <= spent_rest < 1_000_000`. When a hold is granted on a hard
/// window, `spent + held <= limit`; `spent` alone may pass the limit later, for a bill is recorded
/// even when it is over its hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The window.
    pub window: WindowId,
    /// The budget's name, for people.
    pub budget: String,
    /// The first instant of the window.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
    /// Whether it refuses.
    pub mode: Mode,
    /// What may be spent.
    pub limit: Micros,
    /// The sum of open holds.
    pub held: Micros,
    /// The sum of settled costs, whole micro-dollars.
    pub spent: Micros,
    /// The rest of that sum, in pico-dollars below one micro-dollar.
    pub spent_rest: i64,
}

impl Balance {
    /// Why `amount` does not fit, or `None` when it does. An amount that overflows does not fit.
    #[must_use]
    pub fn objection(&self, amount: Micros) -> Option<RefusalReason> {
        let spent = self.spent.0.checked_add(i64::from(self.spent_rest > 0));
        let once_settled = spent.and_then(|spent| spent.checked_add(amount.0));
        let fits = |sum: Option<i64>| sum.is_some_and(|sum| sum <= self.limit.0);
        if !fits(once_settled) {
            return Some(RefusalReason::Spent);
        }
        let now = once_settled.and_then(|sum| sum.checked_add(self.held.0));
        (!fits(now)).then_some(RefusalReason::Held)
    }

    /// What is spent, to the pico-dollar.
    #[must_use]
    pub fn spent_total(&self) -> Total {
        Total::from_halves(self.spent.0, self.spent_rest)
    }
}

/// The ledger's no: which window had no room, and the figures then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `Spent`, `Held` or `Unbounded`.
    pub reason: RefusalReason,
    /// The window that refused, as it stood.
    pub balance: Balance,
    /// What the call may cost; `None` when nothing bounds it.
    pub asked: Option<Micros>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Balance { budget, start, limit, held, .. } = &self.balance;
        let usd =
            |micros: Micros| Total(i128::from(micros.0) * i128::from(PICO_PER_MICRO)).rounded();
        write!(
            f,
            "budget `{budget}` from {} has no room: limit {}, spent {}, held {}",
            start.date(),
            usd(*limit),
            self.balance.spent_total().rounded(),
            usd(*held),
        )?;
        match self.asked {
            Some(asked) => write!(f, "; this call may cost {}", usd(asked))?,
            None => write!(f, "; nothing bounds the cost of this call")?,
        }
        let hint = match self.reason {
            RefusalReason::Held => "it fits once open calls settle; try again in a few seconds",
            RefusalReason::Unbounded => "say how many tokens the answer may have",
            _ => "raise the limit, or wait for the next period",
        };
        write!(f, "\nhint: {hint}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(limit: i64, held: i64, spent: i64, spent_rest: i64) -> Balance {
        Balance {
            window: WindowId("w".into()),
            budget: "research".into(),
            start: Timestamp(0),
            end: Timestamp(1),
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
    }

    #[test]
    fn what_overflows_does_not_fit() {
        let full = balance(i64::MAX, 1, 0, 0);
        assert_eq!(full.objection(Micros(i64::MAX)), Some(RefusalReason::Held));
        let over = balance(i64::MAX, 0, 1, 0);
        assert_eq!(over.objection(Micros(i64::MAX)), Some(RefusalReason::Spent));
    }

    #[test]
    fn a_refusal_tells_its_figures() {
        let refusal = Refusal {
            reason: RefusalReason::Held,
            balance: balance(500_000_000, 1_950_000, 498_100_000, 0),
            asked: Some(Micros(120_000)),
        };
        assert_eq!(
            refusal.to_string(),
            "budget `research` from 1970-01-01 has no room: limit $500.00, spent $498.10, held \
             $1.95; this call may cost $0.120\nhint: it fits once open calls settle; try again \
             in a few seconds"
        );
    }
}
