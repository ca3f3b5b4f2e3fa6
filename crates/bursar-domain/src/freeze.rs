//! A freeze: whoever it is about stays refused until a person thaws it.
//!
//! Made by a person, or by a limit that was set to freeze what hits it.

use std::fmt;

use crate::scope::Scope;
use crate::time::Timestamp;

/// What is frozen, since when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Its identity.
    pub id: String,
    /// Which calls it refuses.
    pub scope: Scope,
    /// Why, in the words of who did it.
    pub reason: String,
    /// Who did it: a person, or `limit NAME`.
    pub by: String,
    /// Since when.
    pub at: Timestamp,
}

impl fmt::Display for Freeze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, reason, by, at, .. } = self;
        write!(
            f,
            "`{scope}` is frozen since {at} by {by}: {reason}\nhint: a person has to look at it; \
             `bursar thaw` lets it call again"
        )
    }
}
