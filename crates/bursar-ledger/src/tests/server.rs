//! The PostgreSQL that the tests are given: `cargo xtask test` starts one. Never none.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// The address of a new, empty database.
pub(super) async fn new_database() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    #[expect(clippy::disallowed_methods, reason = "the test server's address comes from outside")]
    let server = std::env::var("BURSAR_TEST_POSTGRES")
        .expect("these tests need PostgreSQL: run them with `cargo xtask test`");
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("bursar_test_{}_{number}", std::process::id());
    let options: PgConnectOptions = server.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let create = include_str!("sql/create_database.sql").replace("the_name", &name);
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}
