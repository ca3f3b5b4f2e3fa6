//! Blocks and heads: one chain however many processes seal it, and whatever is changed in what a
//! head covers is found and named by who has nothing but the public key.

use std::fs;
use std::path::PathBuf;

use bursar_domain::budget::Mode;
use bursar_domain::entropy::Entropy;
use bursar_domain::time::Timestamp;
use tempfile::TempDir;

use super::world::{NOW, Place, durable_places, file, intent, pico, places, postgres, settlement};
use crate::queue::Task;
use crate::{Error, Ledger, LedgerCopy, PublicKey, Signer, SigningKey, VerifyReport};

/// A key and the heads that it signs, in a folder of their own.
struct Notary {
    key: PublicKey,
    signer: Signer,
    heads: PathBuf,
    _folder: TempDir,
}

impl Notary {
    fn new(seed: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let entropy = Entropy::new(move |bytes| bytes.fill(seed));
        let key = SigningKey::create(&folder.path().join("key"), &entropy).unwrap();
        let heads = folder.path().join("heads");
        Self {
            key: key.public(),
            signer: Signer::new(key, Some(heads.clone())),
            heads,
            _folder: folder,
        }
    }

    fn heads(&self) -> String {
        fs::read_to_string(&self.heads).unwrap_or_default()
    }

    async fn seal(&self, ledger: &Ledger) -> u64 {
        ledger.seal(NOW, Some(&self.signer)).await.unwrap()
    }

    async fn verify(&self, ledger: &Ledger) -> VerifyReport {
        ledger.verify(&self.heads(), &self.key).await.unwrap()
    }

    #[track_caller]
    fn assert_clean(report: &VerifyReport) {
        assert!(report.is_clean(), "{:#?}", report.findings);
    }
}

/// A change, a call, one that was undone, and one that was swept and then corrected.
async fn fill(ledger: &Ledger) {
    ledger.window("team", Mode::Hard, 1_000_000).await;
    ledger.good_call(intent()).await;
    let unsent = ledger.admit(intent()).await;
    ledger.queue.ask(Task::Void { open: unsent.open() }).await.unwrap();
    let late = ledger.admit(intent()).await;
    let task = Task::Abandon { open: late.open(), checkpoint: Some(pico(7)) };
    ledger.queue.ask(task).await.unwrap();
    let truth = settlement(late.intent());
    ledger.settle(late, truth).await.unwrap();
}

#[tokio::test]
async fn what_was_written_is_sealed_once_and_the_rest_is_named_unprotected() {
    for place in places().await {
        let (ledger, notary) = (place.open().await, Notary::new(1));
        let nothing = notary.verify(&ledger).await;
        assert_eq!(nothing.findings[0].check, "heads", "no head proves nothing");
        fill(&ledger).await;
        // A change; calls that were settled, undone and swept; a correction.
        assert_eq!(notary.seal(&ledger).await, 5);
        assert_eq!(notary.seal(&ledger).await, 0, "it was sealed twice");
        let report = notary.verify(&ledger).await;
        Notary::assert_clean(&report);
        assert_eq!((report.heads, report.blocks, report.items), (2, 1, 5));
        assert_eq!((report.unprotected.rows, report.unprotected.since), (0, Some(NOW)));
        ledger.good_call(intent()).await;
        // In a block, but no head of it was published.
        assert_eq!(ledger.seal(NOW, None).await.unwrap(), 1);
        ledger.good_call(intent()).await;
        let report = notary.verify(&ledger).await;
        Notary::assert_clean(&report);
        assert_eq!((report.unprotected.rows, report.unprotected.since), (2, Some(NOW)));
        // The next head covers it all.
        assert_eq!(notary.seal(&ledger).await, 1);
        assert_eq!(notary.verify(&ledger).await.unprotected.rows, 0);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_correction_that_comes_after_its_call_was_sealed_changes_nothing_that_was() {
    for place in places().await {
        let (ledger, notary) = (place.open().await, Notary::new(1));
        ledger.window("team", Mode::Hard, 1_000_000).await;
        let late = ledger.admit(intent()).await;
        ledger.queue.ask(Task::Abandon { open: late.open(), checkpoint: None }).await.unwrap();
        notary.seal(&ledger).await;
        let truth = settlement(late.intent());
        ledger.settle(late, truth).await.unwrap();
        Notary::assert_clean(&notary.verify(&ledger).await);
        assert_eq!(notary.seal(&ledger).await, 1);
        Notary::assert_clean(&notary.verify(&ledger).await);
        ledger.end().await;
    }
}

/// What is found in two signed blocks after some damage.
async fn damaged(place: &Place, damage: &'static str) -> VerifyReport {
    let (ledger, notary) = (place.open().await, Notary::new(1));
    fill(&ledger).await;
    notary.seal(&ledger).await;
    ledger.good_call(intent()).await;
    notary.seal(&ledger).await;
    Notary::assert_clean(&notary.verify(&ledger).await);
    ledger.damage(damage).await;
    let report = notary.verify(&ledger).await;
    ledger.close().await.unwrap();
    report
}

#[track_caller]
fn assert_named(report: &VerifyReport, (check, subject): (&str, &str), damage: &str) {
    let mut found = report.findings.iter();
    let is_named = found.any(|found| found.check == check && found.subject.starts_with(subject));
    assert!(is_named, "{damage}: {:#?}", report.findings);
}

#[tokio::test]
async fn whatever_is_changed_below_a_head_is_found_and_named() {
    for (damage, check, subject) in [
        ("UPDATE call SET output_tokens = 21 WHERE outcome = 'succeeded'", "row", "call"),
        ("UPDATE call SET client_gone = false WHERE outcome = 'succeeded'", "row", "call"),
        ("UPDATE call SET error_code = 'None' WHERE outcome = 'succeeded'", "row", "call"),
        ("DELETE FROM call WHERE outcome = 'succeeded'", "row", "call"),
        ("UPDATE attempt SET http_status = 428 WHERE http_status = 429", "attempts", "c"),
        ("DELETE FROM attempt WHERE number = 2", "attempts", "c"),
        ("UPDATE journal SET d_held = d_held + 1 WHERE seq = 1", "journal", "call"),
        ("DELETE FROM journal WHERE kind = 'void'", "journal", "call"),
        ("UPDATE correction SET cost_pico = 1", "row", "correction"),
        ("UPDATE change SET actor = 'bob'", "row", "change 1"),
        ("UPDATE change SET seq = 2", "row", "change 1"),
        ("UPDATE change SET seq = 2", "change", "2"),
        ("UPDATE sealed SET hashes = '- - -' WHERE place = 1", "block hash", "1"),
        ("UPDATE sealed SET place = place + 10 WHERE place = 1", "block hash", "1"),
        ("DELETE FROM sealed WHERE place = 2", "block items", "1"),
        ("UPDATE block SET previous = hash WHERE number = 2", "block before", "2"),
        ("UPDATE block SET sealed_ms = sealed_ms + 1 WHERE number = 1", "block hash", "1"),
        ("UPDATE block SET number = 3 WHERE number = 2", "block number", "3"),
        ("DELETE FROM block WHERE number = 2", "block", "2"),
        ("DELETE FROM block WHERE number = 1", "block number", "2"),
    ] {
        for place in durable_places().await {
            let report = damaged(&place, damage).await;
            assert_named(&report, (check, subject), damage);
        }
    }
}

#[tokio::test]
async fn a_row_that_nobody_queued_is_found_until_it_is_adopted() {
    for place in places().await {
        let (ledger, notary) = (place.open().await, Notary::new(1));
        fill(&ledger).await;
        notary.seal(&ledger).await;
        let id = ledger.good_call(intent()).await;
        ledger.damage("DELETE FROM unsealed").await;
        let report = notary.verify(&ledger).await;
        let found: Vec<_> = report.findings.iter().map(|finding| finding.check).collect();
        assert_eq!(found, ["call", "attempt", "journal"]);
        assert!(report.findings.iter().all(|finding| finding.subject == id.as_str()));
        ledger.adopt().await.unwrap();
        assert_eq!(notary.seal(&ledger).await, 1);
        Notary::assert_clean(&notary.verify(&ledger).await);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_head_of_another_key_or_another_ledger_proves_nothing() {
    let (place, other) = (file(), file());
    let (ledger, other) = (place.open().await, other.open().await);
    let (notary, stranger) = (Notary::new(1), Notary::new(2));
    for ledger in [&ledger, &other] {
        fill(ledger).await;
    }
    stranger.seal(&ledger).await;
    let report = ledger.verify(&stranger.heads(), &notary.key).await.unwrap();
    assert_eq!(report.findings[0].check, "head");
    assert_eq!(report.heads, 0);
    let heads = stranger.heads().replace("\"block\":1", "\"block\":2");
    let report = ledger.verify(&heads, &stranger.key).await.unwrap();
    assert_eq!(report.findings[0].check, "head", "an edited head");
    let report = ledger.verify("not a head\n", &stranger.key).await.unwrap();
    assert_eq!(report.findings[0].found, "something else");
    other.seal(NOW, None).await.unwrap();
    let report = other.verify(&stranger.heads(), &stranger.key).await.unwrap();
    assert_eq!(report.findings[0].check, "block", "another ledger's head");
    ledger.end().await;
    other.end().await;
}

/// Forty calls, sealed as they come, and verified now and then; how many this one sealed.
async fn call_and_seal(ledger: &Ledger, notary: &Notary) -> u64 {
    let mut sealed = 0;
    for round in 0..40 {
        ledger.good_call(intent()).await;
        sealed += notary.seal(ledger).await;
        if round % 10 == 9 {
            Notary::assert_clean(&notary.verify(ledger).await);
        }
    }
    sealed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_seal_at_the_same_time_make_one_chain() {
    for place in durable_places().await {
        let (ledgers, notary) = ([place.open().await, place.open().await], Notary::new(1));
        ledgers[0].window("team", Mode::Hard, 100_000_000).await;
        let work = ledgers.iter().map(|ledger| call_and_seal(ledger, &notary));
        let sealed: u64 = futures_util::future::join_all(work).await.into_iter().sum();
        let rest = notary.seal(&ledgers[0]).await;
        assert_eq!(sealed + rest, 81, "a change and every call, once");
        let report = notary.verify(&ledgers[1]).await;
        Notary::assert_clean(&report);
        assert_eq!(report.items, 81);
        for ledger in ledgers {
            ledger.end().await;
        }
    }
}

#[tokio::test]
async fn a_copy_is_verified_by_the_heads_of_its_source() {
    for (from, to) in [(file(), postgres().await), (postgres().await, file())] {
        let (from, to, notary) = (from.open().await, to.open().await, Notary::new(1));
        fill(&from).await;
        notary.seal(&from).await;
        from.good_call(intent()).await;
        let mut copy = LedgerCopy::begin(from.clone(), to.clone()).await.unwrap();
        while copy.copy_page().await.unwrap() {}
        copy.verify().await.unwrap();
        let report = notary.verify(&to).await;
        Notary::assert_clean(&report);
        assert_eq!((report.items, report.unprotected.rows), (5, 1));
        assert_eq!(notary.seal(&to).await, 1);
        Notary::assert_clean(&notary.verify(&to).await);
        from.end().await;
        to.end().await;
    }
}

/// Waits until the five things that [`fill`] writes are covered by a published head.
async fn all_are_sealed(ledger: &Ledger, notary: &Notary) {
    let is_all = |report: &VerifyReport| report.items == 5 && report.unprotected.rows == 0;
    while !notary.heads().ends_with('\n') || !is_all(&notary.verify(ledger).await) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_process_that_lives_seals_by_itself() {
    for place in places().await {
        let notary = Notary::new(1);
        let sealing = crate::Sealing {
            every: std::time::Duration::from_millis(5),
            signer: Some(notary.signer.clone()),
        };
        let opened = place.open_with(|options| options.sealing = Some(sealing)).await;
        let ledger = opened.unwrap();
        fill(&ledger).await;
        let until = all_are_sealed(&ledger, &notary);
        tokio::time::timeout(std::time::Duration::from_secs(30), until).await.unwrap();
        Notary::assert_clean(&notary.verify(&ledger).await);
        ledger.end().await;
    }
}

#[tokio::test]
async fn time_that_goes_back_does_not_in_the_chain() {
    let (place, notary) = (file(), Notary::new(1));
    let ledger = place.open().await;
    fill(&ledger).await;
    notary.seal(&ledger).await;
    ledger.good_call(intent()).await;
    ledger.seal(Timestamp(0), Some(&notary.signer)).await.unwrap();
    let report = notary.verify(&ledger).await;
    Notary::assert_clean(&report);
    assert_eq!(report.unprotected.since, Some(NOW));
    ledger.end().await;
}

#[test]
fn a_key_is_for_its_owner_alone_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let entropy = Entropy::system();
    let key = SigningKey::create(&path, &entropy).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(SigningKey::read(&path).unwrap().public(), key.public());
    assert_eq!(PublicKey::parse(&key.public().to_string()), Some(key.public()));
    assert!(matches!(SigningKey::create(&path, &entropy), Err(Error::FileExists { .. })));
    for text in ["", "0123", "no key\n", &"zz".repeat(32)] {
        fs::write(&path, text).unwrap();
        assert!(matches!(SigningKey::read(&path), Err(Error::BadKey { .. })), "{text}");
    }
}
