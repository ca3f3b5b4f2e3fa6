//! Months that are archived: what is left adds up, what was taken out is where it is said to be, and
//! neither can be changed without notice.

use std::path::Path;

use bursar_domain::budget::Mode;
use bursar_domain::entropy::Entropy;
use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use tempfile::TempDir;

use super::world::{
    NOW, Place, admitted, at, durable_places, file, intent, intent_at, postgres, settlement,
};
use crate::archive::{Calls, last_id};
use crate::backup::open_alone;
use crate::queue::Task;
use crate::statement::Statement;
use crate::{
    ArchiveRequest, ArchiveState, ArchivedMonth, CallFilter, CallRow, Dimension, Error, Ledger,
    LedgerCopy, Month, Page, Signer, SigningKey, UsageQuery, UsageReport,
};

/// In September 2026, an hour before its end.
const SEPTEMBER: Timestamp = Timestamp(1_790_812_800_000 - HOUR_MS);

fn request(folder: &Path, before: &str, drop: bool) -> ArchiveRequest {
    let before = Month::parse(before).unwrap();
    ArchiveRequest { before, folder: folder.to_owned(), drop, actor: "ann".into() }
}

async fn archive(
    ledger: &Ledger,
    folder: &TempDir,
    (before, drop): (&str, bool),
) -> Result<Vec<ArchivedMonth>, Error> {
    ledger.archive(&request(folder.path(), before, drop), NOW).await
}

/// A call of a process that ended: settled at its hold, then corrected.
async fn corrected(ledger: &Ledger, started_at: Timestamp) {
    let late = admitted(ledger.reserve(intent_at(started_at)).await.unwrap());
    ledger.queue.ask(Task::Abandon { open: late.open(), checkpoint: None }).await.unwrap();
    let truth = settlement(late.intent());
    assert!(ledger.settle(late, truth).await.unwrap().late);
}

/// Two calls in September, one of them corrected; one that began then and ended when another one of
/// October was held; one of November. All sealed.
async fn autumn(place: &Place) -> Ledger {
    let ledger = place.open().await;
    ledger.window("team", Mode::Hard, 1_000_000).await;
    ledger.good_call(intent_at(SEPTEMBER)).await;
    corrected(&ledger, SEPTEMBER).await;
    let across = ledger.admit(intent_at(SEPTEMBER)).await;
    let october = ledger.admit(intent_at(Timestamp(SEPTEMBER.0 + 2 * HOUR_MS))).await;
    ledger.void(ledger.admit(intent_at(SEPTEMBER)).await);
    for call in [across, october] {
        let truth = settlement(call.intent());
        ledger.settle(call, truth).await.unwrap();
    }
    ledger.good_call(intent()).await;
    while ledger.seal(NOW, None).await.unwrap() > 0 {}
    ledger
}

async fn usage(ledger: &Ledger) -> Vec<UsageReport> {
    let mut reports = Vec::new();
    for by in [Dimension::Day, Dimension::Team, Dimension::User, Dimension::Hour] {
        let query = UsageQuery { by, since: None, until: None, count_tokens: true };
        reports.push(ledger.usage(&query).await.unwrap());
    }
    reports
}

async fn calls(ledger: &Ledger) -> Vec<CallRow> {
    let page = Page { after: None, limit: 1_000 };
    ledger.calls(&CallFilter::default(), &page).await.unwrap()
}

async fn assert_clean(ledger: &Ledger) {
    let report = ledger.audit().await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
}

/// An archive, opened as any ledger is.
async fn opened(file: &Path) -> Ledger {
    at(&format!("sqlite:{}", file.display())).open().await
}

#[tokio::test]
async fn what_is_taken_out_is_in_the_archive_and_all_else_is_as_it_was() {
    for place in durable_places().await {
        let (ledger, folder) = (autumn(&place).await, tempfile::tempdir().unwrap());
        let signer = Signer::new(
            SigningKey::create(&folder.path().join("key"), &Entropy::system()).unwrap(),
            Some(folder.path().join("heads")),
        );
        let window = ledger.limits().await.unwrap()[0].place_at("", NOW).window;
        let (sums, balance, all) =
            (usage(&ledger).await, ledger.balance(&window).await, calls(&ledger).await);
        let done = archive(&ledger, &folder, ("2026-10", true)).await.unwrap();
        let [september] = done.as_slice() else { panic!("{done:#?}") };
        assert_eq!((september.month.to_string().as_str(), september.calls), ("2026-09", 3));
        assert_eq!(september.state, ArchiveState::Dropped);
        assert_eq!(usage(&ledger).await, sums);
        assert_eq!(ledger.balance(&window).await, balance);
        let (kept, gone) = all.split_at(2);
        assert_eq!(calls(&ledger).await, kept);
        assert_clean(&ledger).await;
        let id = &gone[0].id;
        let archive_of = ledger.archive_of(id).await.unwrap().unwrap();
        assert_eq!(Path::new(&archive_of.place), september.file);
        assert_eq!(ledger.archive_of(&kept[0].id).await.unwrap(), None);
        // Nothing is rebuilt, and calls go on.
        assert_eq!(ledger.rebuild("ann").await.unwrap(), []);
        let next = ledger.admit(intent()).await;
        let then = ledger.admitted_by(next.id(), NOW).await.unwrap().remove(0).then.balance;
        assert_eq!((then.spent.0, then.spent_rest), (balance.1, balance.2));
        ledger.void(next);
        ledger.seal(NOW, Some(&signer)).await.unwrap();
        let heads = std::fs::read_to_string(folder.path().join("heads")).unwrap();
        let key = SigningKey::read(&folder.path().join("key")).unwrap().public();
        let report = ledger.verify(&heads, &key).await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
        assert_eq!(report.archived, 4);
        // Who asks again is told the same, and nothing is done.
        let before = changes(&ledger).await;
        let again = archive(&ledger, &folder, ("2026-10", true)).await.unwrap();
        assert_eq!(again[0].state, ArchiveState::Checked);
        assert_eq!(changes(&ledger).await, before);
        let archived = opened(&september.file).await;
        assert_eq!(calls(&archived).await, gone);
        assert_eq!(usage(&archived).await[1].total.calls, 3);
        assert_eq!(archived.attempts(id).await.unwrap().len(), 2);
        archived.end().await;
        ledger.end().await;
    }
}

#[tokio::test]
async fn an_archive_alone_takes_nothing_out_and_months_follow_each_other() {
    for place in durable_places().await {
        let (ledger, folder) = (autumn(&place).await, tempfile::tempdir().unwrap());
        let all = calls(&ledger).await;
        let done = archive(&ledger, &folder, ("2026-11", false)).await.unwrap();
        let months = done.iter().map(|month| (month.month.to_string(), month.state));
        let written = ["2026-09", "2026-10"].map(|month| (month.into(), ArchiveState::Written));
        assert_eq!(months.collect::<Vec<_>>(), written);
        assert_eq!((calls(&ledger).await, ledger.archives().await.unwrap()), (all, Vec::new()));
        for _ in 0..2 {
            ledger.seal(NOW, None).await.unwrap();
            archive(&ledger, &folder, ("2026-10", true)).await.unwrap();
            assert_clean(&ledger).await;
        }
        let done = archive(&ledger, &folder, ("2026-11", true)).await.unwrap();
        assert_eq!([ArchiveState::Checked, ArchiveState::Dropped], [done[0].state, done[1].state]);
        assert_eq!(calls(&ledger).await.len(), 1);
        // Single calls cannot be asked for any more, and it says where they are.
        let by_tag = |since| UsageQuery {
            by: Dimension::Tag("feature".into()),
            since: Some(since),
            until: None,
            count_tokens: false,
        };
        let error = ledger.usage(&by_tag(SEPTEMBER)).await.unwrap_err();
        assert!(matches!(&error, Error::Archived { month, .. } if month == "2026-09"), "{error}");
        let november = ledger.usage(&by_tag(Timestamp(NOW.0 - DAY_MS))).await.unwrap();
        assert_eq!(november.total.calls, 1);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_month_that_is_not_closed_is_refused_with_why() {
    for place in durable_places().await {
        let (ledger, folder) = (autumn(&place).await, tempfile::tempdir().unwrap());
        let refused = async |before: &str| {
            let error = archive(&ledger, &folder, (before, true)).await.unwrap_err();
            assert!(matches!(error, Error::NotArchivable { .. }), "{error}");
            error.to_string()
        };
        assert!(refused("2026-12").await.contains("2026-11 cannot be archived: it is not over"));
        let open = ledger.admit(intent_at(SEPTEMBER)).await;
        assert!(refused("2026-10").await.contains("1 of its calls are open"));
        let truth = settlement(open.intent());
        ledger.settle(open, truth).await.unwrap();
        assert!(refused("2026-10").await.contains("1 of its calls are in no block yet"));
        assert!(!folder.path().join("bursar-2026-09.db").exists());
        ledger.seal(NOW, None).await.unwrap();
        let done = archive(&ledger, &folder, ("2026-10", false)).await.unwrap();
        let archived = opened(&done[0].file).await;
        let error = archive(&archived, &folder, ("2026-10", true)).await.unwrap_err();
        assert!(error.to_string().contains("is an archive itself"), "{error}");
        archived.end().await;
        ledger.end().await;
    }
}

/// As many calls as two pages and a half.
async fn many(ledger: &Ledger) {
    ledger.window("team", Mode::Hard, 100_000_000).await;
    let calls = (0..1_250).map(|_| ledger.good_call(intent_at(SEPTEMBER)));
    futures_util::future::join_all(calls).await;
    while ledger.seal(NOW, None).await.unwrap() > 0 {}
}

#[tokio::test]
async fn whoever_is_killed_half_way_begins_again() {
    for place in durable_places().await {
        let (ledger, folder) = (place.open().await, tempfile::tempdir().unwrap());
        many(&ledger).await;
        let sums = usage(&ledger).await;
        // Killed while it wrote.
        let unfinished = folder.path().join("bursar-2026-09.db.unfinished");
        std::fs::create_dir(&unfinished).unwrap();
        std::fs::write(unfinished.join("whole.db"), "half").unwrap();
        archive(&ledger, &folder, ("2026-10", false)).await.unwrap();
        assert!(!unfinished.exists());
        // Killed after each step: every one of them leaves books that agree.
        let september = Month::of(SEPTEMBER);
        let request = request(folder.path(), "2026-10", true);
        ledger.begin_to_drop(&request, september).await.unwrap();
        assert_clean(&ledger).await;
        ledger.add_up_journals(september).await.unwrap();
        assert_clean(&ledger).await;
        let until = last_id(&ledger.reads, september).await.unwrap();
        let page = Calls::read(&ledger.reads, september, ("", &until)).await.unwrap().unwrap();
        ledger.take_out_page(september, page).await.unwrap();
        assert_clean(&ledger).await;
        assert_eq!((usage(&ledger).await, calls(&ledger).await.len()), (sums.clone(), 750));
        // Half of what it holds is nowhere else.
        let file = folder.path().join("bursar-2026-09.db");
        std::fs::rename(&file, folder.path().join("moved")).unwrap();
        let error = archive(&ledger, &folder, ("2026-10", true)).await.unwrap_err();
        assert!(error.to_string().contains("it is gone"), "{error}");
        std::fs::rename(folder.path().join("moved"), &file).unwrap();
        ledger.close().await.unwrap();
        let ledger = place.open().await;
        let done = archive(&ledger, &folder, ("2026-10", true)).await.unwrap();
        assert_eq!((done[0].state, done[0].calls), (ArchiveState::Dropped, 1_250));
        assert_eq!((usage(&ledger).await, calls(&ledger).await), (sums, Vec::new()));
        let archived = opened(&done[0].file).await;
        assert_eq!(usage(&archived).await[0].total.calls, 1_250);
        archived.end().await;
        ledger.end().await;
    }
}

/// Changes an archive behind everybody's back.
async fn damage(file: &Path) {
    const DEARER: Statement =
        Statement { doing: "damage", sql: include_str!("sql/damage_archive.sql") };
    let pool = open_alone(file);
    pool.run(DEARER, &[]).await.unwrap();
    pool.close().await;
}

#[tokio::test]
async fn an_archive_that_was_changed_is_found_before_and_after_and_by_itself() {
    for place in durable_places().await {
        let (ledger, folder) = (autumn(&place).await, tempfile::tempdir().unwrap());
        let file = folder.path().join("bursar-2026-09.db");
        let all = calls(&ledger).await;
        archive(&ledger, &folder, ("2026-10", false)).await.unwrap();
        let good = std::fs::read(&file).unwrap();
        damage(&file).await;
        let error = archive(&ledger, &folder, ("2026-10", true)).await.unwrap_err();
        assert!(matches!(error, Error::ArchiveDiffers { .. }), "{error}");
        assert_eq!(calls(&ledger).await, all);
        let archived = opened(&file).await;
        assert!(!archived.audit().await.unwrap().is_clean());
        archived.close().await.unwrap();
        for bad in [b"".as_slice(), b"no ledger at all", &good[..good.len() / 2]] {
            std::fs::write(&file, bad).unwrap();
            archive(&ledger, &folder, ("2026-10", true)).await.unwrap_err();
            assert_eq!(calls(&ledger).await, all);
        }
        std::fs::write(&file, &good).unwrap();
        archive(&ledger, &folder, ("2026-10", true)).await.unwrap();
        damage(&file).await;
        let error = archive(&ledger, &folder, ("2026-10", true)).await.unwrap_err();
        assert!(matches!(error, Error::ArchiveDiffers { .. }), "{error}");
        // It may be moved away once all is in it.
        std::fs::remove_file(&file).unwrap();
        let done = archive(&ledger, &folder, ("2026-10", true)).await.unwrap();
        assert_eq!((done[0].state, done[0].calls), (ArchiveState::Elsewhere, 3));
        ledger.end().await;
    }
}

#[tokio::test]
async fn what_is_said_of_archived_months_cannot_be_changed_without_notice() {
    for (sql, check) in [
        (include_str!("sql/hide_call.sql"), "archive"),
        (include_str!("sql/damage_base.sql"), "journal base"),
        (include_str!("sql/reopen_archive.sql"), "archive"),
        (include_str!("sql/hide_more.sql"), "archived hash"),
    ] {
        for place in durable_places().await {
            let (ledger, folder) = (autumn(&place).await, tempfile::tempdir().unwrap());
            archive(&ledger, &folder, ("2026-10", true)).await.unwrap();
            ledger.damage(sql).await;
            let report = ledger.audit().await.unwrap();
            assert!(report.findings.iter().any(|found| found.check == check), "{report:#?}");
            ledger.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_copy_knows_what_its_source_has_archived() {
    for (source, target) in [(file(), postgres().await), (postgres().await, file())] {
        let (ledger, folder) = (autumn(&source).await, tempfile::tempdir().unwrap());
        archive(&ledger, &folder, ("2026-10", true)).await.unwrap();
        ledger.seal(NOW, None).await.unwrap();
        let to = target.open().await;
        let mut copy = LedgerCopy::begin(ledger.clone(), to.clone()).await.unwrap();
        while copy.copy_page().await.unwrap() {}
        assert!(copy.verify().await.unwrap().audit.is_clean());
        let done = archive(&to, &folder, ("2026-10", true)).await.unwrap();
        assert_eq!((done[0].state, done[0].calls), (ArchiveState::Checked, 3));
        ledger.end().await;
        to.end().await;
    }
}

async fn changes(ledger: &Ledger) -> usize {
    ledger.changes(None, None, 1_000).await.unwrap().len()
}

#[tokio::test]
async fn a_call_that_is_open_while_an_earlier_month_is_taken_out_ends_as_any_other() {
    for place in durable_places().await {
        let (ledger, folder) = (place.open().await, tempfile::tempdir().unwrap());
        let window = ledger.window("team", Mode::Hard, 1_000_000).await;
        // Its line comes before those that are taken out, in a window that counts on.
        let open = ledger.admit(intent()).await;
        ledger.good_call(intent_at(SEPTEMBER)).await;
        ledger.seal(NOW, None).await.unwrap();
        archive(&ledger, &folder, ("2026-10", true)).await.unwrap();
        assert_clean(&ledger).await;
        assert_eq!(ledger.balance(&window).await, (10_000, 900, 1));
        let truth = settlement(open.intent());
        ledger.settle(open, truth).await.unwrap();
        assert_eq!(ledger.balance(&window).await, (0, 1_800, 2));
        ledger.end().await;
    }
}
