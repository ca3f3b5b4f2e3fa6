//! The PostgreSQL that the tests are given: `cargo xtask test` starts one. Never none.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// The address of a new, empty database.
pub(super) async fn new_database() -> String {
    #[expect(clippy::disallowed_methods, reason = "the test server's address comes from outside")]
    let server = std::env::var("BURSAR_TEST_POSTGRES")
        .expect("these tests need PostgreSQL: run them with `cargo xtask test`");
    let name = format!("bursar_test_{}", uuid::Uuid::now_v7().simple());
    let options: PgConnectOptions = server.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let create = include_str!("sql/create_database.sql").replace("the_name", &name);
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}
