//! Any order of reservations, settlements, sweeps and dropped proofs keeps every balance.

use bursar_domain::budget::Mode;
use bursar_domain::limit::{Limit, Unit};
use proptest::prelude::*;

use super::world::{Place, file, intent, limit, pico, postgres, settlement, tagged};
use crate::queue::Task;
use crate::{Admission, Admitted, Ledger};

#[derive(Debug, Clone)]
enum Step {
    Reserve { ceiling: Option<i64>, windows: u8 },
    Settle { which: usize, cost: Option<i64> },
    Sweep { which: usize },
    SweepThenSettle { which: usize, cost: Option<i64> },
    Drop { which: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cost = || proptest::option::weighted(0.9, 0..30_000_000_000_i64);
    let which = 0..8_usize;
    let step = prop_oneof![
        4 => (cost(), 0..64_u8).prop_map(|(ceiling, windows)| Step::Reserve { ceiling, windows }),
        2 => (which.clone(), cost()).prop_map(|(which, cost)| Step::Settle { which, cost }),
        1 => which.clone().prop_map(|which| Step::Sweep { which }),
        1 => (which.clone(), cost())
            .prop_map(|(which, cost)| Step::SweepThenSettle { which, cost }),
        1 => which.prop_map(|which| Step::Drop { which }),
    ];
    proptest::collection::vec(step, 1..40)
}

async fn sweep(ledger: &Ledger, call: &Admitted) {
    let task = Task::Abandon { open: call.open(), checkpoint: None };
    ledger.queue.ask(task).await.unwrap();
}

async fn settle(ledger: &Ledger, call: Admitted, cost: Option<i64>) {
    let mut truth = settlement(call.intent());
    truth.bill.cost = cost.map(pico);
    ledger.settle(call, truth).await.unwrap();
}

async fn take(ledger: &Ledger, open: &mut Vec<Admitted>, step: Step) {
    let pick = |open: &mut Vec<Admitted>, which: usize| {
        (!open.is_empty()).then(|| open.swap_remove(which % open.len()))
    };
    match step {
        Step::Reserve { ceiling, windows: mask } => {
            let chosen = LIMITS.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
            let chosen: Vec<&str> = chosen.map(|(_, (name, ..))| *name).collect();
            let mut wanted = tagged(&chosen);
            wanted.ceiling = ceiling.map(pico);
            wanted.ceiling_tokens = ceiling.map(|_| 2_000);
            if let Admission::Admitted(call) = ledger.reserve(wanted).await.unwrap() {
                open.push(call);
            }
        }
        Step::Settle { which, cost } => {
            if let Some(call) = pick(open, which) {
                settle(ledger, call, cost).await;
            }
        }
        Step::Sweep { which } => {
            if let Some(call) = open.get(which) {
                sweep(ledger, call).await;
            }
        }
        Step::SweepThenSettle { which, cost } => {
            if let Some(call) = pick(open, which) {
                sweep(ledger, &call).await;
                settle(ledger, call, cost).await;
            }
        }
        Step::Drop { which } => drop(pick(open, which)),
    }
}

/// Tags, and the limits on the calls that have them.
const LIMITS: [(&str, Mode, Unit, i64); 6] = [
    ("a", Mode::Hard, Unit::Usd, 60_000),
    ("b", Mode::Hard, Unit::Tokens, 7_000_000_000),
    ("c", Mode::Soft, Unit::Usd, 20_000),
    ("d", Mode::Hard, Unit::Concurrent, 3_000_000),
    ("e", Mode::Shadow, Unit::Requests, 2_000_000),
    ("f", Mode::Hard, Unit::Requests, 12_000_000),
];

/// Runs the steps, then checks that nothing is held and all adds up.
async fn check(place: &Place, steps: Vec<Step>) {
    let ledger = place.open().await;
    let mut windows = Vec::new();
    for (name, mode, unit, amount) in LIMITS {
        windows.push(ledger.limit(Limit { unit, ..limit(name, mode, amount) }).await);
    }
    let mut open = Vec::new();
    for step in steps {
        take(&ledger, &mut open, step).await;
    }
    open.clear();
    // The queue is in order: when this is answered, the dropped proofs are settled.
    ledger.checkpoint(&intent().id, pico(1)).await.unwrap();
    for window in &windows {
        assert_eq!(ledger.balance(window).await.0, 0);
    }
    ledger.end().await;
}

fn run(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_order_of_steps_adds_up_on_a_file(steps in steps()) {
        run(check(&file(), steps));
    }

    #[test]
    fn any_order_of_steps_adds_up_on_postgres(steps in steps()) {
        run(async { check(&postgres().await, steps).await });
    }
}
