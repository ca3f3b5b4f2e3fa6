//! Looks at a ledger while others work on it: sums that must agree at every moment, and sessions
//! that must not sit in a transaction.

use std::time::Duration;

use serde_json::json;

use crate::books::Books;
use crate::orders;
use crate::{Outcome, job, say};

pub(crate) async fn run(job: &job::Watch) -> Outcome<()> {
    let mut orders = orders::listen();
    let books = Books::open(&job.ledger).await?;
    say(&json!({"at": "ready"}));
    loop {
        let pause = tokio::time::sleep(Duration::from_millis(job.every_ms));
        tokio::select! {
            () = orders.stop() => return Ok(()),
            () = pause => {}
        }
        let now = books.standing().await?;
        say(&json!({
            "at": "sample",
            "calls": now.calls,
            "spent_less_recorded_pico": now.spent_pico - now.recorded_pico,
            "held_less_open_micro": now.held_micro - now.open_micro,
            "idle_in_transaction": books.idle_in_transaction().await?,
        }));
    }
}
