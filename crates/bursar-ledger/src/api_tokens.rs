//! API tokens, read back: by what programs ask in somebody's name, with the role that this person has
//! then. They make no calls.

use bursar_domain::time::Timestamp;
use sqlx::FromRow;

use crate::statement::{Session, Statement};
use crate::{Error, Ledger};

const TOKENS: Statement =
    Statement { doing: "read API tokens", sql: include_str!("../queries/api_tokens.sql") };

/// An API token, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its identity.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Whether it may change what its owner may.
    pub may_change: bool,
    /// The keyed hash of its secret.
    pub secret_hmac: String,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// The first instant at which it is of no use any more.
    pub expires_at: Timestamp,
    /// When it was last used, to a few minutes.
    pub used_at: Option<Timestamp>,
    /// Since when it is revoked.
    pub revoked_at: Option<Timestamp>,
    /// Its owner.
    pub owner: TokenOwner,
}

/// Whose an API token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOwner {
    /// The account's identity.
    pub account: String,
    /// The account's name.
    pub name: String,
    /// Its role now.
    pub role: String,
    /// The id of its team now.
    pub team: Option<String>,
    /// Whether it is disabled.
    pub is_disabled: bool,
}

#[derive(Debug, FromRow)]
struct Row {
    id: String,
    account_id: String,
    name: String,
    may_change: i64,
    secret_hmac: String,
    created_ms: i64,
    expires_ms: i64,
    used_ms: Option<i64>,
    revoked_ms: Option<i64>,
    account_name: String,
    role: String,
    team_id: Option<String>,
    disabled_ms: Option<i64>,
}

impl Ledger {
    /// Every API token, oldest first; those that are of no use any more, too.
    pub async fn api_tokens(&self) -> Result<Vec<ApiToken>, Error> {
        tokens_in(&mut Session::Pool(&self.reads), None).await
    }

    /// The API token of this identity.
    pub async fn api_token(&self, id: &str) -> Result<Option<ApiToken>, Error> {
        let found = tokens_in(&mut Session::Pool(&self.reads), Some(id)).await?;
        Ok(found.into_iter().next())
    }
}

/// The same, where others read beside it.
pub(crate) async fn tokens_in(
    session: &mut Session<'_>,
    id: Option<&str>,
) -> Result<Vec<ApiToken>, Error> {
    let rows: Vec<Row> = session.rows(TOKENS, &[id.into()]).await?;
    let tokens = rows.into_iter().map(|row| ApiToken {
        id: row.id,
        name: row.name,
        may_change: row.may_change == 1,
        secret_hmac: row.secret_hmac,
        created_at: Timestamp(row.created_ms),
        expires_at: Timestamp(row.expires_ms),
        used_at: row.used_ms.map(Timestamp),
        revoked_at: row.revoked_ms.map(Timestamp),
        owner: TokenOwner {
            account: row.account_id,
            name: row.account_name,
            role: row.role,
            team: row.team_id,
            is_disabled: row.disabled_ms.is_some(),
        },
    });
    Ok(tokens.collect())
}
