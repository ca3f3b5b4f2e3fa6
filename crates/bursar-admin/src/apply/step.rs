//! One line of a plan.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Something is made.
    Create,
    /// Something is changed.
    Change,
    /// Something is ended.
    End,
}

impl StepKind {
    /// Its sign in front of a line: `+`, `~` or `-`.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Change => "~",
            Self::End => "-",
        }
    }
}

/// What is done to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// What is done.
    pub act: StepKind,
    /// To what: `team research`, `limit team research, month: 500usd` …
    pub what: String,
}
