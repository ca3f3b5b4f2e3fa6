//! PostgreSQL's roles: a second role runs calls and everything around them, and can neither change
//! nor delete history, nor the schema.

use bursar_domain::budget::{Mode, RefusalReason};
use bursar_domain::entropy::Entropy;
use bursar_domain::once::Once;
use bursar_domain::time::{DAY_MS, Timestamp};
use bursar_domain::watch::StreamLimits;

use super::world::{NOW, Place, at, file, intent, intent_at, pico, postgres, scope, settlement};
use crate::queue::Task;
use crate::statement::Statement;
use crate::{ArchiveRequest, ArchiveState, Change, Error, Ledger, Month, SigningKey};

const HISTORY: [&str; 10] = [
    "archive",
    "journal_base",
    "call",
    "attempt",
    "call_tag",
    "journal",
    "correction",
    "change",
    "block",
    "sealed",
];

/// A database with its owner's ledger, and the same one as a role that was given its rights.
async fn two_roles() -> (Ledger, Place, String) {
    let place = postgres().await;
    let owner = place.open().await;
    let role = format!("app \"{}", uuid::Uuid::now_v7().simple());
    let quoted = role.replace('"', "\"\"");
    let create = format!("CREATE ROLE \"{quoted}\" LOGIN PASSWORD 'of-a-test'");
    owner.damage(Box::leak(create.into_boxed_str())).await;
    owner.grant(&role).await.unwrap();
    let encoded = role.replace(' ', "%20").replace('"', "%22");
    let url = match &place.url.0 {
        crate::database_url::Place::Postgres(connect) => format!(
            "postgres://{encoded}:of-a-test@{}:{}/{}",
            connect.get_host(),
            connect.get_port(),
            connect.get_database().unwrap()
        ),
        _ => panic!("this is about PostgreSQL"),
    };
    (owner, at(&url), role)
}

#[tokio::test]
async fn only_the_owner_takes_history_out() {
    let (owner, app, _) = two_roles().await;
    let ledger = app.open().await;
    let old = Timestamp(NOW.0 - 60 * DAY_MS);
    ledger.good_call(intent_at(old)).await;
    ledger.seal(NOW, None).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_owned();
    let before = Month::of(NOW);
    let mut request = ArchiveRequest { before, folder, drop: true, actor: "app".into() };
    let error = ledger.archive(&request, NOW).await.unwrap_err();
    assert!(matches!(error, Error::NotOwner { .. }), "{error}");
    // To write an archive, one only reads.
    request.drop = false;
    assert_eq!(ledger.archive(&request, NOW).await.unwrap()[0].calls, 1);
    ledger.seal(NOW, None).await.unwrap();
    request.drop = true;
    let done = owner.archive(&request, NOW).await.unwrap();
    assert_eq!(done[0].state, ArchiveState::Dropped);
    // Who runs Bursar goes on, and audits.
    ledger.good_call(intent()).await;
    ledger.end().await;
    owner.close().await.unwrap();
}

async fn denied(ledger: &Ledger, sql: String) -> bool {
    let sql: &'static str = Box::leak(sql.into_boxed_str());
    let Err(Error::Database { source, .. }) =
        ledger.reads.run(Statement { doing: "trespass", sql }, &[]).await
    else {
        return false;
    };
    source.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref()
        == Some("42501")
}

/// Changes whatever people change.
async fn change_all(ledger: &Ledger) {
    ledger.window("team", Mode::Hard, 1_000_000).await;
    ledger.window("team", Mode::Hard, 100_000).await;
    ledger.window("project", Mode::Soft, 100).await;
    let limits = StreamLimits { seconds: Some(60), ..StreamLimits::NONE };
    let changes = vec![
        Change::Freeze { id: "f".into(), scope: scope("elsewhere"), reason: "r".into() },
        Change::Thaw { scope: scope("elsewhere"), reason: String::new() },
        Change::SetStreamLimits { id: "s".into(), scope: scope("all"), limits },
        Change::EndStreamLimits { scope: scope("all") },
    ];
    ledger.change("ann", changes).await.unwrap();
    super::access::fill(ledger).await;
}

/// Makes calls of every end.
async fn call_all(ledger: &Ledger) {
    ledger.good_call(intent()).await;
    ledger.refuse(&intent(), RefusalReason::Unpriced, "no price").await.unwrap();
    let unsent = ledger.admit(intent()).await;
    ledger.queue.ask(Task::Void { open: unsent.open() }).await.unwrap();
    let late = ledger.admit(intent()).await;
    let cut = Change::Cut { calls: vec![late.id().clone()], reason: "too dear".into() };
    ledger.change("ann", vec![cut]).await.unwrap();
    let once = Once { asker: "a".into(), key_hash: "k".into(), fingerprint: "f".into() };
    assert_eq!(ledger.claim(&once, &late).await.unwrap(), None);
    ledger.checkpoint(late.id(), pico(3)).await.unwrap();
    ledger.queue.ask(Task::Abandon { open: late.open(), checkpoint: None }).await.unwrap();
    let truth = settlement(late.intent());
    ledger.settle(late, truth).await.unwrap();
}

#[tokio::test]
async fn the_role_that_runs_calls_cannot_touch_history() {
    let (owner, place, _) = two_roles().await;
    let tags = |options: &mut crate::OpenOptions| options.report_tags = vec!["env".into()];
    let ledger = place.open_with(tags).await.unwrap();
    change_all(&ledger).await;
    call_all(&ledger).await;
    assert_eq!(ledger.sweep().await.unwrap(), 0);
    assert!(ledger.seal(NOW, None).await.unwrap() > 0);
    ledger.rebuild("ann").await.unwrap();
    for table in HISTORY {
        for sql in [
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("DROP TABLE {table}"),
            format!("ALTER TABLE {table} ADD COLUMN more TEXT"),
        ] {
            assert!(denied(&ledger, sql.clone()).await, "{sql} was not denied");
        }
    }
    for sql in [
        "UPDATE call SET cost_pico = 0",
        "UPDATE attempt SET outcome = 'unsent'",
        "UPDATE journal SET d_spent = 0",
        "UPDATE correction SET cost_pico = 0",
        "UPDATE change SET actor = 'nobody'",
        "UPDATE block SET hash = ''",
        "UPDATE sealed SET hashes = ''",
        "UPDATE ledger_meta SET version = 1",
        "CREATE TABLE mine (id BIGINT)",
    ] {
        assert!(denied(&ledger, sql.to_owned()).await, "{sql} was not denied");
    }
    ledger.end().await;
    owner.end().await;
}

#[tokio::test]
async fn a_role_that_only_reads_audits_and_is_told_that_the_result_is_not_kept() {
    let (owner, app, role) = two_roles().await;
    owner.good_call(intent()).await;
    let quoted = role.replace('"', "\"\"");
    for sql in [
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM \"{quoted}\""),
        format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO \"{quoted}\""),
    ] {
        owner.damage(Box::leak(sql.into_boxed_str())).await;
    }
    let reader = app.open_with(|_| {}).await.unwrap();
    let report = reader.audit().await.unwrap();
    assert_eq!((report.is_clean(), report.calls), (true, 1), "{report:?}");
    let error = reader.note_audit(&report, NOW).await.unwrap_err();
    assert!(error.to_string().contains("note an audit"), "{error}");
    assert_eq!(reader.last_audit().await.unwrap(), None);
    // Nothing of it counts as an outage: whoever may write goes on.
    reader.close().await.unwrap();
    owner.note_audit(&report, NOW).await.unwrap();
    owner.end().await;
}

#[tokio::test]
async fn only_the_owner_migrates_and_gives_rights() {
    let (owner, place, role) = two_roles().await;
    let ledger = place.open().await;
    let error = ledger.grant("somebody").await.unwrap_err();
    assert!(matches!(&error, Error::NotOwner { role: found, .. } if *found == role), "{error}");
    ledger.end().await;
    let error = owner.grant("nobody of this name").await.unwrap_err();
    assert!(matches!(error, Error::Database { .. }), "{error}");
    let error = owner.grant("postgres").await.unwrap_err();
    assert!(matches!(error, Error::Unkept { .. }), "{error}");
    owner.damage("UPDATE ledger_meta SET version = 4").await;
    let error = place.open_with(|_| {}).await.unwrap_err();
    assert!(matches!(error, Error::NotOwner { .. }), "{error}");
    assert!(error.to_string().contains("hint: run `bursar ledger migrate`"), "{error}");
    let key = SigningKey::create(
        &tempfile::tempdir().unwrap().path().join("key"),
        &Entropy::new(|bytes| bytes.fill(1)),
    );
    let read = Ledger::verify_at(&place.url, "", &key.unwrap().public()).await;
    assert!(matches!(read, Err(Error::Older { .. })), "{read:?}");
    owner.close().await.unwrap();
}

#[tokio::test]
async fn sqlite_has_no_roles() {
    let place = file();
    let ledger = place.open().await;
    assert!(matches!(ledger.grant("app").await, Err(Error::NoRoles)));
    ledger.end().await;
}

#[test]
fn every_table_has_its_grant() {
    let grants = include_str!("../../../../migrations/postgres/grants.sql");
    let words: Vec<&str> = grants
        .lines()
        .filter(|line| !line.starts_with("--"))
        .flat_map(|line| line.split(|letter: char| !letter.is_alphanumeric() && letter != '_'))
        .collect();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let texts: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok())
        .collect();
    let lines = || texts.iter().flat_map(|text| text.lines());
    let now = |table: &str| {
        let begins = format!("ALTER TABLE {table} RENAME TO ");
        let renamed = lines().find_map(|line| line.strip_prefix(&begins)?.strip_suffix(';'));
        renamed.map_or_else(|| table.to_owned(), str::to_owned)
    };
    let mut tables = 0;
    for line in lines().filter_map(|line| line.strip_prefix("CREATE TABLE ")) {
        let table = now(line.trim_end_matches(" ("));
        let is_there = words.contains(&table.as_str());
        assert!(is_there, "`{table}` is not in migrations/postgres/grants.sql");
        tables += 1;
    }
    assert!(tables > 20, "{tables} tables");
}
