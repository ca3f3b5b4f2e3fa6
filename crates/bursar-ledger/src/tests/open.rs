//! Opening: what is refused, with which words, and that nothing is written then.

use std::fs;
use std::path::{Path, PathBuf};

use bursar_domain::time::Clock;

use super::world::{NOW, Place, durable_places, file, intent};
use crate::{DatabaseUrl, Error, Ledger, OpenOptions};

fn path(place: &Place) -> PathBuf {
    place.url.file().unwrap().to_owned()
}

async fn error_of(place: &Place) -> Error {
    place.open_with(|_| {}).await.unwrap_err()
}

#[tokio::test]
async fn a_ledger_of_a_later_program_is_refused() {
    for place in durable_places().await {
        let ledger = place.open().await;
        ledger.damage(include_str!("sql/make_newer.sql")).await;
        ledger.close().await.unwrap();
        let error = error_of(&place).await;
        assert!(matches!(error, Error::Newer { found: 99, .. }), "{error}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_left_as_it_is() {
    let damages: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes[..16].fill(0),
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes.truncate(50),
        |bytes| {
            // The first page after the header's holds a table; an unknown page kind is damage.
            let end = bytes.len() - 4096;
            bytes[4096..end].fill(0xAA);
        },
    ];
    for damage in damages {
        let place = file();
        let ledger = place.open().await;
        ledger.good_call(intent()).await;
        ledger.end().await;
        let mut bytes = fs::read(path(&place)).unwrap();
        damage(&mut bytes);
        fs::write(path(&place), &bytes).unwrap();
        let error = error_of(&place).await;
        assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains("\nhint: restore it from a backup"), "{error}");
        assert_eq!(fs::read(path(&place)).unwrap(), bytes, "a damaged file was written to");
    }
}

#[tokio::test]
async fn a_text_file_is_no_ledger() {
    let place = file();
    fs::write(path(&place), "dear diary, ".repeat(100)).unwrap();
    let error = error_of(&place).await;
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}

#[tokio::test]
async fn a_database_of_something_else_is_refused() {
    for place in durable_places().await {
        let ledger = place.open().await;
        ledger.damage(include_str!("sql/forget_meta.sql")).await;
        ledger.close().await.unwrap();
        let error = error_of(&place).await;
        assert!(matches!(error, Error::Foreign), "{error}");
    }
}

#[tokio::test]
async fn a_missing_folder_and_a_missing_file_are_told_apart() {
    let place = file();
    let error = place.open_with(|options| options.create = false).await.unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error}");
    assert!(!path(&place).exists());
    let nowhere = path(&place).parent().unwrap().join("no/such/ledger.db");
    let url = DatabaseUrl::parse(&format!("sqlite:{}", nowhere.display())).unwrap();
    let error = Ledger::open(&url, OpenOptions::new(Clock::new(|| NOW))).await.unwrap_err();
    assert!(matches!(error, Error::MissingDirectory { .. }), "{error}");
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_said_to_be_so_without_its_password() {
    let url = DatabaseUrl::parse("postgres://me:s3cret@127.0.0.1:1/ledger").unwrap();
    let error = Ledger::open(&url, OpenOptions::new(Clock::new(|| NOW))).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}

#[tokio::test]
async fn what_was_written_is_there_when_the_ledger_is_opened_again() {
    for place in durable_places().await {
        for opened in 1..4 {
            let ledger = place.open().await;
            ledger.good_call(intent()).await;
            assert_eq!(super::usage::total(&ledger).await.calls, opened);
            ledger.end().await;
        }
    }
}

#[tokio::test]
async fn reading_a_file_leaves_no_owner_behind() {
    let place = file();
    place.open().await.close().await.unwrap();
    let ledger = place.open().await;
    super::usage::total(&ledger).await;
    let folder: &Path = place.folder.as_ref().unwrap().path();
    let names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.iter().all(|name| !name.contains("-owner-")), "{names:?}");
    ledger.end().await;
}
