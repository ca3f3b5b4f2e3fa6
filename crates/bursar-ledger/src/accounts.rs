//! Who may sign in where people look, and who is signed in, read back. An account makes no calls; no
//! call is recorded under one.

use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use crate::statement::{Session as Connection, Statement};
use crate::{Error, Ledger};

const ACCOUNTS: Statement =
    Statement { doing: "read accounts", sql: include_str!("../queries/accounts.sql") };
const SESSION: Statement =
    Statement { doing: "look up a session", sql: include_str!("../queries/session.sql") };
const LINK: Statement =
    Statement { doing: "look up a link", sql: include_str!("../queries/password_link.sql") };

/// Who somebody is to the provider that vouches for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignIdentity {
    /// The provider, as it calls itself.
    pub issuer: String,
    /// What it calls them, and nobody else ever.
    pub subject: String,
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its identity.
    pub id: String,
    /// By which it signs in, and what the audit log calls it.
    pub name: String,
    /// What it may see and change: `admin`, `finance`, `lead` or `member`.
    pub role: String,
    /// The id of the team whose lead or member it is.
    pub team: Option<String>,
    /// Who vouches for it; `None` where a password does.
    pub identity: Option<ForeignIdentity>,
    /// The hash of its password; `None` until one is set.
    pub password_hash: Option<String>,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// Since when it is disabled.
    pub disabled_at: Option<Timestamp>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The account's identity.
    pub account: String,
    /// The account's name.
    pub name: String,
    /// Its role.
    pub role: String,
    /// The id of its team.
    pub team: Option<String>,
    /// When it signed in.
    pub begun_at: Timestamp,
    /// When it was last heard of.
    pub seen_at: Timestamp,
}

#[derive(Debug, FromRow)]
struct AccountRow {
    id: String,
    name: String,
    role: String,
    team_id: Option<String>,
    password_hash: Option<String>,
    created_ms: i64,
    disabled_ms: Option<i64>,
    issuer: Option<String>,
    subject: Option<String>,
}

#[derive(Debug, FromRow)]
struct SessionRow {
    account_id: String,
    name: String,
    role: String,
    team_id: Option<String>,
    begun_ms: i64,
    seen_ms: i64,
    disabled_ms: Option<i64>,
}

#[derive(Debug, FromRow)]
struct LinkRow {
    account_id: String,
    expires_ms: i64,
}

impl Ledger {
    /// Every account, by name; those that are disabled, too.
    pub async fn accounts(&self) -> Result<Vec<Account>, Error> {
        accounts_in(&mut Connection::Pool(&self.reads)).await
    }

    /// The session with this token's hash, of an account that is not disabled. Whether it has lasted
    /// too long is for who asks.
    pub async fn session(&self, token_hmac: &str) -> Result<Option<Session>, Error> {
        let row: Option<SessionRow> = self.reads.row(SESSION, &[token_hmac.into()]).await?;
        Ok(row.filter(|row| row.disabled_ms.is_none()).map(|row| Session {
            account: row.account_id,
            name: row.name,
            role: row.role,
            team: row.team_id,
            begun_at: Timestamp(row.begun_ms),
            seen_at: Timestamp(row.seen_ms),
        }))
    }

    /// The id of the account whose password the link with this token's hash can set now.
    pub async fn password_link(
        &self,
        token_hmac: &str,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        link_in(&mut Connection::Pool(&self.reads), token_hmac, now).await
    }
}

/// Every account, where others read beside it.
pub(crate) async fn accounts_in(connection: &mut Connection<'_>) -> Result<Vec<Account>, Error> {
    let rows: Vec<AccountRow> = connection.rows(ACCOUNTS, &[]).await?;
    let accounts = rows.into_iter().map(|row| Account {
        id: row.id,
        name: row.name,
        role: row.role,
        team: row.team_id,
        identity: row
            .issuer
            .zip(row.subject)
            .map(|(issuer, subject)| ForeignIdentity { issuer, subject }),
        password_hash: row.password_hash,
        created_at: Timestamp(row.created_ms),
        disabled_at: row.disabled_ms.map(Timestamp),
    });
    Ok(accounts.collect())
}

/// Whose password a link can set now.
pub(crate) async fn link_in(
    connection: &mut Connection<'_>,
    token_hmac: &str,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let rows: Vec<LinkRow> = connection.rows(LINK, &[token_hmac.into()]).await?;
    let live = rows.into_iter().find(|row| row.expires_ms > now.0);
    Ok(live.map(|row| row.account_id))
}
