//! Keys of the admin API: made and revoked. Secrets are hashes long before they come here.

use bursar_domain::time::Timestamp;
use serde_json::json;

use super::Changed;
use super::access::{taken, unknown};
use crate::admin_keys::admin_keys_in;
use crate::statement::{Session, Statement};
use crate::{AdminKey, Error};

const PUT: Statement =
    Statement { doing: "keep an admin key", sql: include_str!("../../queries/put_admin_key.sql") };
const REVOKE: Statement = Statement {
    doing: "revoke an admin key",
    sql: include_str!("../../queries/revoke_admin_key.sql"),
};

/// A change of a key of the admin API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminKeyChange {
    /// Makes a key. When it was made is the ledger's to say.
    Create(AdminKey),
    /// Ends a key. One that is revoked already stays as it is.
    Revoke {
        /// Its id.
        id: String,
    },
}

/// Makes one change.
pub(super) async fn make(
    session: &mut Session<'_>,
    change: &AdminKeyChange,
    now: Timestamp,
) -> Result<Changed, Error> {
    let known = admin_keys_in(session).await?;
    match change {
        AdminKeyChange::Create(key) => {
            let is_alike = |other: &AdminKey| {
                other.id == key.id || (other.revoked_at.is_none() && other.name == key.name)
            };
            if known.iter().any(is_alike) {
                return Err(taken("admin key", &key.name));
            }
            put(session, key, now).await?;
            Ok(changed("admin key create", key, (None, Some(shown(key)))))
        }
        AdminKeyChange::Revoke { id } => {
            let key = known.iter().find(|key| key.id == *id);
            let key = key.ok_or_else(|| unknown("admin key", id))?;
            session.run(REVOKE, &[id.as_str().into(), now.0.into()]).await?;
            let was = key.revoked_at.is_none().then(|| shown(key));
            Ok(changed("admin key revoke", key, (was, None)))
        }
    }
}

async fn put(session: &mut Session<'_>, key: &AdminKey, now: Timestamp) -> Result<(), Error> {
    let values = [
        key.id.as_str().into(),
        key.name.as_str().into(),
        key.role.as_str().into(),
        key.secret_hmac.as_str().into(),
        now.0.into(),
        key.expires_at.map(|at| at.0).into(),
    ];
    session.run(PUT, &values).await.map(drop)
}

fn changed(
    action: &'static str,
    key: &AdminKey,
    (was, becomes): (Option<String>, Option<String>),
) -> Changed {
    Changed { action, subject: format!("admin key {}", key.id), was, becomes }
}

/// A key as the list of changes shows it: without its hash.
fn shown(key: &AdminKey) -> String {
    let expires_ms = key.expires_at.map(|at| at.0);
    json!({"id": key.id, "name": key.name, "role": key.role, "expires_ms": expires_ms}).to_string()
}
