//! Virtual keys: made, changed, rotated and revoked. Secrets are hashes long before they come here.

use bursar_domain::access::Key;
use bursar_domain::roster::Roster;
use bursar_domain::time::Timestamp;
use serde::Serialize;

use super::access::{living_team, taken, unknown};
use super::ink::{Ink, Table};
use super::{Changed, json};
use crate::Error;
use crate::statement::Statement;

const END_SECRETS: Statement =
    Statement { doing: "end secrets", sql: include_str!("../../queries/end_key_secrets.sql") };

/// What may be said of a key, and said anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyTerms {
    /// The project that its calls belong to, by name.
    pub project: Option<String>,
    /// The user that its calls belong to, by name.
    pub user: Option<String>,
    /// The first instant at which it is of no use any more.
    pub expires_at: Option<Timestamp>,
}

/// A change of a virtual key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChange {
    /// Makes a key.
    Create {
        /// Its identity.
        id: String,
        /// The team's id.
        team: String,
        /// What people call it; no living key of the team has it.
        name: String,
        /// The rest.
        terms: KeyTerms,
        /// The hash of its secret.
        secret_hmac: String,
    },
    /// Says anew what may be said of a key.
    Set {
        /// The key's id.
        id: String,
        /// What holds from now on.
        terms: KeyTerms,
    },
    /// Gives a key another secret. The older ones end.
    Rotate {
        /// The key's id.
        id: String,
        /// The number of the new secret, one above the newest: who comes second is refused.
        generation: i64,
        /// The hash of the new secret.
        secret_hmac: String,
        /// The first instant at which the older ones are of no use any more.
        older_until: Timestamp,
    },
    /// Ends a key and all its secrets. One that is revoked already stays as it is.
    Revoke {
        /// The key's id.
        id: String,
    },
}

/// A key as the list of changes shows it: without its secrets, and without their hashes.
#[derive(Debug, Serialize)]
struct KeyJson<'a> {
    id: &'a str,
    team: &'a str,
    name: &'a str,
    project: Option<&'a str>,
    user: Option<&'a str>,
    generation: i64,
    expires_ms: Option<i64>,
}

/// A key's columns.
#[derive(Debug, Serialize)]
struct PutJson<'a> {
    id: &'a str,
    team_id: &'a str,
    name: &'a str,
    project: Option<&'a str>,
    user_name: Option<&'a str>,
    generation: i64,
    created_ms: i64,
    expires_ms: Option<i64>,
    revoked_ms: Option<i64>,
}

/// A new secret's columns.
#[derive(Debug, Serialize)]
struct SecretJson<'a> {
    key_id: &'a str,
    generation: i64,
    secret_hmac: &'a str,
    created_ms: i64,
}

/// Makes one change, in the ledger and in what is known of it.
pub(super) async fn make(
    ink: &mut Ink<'_, '_>,
    known: &mut Roster,
    change: &KeyChange,
    now: Timestamp,
) -> Result<Changed, Error> {
    let (action, id) = match change {
        KeyChange::Create { id, .. } => ("key create", id),
        KeyChange::Set { id, .. } => ("key set", id),
        KeyChange::Rotate { id, .. } => ("key rotate", id),
        KeyChange::Revoke { id } => ("key revoke", id),
    };
    let was = known.key(id).cloned();
    let becomes = match (change, &was) {
        (KeyChange::Create { team, name, terms, secret_hmac, .. }, None) => {
            let key = new_key(known, (id, team, name), terms, now)?;
            put_key(ink, &key).await?;
            put_secret(ink, &key, secret_hmac, now).await?;
            key
        }
        (KeyChange::Create { .. }, Some(_)) => return Err(taken("key", id)),
        (_, None) => return Err(unknown("key", id)),
        (KeyChange::Revoke { .. }, Some(key)) => revoke(ink, key, now).await?,
        (_, Some(key)) if key.revoked_at.is_some() => return Err(unknown("key", id)),
        (KeyChange::Set { terms, .. }, Some(key)) => {
            let KeyTerms { project, user, expires_at } = terms.clone();
            let key = Key { project, user, expires_at, ..key.clone() };
            put_key(ink, &key).await?;
            key
        }
        (KeyChange::Rotate { generation, secret_hmac, older_until, .. }, Some(key)) => {
            if *generation != key.generation + 1 {
                return Err(taken("generation of the key", id));
            }
            let key = Key { generation: *generation, ..key.clone() };
            ink.dry().await?.run(END_SECRETS, &[id.as_str().into(), older_until.0.into()]).await?;
            put_key(ink, &key).await?;
            put_secret(ink, &key, secret_hmac, now).await?;
            key
        }
    };
    let show = |key: &Key| (key.revoked_at.is_none()).then(|| key_json(known, key));
    let changed = Changed {
        action,
        subject: format!("key {id}"),
        was: was.as_ref().and_then(show),
        becomes: show(&becomes),
    };
    known.put_key(becomes);
    Ok(changed)
}

fn new_key(
    known: &Roster,
    (id, team, name): (&str, &str, &str),
    terms: &KeyTerms,
    now: Timestamp,
) -> Result<Key, Error> {
    let team = living_team(known, team)?.id.clone();
    if known.key_named(&team, name).is_some() {
        return Err(taken("key", name));
    }
    let KeyTerms { project, user, expires_at } = terms.clone();
    Ok(Key {
        id: id.to_owned(),
        team,
        name: name.to_owned(),
        project,
        user,
        generation: 1,
        created_at: now,
        expires_at,
        revoked_at: None,
    })
}

async fn revoke(ink: &mut Ink<'_, '_>, key: &Key, now: Timestamp) -> Result<Key, Error> {
    if key.revoked_at.is_some() {
        return Ok(key.clone());
    }
    let key = Key { revoked_at: Some(now), ..key.clone() };
    ink.dry().await?.run(END_SECRETS, &[key.id.as_str().into(), now.0.into()]).await?;
    put_key(ink, &key).await?;
    // Its name is free again for what comes after.
    ink.dry().await?;
    Ok(key)
}

async fn put_key(ink: &mut Ink<'_, '_>, key: &Key) -> Result<(), Error> {
    let row = PutJson {
        id: &key.id,
        team_id: &key.team,
        name: &key.name,
        project: key.project.as_deref(),
        user_name: key.user.as_deref(),
        generation: key.generation,
        created_ms: key.created_at.0,
        expires_ms: key.expires_at.map(|at| at.0),
        revoked_ms: key.revoked_at.map(|at| at.0),
    };
    ink.put(Table::Key, &key.id, &row).await
}

async fn put_secret(
    ink: &mut Ink<'_, '_>,
    key: &Key,
    secret_hmac: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let (key_id, generation) = (key.id.as_str(), key.generation);
    let row = SecretJson { key_id, generation, secret_hmac, created_ms: now.0 };
    ink.put(Table::Secret, &format!("{key_id} {generation}"), &row).await
}

fn key_json(known: &Roster, key: &Key) -> String {
    json(&KeyJson {
        id: &key.id,
        team: known.team_name(&key.team).unwrap_or(&key.team),
        name: &key.name,
        project: key.project.as_deref(),
        user: key.user.as_deref(),
        generation: key.generation,
        expires_ms: key.expires_at.map(|at| at.0),
    })
}
