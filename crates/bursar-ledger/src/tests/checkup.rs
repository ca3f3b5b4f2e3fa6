//! A quick look sees what is open, how large the ledger is, and a damaged page.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};

use bursar_domain::time::Timestamp;

use super::world::{NOW, file, intent, intent_at, places};
use crate::{AuditReport, DatabaseUrl, Error, Finding};

#[tokio::test]
async fn a_quick_look_sees_open_calls_and_the_oldest_of_them() {
    for place in places().await {
        let ledger = place.open().await;
        let empty = ledger.checkup().await.unwrap();
        assert_eq!((empty.holds, empty.oldest_hold), (0, None));
        let older = intent_at(Timestamp(NOW.0 - 60_000));
        let first = ledger.admit(intent()).await;
        let second = ledger.admit(older.clone()).await;
        let seen = ledger.checkup().await.unwrap();
        assert_eq!((seen.holds, seen.oldest_hold), (2, Some(older.started_at)));
        assert!(seen.version >= 1 && seen.findings.is_empty(), "{seen:?}");
        let is_memory = place.url.to_string() == "sqlite::memory:";
        assert_eq!(seen.bytes > 0, !is_memory, "{seen:?}");
        assert_eq!(seen.is_read_whole, is_file(&place.url), "{seen:?}");
        drop((first, second));
        ledger.end().await;
    }
}

#[tokio::test]
async fn what_the_last_audit_found_is_kept_and_no_earlier_one_comes_over_it() {
    for place in places().await {
        let ledger = place.open().await;
        assert_eq!(ledger.last_audit().await.unwrap(), None);
        ledger.good_call(intent()).await;
        let clean = ledger.audit().await.unwrap();
        ledger.note_audit(&clean, NOW).await.unwrap();
        let of = |check| Finding {
            check,
            subject: "w".to_owned(),
            expected: "1".to_owned(),
            found: "2".to_owned(),
        };
        let damaged = AuditReport { findings: vec![of("held"), of("spent")], calls: 7, holds: 3 };
        let seen = async || {
            let last = ledger.last_audit().await.unwrap().unwrap();
            (last.ended_at().0 - NOW.0, last.findings, last.calls, last.holds)
        };
        assert_eq!(seen().await, (0, 0, 1, 0));
        ledger.note_audit(&damaged, Timestamp(NOW.0 + 5)).await.unwrap();
        ledger.note_audit(&clean, Timestamp(NOW.0 + 4)).await.unwrap();
        assert_eq!(seen().await, (5, 2, 7, 3));
        ledger.end().await;
    }
}

fn is_file(url: &DatabaseUrl) -> bool {
    url.file().is_some()
}

#[tokio::test]
async fn a_quick_look_sees_a_damaged_page() {
    let place = file();
    let ledger = place.open().await;
    ledger.good_call(intent()).await;
    ledger.close().await.unwrap();
    let path = place.url.file().unwrap().to_owned();
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    // So large that opening does not read it whole: what a connection has read, it remembers.
    file.set_len(2 << 20).unwrap();
    let ledger = place.open().await;
    // From the third page on: what opening has read stays readable.
    file.seek(SeekFrom::Start(8192)).unwrap();
    file.write_all(&vec![0xa5; 40_960]).unwrap();
    let error = ledger.checkup().await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
}
