//! The audit finds each kind of breach and names its row, finds nothing that is not there while
//! calls run, and balances can be made anew from the journal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bursar_domain::budget::Mode;
use bursar_domain::limit::{Limit, Unit};
use bursar_domain::money::Micros;

use super::world::{durable_places, intent, limit, places, settlement};
use crate::{Admission, Change, Finding, Ledger};

/// What the audit finds after some damage, closing the ledger.
async fn found_after(ledger: Ledger, damage: &'static str) -> Vec<Finding> {
    ledger.damage(damage).await;
    let report = ledger.audit().await.unwrap();
    ledger.close().await.unwrap();
    report.findings
}

#[track_caller]
fn assert_names(findings: &[Finding], check: &str, subject: &str) {
    let is_named =
        findings.iter().any(|found| found.check == check && found.subject.contains(subject));
    assert!(is_named, "no `{check}` of `{subject}` in {findings:#?}");
}

#[tokio::test]
async fn a_hold_that_passed_a_hard_limit_is_named() {
    for place in places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Hard, 30_000).await;
        ledger.good_call(intent()).await;
        let id = ledger.good_call(intent()).await;
        let damage = "UPDATE journal SET d_held = d_held * 4 WHERE seq IN (3, 4)";
        let findings = found_after(ledger, damage).await;
        assert_names(&findings, "limit", &format!("{window} 3 {id}"));
    }
}

#[tokio::test]
async fn a_limit_that_is_lowered_raised_or_overrun_is_no_breach() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.window("team", Mode::Hard, 20_000).await;
        let open = ledger.admit(intent()).await;
        ledger.window("team", Mode::Hard, 5_000).await;
        assert!(matches!(ledger.reserve(intent()).await, Ok(Admission::Refused(_))));
        let mut dear = settlement(open.intent());
        dear.bill.cost = Some(super::world::pico(50_000_000_000));
        assert!(ledger.settle(open, dear).await.unwrap().overrun);
        ledger.window("team", Mode::Hard, 90_000).await;
        ledger.good_call(intent()).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_hold_judged_by_an_amount_that_its_limit_never_had_is_named() {
    for place in places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Hard, 30_000).await;
        ledger.good_call(intent()).await;
        let damage = "UPDATE journal SET limit_micro = 31000 WHERE kind = 'hold'";
        let findings = found_after(ledger, damage).await;
        assert_names(&findings, "hard limit", &format!("{window} 1 "));
    }
}

#[tokio::test]
async fn a_journal_line_that_is_gone_or_below_zero_is_named() {
    for (damage, check, line) in [
        ("DELETE FROM journal WHERE seq = 2", "journal line", " 3 "),
        ("UPDATE journal SET d_held = -d_held WHERE seq = 3", "journal held", " 3 "),
        ("UPDATE journal SET d_rest = 1000000 WHERE seq = 2", "journal rest", " 2 "),
        ("UPDATE journal SET d_held = 0 WHERE seq = 2", "balance", "team"),
        ("UPDATE journal SET kind = 'hold' WHERE seq = 2", "ends", "team"),
        ("UPDATE call SET output_tokens = -1", "amounts", "0"),
    ] {
        for place in places().await {
            let ledger = place.open().await;
            ledger.window("team", Mode::Hard, 30_000).await;
            ledger.good_call(intent()).await;
            ledger.good_call(intent()).await;
            assert_names(&found_after(ledger, damage).await, check, line);
        }
    }
}

#[tokio::test]
async fn a_hold_that_outlives_its_owner_is_named_when_it_cannot_be_settled() {
    for place in durable_places().await {
        let ledger = place.open().await;
        let open = ledger.admit(intent()).await;
        let id = open.id().clone();
        let damage = "UPDATE hold SET owner = 'nobody', facts = 'damaged'";
        assert_names(&found_after(ledger, damage).await, "lease", id.as_str());
        drop(open);
    }
}

#[tokio::test]
async fn balances_are_made_anew_from_the_journal_once() {
    for place in places().await {
        let ledger = place.open().await;
        let window = ledger.window("team", Mode::Hard, 50_000).await;
        ledger.window("project", Mode::Hard, 50_000).await;
        ledger.good_call(intent()).await;
        let open = ledger.admit(intent()).await;
        let right = ledger.balance(&window).await;
        assert!(ledger.rebuild("ann").await.unwrap().is_empty(), "there was nothing to do");
        ledger
            .damage(
                "UPDATE budget_window SET held_micro = 1, spent_micro = 7, spent_rest = 3, seq = 9 \
                 WHERE id LIKE 'team%'",
            )
            .await;
        let made = ledger.rebuild("ann").await.unwrap();
        let [made] = made.as_slice() else { panic!("{made:#?}") };
        assert_eq!((made.action, made.subject.as_str()), ("window rebuild", window.0.as_str()));
        assert!(made.was.as_ref().unwrap().contains(r#""spent_micro":7"#), "{made:?}");
        assert_eq!(ledger.balance(&window).await, right);
        assert!(ledger.rebuild("ann").await.unwrap().is_empty(), "it was made twice");
        let settled = settlement(open.intent());
        ledger.settle(open, settled).await.unwrap();
        ledger.end().await;
    }
}

/// Calls, one after the other, until told to stop; some are refused.
async fn call_until(ledger: Ledger, stop: Arc<AtomicBool>) -> u32 {
    let mut calls = 0;
    while !stop.load(Ordering::Relaxed) {
        if let Admission::Admitted(admitted) = ledger.reserve(intent()).await.unwrap() {
            let settled = settlement(admitted.intent());
            ledger.settle(admitted, settled).await.unwrap();
            calls += 1;
        }
    }
    calls
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_beside_running_calls_finds_nothing() {
    for place in durable_places().await {
        let ledgers = [place.open().await, place.open().await];
        ledgers[0].window("team", Mode::Hard, 60_000).await;
        let some = Limit { unit: Unit::Concurrent, ..limit("user", Mode::Hard, 3_000_000) };
        ledgers[0].limit(some).await;
        let stop = Arc::new(AtomicBool::new(false));
        let callers = ledgers.iter().flat_map(|ledger| [ledger; 3]);
        let callers: Vec<_> = callers
            .map(|ledger| tokio::spawn(call_until(ledger.clone(), Arc::clone(&stop))))
            .collect();
        for round in 0..12 {
            let raised =
                Limit { amount: Micros(60_000 + round * 1_000), ..limit("team", Mode::Hard, 0) };
            ledgers[0].change("ann", vec![Change::SetLimit(raised)]).await.unwrap();
            let report = ledgers[1].audit().await.unwrap();
            assert!(report.is_clean(), "round {round}: {:#?}", report.findings);
            assert!(ledgers[1].rebuild("ann").await.unwrap().is_empty());
        }
        stop.store(true, Ordering::Relaxed);
        let mut calls = 0;
        for caller in callers {
            calls += caller.await.unwrap();
        }
        assert!(calls > 0, "nothing was called meanwhile");
        for ledger in ledgers {
            ledger.end().await;
        }
    }
}
