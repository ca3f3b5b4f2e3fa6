//! PostgreSQL's roles: the one that owns the schema migrates it, and the one that runs Bursar can
//! add to history, and neither change nor delete it.

use sqlx::{AssertSqlSafe, FromRow};

use crate::ledger::Home;
use crate::statement::{Pool, Statement, failed};
use crate::{Error, Ledger};

const GRANTS: &str = include_str!("../../../migrations/postgres/grants.sql");
/// Where the text names the role, as `psql` has it.
const ROLE: &str = ":\"role\"";
const OWNS: Statement = Statement {
    doing: "read who owns the ledger",
    sql: include_str!("../queries/postgres/owns_ledger.sql"),
};

#[derive(Debug, FromRow)]
struct OwnsRow {
    owns: bool,
    role_name: String,
}

impl Ledger {
    /// Gives a role what running Bursar needs, and takes away what it had beyond that.
    ///
    /// # Errors
    /// [`Error::NoRoles`] on SQLite, [`Error::NotOwner`] for anybody but the schema's owner.
    pub async fn grant(&self, role: &str) -> Result<(), Error> {
        let (Home::Postgres(_), Pool::Limited(pool, _)) = (self.place.as_ref(), &self.reads) else {
            return Err(Error::NoRoles);
        };
        check_owner(&self.reads, "give rights").await?;
        if self.role().await? == role {
            let problem = format!("`{role}` owns the ledger, and may do everything");
            return Err(Error::Unkept { field: "--to", problem });
        }
        let name = format!("\"{}\"", role.replace('"', "\"\""));
        // One simple query of several statements, its own transaction; the name is quoted.
        let text = AssertSqlSafe(GRANTS.replace(ROLE, &name));
        let granted = sqlx::raw_sql(text).execute(pool).await;
        granted.map(drop).map_err(|error| failed("give rights", error))
    }

    /// As whom this session runs.
    async fn role(&self) -> Result<String, Error> {
        let row: Option<OwnsRow> = self.reads.row(OWNS, &[]).await?;
        Ok(row.map(|row| row.role_name).unwrap_or_default())
    }
}

/// Refuses to go on as a role that does not own the ledger's tables.
pub(crate) async fn check_owner(pool: &Pool, doing: &'static str) -> Result<(), Error> {
    match pool.row::<OwnsRow>(OWNS, &[]).await? {
        Some(row) if !row.owns => Err(Error::NotOwner { doing, role: row.role_name }),
        _ => Ok(()),
    }
}
