//! Which version a ledger is, which programs may work on it, and how it comes to a program's own.
//!
//! A version is the number of the last migration. What a migration means for the programs before it
//! is written in the ledger by that migration (decision 0016).

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgPool;
use sqlx::{Connection, FromRow};

use crate::Error;
use crate::statement::{Pool, Statement, failed};

/// How often a migration is begun before it is given up: each time somebody else got on.
const TRIES: u32 = 10;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

const META: Statement =
    Statement { doing: "read what this database is", sql: include_str!("../../queries/meta.sql") };
const SERVES_FROM: Statement = Statement {
    doing: "read which programs the ledger serves",
    sql: include_str!("../../queries/serves_from.sql"),
};
const SQLITE_TABLES: Statement =
    Statement { doing: "count tables", sql: include_str!("../../queries/sqlite/table_count.sql") };
const POSTGRES_TABLES: Statement = Statement {
    doing: "count tables",
    sql: include_str!("../../queries/postgres/table_count.sql"),
};

#[derive(Debug, FromRow)]
struct MetaRow {
    kind: String,
    version: i64,
}

#[derive(Debug, FromRow)]
struct ServesRow {
    serves_from: i64,
}

#[derive(Debug, FromRow)]
struct CountRow {
    tables: i64,
}

/// The migrations that a program knows: this one, or the one of the next version.
pub(crate) fn migrations(next: Option<&'static str>) -> Migrator {
    let mut migrations: Vec<Migration> = MIGRATOR.iter().cloned().collect();
    migrations.extend(next.map(|sql| {
        let (sql, simple) = (sqlx::SqlStr::from_static(sql), MigrationType::Simple);
        Migration::new(known_version() + 1, "next".into(), simple, sql, false)
    }));
    Migrator { migrations: migrations.into(), ..Migrator::DEFAULT }
}

/// The last version that this program knows.
pub(crate) fn known_version() -> i64 {
    last_of(&MIGRATOR)
}

fn last_of(migrations: &Migrator) -> i64 {
    migrations.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// The ledger's version; 0 for an empty database.
pub(crate) async fn found_version(pool: &Pool) -> Result<i64, Error> {
    let error = match stamped_version(pool).await {
        Err(error @ (Error::Database { .. } | Error::Altered { .. })) => error,
        told => return told,
    };
    let count = match pool {
        Pool::Sqlite(_) => SQLITE_TABLES,
        Pool::Postgres(_) | Pool::Limited(..) => POSTGRES_TABLES,
    };
    match pool.row::<CountRow>(count, &[]).await {
        Ok(Some(row)) if row.tables == 0 => Ok(0),
        // Another process may have made the ledger in between; then it says so by now.
        Ok(_) => match stamped_version(pool).await {
            Err(Error::Database { .. } | Error::Altered { .. }) => Err(Error::Foreign),
            told => told,
        },
        Err(_) => Err(error),
    }
}

/// What the database says that it is; a failing statement where it has no such table.
async fn stamped_version(pool: &Pool) -> Result<i64, Error> {
    match pool.row::<MetaRow>(META, &[]).await? {
        Some(meta) if meta.kind == "bursar" => Ok(meta.version),
        _ => Err(Error::Foreign),
    }
}

/// Whether a ledger that a later program has migrated serves this one too.
pub(super) async fn check_serves(pool: &Pool, (found, known): (i64, i64)) -> Result<(), Error> {
    match pool.row::<ServesRow>(SERVES_FROM, &[]).await? {
        Some(row) if row.serves_from <= known => {
            tracing::debug!("the ledger has version {found}; it serves this program, {known}, too");
            Ok(())
        }
        _ => Err(Error::Newer { found, known }),
    }
}

/// Whether this program knows all that the ledger holds: who writes it elsewhere must not leave out
/// what a later program has put in.
///
/// # Errors
/// [`Error::Newer`]
pub(crate) async fn check_same(pool: &Pool) -> Result<(), Error> {
    let (found, known) = (found_version(pool).await?, known_version());
    if found > known { Err(Error::Newer { found, known }) } else { Ok(()) }
}

/// Brings the ledger to the last of the migrations.
pub(super) async fn migrate(pool: &Pool, migrations: &Migrator) -> Result<(), Error> {
    match pool {
        Pool::Sqlite(pool) => migrations.run(pool).await.map_err(|error| at(error, migrations)),
        Pool::Postgres(pool) | Pool::Limited(pool, _) => migrate_beside(pool, migrations).await,
    }
}

/// Migrates beside others who write: again where their locks crossed a migration's, and the server
/// ended the migration, of which nothing is left then.
async fn migrate_beside(pool: &PgPool, migrations: &Migrator) -> Result<(), Error> {
    for _ in 1..TRIES {
        match migrate_once(pool, migrations).await {
            Err(Error::Locked) => {}
            ended => return ended,
        }
    }
    migrate_once(pool, migrations).await
}

/// On a connection of its own, which ends with it: where a migration fails, the driver leaves it the
/// lock that keeps other migrations out.
async fn migrate_once(pool: &PgPool, migrations: &Migrator) -> Result<(), Error> {
    let lost = |error| failed("migrate", error);
    let mut connection = pool.acquire().await.map_err(lost)?.detach();
    let migrated = migrations.run_direct(None, &mut connection, false).await;
    connection.close().await.map_err(lost)?;
    migrated.map_err(|error| at(error, migrations))
}

fn at(error: MigrateError, migrations: &Migrator) -> Error {
    match error {
        MigrateError::VersionMissing(found) => Error::Newer { found, known: last_of(migrations) },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            failed("migrate", error)
        }
        other => failed("migrate", sqlx::Error::Migrate(Box::new(other))),
    }
}
