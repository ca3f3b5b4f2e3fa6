//! A quick look sees what is open, how large the ledger is, and a damaged page.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};

use bursar_domain::time::Timestamp;

use super::world::{NOW, file, intent, intent_at, places};
use crate::{DatabaseUrl, Error};

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
