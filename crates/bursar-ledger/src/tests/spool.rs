//! Calls that no hard limit counts go on while the ledger is away, and all of them reach it; hard
//! ones only where an operator of the host says so, in his name and for a time.

use std::path::Path;
use std::time::Duration;

use bursar_domain::budget::Mode;
use bursar_domain::call::Outcome;
use bursar_domain::money::Micros;
use sqlx::FromRow;

use super::outage::{Outage, until};
use super::world::{admitted, intent, settlement};
use crate::spool::Spool;
use crate::statement::Statement;
use crate::{CallFilter, Error, Ledger, Page, SpoolOptions};

fn options(folder: &Path) -> SpoolOptions {
    SpoolOptions {
        folder: folder.join("spool"),
        bytes_max: 16 << 20,
        usd_max: Micros(100_000_000),
        break_glass: Some(folder.join("glass.toml")),
    }
}

async fn open(outage: &Outage, spool: SpoolOptions) -> Ledger {
    let open = outage.place().open_with(|options| {
        options.answer_limit = Duration::from_millis(400);
        options.spool = Some(spool);
    });
    open.await.unwrap()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder.join("spool")).into_iter().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_soft_call_of_an_outage_reaches_the_ledger() {
    for mut outage in Outage::both().await {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(&outage, options(folder.path())).await;
        let window = ledger.window("team", Mode::Soft, 50_000).await;
        let before = ledger.admit(intent()).await;
        outage.begin().await;
        let mut open = vec![before];
        for _ in 0..40 {
            open.push(ledger.admit(intent()).await);
        }
        ledger.void(open.pop().unwrap());
        drop(open.pop());
        let after = open.split_off(20);
        for call in open {
            let truth = settlement(call.intent());
            let settling = ledger.settle(call, truth);
            // Answered while the ledger is away: the spool has it.
            tokio::time::timeout(Duration::from_secs(10), settling).await.unwrap().unwrap();
        }
        assert!(!files(folder.path()).is_empty());
        outage.end().await;
        for call in after {
            let truth = settlement(call.intent());
            assert!(!ledger.settle(call, truth).await.unwrap().late);
        }
        until("the spool is empty", async || files(folder.path()).is_empty()).await;
        let total = super::usage::total(&ledger).await;
        assert_eq!((total.calls, total.succeeded, total.abandoned), (40, 39, 1));
        let spent = (39 * 900 + 10_000, 39);
        assert_eq!(ledger.balance(&window).await, (0, spent.0, spent.1));
        ledger.good_call(intent()).await;
        ledger.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_spooled_is_written_by_the_next() {
    for mut outage in Outage::both().await {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(&outage, options(folder.path())).await;
        let window = ledger.window("team", Mode::Soft, 50_000).await;
        let before = ledger.admit(intent()).await;
        outage.begin().await;
        let calls = [ledger.admit(intent()).await, ledger.admit(intent()).await];
        let [first, second] = calls;
        for call in [before, first] {
            let truth = settlement(call.intent());
            ledger.settle(call, truth).await.unwrap();
        }
        // It dies: nobody asks it any more, and its locks are let go.
        drop(ledger);
        until("it is dead", async || {
            let files = files(folder.path());
            files.iter().all(|path| std::fs::File::open(path).unwrap().try_lock().is_ok())
        })
        .await;
        assert!(!files(folder.path()).is_empty());
        outage.end().await;
        let next = open(&outage, options(folder.path())).await;
        until("the spool is empty", async || files(folder.path()).is_empty()).await;
        drop(second);
        let calls = next.calls(&CallFilter::default(), &Page { after: None, limit: 9 }).await;
        // Of the one that had not ended only a bound is known. The one that the ledger knew may
        // have been swept before its end was found.
        let calls = calls.unwrap();
        let estimated: Vec<_> = calls.iter().filter(|call| call.bill.estimated).collect();
        assert_eq!((calls.len(), estimated.len()), (3, 1));
        assert_eq!(estimated[0].ending.outcome, Outcome::Abandoned);
        assert_eq!(next.balance(&window).await, (0, 11_800, 2));
        next.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_spool_takes_no_more_than_it_may() {
    let mut outage = Outage::postgres().await;
    let folder = tempfile::tempdir().unwrap();
    let spool = SpoolOptions { usd_max: Micros(25_000), ..options(folder.path()) };
    let ledger = open(&outage, spool).await;
    let small = SpoolOptions { bytes_max: SpoolOptions::BYTES_MIN, ..options(folder.path()) };
    let small = open(&outage, small).await;
    let unusable = SpoolOptions { folder: "/dev/null/spool".into(), ..options(folder.path()) };
    let unusable = open(&outage, unusable).await;
    for ledger in [&ledger, &small, &unusable] {
        ledger.good_call(intent()).await;
    }
    outage.begin().await;
    let mut unbounded = intent();
    unbounded.ceiling = None;
    let error = ledger.reserve(unbounded).await.unwrap_err();
    assert!(error.to_string().contains("nothing bounds"), "{error}");
    let calls = [ledger.admit(intent()).await, ledger.admit(intent()).await];
    let error = ledger.reserve(intent()).await.unwrap_err();
    assert!(error.to_string().contains("$0.025 at most"), "{error}");
    let error = unusable.reserve(intent()).await.unwrap_err();
    assert!(error.to_string().contains("no room"), "{error}");
    let mut fitting = Vec::new();
    let error = loop {
        match small.reserve(intent()).await {
            Ok(admission) => fitting.push(admitted(admission)),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("262144 bytes at most"), "{error}");
    assert!(fitting.len() > 3, "{}", fitting.len());
    // There is room for the end of each.
    let number = i64::try_from(fitting.len()).unwrap();
    for call in fitting {
        let truth = settlement(call.intent());
        small.settle(call, truth).await.unwrap();
    }
    outage.end().await;
    for call in calls {
        let truth = settlement(call.intent());
        ledger.settle(call, truth).await.unwrap();
    }
    until("all is written", async || super::usage::total(&ledger).await.succeeded == number + 5)
        .await;
    for ledger in [small, unusable, ledger] {
        ledger.end().await;
    }
    assert!(files(folder.path()).is_empty());
}

#[derive(Debug, FromRow)]
struct ChangeRow {
    actor: String,
    action: String,
    becomes: Option<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_glass_opens_hard_limits_and_is_audited() {
    const CHANGES: Statement = Statement { doing: "look", sql: include_str!("sql/glass_rows.sql") };
    let mut outage = Outage::postgres().await;
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&outage, options(folder.path())).await;
    let window = ledger.window("team", Mode::Hard, 30_000).await;
    ledger.good_call(intent()).await;
    outage.begin().await;
    let glass = folder.path().join("glass.toml");
    let error = ledger.reserve(intent()).await.unwrap_err();
    assert!(error.to_string().contains("is hard"), "{error}");
    write(&glass, 0o644);
    let error = ledger.reserve(intent()).await.unwrap_err();
    assert!(error.to_string().contains("is hard"), "{error}");
    write(&glass, 0o600);
    for _ in 0..5 {
        let call = ledger.admit(intent()).await;
        let truth = settlement(call.intent());
        ledger.settle(call, truth).await.unwrap();
    }
    std::fs::remove_file(&glass).unwrap();
    assert!(matches!(ledger.reserve(intent()).await, Err(Error::Away { .. })));
    outage.end().await;
    until("the spool is empty", async || files(folder.path()).is_empty()).await;
    let changes: Vec<ChangeRow> = ledger.reads.rows(CHANGES, &[]).await.unwrap();
    assert_eq!(changes.len(), 1, "{changes:?}");
    let ChangeRow { actor, action, becomes } = &changes[0];
    assert_eq!((actor.as_str(), action.as_str()), ("ann", "break-glass"));
    let becomes = becomes.as_deref().unwrap();
    assert!(
        becomes.contains(r#""calls":5"#) && becomes.contains("the database moves"),
        "{becomes}"
    );
    until("what was given up is undone", async || ledger.balance(&window).await == (0, 6 * 900, 6))
        .await;
    ledger.end().await;
}

fn write(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let text = "until = \"2026-11-23T14:00:00Z\"\nby = \"ann\"\nreason = \"the database moves\"\n";
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flipped_byte_of_a_spool_is_found_or_does_no_harm() {
    let mut outage = Outage::postgres().await;
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(&outage, options(folder.path())).await;
    ledger.window("team", Mode::Soft, 50_000).await;
    ledger.good_call(intent()).await;
    outage.begin().await;
    let (first, second) = (ledger.admit(intent()).await, ledger.admit(intent()).await);
    let truth = settlement(first.intent());
    ledger.settle(first, truth).await.unwrap();
    let path = files(folder.path()).remove(0);
    let mut whole = std::fs::read(&path).unwrap();
    let used = whole.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    whole.truncate(used + 50);
    let name = outage.place().url.to_string();
    let copies = tempfile::tempdir().unwrap();
    let spool = SpoolOptions { folder: copies.path().to_owned(), ..options(copies.path()) };
    for flipped in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[flipped] ^= 1 << (flipped % 8);
        let copy = copies.path().join("0190-000001.spool");
        std::fs::write(&copy, &bytes).unwrap();
        let mut spool = Spool::new(spool.clone(), name.clone(), "0191".to_owned());
        let (mut restores, mut ends) = (0, 0);
        while let Some(batch) = spool.batch(2) {
            restores += batch.restores.len();
            ends += batch.ends.len();
            spool.finish(&batch, 0);
        }
        // Of two calls and an end, one record at most is lost: a call with its end, or an end,
        // for which its call is settled at its hold.
        // A file that no longer says which ledger it belongs to stays as it is.
        let is_left = copy.exists();
        let is_used = restores >= 1 && ends >= restores;
        assert!(is_left || is_used, "byte {flipped}: {restores}, {ends}");
        let aside = copies.path().join("0190-000001.damaged");
        let is_whole = restores == 2;
        assert!(is_whole || aside.exists() || is_left, "byte {flipped}");
        drop(std::fs::remove_file(&copy));
        drop(std::fs::remove_file(&aside));
    }
    outage.end().await;
    drop(second);
    until("the spool is empty", async || files(folder.path()).is_empty()).await;
    ledger.end().await;
}
