//! What a caller can ask for and find in the list of served calls: a model's operations, and
//! `ApplyGuardrail`, which has no model. The control plane's readings are no calls.

use std::fmt;
use std::str::FromStr;

use bursar_domain::call::Operation;
use bursar_domain::closed_set::UnknownWord;

/// One thing that Bedrock Runtime does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An operation on a model.
    Call(Operation),
    /// A guardrail on texts and images, without a model.
    ApplyGuardrail,
}

impl Action {
    const GUARDRAIL: &str = "ApplyGuardrail";

    /// Its name, as Bedrock has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call(operation) => operation.as_str(),
            Self::ApplyGuardrail => Self::GUARDRAIL,
        }
    }

    /// Whether the answer is an event stream.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        match self {
            Self::Call(operation) => operation.is_stream(),
            Self::ApplyGuardrail => false,
        }
    }
}

impl From<Operation> for Action {
    fn from(operation: Operation) -> Self {
        Self::Call(operation)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Action {
    type Err = UnknownWord;

    fn from_str(name: &str) -> Result<Self, UnknownWord> {
        if name == Self::GUARDRAIL {
            return Ok(Self::ApplyGuardrail);
        }
        name.parse().map(Self::Call).map_err(|mut unknown: UnknownWord| {
            unknown.expected.push(Self::GUARDRAIL);
            unknown
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_known_by_its_name() {
        let actions = Operation::ALL.iter().copied().map(Action::Call);
        for action in actions.chain([Action::ApplyGuardrail]) {
            assert_eq!(action.as_str().parse(), Ok(action));
        }
        let error = "Chat".parse::<Action>().unwrap_err().to_string();
        assert!(error.ends_with("CountTokens, ApplyGuardrail"), "{error}");
    }
}
