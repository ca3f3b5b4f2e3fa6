//! The keys of the admin API, read back. They administer, and make no calls: no call is recorded
//! under one, and no limit is about one.

use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use crate::statement::{Session, Statement};
use crate::{Error, Ledger};

const ADMIN_KEYS: Statement =
    Statement { doing: "read admin keys", sql: include_str!("../queries/admin_keys.sql") };

/// A key of the admin API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminKey {
    /// Its identity.
    pub id: String,
    /// What the audit log calls who uses it.
    pub name: String,
    /// What it may do: `admin`, or `finance`, which only reads.
    pub role: String,
    /// The keyed hash of its secret.
    pub secret_hmac: String,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// The first instant at which it is of no use any more.
    pub expires_at: Option<Timestamp>,
    /// Since when it is revoked.
    pub revoked_at: Option<Timestamp>,
}

#[derive(Debug, FromRow)]
struct Row {
    id: String,
    name: String,
    role: String,
    secret_hmac: String,
    created_ms: i64,
    expires_ms: Option<i64>,
    revoked_ms: Option<i64>,
}

impl Ledger {
    /// Every key of the admin API, by name; those that are revoked, too.
    pub async fn admin_keys(&self) -> Result<Vec<AdminKey>, Error> {
        admin_keys_in(&mut Session::Pool(&self.reads)).await
    }
}

/// The same, where others read beside it.
pub(crate) async fn admin_keys_in(session: &mut Session<'_>) -> Result<Vec<AdminKey>, Error> {
    let rows: Vec<Row> = session.rows(ADMIN_KEYS, &[]).await?;
    let keys = rows.into_iter().map(|row| AdminKey {
        id: row.id,
        name: row.name,
        role: row.role,
        secret_hmac: row.secret_hmac,
        created_at: Timestamp(row.created_ms),
        expires_at: row.expires_ms.map(Timestamp),
        revoked_at: row.revoked_ms.map(Timestamp),
    });
    Ok(keys.collect())
}
