//! The server that is asked in place of a ledger, and the key that it is asked by.

use std::path::Path;

use bursar_ledger::Secret;

use super::variable;
use crate::failure::{Failure, Situation};

/// More than this is no key.
const KEY_BYTES_MAX: usize = 4_096;

/// A server's admin API.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// Where: `http://127.0.0.1:8081`.
    pub(crate) url: String,
    /// The admin key, if one was given.
    pub(crate) key: Option<Secret>,
}

/// The admin key, from the environment or the file that it names.
pub(super) fn key() -> Result<Option<Secret>, Failure> {
    if let Some(key) = variable("BURSAR_ADMIN_KEY") {
        return Ok(Some(Secret::new(key.trim().to_owned())));
    }
    let Some(path) = variable("BURSAR_ADMIN_KEY_FILE") else { return Ok(None) };
    let text = std::fs::read_to_string(Path::new(&path)).map_err(|error| {
        Failure::new(Situation::NoFile, format!("cannot read the admin key `{path}`: {error}"))
    })?;
    let key = text.trim();
    if key.is_empty() || key.len() > KEY_BYTES_MAX || key.contains(char::is_whitespace) {
        let message = format!("`{path}` holds no admin key");
        return Err(Failure::new(Situation::Configuration, message)
            .hint("it is one line, `bsa_…`; `bursar admin-key create` shows it once"));
    }
    Ok(Some(Secret::new(key.to_owned())))
}
