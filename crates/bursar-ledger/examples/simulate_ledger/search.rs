//! Many histories on every core, and the first of them in which a rule is broken.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::beside::Beside;
use crate::check::Violation;
use crate::request::Request;
use crate::world::{Tally, World};

/// A history in which a rule was broken.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) seed: u64,
    pub(crate) step: u64,
    pub(crate) violation: Violation,
}

/// How a history went: what happened in it, its last steps, and the rule that was broken.
struct History {
    broken: Option<(u64, Violation)>,
    tally: Tally,
    trace: Vec<String>,
}

/// The first history that breaks a rule, by its seed, and what happened in all that were run.
pub(crate) fn search(request: &Request) -> (Option<Found>, Tally) {
    let next = AtomicU64::new(request.first);
    let last = AtomicU64::new(request.first + request.seeds);
    let sum = Mutex::new((None::<Found>, Tally::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= last.load(Ordering::SeqCst) {
                return;
            }
            let history = history(request, seed, false);
            let Ok(mut sum) = sum.lock() else { return };
            sum.1.join(history.tally);
            let Some((step, violation)) = history.broken else { continue };
            // Histories before this one are run to their end: one of them may be the first.
            last.fetch_min(seed, Ordering::SeqCst);
            if sum.0.as_ref().is_none_or(|known| seed < known.seed) {
                sum.0 = Some(Found { seed, step, violation });
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    sum.into_inner().unwrap_or_default()
}

/// The steps before a violation, had by running its seed again, and whether it came out the same.
pub(crate) fn replay(request: &Request, found: &Found) -> (Vec<String>, bool) {
    let history = history(request, found.seed, true);
    let is_same = history
        .broken
        .is_some_and(|(step, violation)| (step, &violation) == (found.step, &found.violation));
    (history.trace, is_same)
}

fn history(request: &Request, seed: u64, is_traced: bool) -> History {
    if request.is_sqlite {
        return beside(request, seed);
    }
    let mut world = World::new(seed, request.mutant, is_traced);
    let broken = world.run(request.steps).err();
    let trace = world.trace().cloned().collect();
    History { broken, tally: world.tally, trace }
}

fn beside(request: &Request, seed: u64) -> History {
    match Beside::new(seed) {
        Err(violation) => {
            History { broken: Some((0, violation)), tally: Tally::default(), trace: Vec::new() }
        }
        Ok(mut beside) => {
            let broken = beside.run(request.steps).err();
            History { broken, tally: beside.tally, trace: beside.trace.into() }
        }
    }
}
