//! Why a command failed: an exit code, a machine's word for it, a sentence and what to do about it.

use bursar_domain::advice::{Advice, Cause};
use bursar_domain::causes::told;
use bursar_domain::closed_set;

use crate::{advice, refusal};

closed_set! {
    /// The situations that end a command other than well. Their texts stand in `--json`.
    Situation {
        /// Something else failed.
        Failed = "failed",
        /// The command line makes no sense.
        Usage = "usage",
        /// The model is not known.
        UnknownModel = "unknown_model",
        /// The account may not use the model, or nobody may any more.
        ModelNotAllowed = "model_not_allowed",
        /// There is no price for what is asked.
        Unpriced = "unpriced",
        /// There are no credentials, or they were refused.
        Unauthenticated = "unauthenticated",
        /// A budget, a rate limit or a freeze said no.
        OverBudget = "over_budget",
        /// The stream was cut after output began.
        Cut = "cut",
        /// The idempotency key was used before.
        Repeated = "repeated",
        /// Throttled, attempts and all.
        Throttled = "throttled",
        /// Bedrock or the model failed.
        Upstream = "upstream",
        /// The ledger is newer than the program, damaged, locked or unreachable.
        Ledger = "ledger",
        /// A ledger check found something.
        AuditFindings = "audit_findings",
        /// A limit has used as much of what it allows as a check was told to fail at.
        Threshold = "threshold",
        /// Input data is malformed.
        BadData = "bad_data",
        /// A file is missing or unreadable.
        NoFile = "no_file",
        /// The configuration is wrong.
        Configuration = "configuration",
        /// A file that was to be run cannot be.
        NotRun = "not_run",
        /// The command that was to be run is not there.
        NoCommand = "no_command",
        /// Ctrl-C.
        Interrupted = "interrupted",
    }
}

impl Situation {
    /// The situation that a library, or a server, calls so.
    pub(crate) fn of_code(code: &str) -> Self {
        code.parse().unwrap_or(Self::Failed)
    }

    /// The process's exit code.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Failed | Self::Repeated => 1,
            Self::Usage => 2,
            Self::UnknownModel | Self::ModelNotAllowed | Self::Unpriced => 3,
            Self::Unauthenticated => 4,
            Self::OverBudget => 5,
            Self::Cut => 6,
            Self::Throttled => 7,
            Self::Upstream => 8,
            Self::AuditFindings | Self::Threshold => 9,
            Self::Ledger => 10,
            Self::BadData => 65,
            Self::NoFile => 66,
            Self::Configuration => 78,
            // As a shell says it.
            Self::NotRun => 126,
            Self::NoCommand => 127,
            Self::Interrupted => 130,
        }
    }
}

/// What a person, and a script, are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) situation: Situation,
    pub(crate) message: String,
    /// What came from Bedrock, word for word, where the message tells it in ours.
    pub(crate) answer: Option<String>,
    /// What to do about it, the likeliest remedy first.
    pub(crate) hints: Vec<String>,
    /// Which of the known causes it has, where a call was made or tried.
    pub(crate) cause: Option<Cause>,
    /// What else programs are told of the error, by its own keys.
    pub(crate) about: Option<Box<serde_json::Value>>,
    /// What stands beside the error in `--json`: the call that was made, or the command's own
    /// object.
    pub(crate) object: Option<serde_json::Value>,
}

impl Failure {
    pub(crate) fn new(situation: Situation, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            situation,
            message,
            answer: None,
            hints: Vec::new(),
            cause: None,
            about: None,
            object: None,
        }
    }

    /// What happened and why, and every remedy as a hint.
    pub(crate) fn advised(situation: Situation, advice: Advice) -> Self {
        Self {
            answer: advice.answer,
            hints: advice.next,
            cause: Some(advice.cause),
            ..Self::new(situation, format!("{}: {}", advice.what, advice.why))
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A message that may carry its hint on a line of its own, as the libraries' errors do.
    pub(crate) fn from_text(situation: Situation, text: &str) -> Self {
        match text.split_once("\nhint: ") {
            Some((message, hint)) => Self::new(situation, message).hint(hint),
            None => Self::new(situation, text),
        }
    }

    /// `{"error":{"code":…,"message":…,"hint":…,"cause":…,"next":[…]},"call":…}`; `hint` is the
    /// first of `next`. A command's own object takes the place of `call`.
    pub(crate) fn json(&self) -> serde_json::Value {
        let mut error = serde_json::json!({
            "code": self.situation.as_str(),
            "message": self.message,
            "hint": self.hints.first(),
            "cause": self.cause.map(Cause::as_str),
            "next": self.hints,
        });
        let about = self.about.as_ref().and_then(|about| about.as_object());
        if let (Some(error), Some(about)) = (error.as_object_mut(), about) {
            error.extend(about.clone());
        }
        let mut told = self.object.clone().unwrap_or_else(|| serde_json::json!({"call": null}));
        told["error"] = error;
        told
    }
}

impl From<bursar_ledger::Error> for Failure {
    fn from(error: bursar_ledger::Error) -> Self {
        let situation = Situation::of_code(bursar_admin::ledger_code(&error));
        Self::from_text(situation, &told(&error))
    }
}

impl From<bursar_admin::Error> for Failure {
    fn from(error: bursar_admin::Error) -> Self {
        Self::from_text(Situation::of_code(error.code()), &told(&error))
    }
}

impl From<bursar_core::Error> for Failure {
    fn from(error: bursar_core::Error) -> Self {
        use bursar_core::Error as E;
        let situation = match error {
            E::Ledger(error) => return error.into(),
            E::NoCredentials { .. } => {
                return advice::no_credentials(&told(&error));
            }
            E::Unread(unread) => return advice::unread(&unread),
            E::Refused(refused) => return refusal::failure(&refused),
            E::Opaque { .. } => {
                return Self::from_text(Situation::Unpriced, &error.to_string())
                    .hint("say so under `[models.base_models]` in the configuration");
            }
            E::Unpriced(unpriced) => {
                return Self::new(Situation::Unpriced, unpriced.to_string()).hint(unpriced.hint());
            }
            E::NoUpstream { .. } => Situation::UnknownModel,
            E::MalformedBody(_) => Situation::BadData,
            E::NoBodyShape(_) | E::BadIdempotencyKey { .. } => Situation::Usage,
            E::Repeated { .. } => Situation::Repeated,
            _ => Situation::Failed,
        };
        Self::from_text(situation, &told(&error))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Situation::Failed, format!("cannot write the output: {error}"))
    }
}
