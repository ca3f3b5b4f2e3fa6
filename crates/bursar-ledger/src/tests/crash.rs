//! Processes that are killed: the next start settles what they left open, at every boundary.
//!
//! The killed process is this test program itself, started again to run one ignored test.

use std::process::Command;

use bursar_domain::call::Outcome;
use bursar_domain::time::Clock;

use super::world::{NOW, file, intent, postgres, settlement};
use crate::{CallFilter, DatabaseUrl, Ledger, OpenOptions, Page};

/// The test that a child process runs, its ledger and where it dies.
const CHILD: &str = "tests::crash::a_child_makes_two_calls_and_dies";
const LEDGER: &str = "BURSAR_TEST_CHILD_LEDGER";
const BOUNDARY: &str = "BURSAR_TEST_CHILD_BOUNDARY";

/// Where the child dies, and what the next start then finds: calls that succeeded, and calls that
/// were abandoned.
const BOUNDARIES: [(&str, i64, i64); 4] =
    [("opened", 0, 0), ("reserved", 0, 1), ("settled", 1, 0), ("reserved again", 1, 1)];

#[expect(clippy::disallowed_methods, reason = "how a child process is told what to do")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::test]
#[ignore = "run by the tests below, in a process of its own"]
async fn a_child_makes_two_calls_and_dies() {
    let (Some(url), Some(boundary)) = (told(LEDGER), told(BOUNDARY)) else { return };
    let die_at = |here: &str| {
        if here == boundary {
            // As kill -9: nothing is flushed, no destructor runs.
            std::process::abort();
        }
    };
    let url = DatabaseUrl::parse(&url).unwrap();
    let ledger = Ledger::open(&url, OpenOptions::new(Clock::new(|| NOW))).await.unwrap();
    die_at("opened");
    let call = ledger.admit(intent()).await;
    die_at("reserved");
    let truth = settlement(call.intent());
    ledger.settle(call, truth).await.unwrap();
    die_at("settled");
    let mut second = intent();
    // Ids are counted per process; the second call must not have the first one's.
    second.attribution.team = Some("second".into());
    let call = ledger.admit(second).await;
    die_at("reserved again");
    drop(call);
}

fn run_child(url: &str, boundary: &str) {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", CHILD, "--ignored", "--nocapture"])
        .env(LEDGER, url)
        .env(BOUNDARY, boundary)
        .output()
        .unwrap()
        .status;
    assert!(!status.success(), "the child was to die at `{boundary}`");
}

async fn assert_settled(ledger: &Ledger, succeeded: i64, abandoned: i64) {
    let total = super::usage::total(ledger).await;
    assert_eq!((total.succeeded, total.abandoned), (succeeded, abandoned));
    let filter = CallFilter { outcome: Some(Outcome::Abandoned), ..CallFilter::default() };
    let page = Page { after: None, limit: 10 };
    for call in ledger.calls(&filter, &page).await.unwrap() {
        assert!(call.bill.estimated);
        assert_eq!(call.bill.cost, call.held.and_then(bursar_domain::money::Micros::cost));
    }
}

#[tokio::test]
async fn a_killed_process_s_calls_are_settled_by_the_next_start_on_a_file() {
    for (boundary, succeeded, abandoned) in BOUNDARIES {
        let place = file();
        run_child(&place.url.to_string(), boundary);
        let ledger = place.open().await;
        assert_settled(&ledger, succeeded, abandoned).await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_killed_process_s_calls_are_settled_once_its_lease_lapses_on_postgres() {
    for (boundary, succeeded, abandoned) in BOUNDARIES {
        let address = super::server::new_database().await;
        run_child(&address, boundary);
        let place = super::world::at(&address);
        let ledger = place.open().await;
        assert_settled(&ledger, succeeded, 0).await;
        ledger.damage(include_str!("sql/lapse.sql")).await;
        ledger.sweep().await.unwrap();
        assert_settled(&ledger, succeeded, abandoned).await;
        ledger.end().await;
    }
}

#[test]
fn a_runtime_that_is_dropped_leaves_what_the_next_one_settles() {
    let place = file();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let killed = runtime();
    let call = killed.block_on(async {
        let ledger = place.open().await;
        ledger.admit(intent()).await
    });
    drop(killed);
    runtime().block_on(async {
        let ledger = place.open().await;
        assert_settled(&ledger, 0, 1).await;
        let truth = settlement(call.intent());
        // The dead runtime's proof still settles, late: the truth is worth having.
        assert!(ledger.settle(call, truth).await.unwrap().late);
        ledger.end().await;
    });
}

#[tokio::test]
async fn two_databases_do_not_share_their_holds() {
    let (one, two) = (postgres().await, postgres().await);
    let (one, two) = (one.open().await, two.open().await);
    let call = one.admit(intent()).await;
    assert_eq!(two.audit().await.unwrap().holds, 0);
    assert_eq!(one.audit().await.unwrap().holds, 1);
    drop(call);
    one.end().await;
    two.end().await;
}
