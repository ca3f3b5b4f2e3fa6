//! Owners that die: their holds are paid, once, and what comes late corrects the estimate.

use bursar_domain::budget::Mode;
use bursar_domain::call::{Outcome, Settlement};
use bursar_domain::money::Micros;

use super::world::{Place, admitted, file, intent, pico, postgres, settlement};
use crate::queue::{Answer, Task};
use crate::{Admitted, CallFilter, CallRow, Ledger, Page, Settled};

async fn only_call(ledger: &Ledger) -> CallRow {
    let page = Page { after: None, limit: 10 };
    let mut calls = ledger.calls(&CallFilter::default(), &page).await.unwrap();
    assert_eq!(calls.len(), 1);
    calls.remove(0)
}

/// Settles the open call as another process's sweep would, whatever its owner does.
async fn sweep_it(ledger: &Ledger, admitted: &Admitted, checkpoint: Option<i64>) -> bool {
    let task = Task::Abandon { open: admitted.open(), checkpoint: checkpoint.map(pico) };
    match ledger.queue.ask(task).await.unwrap() {
        Answer::Abandoned(was_open) => was_open,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_lapsed_lease_is_swept_and_the_zombie_corrects_it() {
    let place = postgres().await;
    let (zombie, other) = (place.open().await, place.open().await);
    let window = zombie.window("team", Mode::Hard, 100_000).await;
    let call = admitted(zombie.reserve(intent()).await.unwrap());
    zombie.checkpoint(call.id(), pico(123)).await.unwrap();
    zombie.checkpoint(call.id(), pico(100)).await.unwrap();
    assert_eq!(other.sweep().await.unwrap(), 0);
    zombie.damage(include_str!("sql/lapse.sql")).await;
    assert_eq!(other.sweep().await.unwrap(), 1);
    assert_eq!(other.sweep().await.unwrap(), 0);
    let swept = only_call(&other).await;
    assert_eq!(swept.ending.outcome, Outcome::Abandoned);
    assert_eq!(swept.bill.cost, Some(pico(10_000_000_000)));
    assert_eq!((swept.bill.estimated, swept.bill.cost_low), (true, Some(pico(123))));
    assert_eq!(other.balance(&window).await, (0, 10_000, 0));
    assert!(other.audit().await.unwrap().is_clean());

    let truth = settlement(call.intent());
    let settled = zombie.settle(call, truth.clone()).await.unwrap();
    assert_eq!(settled, Settled { overrun: false, late: true });
    let corrected = only_call(&other).await;
    assert!(corrected.corrected);
    assert_eq!(corrected.bill, truth.bill);
    assert_eq!((corrected.attempts, corrected.throttled_attempts), (2, 1));
    assert_eq!(other.balance(&window).await, (0, 900, 1));
    let total = super::usage::total(&other).await;
    assert_eq!((total.calls, total.abandoned, total.estimated), (1, 1, 0));
    assert_eq!((total.cost.0, total.input_tokens), (900_000_001, 100));
    zombie.end().await;
    other.end().await;
}

#[tokio::test]
async fn a_call_is_settled_once_whoever_comes_first() {
    for place in super::world::places().await {
        let ledger = place.open().await;
        let call = ledger.admit(intent()).await;
        assert!(sweep_it(&ledger, &call, None).await);
        assert!(!sweep_it(&ledger, &call, None).await);
        let truth = settlement(call.intent());
        assert!(ledger.settle(call, truth).await.unwrap().late);
        let call = ledger.admit(intent()).await;
        let copy =
            Task::Settle { open: call.open(), settlement: Box::new(settlement(call.intent())) };
        let truth = settlement(call.intent());
        ledger.settle(call, truth).await.unwrap();
        // As after a lost connection: the same settlement again changes nothing.
        let again = ledger.queue.ask(copy).await.unwrap();
        assert!(matches!(again, Answer::Settled(Settled { late: false, .. })), "{again:?}");
        let total = super::usage::total(&ledger).await;
        assert_eq!((total.calls, total.cost.0), (2, 1_800_000_002));
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_correction_can_raise_the_bill_or_leave_it_unknown() {
    let changes: [fn(&mut Settlement); 2] = [
        |settlement| settlement.bill.cost = Some(pico(20_000_000_007)),
        |settlement| (settlement.bill.cost, settlement.bill.price) = (None, None),
    ];
    for place in super::world::places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Hard, 100_000).await;
        for change in changes {
            let call = admitted(ledger.reserve(intent()).await.unwrap());
            assert!(sweep_it(&ledger, &call, None).await);
            let mut truth = settlement(call.intent());
            change(&mut truth);
            assert!(ledger.settle(call, truth).await.unwrap().late);
            assert!(ledger.audit().await.unwrap().is_clean());
        }
        assert_eq!(ledger.balance(&window).await, (0, 20_000, 7));
        let total = super::usage::total(&ledger).await;
        assert_eq!((total.unpriced, total.cost.0), (1, 20_000_000_007));
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_call_that_nothing_bounds_is_swept_at_what_is_known() {
    for place in super::world::places().await {
        let ledger = place.open().await;
        for checkpoint in [None, Some(77)] {
            let mut unbounded = intent();
            unbounded.ceiling = None;
            let call = ledger.admit(unbounded).await;
            assert!(sweep_it(&ledger, &call, checkpoint).await);
            let filter = CallFilter { id: Some(call.id().clone()), ..CallFilter::default() };
            let page = Page { after: None, limit: 1 };
            let row = ledger.calls(&filter, &page).await.unwrap().remove(0);
            assert_eq!(row.bill.cost, checkpoint.map(pico));
            assert!(row.bill.estimated);
            assert_eq!(row.held, None::<Micros>);
        }
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_living_owner_is_not_swept() {
    let places: [Place; 2] = [file(), postgres().await];
    for place in places {
        let (living, other) = (place.open().await, place.open().await);
        let call = living.admit(intent()).await;
        assert_eq!(other.sweep().await.unwrap(), 0);
        let truth = settlement(call.intent());
        assert!(!living.settle(call, truth).await.unwrap().late);
        living.end().await;
        other.end().await;
    }
}

#[tokio::test]
async fn what_a_closed_ledger_left_open_is_swept_by_the_next() {
    let places: [Place; 2] = [file(), postgres().await];
    for place in places {
        let ledger = place.open().await;
        let calls = [ledger.admit(intent()).await, ledger.admit(intent()).await];
        ledger.close().await.unwrap();
        drop(calls);
        let next = place.open().await;
        assert_eq!(super::usage::total(&next).await.abandoned, 2);
        next.end().await;
        let left = place.folder.iter().flat_map(|folder| std::fs::read_dir(folder.path()).unwrap());
        let owners = left.filter(|file| {
            file.as_ref().unwrap().file_name().to_string_lossy().contains("-owner-")
        });
        assert_eq!(owners.count(), 0);
    }
}
