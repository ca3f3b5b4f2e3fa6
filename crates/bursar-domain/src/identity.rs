//! Who a call belongs to.

use std::collections::BTreeMap;

/// Whom a call is recorded under. Every part is optional; none is checked here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attribution {
    /// The team that pays.
    pub team: Option<String>,
    /// The project within the team.
    pub project: Option<String>,
    /// The person.
    pub user: Option<String>,
    /// The virtual key that was used.
    pub key: Option<String>,
    /// Free labels, at most [`Attribution::TAGS_MAX`].
    pub tags: BTreeMap<String, String>,
    /// The client's own session, to find what one conversation cost.
    pub client_session: Option<String>,
}

impl Attribution {
    /// More labels than this on one call are refused: they would be a log, not labels.
    pub const TAGS_MAX: usize = 32;
    /// The longest label key or value, in bytes.
    pub const TAG_BYTES_MAX: usize = 256;
}
