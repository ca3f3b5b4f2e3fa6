//! What an attempt that brought no answer owes.
//!
//! The SDK documents for each of its errors whether the request can have been sent. That is all
//! that decides here: a request that was never sent is free and may be tried again; one that may
//! have been is not.

use std::error::Error as StdError;

use aws_sdk_bedrockruntime::error::{DisplayErrorContext, SdkError};

/// An attempt without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unanswered {
    /// Whether Bedrock can have received the request.
    pub(crate) may_have_been_sent: bool,
    /// Our word for what happened.
    pub(crate) code: &'static str,
    /// The whole chain of causes.
    pub(crate) message: String,
}

impl Unanswered {
    /// From the SDK's own classification.
    pub(crate) fn from_sdk<E, R>(error: &SdkError<E, R>) -> Self
    where
        E: StdError + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let (may_have_been_sent, code) = match error {
            SdkError::ConstructionFailure(_) => (false, "RequestNotBuilt"),
            SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) if never_connected(error) => {
                (false, "ConnectFailed")
            }
            SdkError::TimeoutError(_) => (true, "TimedOut"),
            _ => (true, "ConnectionLost"),
        };
        Self { may_have_been_sent, code, message: DisplayErrorContext(error).to_string() }
    }

    /// What is to be applied is no guardrail: nothing was sent.
    pub(crate) fn no_guardrail() -> Self {
        Self {
            may_have_been_sent: false,
            code: "RequestNotBuilt",
            message: "what is to be applied is no guardrail".to_owned(),
        }
    }

    /// The response head did not come in time.
    pub(crate) fn no_first_byte(waited_ms: u128) -> Self {
        Self {
            may_have_been_sent: true,
            code: "FirstByteTimeout",
            message: format!("no answer began within {waited_ms} ms"),
        }
    }

    /// The SDK returned without an error and without a reply.
    pub(crate) fn nothing_came() -> Self {
        Self {
            may_have_been_sent: true,
            code: "ConnectionLost",
            message: "the reply was lost".to_owned(),
        }
    }
}

/// Whether the failure came before there was a connection: refused, no such host, TLS.
fn never_connected(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let client = error.downcast_ref::<hyper_util::client::legacy::Error>();
        let is_connect = client.is_some_and(hyper_util::client::legacy::Error::is_connect);
        // The SDK's own time limit on connecting has no type that can be asked.
        if is_connect || error.to_string().starts_with("HTTP connect") {
            return true;
        }
        cause = error.source();
    }
    false
}
