//! A reservation that is sent again, for its answer was lost: what was held is what is told.

use bursar_domain::budget::Mode;
use bursar_domain::scope::Scope;

use super::world::{NOW, intent, postgres, settlement};
use crate::admitted::Open;
use crate::ledger::Home;
use crate::queue::{Asking, Patience, Task};
use crate::writer::postgres::Store;
use crate::{Change, Ledger};

/// The same process's writer, with nothing known by heart.
pub(super) fn writer(ledger: &Ledger) -> Store {
    let Home::Postgres(lease) = ledger.place.as_ref() else { panic!("not PostgreSQL") };
    Store::new(ledger.reads.clone(), lease.clone())
}

#[tokio::test]
async fn a_call_that_is_sent_again_holds_what_it_held_and_no_more() {
    let place = postgres().await;
    let ledger = place.open().await;
    // Its own hold is all the room there is.
    let window = ledger.window("team", Mode::Hard, 10_000).await;
    let task = Task::Reserve { asking: Asking::new(intent()), patience: Patience::None };
    let Task::Reserve { asking: Asking { intent: sent, .. }, .. } = &task else { unreachable!() };
    let call = ledger.admit(sent.as_ref().clone()).await;
    let again = || async { writer(&ledger).send_again(&task, NOW).await };
    // Of what was left then, nobody knows any more.
    let held = Some(Open { room: None, ..*call.open() });
    assert_eq!(again().await, held);
    // A limit that came since does not count it, and a freeze does not stop it.
    let later = ledger.window("all", Mode::Hard, 1).await;
    let reason = "too late for it".to_owned();
    let freeze = Change::Freeze { id: "f1".into(), scope: Scope::default(), reason };
    ledger.change("ann", vec![freeze]).await.unwrap();
    assert_eq!(again().await, held);
    assert_eq!(ledger.balance(&window).await.0, 10_000);
    assert_eq!(ledger.balance(&later).await.0, 0);
    let truth = settlement(call.intent());
    ledger.settle(call, truth).await.unwrap();
    assert_eq!(again().await, None);
    ledger.end().await;
}
