//! The ledger goes away and comes back: nothing passes a hard limit meanwhile, whoever asks hears
//! at once, and the end of no call is lost.

use std::time::{Duration, Instant};

use bursar_domain::budget::Mode;

use super::outage::{Outage, until};
use super::world::{intent, settlement};
use crate::{Error, Ledger};

const LIMIT: Duration = Duration::from_millis(400);

async fn open(outage: &Outage) -> Ledger {
    outage.place().open_with(|options| options.answer_limit = LIMIT).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_passes_a_hard_limit_while_the_ledger_is_away() {
    for mut outage in Outage::both().await {
        let ledger = open(&outage).await;
        let window = ledger.window("team", Mode::Hard, 1_000_000).await;
        let running = ledger.admit(intent()).await;
        outage.begin().await;
        for asked in (0..200).map(|_| tokio::spawn(ask(ledger.clone()))).collect::<Vec<_>>() {
            asked.await.unwrap();
        }
        // Who asks now is not kept waiting: one after the other, each would else take a while.
        let all = tokio::time::timeout(Duration::from_secs(30), ask_often(&ledger));
        let times = all.await.unwrap();
        eprintln!("refused in p50 {:?}, p99 {:?}", times[500], times[990]);
        let truth = settlement(running.intent());
        let other = ledger.clone();
        let settling = tokio::spawn(async move { other.settle(running, truth).await });
        outage.end().await;
        assert!(!settling.await.unwrap().unwrap().late);
        // What arrived late of the statements that were given up is undone.
        until("no hold is left", async || ledger.balance(&window).await == (0, 900, 1)).await;
        assert_eq!(super::usage::total(&ledger).await.calls, 1);
        ledger.good_call(intent()).await;
        ledger.end().await;
    }
}

async fn ask(ledger: Ledger) {
    let error = ledger.reserve(intent()).await.unwrap_err();
    assert!(matches!(&error, Error::Away { why, .. } if why.ends_with("is hard")), "{error}");
}

/// How long each of a thousand takes, the shortest first.
async fn ask_often(ledger: &Ledger) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..1_000 {
        let asked = Instant::now();
        ask(ledger.clone()).await;
        times.push(asked.elapsed());
    }
    times.sort();
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_and_comes_loses_and_doubles_nothing() {
    let mut outage = Outage::postgres().await;
    let ledger = open(&outage).await;
    let window = ledger.window("team", Mode::Hard, 100_000_000).await;
    let mut recorded = 0;
    for round in 0..6 {
        let calls: Vec<_> = (0..60).map(|_| tokio::spawn(one_call(ledger.clone()))).collect();
        if round % 2 == 0 {
            outage.cut();
        } else {
            outage.begin().await;
        }
        // Long enough that some are given up, and short enough that some are not.
        tokio::time::sleep(LIMIT).await;
        outage.end().await;
        for call in calls {
            recorded += i64::from(call.await.unwrap());
        }
    }
    let spent = recorded * 900 + recorded / 1_000_000;
    until("all is settled", async || ledger.balance(&window).await == (0, spent, recorded)).await;
    assert_eq!(super::usage::total(&ledger).await.calls, recorded);
    ledger.end().await;
}

/// Whether the call was made.
async fn one_call(ledger: Ledger) -> bool {
    match ledger.reserve(intent()).await {
        Ok(admission) => {
            let admitted = super::world::admitted(admission);
            let truth = settlement(admitted.intent());
            ledger.settle(admitted, truth).await.unwrap();
            true
        }
        Err(Error::Away { .. } | Error::Unreachable { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_process_that_knows_no_limits_admits_nothing() {
    let mut outage = Outage::postgres().await;
    let ledger = open(&outage).await;
    outage.begin().await;
    let error = ledger.reserve(intent()).await.unwrap_err();
    assert!(error.to_string().contains("not known"), "{error}");
    outage.end().await;
    ledger.end().await;
}

#[tokio::test]
async fn what_is_read_of_a_server_that_was_stopped_is_given_up_and_read_again_when_it_goes_on() {
    let mut outage = Outage::postgres().await;
    let place = outage.place();
    let ledger = place.open_with(|options| options.read_limit = LIMIT).await.unwrap();
    assert_eq!(ledger.limits().await.unwrap(), []);
    outage.begin().await;
    for _ in 0..3 {
        let error = ledger.limits().await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    }
    outage.end().await;
    until("it is read again", async || ledger.limits().await.is_ok()).await;
    ledger.end().await;
}
