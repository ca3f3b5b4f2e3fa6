//! Which detours a call may take, should its first way fail: those that are allowed to whoever
//! makes it, and that the same limits count. What is held covers the dearest of them.
//!
//! A detour that other limits count is none: its cost would be missing there, and its hold too.

use std::sync::Arc;

use bursar_domain::call::{Detour, Intent};
use bursar_domain::time::Timestamp;

use crate::facts::write_intent;
use crate::rules::{Counted, Rules};

/// A call, holding enough for every way that is open to it.
pub(super) struct Detours {
    pub(super) intent: Arc<Intent>,
    pub(super) facts: Arc<str>,
    /// Why each must not be taken; `None` where it may.
    pub(super) barred: Vec<Option<String>>,
}

impl Detours {
    pub(super) fn judge(
        rules: &Rules,
        (intent, facts): (&Arc<Intent>, &Arc<str>),
        counted: &[Counted<'_>],
        at: Timestamp,
    ) -> Self {
        let (mut intent, mut facts) = (Arc::clone(intent), Arc::clone(facts));
        let asked = Arc::clone(&intent);
        let mut barred = Vec::with_capacity(asked.reach.detours.len());
        for detour in &asked.reach.detours {
            let taken = asked.taking(detour);
            let why = bar(rules, (&asked, detour), (&taken, counted), at);
            if why.is_none() {
                intent = intent.covering(&taken).into();
            }
            barred.push(why);
        }
        if intent.ceiling != asked.ceiling || intent.ceiling_tokens != asked.ceiling_tokens {
            facts = write_intent(&intent).into();
        }
        Self { intent, facts, barred }
    }
}

fn bar(
    rules: &Rules,
    (asked, detour): (&Intent, &Detour),
    (taken, counted): (&Intent, &[Counted<'_>]),
    at: Timestamp,
) -> Option<String> {
    if asked.ceiling.is_some() && detour.ceiling.is_none()
        || asked.ceiling_tokens.is_some() && detour.ceiling_tokens.is_none()
    {
        return Some("nothing bounds what it can cost".to_owned());
    }
    if let Some(refusal) = rules.refusal_of(taken, at) {
        let said = refusal.to_string();
        return Some(said.lines().next().unwrap_or_default().to_owned());
    }
    let there = rules.places(taken, at);
    let windows = |counted: &[Counted<'_>]| -> Vec<String> {
        counted.iter().map(|counted| counted.place.window.to_string()).collect()
    };
    if windows(&there) == windows(counted) {
        return None;
    }
    Some("other limits count it than the call that was admitted".to_owned())
}
