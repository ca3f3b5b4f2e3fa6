//! A ledger of an earlier version with a call that is open in it: what was held is still held, once.

use bursar_domain::budget::WindowId;
use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions, Connection};

use super::world::{Place, durable_places};
use crate::database_url::Place as Address;
use crate::open::MIGRATOR;

/// The migrations up to a version.
fn up_to(version: i64) -> Migrator {
    let migrations = MIGRATOR.iter().filter(|migration| migration.version <= version).cloned();
    Migrator { migrations: migrations.collect::<Vec<_>>().into(), ..Migrator::DEFAULT }
}

/// Makes a ledger of version 6, with a call that its process left open.
async fn make_old(place: &Place) {
    let old = include_str!("sql/version_6.sql");
    if let Some(path) = place.url.file() {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut session = options.create_if_missing(true).connect().await.unwrap();
        up_to(6).run(&mut session).await.unwrap();
        sqlx::raw_sql(old).execute(&mut session).await.unwrap();
        session.close().await.unwrap();
    } else {
        let Address::Postgres(options) = &place.url.0 else { unreachable!() };
        let mut session = options.connect().await.unwrap();
        up_to(6).run(&mut session).await.unwrap();
        sqlx::raw_sql(old).execute(&mut session).await.unwrap();
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_an_earlier_version_held_is_held_still_and_swept_once() {
    for place in durable_places().await {
        make_old(&place).await;
        // Opening a file sweeps it.
        let ledger = place.open().await;
        ledger.sweep().await.unwrap();
        let window = WindowId(r#"odd 0 a "b" \c"#.to_owned());
        assert_eq!(ledger.balance(&window).await, (0, 10_000, 0));
        assert!(ledger.rebuild("ann").await.unwrap().is_empty());
        ledger.end().await;
    }
}
