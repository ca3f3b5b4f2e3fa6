//! API tokens made, used and revoked. Secrets are hashes long before they come here.

use bursar_domain::time::Timestamp;
use serde_json::json;

use super::Changed;
use super::access::{taken, unknown};
use crate::api_tokens::tokens_in;
use crate::statement::{Session, Statement};
use crate::{ApiToken, Error};

const PUT: Statement =
    Statement { doing: "keep an API token", sql: include_str!("../../queries/put_api_token.sql") };
const REVOKE: Statement = Statement {
    doing: "revoke an API token",
    sql: include_str!("../../queries/revoke_api_token.sql"),
};
const END_ALL: Statement =
    Statement { doing: "end API tokens", sql: include_str!("../../queries/end_api_tokens.sql") };
const SEE: Statement = Statement {
    doing: "keep up an API token",
    sql: include_str!("../../queries/see_api_token.sql"),
};

/// A change of an API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiTokenChange {
    /// Makes one. When it was made is the ledger's to say, and its owner is known by the id alone.
    Create(Box<ApiToken>),
    /// Ends one. One that is revoked already stays as it is.
    Revoke {
        /// Its id.
        id: String,
    },
    /// Says that one is in use; no line in the audit log.
    Seen {
        /// Its id.
        id: String,
    },
}

/// Makes one change.
pub(super) async fn make(
    session: &mut Session<'_>,
    change: &ApiTokenChange,
    now: Timestamp,
) -> Result<Changed, Error> {
    match change {
        ApiTokenChange::Create(token) => {
            if !tokens_in(session, Some(&token.id)).await?.is_empty() {
                return Err(taken("API token", &token.name));
            }
            let values = [
                token.id.as_str().into(),
                token.owner.account.as_str().into(),
                token.name.as_str().into(),
                i64::from(token.may_change).into(),
                token.secret_hmac.as_str().into(),
                now.0.into(),
                token.expires_at.0.into(),
            ];
            session.run(PUT, &values).await?;
            Ok(changed("token create", token, (None, Some(shown(token)))))
        }
        ApiTokenChange::Revoke { id } => {
            let found = tokens_in(session, Some(id)).await?;
            let token = found.first().ok_or_else(|| unknown("API token", id))?;
            session.run(REVOKE, &[id.as_str().into(), now.0.into()]).await?;
            let was = token.revoked_at.is_none().then(|| shown(token));
            Ok(changed("token revoke", token, (was, None)))
        }
        ApiTokenChange::Seen { id } => {
            session.run(SEE, &[id.as_str().into(), now.0.into()]).await?;
            Ok(Changed { action: "seen", subject: String::new(), was: None, becomes: None })
        }
    }
}

/// Ends all of an account; how many there were.
pub(super) async fn end_all(
    session: &mut Session<'_>,
    account: &str,
    now: Timestamp,
) -> Result<u64, Error> {
    session.run(END_ALL, &[account.into(), now.0.into()]).await
}

fn changed(
    action: &'static str,
    token: &ApiToken,
    (was, becomes): (Option<String>, Option<String>),
) -> Changed {
    Changed { action, subject: format!("API token {}", token.id), was, becomes }
}

/// A token as the list of changes shows it: without its hash.
fn shown(token: &ApiToken) -> String {
    json!({
        "id": token.id,
        "name": token.name,
        "user": token.owner.name,
        "may_change": token.may_change,
        "expires_ms": token.expires_at.0,
    })
    .to_string()
}
