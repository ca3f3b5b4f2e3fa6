//! One line of a plan.

use serde::{Serialize, Serializer};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl Serialize for StepKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::End => "end",
        })
    }
}

/// What is done to what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What is done.
    pub act: StepKind,
    /// To what: `team research`, `limit team research, month: 500usd` …
    pub what: String,
}
