//! A limit: how much of what may be used within which time. Budgets, rate limits and caps on
//! concurrent calls are one kind of thing.
//!
//! A limit counts a call in one window, of which `budget` is the balance and `admission` decides.

use std::fmt;

use crate::budget::{Mode, WindowId};
use crate::call::{Intent, Outcome, Settlement};
use crate::closed_set;
use crate::money::{Cost, MICRO_PER_UNIT, Micros, PICO_PER_MICRO, Total};
use crate::scope::{Facet, Scope};
use crate::span::{Span, Zone};
use crate::time::Timestamp;

closed_set! {
    /// What a limit counts. Amounts of all of them are kept in millionths of the unit.
    Unit {
        /// Money, in dollars.
        Usd = "usd",
        /// Tokens of all kinds, in and out.
        Tokens = "tokens",
        /// Calls.
        Requests = "requests",
        /// Calls at a time.
        Concurrent = "concurrent",
    }
}

closed_set! {
    /// For whom a limit keeps a counter of their own.
    Each {
        /// Every user.
        User = "user",
        /// Every virtual key.
        Key = "key",
        /// Every client session.
        Session = "session",
    }
}

closed_set! {
    /// What becomes of what has hit a limit.
    OnLimit {
        /// The call is refused; a later one may fit.
        Refuse = "refuse",
        /// It stays refused until a person thaws it.
        Freeze = "freeze",
    }
}

impl Each {
    /// The side of a call that tells one counter from another.
    #[must_use]
    pub const fn facet(self) -> Facet {
        match self {
            Self::User => Facet::User,
            Self::Key => Facet::Key,
            Self::Session => Facet::Session,
        }
    }
}

impl Unit {
    /// An amount for people: `$4.50`, `1,000 tokens`.
    #[must_use]
    pub fn amount(self, total: Total) -> String {
        let whole = total.0 / i128::from(MICRO_PER_UNIT) / i128::from(PICO_PER_MICRO);
        match self {
            Self::Usd => total.rounded(),
            Self::Tokens => format!("{whole} tokens"),
            Self::Requests => format!("{whole} requests"),
            Self::Concurrent => format!("{whole} calls at a time"),
        }
    }
}

/// A limit's identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitId(pub String);

impl fmt::Display for LimitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How much of what may be used within which time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Its identity.
    pub id: LimitId,
    /// Which calls it counts.
    pub scope: Scope,
    /// For whom it keeps counters apart.
    pub each: Option<Each>,
    /// What it counts.
    pub unit: Unit,
    /// How long before it begins anew.
    pub span: Span,
    /// Whose clocks say so.
    pub zone: Zone,
    /// Whether it refuses.
    pub mode: Mode,
    /// What becomes of what has hit it.
    pub on_limit: OnLimit,
    /// How much, in millionths of the unit.
    pub amount: Micros,
}

/// What a call asks of one window of one limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The window that counts it.
    pub window: WindowId,
    /// What the window counts.
    pub unit: Unit,
    /// The most that the call may add, in millionths of the unit; `None` when nothing bounds it.
    pub amount: Option<Micros>,
}

/// The window of one limit that a call falls in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The window's identity: limit, counter and start.
    pub window: WindowId,
    /// Whose counter it is; empty where the limit has only one.
    pub each_value: String,
    /// The first instant of the window.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Limit {
    /// Where a call that is admitted at an instant is counted; `None` when it is none of this
    /// limit's. A limit that counts each user does not count a call without one.
    #[must_use]
    pub fn place(&self, intent: &Intent, at: Timestamp) -> Option<Place> {
        if !self.scope.matches(intent) {
            return None;
        }
        let each_value = match self.each {
            Some(each) => each.facet().of(intent)?,
            None => "",
        };
        Some(self.place_at(each_value, at))
    }

    /// The window of a counter at an instant. Calls at a time are counted in one window for ever:
    /// a call that runs past midnight still runs.
    #[must_use]
    pub fn place_at(&self, each_value: &str, at: Timestamp) -> Place {
        let span = if self.unit == Unit::Concurrent { Span::Total } else { self.span };
        let (start, end) = span.window(at, self.zone);
        let window = WindowId(format!("{} {} {each_value}", self.id, start.0));
        Place { window, each_value: each_value.to_owned(), start, end }
    }

    /// What is frozen when this counter is hit.
    #[must_use]
    pub fn frozen_scope(&self, each_value: &str) -> Scope {
        match self.each {
            Some(each) => self.scope.with(each.facet(), each_value),
            None => self.scope.clone(),
        }
    }

    /// What it is called, for people: `team research, each user, day`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.each {
            Some(each) => format!("{}, each {each}, {}", self.scope, self.span),
            None => format!("{}, {}", self.scope, self.span),
        }
    }
}

impl Unit {
    /// The most that a call may add; `None` when nothing bounds it.
    #[must_use]
    pub fn asks(self, intent: &Intent) -> Option<Micros> {
        match self {
            Self::Usd => intent.ceiling.map(Cost::micros_up),
            Self::Tokens => intent.ceiling_tokens.map(micros_of),
            Self::Requests | Self::Concurrent => Some(Micros(MICRO_PER_UNIT)),
        }
    }

    /// What an ended call did add: whole millionths, and pico-dollars below that. Where usage is
    /// an estimate, at least as many tokens as were held.
    #[must_use]
    pub fn adds(self, held: Option<Micros>, settlement: &Settlement) -> (i64, i64) {
        let bill = &settlement.bill;
        match self {
            Self::Usd => {
                let pico = bill.cost.map_or(0, Cost::pico);
                (pico.div_euclid(PICO_PER_MICRO), pico.rem_euclid(PICO_PER_MICRO))
            }
            Self::Tokens => {
                let counted =
                    micros_of(bill.usage.context_tokens().saturating_add(bill.usage.output));
                let is_guess = bill.estimated || settlement.ending.outcome == Outcome::Abandoned;
                let least = held.filter(|_| is_guess).unwrap_or(Micros(0));
                (counted.max(least).0, 0)
            }
            Self::Requests => (MICRO_PER_UNIT, 0),
            Self::Concurrent => (0, 0),
        }
    }
}

/// A count as millionths; what would overflow is as much as there can be.
fn micros_of(count: u64) -> Micros {
    Micros(i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(MICRO_PER_UNIT))
}
