//! A backup is the ledger at one moment, in one file, and never takes another's place.

use std::fs;

use super::world::{at, file, intent, postgres};
use crate::Error;

#[tokio::test]
async fn a_backup_is_a_ledger_that_agrees_with_itself() {
    let place = file();
    let ledger = place.open().await;
    ledger.good_call(intent()).await;
    // A call that is open is in the backup as what it is: a hold.
    let open = ledger.admit(intent()).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("backup.db");
    let report = ledger.backup(&copy).await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    assert_eq!((report.calls, report.holds), (1, 1));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a file lies beside the backup");
    // What comes later is not in it.
    ledger.good_call(intent()).await;
    let restored = at(&format!("sqlite:{}", copy.display())).open().await;
    let calls = super::usage::total(&restored).await;
    assert_eq!((calls.calls, calls.abandoned), (2, 1), "the open call is settled at its hold");
    restored.end().await;
    drop(open);
    ledger.close().await.unwrap();
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_leaves_nothing_half_done() {
    let place = file();
    let ledger = place.open().await;
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("there");
    fs::write(&there, "").unwrap();
    let error = ledger.backup(&there).await.unwrap_err();
    assert!(matches!(error, Error::FileExists { .. }), "{error}");
    assert_eq!(fs::read(&there).unwrap(), b"");
    let nowhere = folder.path().join("no/such/folder.db");
    let error = ledger.backup(&nowhere).await.unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error}");
    ledger.clone().close().await.unwrap();
    let late = folder.path().join("late.db");
    assert!(matches!(ledger.backup(&late).await, Err(Error::Closed)));
    assert!(!late.exists(), "an unfinished backup was left");
}

#[tokio::test]
async fn only_a_file_is_backed_up_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for place in [at("sqlite::memory:"), postgres().await] {
        let ledger = place.open().await;
        let error = ledger.backup(&folder.path().join("backup.db")).await.unwrap_err();
        assert!(matches!(error, Error::NoFile), "{error}");
        ledger.end().await;
    }
}
