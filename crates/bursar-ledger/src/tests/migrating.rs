//! Ledgers and programs of different versions: what an earlier version held is held still, and a program
//! goes on beside the one of the next version for as long as that one says so.

use bursar_domain::budget::{Mode, WindowId};
use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions, Connection};

use super::world::{NOW, Place, durable_places, file, intent, settlement};
use crate::database_url::Place as Address;
use crate::open::{known_version, migrations};
use crate::{ArchiveRequest, Error, Ledger, LedgerCopy, Month};

pub(super) const NEXT: &str = include_str!("sql/next_version.sql");
const NEXT_ALONE: &str = include_str!("sql/next_version_alone.sql");

/// The migrations up to a version.
fn up_to(version: i64) -> Migrator {
    let all = migrations(None);
    let migrations = all.iter().filter(|migration| migration.version <= version).cloned();
    Migrator { migrations: migrations.collect::<Vec<_>>().into(), ..Migrator::DEFAULT }
}

/// Makes a ledger of an earlier version, with what that one's program left in it.
async fn make_old(place: &Place, version: i64, left: &'static str) {
    if let Some(path) = place.url.file() {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut session = options.create_if_missing(true).connect().await.unwrap();
        up_to(version).run(&mut session).await.unwrap();
        sqlx::raw_sql(left).execute(&mut session).await.unwrap();
        session.close().await.unwrap();
    } else {
        let Address::Postgres(options) = &place.url.0 else { unreachable!() };
        let mut session = options.connect().await.unwrap();
        up_to(version).run(&mut session).await.unwrap();
        sqlx::raw_sql(left).execute(&mut session).await.unwrap();
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_an_earlier_version_held_is_held_still_and_swept_once() {
    for place in durable_places().await {
        // A call that its process left open.
        make_old(&place, 6, include_str!("sql/version_6.sql")).await;
        // Opening a file sweeps it.
        let ledger = place.open().await;
        ledger.sweep().await.unwrap();
        let window = WindowId(r#"odd 0 a "b" \c"#.to_owned());
        assert_eq!(ledger.balance(&window).await, (0, 10_000, 0));
        assert!(ledger.rebuild("ann").await.unwrap().is_empty());
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_ledger_of_every_earlier_version_is_migrated_and_works() {
    for migration in migrations(None).iter() {
        for place in durable_places().await {
            make_old(&place, migration.version, "").await;
            let ledger = place.open().await;
            assert_eq!(ledger.checkup().await.unwrap().version, known_version());
            ledger.good_call(intent()).await;
            ledger.end().await;
        }
    }
}

/// Opens the ledger as the program of the next version does.
pub(super) async fn as_next(place: &Place, migration: &'static str) -> Ledger {
    place.open_with(|options| options.next_version = Some(migration)).await.unwrap()
}

#[tokio::test]
async fn a_program_goes_on_while_the_next_version_migrates_its_ledger() {
    for place in durable_places().await {
        let this = place.open().await;
        let window = this.window("all", Mode::Hard, 10_000_000).await;
        let open = this.admit(intent()).await;
        let next = as_next(&place, NEXT).await;
        assert_eq!(next.checkup().await.unwrap().version, known_version() + 1);
        let settled = settlement(open.intent());
        this.settle(open, settled).await.unwrap();
        next.good_call(intent()).await;
        // What either of the two holds is held for both of them.
        let (here, there) = (this.admit(intent()).await, next.admit(intent()).await);
        assert_eq!(this.balance(&window).await, next.balance(&window).await);
        for (ledger, admitted) in [(&next, there), (&this, here)] {
            let settled = settlement(admitted.intent());
            ledger.settle(admitted, settled).await.unwrap();
        }
        this.close().await.unwrap();
        let again = place.open().await;
        again.good_call(intent()).await;
        assert_eq!(super::usage::total(&again).await.calls, 5);
        next.end().await;
        again.end().await;
    }
}

#[tokio::test]
async fn a_ledger_that_the_next_version_keeps_to_itself_is_refused() {
    for place in durable_places().await {
        place.open().await.close().await.unwrap();
        as_next(&place, NEXT_ALONE).await.close().await.unwrap();
        let known = known_version();
        let error = place.open_with(|_| {}).await.unwrap_err();
        assert!(
            matches!(error, Error::Newer { found, known: k } if (found, k) == (known + 1, known)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_the_next_version_added_is_not_left_out_of_a_copy_or_an_archive() {
    for place in durable_places().await {
        as_next(&place, NEXT).await.close().await.unwrap();
        let (this, folder) = (place.open().await, tempfile::tempdir().unwrap());
        let to = file();
        for (from, to) in [(&this, to.open().await), (&to.open().await, this.clone())] {
            let error = LedgerCopy::begin(from.clone(), to).await.unwrap_err();
            assert!(matches!(error, Error::Newer { .. }), "{error}");
        }
        let request = ArchiveRequest {
            before: Month::of(NOW),
            folder: folder.path().to_owned(),
            drop: false,
            actor: "ann".to_owned(),
        };
        let error = this.archive(&request, NOW).await.unwrap_err();
        assert!(matches!(error, Error::Newer { .. }), "{error}");
        this.end().await;
    }
}
