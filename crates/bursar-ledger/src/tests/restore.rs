//! A backup made the ledger again: checked first, the old one kept, what was open settled, audited.

use std::fs;

use bursar_domain::budget::Mode;
use bursar_domain::time::Clock;

use super::world::{NOW, Place, at, file, intent, postgres};
use crate::{Error, Ledger, OpenOptions, Restored};

fn path(place: &Place) -> std::path::PathBuf {
    place.url.file().unwrap().to_owned()
}

async fn restore(place: &Place, backup: &std::path::Path, force: bool) -> Result<Restored, Error> {
    let options = OpenOptions::new(Clock::new(|| NOW));
    Ledger::restore(&place.url, (backup, force), ("ann", options)).await
}

/// A backup of a ledger with one call that has ended and one that is open.
async fn backup(place: &Place) -> std::path::PathBuf {
    let ledger = place.open().await;
    ledger.window("team", Mode::Hard, 1_000_000).await;
    ledger.good_call(intent()).await;
    let open = ledger.admit(intent()).await;
    let backup = path(place).with_file_name("backup.db");
    ledger.backup(&backup).await.unwrap();
    drop(open);
    ledger.close().await.unwrap();
    backup
}

#[tokio::test]
async fn a_restored_ledger_settles_what_was_open_and_agrees_with_itself() {
    let (place, lost) = (file(), file());
    let backup = backup(&place).await;
    let restored = restore(&lost, &backup, false).await.unwrap();
    assert!(restored.audit.is_clean(), "{:#?}", restored.audit.findings);
    assert_eq!((restored.swept, restored.audit.calls, restored.audit.holds), (1, 2, 0));
    assert_eq!(restored.set_aside, None);
    let ledger = lost.open().await;
    let changes = ledger.changes(None, None, 1).await.unwrap();
    assert_eq!((changes[0].action.as_str(), changes[0].actor.as_str()), ("ledger restore", "ann"));
    ledger.good_call(intent()).await;
    ledger.end().await;
}

#[tokio::test]
async fn a_ledger_is_set_aside_only_by_force_and_kept() {
    let (place, other) = (file(), file());
    let backup = backup(&place).await;
    let ledger = other.open().await;
    ledger.good_call(intent()).await;
    let error = restore(&other, &backup, false).await.unwrap_err();
    assert!(matches!(error, Error::LedgerExists { .. }), "{error}");
    // Somebody has it open.
    let error = restore(&other, &backup, true).await.unwrap_err();
    assert!(matches!(error, Error::Locked), "{error}");
    ledger.end().await;
    let restored = restore(&other, &backup, true).await.unwrap();
    assert!(restored.audit.is_clean());
    let old = restored.set_aside.unwrap();
    let old = at(&format!("sqlite:{}", old.display())).open().await;
    assert_eq!(super::usage::total(&old).await.calls, 1);
    old.end().await;
}

#[tokio::test]
async fn a_damaged_ledger_is_replaced_and_a_damaged_backup_changes_nothing() {
    let (place, other) = (file(), file());
    let backup = backup(&place).await;
    fs::write(path(&other), "SQLite format 3\0 and then nothing that makes sense").unwrap();
    let bad = backup.with_file_name("bad.db");
    let bytes = fs::read(&backup).unwrap();
    fs::write(&bad, &bytes[..bytes.len() / 2]).unwrap();
    let error = restore(&other, &bad, true).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    let error = restore(&other, &backup.with_file_name("none.db"), true).await.unwrap_err();
    assert!(matches!(error, Error::NoBackup { .. }), "{error}");
    fs::write(&bad, "").unwrap();
    let error = restore(&other, &bad, true).await.unwrap_err();
    assert!(matches!(error, Error::Foreign), "{error}");
    assert!(fs::read_to_string(path(&other)).unwrap().contains("nothing that makes sense"));
    let restored = restore(&other, &backup, true).await.unwrap();
    assert!(restored.audit.is_clean());
    let folder = path(&other).parent().unwrap().to_owned();
    let left = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.map(|name| name.into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.contains("restoring")), "{left:?}");
}

#[tokio::test]
async fn only_a_file_is_restored_from_a_file() {
    let backup = backup(&file()).await;
    for place in [at("sqlite::memory:"), postgres().await] {
        let error = restore(&place, &backup, true).await.unwrap_err();
        assert!(matches!(error, Error::NoFile), "{error}");
    }
}

#[tokio::test]
async fn changes_are_read_newest_first_and_page_by_page() {
    for place in super::world::places().await {
        let ledger = place.open().await;
        for name in ["team", "project", "user"] {
            ledger.window(name, Mode::Hard, 1_000_000).await;
        }
        let page = ledger.changes(Some(NOW), None, 2).await.unwrap();
        assert_eq!(page.iter().map(|row| row.seq).collect::<Vec<_>>(), [3, 2]);
        assert_eq!((page[0].at, page[0].actor.as_str()), (NOW, "a test"));
        assert!(page[0].was.is_none() && page[0].becomes.is_some());
        let rest = ledger.changes(None, Some(2), 10).await.unwrap();
        assert_eq!(rest.iter().map(|row| row.seq).collect::<Vec<_>>(), [1]);
        let later = bursar_domain::time::Timestamp(NOW.0 + 1);
        assert!(ledger.changes(Some(later), None, 10).await.unwrap().is_empty());
        ledger.end().await;
    }
}
