//! What tells a repeated request from a new one: hashes of the caller's key and of the request.
//!
//! The key salts the request's hash, so that nobody who reads the ledger can guess at prompts.

use bursar_domain::identity::Attribution;
use bursar_domain::once::Once;
use sha2::{Digest, Sha256};

use crate::{Error, Invocation};

impl Invocation {
    /// The longest idempotency key, in bytes: that of others who have such keys.
    pub const KEY_BYTES_MAX: usize = 255;
}

/// What is made once; `None` when the caller has no key for it.
pub(crate) fn read(caller: &Attribution, invocation: &Invocation) -> Result<Option<Once>, Error> {
    let Some(key) = &invocation.idempotency_key else { return Ok(None) };
    let is_key = (1..=Invocation::KEY_BYTES_MAX).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_key {
        let shown = key.chars().take(40).collect::<String>().escape_default().to_string();
        return Err(Error::BadIdempotencyKey { key: shown });
    }
    let operation = invocation.operation.as_str().as_bytes();
    // As it was asked for: an alias by weight calls another model each time.
    let model = &invocation.model;
    let model = model.alias.as_ref().unwrap_or(&model.dispatched).as_bytes();
    Ok(Some(Once {
        asker: asker(caller),
        key_hash: hash(&[b"key", key.as_bytes()]),
        fingerprint: hash(&[b"request", key.as_bytes(), operation, model, &invocation.body]),
    }))
}

/// Whose keys are kept apart: a virtual key's, else a team's.
fn asker(caller: &Attribution) -> String {
    match (&caller.key, &caller.team) {
        (Some(key), _) => format!("key {key}"),
        (None, Some(team)) => format!("team {team}"),
        (None, None) => String::new(),
    }
}

/// Each part is told apart from the next by its length.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
