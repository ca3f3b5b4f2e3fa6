//! What a caller can ask for and find in the list of served calls: the operations that are metered,
//! and what the control plane is asked to tell.

use std::fmt;
use std::str::FromStr;

use bursar_domain::call::Operation;
use bursar_domain::closed_set;
use bursar_domain::closed_set::UnknownWord;

closed_set! {
    /// What the control plane can be asked to tell.
    Telling {
        /// Every model that the region offers.
        ListFoundationModels = "ListFoundationModels",
        /// One model.
        GetFoundationModel = "GetFoundationModel",
        /// Whether the account may use a model.
        GetFoundationModelAvailability = "GetFoundationModelAvailability",
        /// Every inference profile.
        ListInferenceProfiles = "ListInferenceProfiles",
        /// One inference profile.
        GetInferenceProfile = "GetInferenceProfile",
        /// One prompt router.
        GetPromptRouter = "GetPromptRouter",
    }
}

/// One thing that Bedrock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An operation on a model, or of a guardrail.
    Call(Operation),
    /// The control plane tells something.
    Tell(Telling),
}

impl Action {
    /// Its name, as Bedrock has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call(operation) => operation.as_str(),
            Self::Tell(telling) => telling.as_str(),
        }
    }

    /// Whether the answer is an event stream.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        match self {
            Self::Call(operation) => operation.is_stream(),
            Self::Tell(_) => false,
        }
    }
}

impl From<Operation> for Action {
    fn from(operation: Operation) -> Self {
        Self::Call(operation)
    }
}

impl From<Telling> for Action {
    fn from(telling: Telling) -> Self {
        Self::Tell(telling)
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
        let telling = name.parse().map(Self::Tell);
        telling.or_else(|tellings: UnknownWord| {
            name.parse().map(Self::Call).map_err(|mut unknown: UnknownWord| {
                unknown.expected.extend(tellings.expected);
                unknown
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_known_by_its_name() {
        let actions = Operation::ALL.iter().copied().map(Action::Call);
        let tellings = Telling::ALL.iter().copied().map(Action::Tell);
        for action in actions.chain(tellings) {
            assert_eq!(action.as_str().parse(), Ok(action));
        }
        let error = "Chat".parse::<Action>().unwrap_err().to_string();
        assert!(error.contains("CountTokens, ApplyGuardrail, ListFoundationModels"), "{error}");
    }
}
