//! Limits and freezes of one revision, as a process knows them, and what a call asks by them.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use bursar_domain::budget::{Balance, WindowId};
use bursar_domain::call::Intent;
use bursar_domain::freeze::Freeze;
use bursar_domain::limit::{Limit, LimitId, Line, Place};
use bursar_domain::money::{Cost, Micros};
use bursar_domain::time::Timestamp;

use crate::tables::{CallNumber, Window};

/// Limits and freezes of one revision.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(crate) revision: u64,
    pub(crate) limits: BTreeMap<LimitId, Limit>,
    pub(crate) freezes: Vec<Freeze>,
}

/// A change of them.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Set(Limit),
    End(LimitId),
    Freeze(Freeze),
    Thaw(String),
}

/// A hold as it is asked for, and as its owner knows it.
pub(crate) struct Open {
    pub(crate) call: CallNumber,
    pub(crate) intent: Rc<Intent>,
    pub(crate) held: Option<Micros>,
    pub(crate) lines: Vec<Line>,
    pub(crate) counted: Vec<(LimitId, Place)>,
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {} in", self.call)?;
        self.lines.iter().try_for_each(|line| {
            let amount = line.amount.map_or(-1, |amount| amount.0);
            write!(f, " [{} {amount}]", line.window)
        })
    }
}

impl Rules {
    /// What a call asks when it is admitted at an instant, in the order of the windows.
    pub(crate) fn open(&self, call: CallNumber, intent: &Rc<Intent>, at: Timestamp) -> Open {
        let place = |limit| Some((limit, Limit::place(limit, intent, at)?));
        let mut counted: Vec<(&Limit, Place)> = self.limits.values().filter_map(place).collect();
        counted.sort_by(|one, other| one.1.window.cmp(&other.1.window));
        let line = |(limit, place): &(&Limit, Place)| Line {
            window: place.window.clone(),
            unit: limit.unit,
            amount: limit.unit.asks(intent),
        };
        Open {
            call,
            intent: Rc::clone(intent),
            held: intent.ceiling.map(Cost::micros_up),
            lines: counted.iter().map(line).collect(),
            counted: counted.into_iter().map(|(limit, place)| (limit.id.clone(), place)).collect(),
        }
    }

    /// The limit that counts the same.
    pub(crate) fn same(&self, limit: &Limit) -> Option<&Limit> {
        self.limits.values().find(|known| {
            (&known.scope, known.each, known.unit, known.span)
                == (&limit.scope, limit.each, limit.unit, limit.span)
        })
    }

    pub(crate) fn is_frozen(&self, intent: &Intent) -> bool {
        self.freezes.iter().any(|freeze| freeze.scope.matches(intent))
    }

    /// How a window stands against its limit; `None` when that has ended.
    pub(crate) fn balance(&self, id: &WindowId, window: &Window) -> Option<Balance> {
        let limit = self.limits.get(&window.limit)?;
        Some(Balance {
            window: id.clone(),
            name: String::new(),
            start: window.start,
            end: window.end,
            unit: limit.unit,
            mode: limit.mode,
            limit: limit.amount,
            held: Micros(window.held),
            spent: Micros(window.spent),
            spent_rest: window.rest,
        })
    }

    /// The rules after a change: those of the next revision.
    pub(crate) fn changed(&self, change: &Change) -> Self {
        let mut next = self.clone();
        next.revision += 1;
        match change {
            Change::Set(limit) => {
                let id = self.same(limit).map_or(&limit.id, |known| &known.id).clone();
                next.limits.insert(id.clone(), Limit { id, ..limit.clone() });
            }
            Change::End(id) => {
                next.limits.remove(id);
            }
            Change::Freeze(freeze) => {
                if next.freezes.iter().all(|known| known.scope != freeze.scope) {
                    next.freezes.push(freeze.clone());
                }
            }
            Change::Thaw(id) => next.freezes.retain(|freeze| freeze.id != *id),
        }
        next
    }
}
