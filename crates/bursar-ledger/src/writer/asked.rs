//! A reservation on its way: where limits count it, what becomes of it. The same on both databases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bursar_domain::budget::{Mode, Refusal, RefusalReason, WindowId};
use bursar_domain::call::Intent;
use bursar_domain::limit::{Limit, OnLimit, Unit};
use bursar_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::detours::{Detours, lead};
use super::{Done, open_hold};
use crate::admitted::Open;
use crate::change::Change;
use crate::posting::{No, Posting};
use crate::queue::{Asking, Patience};
use crate::rules::{Counted, Rules};

/// One call that asks to be admitted.
#[derive(Debug, Clone)]
pub(crate) struct Asked<'r> {
    pub(crate) open: Open,
    pub(crate) facts: Arc<str>,
    counted: Vec<Counted<'r>>,
    patience: &'r Patience,
}

/// A row of `budget_window`, as it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WindowJson {
    budget_id: String,
    each_value: String,
    start_ms: i64,
    end_ms: i64,
}

impl WindowJson {
    /// The window that counts a call, by its id.
    pub(crate) fn of(Counted { limit, place }: &Counted<'_>) -> (String, Self) {
        let row = Self {
            budget_id: limit.id.to_string(),
            each_value: place.each_value.clone(),
            start_ms: place.start.0,
            end_ms: place.end.0,
        };
        (place.window.to_string(), row)
    }
}

impl<'r> Asked<'r> {
    /// Where a call is counted, or the freeze or policy that refuses it.
    pub(crate) fn new(
        rules: &'r Rules,
        (asking, patience): (&'r Asking, &'r Patience),
        at: Timestamp,
    ) -> Result<Self, Refusal> {
        let (first, lead) = lead(rules, &asking.intent, at)?;
        let counted = rules.places(&first, at);
        let detours = Detours::judge(rules, (asking, first, lead), &counted, at);
        let Detours { intent, facts, barred } = detours;
        let lines = counted.iter().map(|counted| counted.line(&intent)).collect();
        let open = open_hold(&intent, lines, rules.stream_limits(&intent));
        Ok(Self { open: Open { detours: barred, lead, ..open }, facts, counted, patience })
    }

    /// A window of it that it must not enter before those who wait there.
    pub(super) fn waits_for(&self) -> Option<WindowId> {
        let Patience::Waits { closed } = self.patience else { return None };
        let windows = self.counted.iter().map(|counted| &counted.place.window);
        windows.into_iter().find(|window| closed.contains(window)).cloned()
    }

    /// Its windows that are not known to be there.
    pub(super) fn missing<'a>(
        &'a self,
        made: &'a BTreeSet<WindowId>,
    ) -> impl Iterator<Item = (String, WindowJson)> + 'a {
        let unknown = |counted: &&Counted<'_>| !made.contains(&counted.place.window);
        self.counted.iter().filter(unknown).map(WindowJson::of)
    }

    /// The limits of its windows.
    pub(crate) fn limits(&self) -> impl Iterator<Item = &Counted<'r>> {
        self.counted.iter()
    }

    /// A limit that must not be passed unseen.
    pub(super) fn hard_limit(&self) -> Option<&'r Limit> {
        let mut limits = self.counted.iter().map(|counted| counted.limit);
        limits.find(|limit| limit.mode == Mode::Hard)
    }

    /// What it holds, and in which windows, for one who has no ledger to ask.
    pub(super) fn by_heart(self) -> (Box<Open>, BTreeMap<String, WindowJson>) {
        let windows = self.missing(&BTreeSet::new()).collect();
        (Box::new(Open { by_heart: true, ..self.open }), windows)
    }

    /// Lets it wait where it may; else counts its refusal, and says what is to be frozen for it.
    pub(super) fn refuse(
        &self,
        posting: &mut Posting,
        refusal: Box<Refusal>,
        now: Timestamp,
    ) -> Done {
        let hit = refusal.balance().and_then(|balance| {
            self.counted.iter().find(|counted| counted.place.window == balance.window)
        });
        let frozen = hit.filter(|counted| freezes(counted, refusal.reason()));
        if let (Patience::Waits { .. }, RefusalReason::Held, None, Some(counted)) =
            (self.patience, refusal.reason(), frozen, hit)
        {
            return Done::Waits { window: counted.place.window.clone() };
        }
        refuse(posting, &self.open.intent, &refusal, now);
        let freeze = frozen.map(|counted| {
            let each_value = &counted.place.each_value;
            Change::Freeze {
                id: format!("{} {}", self.open.intent.id, counted.limit.id),
                scope: counted.limit.frozen_scope(each_value),
                reason: format!("hit the limit `{}`", counted.limit.name()),
            }
        });
        Done::Refused { refusal, freeze }
    }
}

/// Counts a refusal.
pub(super) fn refuse(posting: &mut Posting, intent: &Intent, refusal: &Refusal, now: Timestamp) {
    let no = No {
        reason: refusal.reason(),
        detail: &refusal.to_string(),
        window: refusal.balance().map(|balance| &balance.window),
    };
    posting.refuse(intent, no, now);
}

/// Whether a limit was hit that freezes. What only waits for open calls has hit nothing yet, but
/// where calls at a time are what is limited.
fn freezes(counted: &Counted<'_>, reason: RefusalReason) -> bool {
    let is_hit = match reason {
        RefusalReason::Spent | RefusalReason::Rate => true,
        RefusalReason::Held => counted.limit.unit == Unit::Concurrent,
        _ => false,
    };
    is_hit && counted.limit.on_limit == OnLimit::Freeze
}

/// The windows that these calls need and that are not known to be there.
pub(super) fn missing(
    asked: &[&Asked<'_>],
    made: &BTreeSet<WindowId>,
) -> BTreeMap<String, WindowJson> {
    asked.iter().flat_map(|asked| asked.missing(made)).collect()
}

/// Windows that are known to be there. Forgotten when they are many: to make one again does
/// nothing.
pub(super) fn remember(made: &mut BTreeSet<WindowId>, windows: BTreeMap<String, WindowJson>) {
    const MADE_MAX: usize = 10_000;
    if made.len() + windows.len() > MADE_MAX {
        made.clear();
    }
    made.extend(windows.into_keys().map(WindowId));
}
