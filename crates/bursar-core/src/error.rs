//! Why a call was not made, or its record not kept.

use aws_credential_types::provider::error::CredentialsError;
use bursar_domain::money::MoneyError;
use bursar_domain::once::Repeat;
use bursar_domain::price_book::Unpriced;

use crate::{Invocation, Refused};

/// What can go wrong around a call. What Bedrock itself answers is a [`crate::Reply`], not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The AWS chain found no credentials.
    #[error("no AWS credentials were found")]
    NoCredentials {
        /// The chain's own explanation.
        source: Option<Box<CredentialsError>>,
    },
    /// The control plane did not tell what was asked.
    #[error("{0}")]
    Unread(Box<crate::Unread>),
    /// The model id is an opaque ARN, and the settings do not say what it stands for.
    #[error("what `{dispatched}` stands for is not known, so it has no price")]
    Opaque {
        /// The ARN.
        dispatched: String,
    },
    /// There is no price, and unpriced calls are not allowed.
    #[error(transparent)]
    Unpriced(#[from] Unpriced),
    /// None of the settings' upstreams is for this call.
    #[error(
        "no upstream is for a call of {team} to `{model}`\nhint: see `[[upstream]]` in the configuration"
    )]
    NoUpstream {
        /// Whose call: ``the team `x` ``, or `no team`.
        team: String,
        /// The model.
        model: String,
    },
    /// The body is not what the operation takes.
    #[error(transparent)]
    MalformedBody(#[from] bursar_wire::request::MalformedBody),
    /// The model takes no prompt.
    #[error(transparent)]
    NoBodyShape(#[from] bursar_wire::body::NoBodyShape),
    /// The call's worst case is over what one ledger row holds.
    #[error("the worst case of this call cannot be held")]
    TooDear(#[from] MoneyError),
    /// The idempotency key is no key.
    #[error(
        "an idempotency key has 1 to {} printable ASCII characters, not `{key}`",
        Invocation::KEY_BYTES_MAX
    )]
    BadIdempotencyKey {
        /// The key, escaped, its beginning.
        key: String,
    },
    /// The call was made before, under the same idempotency key.
    #[error("{}", tell(repeat))]
    Repeated {
        /// Which call, and how it stands.
        repeat: Repeat,
    },
    /// A budget or policy said no. An answer, not a fault.
    #[error("{}", .0.refusal)]
    Refused(Box<Refused>),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] bursar_ledger::Error),
    /// The task that ran the call ended without a word: a defect of this program.
    #[error("the call's task ended without a result")]
    TaskLost,
}

fn tell(repeat: &Repeat) -> String {
    let call = repeat.call();
    match repeat {
        Repeat::Running(_) => format!(
            "this call is running already, as `{call}`\nhint: wait for its end; a key is good for \
             one call a day"
        ),
        Repeat::Ended(_) => format!(
            "this call was made already, as `{call}`, and its answer was not kept\nhint: `bursar \
             calls {call}` shows how it ended; take a new key to make it again"
        ),
        Repeat::OtherRequest(_) => format!(
            "this key was used for another request, call `{call}`\nhint: take a new key for a new \
             request"
        ),
    }
}
