//! Copies between every pair of databases: whole, resumed, and refused.

use std::collections::BTreeSet;

use bursar_domain::budget::{Mode, RefusalReason};
use bursar_domain::call::Operation;
use bursar_domain::once::Once;
use bursar_domain::time::{DAY_MS, Timestamp};
use bursar_domain::watch::StreamLimits;
use sqlx::FromRow;

use super::world::{NOW, Place, file, intent, intent_at, pico, postgres, scope, settlement};
use crate::copy::tables::TABLES;
use crate::queue::Task;
use crate::statement::Statement;
use crate::{ArchiveRequest, Change, CopyReport, Error, Ledger, LedgerCopy, Month};

/// Tables that are not history: what a database is, who lives, and what is open.
const NOT_COPIED: [&str; 11] = [
    "cut_wish",
    "head_delivery",
    "hold",
    "last_audit",
    "ledger_clock",
    "ledger_meta",
    "ledger_revision",
    "owner",
    "password_link",
    "session",
    "unsealed",
];

/// From and to each kind of database that outlives its process.
async fn pairs() -> [(Place, Place); 4] {
    [
        (file(), postgres().await),
        (postgres().await, file()),
        (file(), file()),
        (postgres().await, postgres().await),
    ]
}

/// A ledger with a row in every table: tagged calls on two days, a correction, a refusal, and a
/// budget's window with its journal.
async fn full(place: &Place) -> Ledger {
    let options = |options: &mut crate::OpenOptions| options.report_tags = vec!["env".into()];
    let ledger = place.open_with(options).await.unwrap();
    ledger.window("team", Mode::Hard, 1_000_000).await;
    // Passed by the first call, and so told.
    ledger.window("project", Mode::Soft, 100).await;
    let freeze =
        Change::Freeze { id: "f".into(), scope: scope("elsewhere"), reason: "a loop".into() };
    let limits = StreamLimits { seconds: Some(60), ..StreamLimits::NONE };
    let streams = Change::SetStreamLimits { id: "s".into(), scope: scope("all"), limits };
    ledger.change("ann", vec![freeze, streams]).await.unwrap();
    super::access::fill(&ledger).await;
    ledger.good_call(intent()).await;
    ledger.good_call(intent_at(Timestamp(NOW.0 - DAY_MS))).await;
    ledger.good_call(intent_at(Timestamp(NOW.0 - 60 * DAY_MS))).await;
    let mut count = intent();
    count.operation = Operation::CountTokens;
    ledger.call(count, |settlement| settlement.bill.cost = None).await;
    ledger.refuse(&intent(), RefusalReason::Unpriced, "no price: it's \"new\", té").await.unwrap();
    let late = super::world::admitted(ledger.reserve(intent()).await.unwrap());
    let task = Task::Abandon { open: late.open(), checkpoint: Some(pico(7)) };
    ledger.queue.ask(task).await.unwrap();
    let once = Once { asker: "a".into(), key_hash: "k".into(), fingerprint: "f".into() };
    assert_eq!(ledger.claim(&once, &late).await.unwrap(), None);
    let truth = settlement(late.intent());
    ledger.settle(late, truth).await.unwrap();
    ledger.seal(NOW, None).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (before, folder) = (Month::of(NOW), folder.path().to_owned());
    let request = ArchiveRequest { before, folder, drop: true, actor: "ann".into() };
    assert_eq!(ledger.archive(&request, NOW).await.unwrap().len(), 1);
    ledger.seal(NOW, None).await.unwrap();
    ledger
}

/// Copies what is left, and verifies.
async fn copy(from: &Ledger, to: &Ledger) -> Result<CopyReport, Error> {
    let mut copy = LedgerCopy::begin(from.clone(), to.clone()).await?;
    while copy.copy_page().await? {}
    assert_eq!(copy.rows_read(), copy.rows_total());
    let report = copy.verify().await?;
    assert!(report.audit.is_clean(), "{:#?}", report.audit.findings);
    Ok(report)
}

/// Copies so many pages and goes no further; whether there would have been more.
async fn copy_pages(from: &Ledger, to: &Ledger, pages: usize) -> bool {
    let mut copy = LedgerCopy::begin(from.clone(), to.clone()).await.unwrap();
    let mut is_cut = true;
    for _ in 0..pages {
        is_cut = copy.copy_page().await.unwrap();
    }
    is_cut
}

/// Every row of every table that is copied, in an order that both databases have.
async fn rows(ledger: &Ledger) -> Vec<(&'static str, Vec<String>)> {
    let mut tables = Vec::new();
    for table in &TABLES {
        let mut after: Vec<_> = table.key.iter().map(|(_, kind)| kind.lowest()).collect();
        let mut texts = Vec::new();
        loop {
            let page: Vec<crate::copy::CopiedRow> =
                ledger.reads.rows(table.page, &after).await.unwrap();
            let Some(last) = page.last() else { break };
            after = table.key.iter().map(|(column, kind)| last.value(column, *kind)).collect();
            texts.extend(page.iter().map(|row| serde_json::to_string(row).unwrap()));
        }
        texts.sort();
        tables.push((table.name, texts));
    }
    tables
}

#[tokio::test]
async fn a_copy_holds_every_row_and_a_second_one_changes_nothing() {
    for (source, target) in pairs().await {
        let (from, to) = (full(&source).await, target.open().await);
        let report = copy(&from, &to).await.unwrap();
        assert_eq!((report.calls, report.written), (5, report.rows));
        let (was, is) = (rows(&from).await, rows(&to).await);
        assert_eq!(was, is);
        assert!(was.iter().all(|(table, rows)| !rows.is_empty() || panic!("no {table}")));
        assert_eq!(copy(&from, &to).await.unwrap().written, 0);
        // What is new in the source is all that a later copy writes, sums included.
        from.good_call(intent()).await;
        let later = copy(&from, &to).await.unwrap();
        assert_eq!(later.calls, 6);
        assert!(later.written < later.rows, "{later:?}");
        assert_eq!(rows(&from).await, rows(&to).await);
        from.end().await;
        to.end().await;
    }
}

#[tokio::test]
async fn a_copy_that_was_interrupted_after_any_page_is_finished_by_the_next() {
    for (source, target) in pairs().await {
        let (from, to) = (full(&source).await, target.open().await);
        let mut pages = 1;
        while copy_pages(&from, &to, pages).await {
            pages += 1;
        }
        assert!(pages > TABLES.len());
        assert_eq!(copy(&from, &to).await.unwrap().written, 0);
        assert_eq!(rows(&from).await, rows(&to).await);
        from.end().await;
        to.end().await;
    }
}

#[tokio::test]
async fn a_table_of_many_pages_is_copied_to_its_end() {
    let (source, target) = (file(), postgres().await);
    let (from, to) = (source.open().await, target.open().await);
    let calls = (0..1_010).map(|_| from.good_call(intent()));
    futures_util::future::join_all(calls).await;
    let mut half = LedgerCopy::begin(from.clone(), to.clone()).await.unwrap();
    while half.rows_read() < 500 {
        assert!(half.copy_page().await.unwrap());
    }
    drop(half);
    let report = copy(&from, &to).await.unwrap();
    assert_eq!(report.calls, 1_010);
    assert_eq!(report.rows - report.written, 500);
    from.end().await;
    to.end().await;
}

#[tokio::test]
async fn a_target_with_calls_or_refusals_of_its_own_is_refused_and_left_as_it_is() {
    for (source, target) in pairs().await {
        let (from, to) = (full(&source).await, target.open().await);
        to.refuse(&intent(), RefusalReason::Rate, "too fast").await.unwrap();
        let error = copy(&from, &to).await.unwrap_err();
        assert!(matches!(error, Error::OtherRows { table: "refusal", rows: 1 }), "{error}");
        to.good_call(intent()).await;
        let before = rows(&to).await;
        let error = copy(&from, &to).await.unwrap_err();
        assert!(matches!(error, Error::OtherRows { table: "call", rows: 1 }), "{error}");
        assert_eq!(rows(&to).await, before);
        from.end().await;
        to.end().await;
    }
}

#[tokio::test]
async fn an_open_call_on_either_side_is_refused() {
    for (source, target) in pairs().await {
        let (from, to) = (source.open().await, target.open().await);
        for (busy, name) in [(&from, "source"), (&to, "target")] {
            let open = busy.admit(intent()).await;
            let error = copy(&from, &to).await.unwrap_err();
            assert!(
                matches!(error, Error::OpenCalls { side, holds: 1 } if side == name),
                "{error}"
            );
            let settlement = settlement(open.intent());
            busy.settle(open, settlement).await.unwrap();
        }
        from.end().await;
        to.end().await;
    }
}

#[tokio::test]
async fn a_source_that_is_written_to_meanwhile_is_told_and_copied_again() {
    let (source, target) = (file(), postgres().await);
    let (from, to) = (full(&source).await, target.open().await);
    let mut half = LedgerCopy::begin(from.clone(), to.clone()).await.unwrap();
    while half.copy_page().await.unwrap() {}
    from.good_call(intent()).await;
    let error = half.verify().await.unwrap_err();
    assert!(matches!(&error, Error::CopyDiffers { what, .. } if what == "journal"), "{error}");
    assert_eq!(copy(&from, &to).await.unwrap().calls, 6);
    from.end().await;
    to.end().await;
}

#[tokio::test]
async fn the_targets_report_tags_become_the_sources() {
    for (source, target) in pairs().await {
        let declared = |options: &mut crate::OpenOptions| options.report_tags = vec!["own".into()];
        let (from, to) = (full(&source).await, target.open_with(declared).await.unwrap());
        copy(&from, &to).await.unwrap();
        assert_eq!(rows(&from).await[0], rows(&to).await[0]);
        from.end().await;
        to.end().await;
    }
}

#[derive(FromRow)]
struct TableRow {
    table_name: String,
}

#[tokio::test]
async fn every_table_is_copied_or_left_out_on_purpose() {
    const COLUMNS: Statement =
        Statement { doing: "look", sql: include_str!("sql/sqlite_columns.sql") };
    const POSTGRES: Statement =
        Statement { doing: "look", sql: include_str!("sql/postgres_columns.sql") };
    for (place, columns) in [(file(), COLUMNS), (postgres().await, POSTGRES)] {
        let ledger = place.open().await;
        let found: Vec<TableRow> = ledger.reads.rows(columns, &[]).await.unwrap();
        let found: BTreeSet<&str> = found.iter().map(|row| row.table_name.as_str()).collect();
        let copied = TABLES.iter().map(|table| table.name);
        assert_eq!(found, copied.chain(NOT_COPIED).collect());
        ledger.end().await;
    }
}
