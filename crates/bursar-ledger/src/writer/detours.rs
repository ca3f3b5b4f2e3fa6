//! Which detours a call may take, should its first way fail: those that are allowed to whoever
//! makes it, and that the same limits count. What is held covers the dearest of them.
//!
//! A detour that other limits count is none: its cost would be missing there, and its hold too.

use std::sync::Arc;

use bursar_domain::budget::Refusal;
use bursar_domain::call::{Detour, Intent};
use bursar_domain::time::Timestamp;

use crate::facts::write_intent;
use crate::queue::Asking;
use crate::rules::{Counted, Rules};

/// A call, holding enough for every way that is open to it.
pub(super) struct Detours {
    pub(super) intent: Arc<Intent>,
    pub(super) facts: Arc<str>,
    /// Why each must not be taken; `None` where it may.
    pub(super) barred: Vec<Option<String>>,
}

/// The call as it is to be made first, and which detour that is, from 1: as it was asked, or from the
/// first other region where its maker may make it.
///
/// # Errors
/// Why it must not be made as it was asked.
pub(super) fn lead(
    rules: &Rules,
    intent: &Arc<Intent>,
    at: Timestamp,
) -> Result<(Arc<Intent>, usize), Refusal> {
    let Some(refusal) = rules.refusal_of(intent, at) else { return Ok((Arc::clone(intent), 0)) };
    let led = intent.reach.detours.iter().zip(1..).filter(|(detour, _)| detour.leads);
    let led = led.map(|(detour, number)| (intent.led_by(detour), number));
    let mut open = led.filter(|(led, _)| rules.refusal_of(led, at).is_none());
    open.next().map(|(led, number)| (Arc::new(led), number)).ok_or(refusal)
}

impl Detours {
    pub(super) fn judge(
        rules: &Rules,
        (asking, first, lead): (&Asking, Arc<Intent>, usize),
        counted: &[Counted<'_>],
        at: Timestamp,
    ) -> Self {
        let detours = &asking.intent.reach.detours;
        let mut intent = Arc::clone(&first);
        let mut barred = Vec::with_capacity(detours.len());
        for (detour, number) in detours.iter().zip(1..) {
            if number == lead {
                barred.push(None);
                continue;
            }
            let taken = first.taking(detour);
            let why = bar(rules, (&first, detour), (&taken, counted), at);
            if why.is_none() {
                intent = intent.covering(&taken).into();
            }
            barred.push(why);
        }
        let is_as_asked = lead == 0
            && intent.ceiling == asking.intent.ceiling
            && intent.ceiling_tokens == asking.intent.ceiling_tokens;
        let facts =
            if is_as_asked { Arc::clone(&asking.facts) } else { write_intent(&intent).into() };
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
