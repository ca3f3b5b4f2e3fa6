//! A process that reads its configuration again when it is asked to. How it does is its own affair.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Desk, Error};

/// What a process has read again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reloaded {
    /// The configuration file; nothing where there is none, and the defaults count.
    pub file: Option<String>,
    /// What was changed in it and counts only from the next start on, such as `[ledger]`.
    pub needs_restart: Vec<String>,
}

/// How a process reads its configuration again; why not is a text, its hint behind `\nhint: `.
#[derive(Clone)]
pub struct Reload(Arc<dyn Fn() -> Result<Reloaded, String> + Send + Sync>);

impl Reload {
    /// By this.
    pub fn new(again: impl Fn() -> Result<Reloaded, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(again))
    }
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reload")
    }
}

impl Desk {
    /// Has the configuration read again, where a process serves by one.
    ///
    /// # Errors
    /// [`Error::NotReloaded`]: what it says is wrong, and what was read before still counts.
    pub(crate) fn read_again(&self) -> Result<Reloaded, Error> {
        let reload = self.reload.as_ref().ok_or(Error::NothingToReload)?;
        (reload.0)().map_err(|problem| Error::NotReloaded { problem })
    }
}
