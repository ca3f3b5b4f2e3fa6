//! Calls that are made once, however often they are asked for.

use bursar_domain::budget::Mode;
use bursar_domain::once::{Once, Repeat};
use bursar_domain::time::{DAY_MS, Timestamp};
use futures_util::future::join_all;

use super::world::{NOW, admitted, durable_places, intent, moving_clock, pico, places, settlement};
use crate::{Admission, Ledger};

fn once(asker: &str, fingerprint: &str) -> Once {
    Once { asker: asker.into(), key_hash: "k".into(), fingerprint: fingerprint.into() }
}

/// Asks for a call under a key, as `core` does; the call that is to be sent, or which one was.
async fn ask(ledger: &Ledger, once: &Once) -> Result<Admission, Repeat> {
    let call = ledger.admit(intent()).await;
    match ledger.claim(once, &call).await.unwrap() {
        None => Ok(Admission::Admitted(call)),
        Some(repeat) => {
            ledger.void(call);
            Err(repeat)
        }
    }
}

#[tokio::test]
async fn of_many_that_ask_at_once_one_is_made() {
    for place in places().await {
        let (ledger, other) = (place.open().await, place.open().await);
        let window = ledger.window("team", Mode::Hard, 1_000_000).await;
        let elsewhere = if place.is_shared() { &other } else { &ledger };
        let once = once("key a", "f");
        let asked = (0..40).map(|n| ask(if n % 2 == 0 { &ledger } else { elsewhere }, &once));
        let (made, repeats): (Vec<_>, Vec<_>) =
            join_all(asked).await.into_iter().partition(Result::is_ok);
        assert_eq!((made.len(), repeats.len()), (1, 39));
        let call = admitted(made.into_iter().next().unwrap().unwrap());
        let running = Repeat::Running(call.id().clone());
        assert!(repeats.into_iter().all(|repeat| repeat.unwrap_err() == running));
        let id = call.id().clone();
        let settled = settlement(call.intent());
        ledger.settle(call, settled).await.unwrap();
        assert_eq!(ledger.repeat(&once, NOW).await.unwrap(), Some(Repeat::Ended(id)));
        // What was given back holds nothing, and costs nothing.
        ledger.checkpoint(&intent().id, pico(1)).await.unwrap();
        elsewhere.checkpoint(&intent().id, pico(1)).await.unwrap();
        assert_eq!(ledger.balance(&window).await, (0, 900, 1));
        other.end().await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn another_request_or_another_asker_is_told_apart() {
    for place in places().await {
        let ledger = place.open().await;
        let first = admitted(ask(&ledger, &once("key a", "f")).await.unwrap());
        let other = ask(&ledger, &once("key a", "g")).await.unwrap_err();
        assert_eq!(other, Repeat::OtherRequest(first.id().clone()));
        let second = admitted(ask(&ledger, &once("key b", "f")).await.unwrap());
        for call in [first, second] {
            let settled = settlement(call.intent());
            ledger.settle(call, settled).await.unwrap();
        }
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_key_may_be_used_again_after_a_day() {
    for place in durable_places().await {
        let (clock, hands) = moving_clock(NOW);
        let ledger = place.open_with(|options| options.clock = clock).await.unwrap();
        let once = once("", "f");
        for day in 0..2 {
            let now = NOW.0 + day * (DAY_MS + 1);
            hands.set(now);
            assert_eq!(ledger.repeat(&once, Timestamp(now)).await.unwrap(), None);
            let call = admitted(ask(&ledger, &once).await.unwrap());
            let settled = settlement(call.intent());
            ledger.settle(call, settled).await.unwrap();
        }
        ledger.end().await;
    }
}
