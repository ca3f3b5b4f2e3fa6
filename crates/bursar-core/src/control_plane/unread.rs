//! Why the control plane did not tell what was asked: the answer's own code and message, or what
//! came in between, in the words that `bursar_domain::advice` reads.

use std::fmt;

use aws_sdk_bedrock::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::Error;
use crate::outcome::Unanswered;

/// A reading that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The IAM action that the reading needs: `bedrock:GetInferenceProfile` …
    pub action: &'static str,
    /// The region that was asked.
    pub region: String,
    /// Bedrock's code, or ours where no answer came.
    pub code: String,
    /// The HTTP status, where an answer came.
    pub status: Option<u16>,
    /// What was said; it may be empty.
    pub message: String,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, region, code, message, .. } = self;
        write!(f, "the control plane of `{region}` did not answer `{action}`: {code}: {message}")
    }
}

/// What was asked, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) action: &'static str,
    pub(crate) region: &'a str,
}

impl Asked<'_> {
    /// What was told; `None` when it is about nothing that there is.
    pub(super) fn found<T, E>(
        self,
        told: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Option<T>, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match told {
            Ok(told) => Ok(Some(told)),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(self.unread(&error)),
        }
    }

    /// What went wrong.
    pub(crate) fn unread<E>(self, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let (code, message) = match (error, status) {
            (SdkError::ServiceError(_), Some(status)) => {
                let code = error.code().map_or_else(|| format!("Http{status}"), str::to_owned);
                (code, error.message().unwrap_or_default().to_owned())
            }
            (_, Some(status)) => (format!("Http{status}"), String::new()),
            (_, None) => {
                let Unanswered { code, message, .. } = Unanswered::from_sdk(error);
                (code.to_owned(), message)
            }
        };
        self.with(code, status, message)
    }

    /// The list did not end.
    pub(super) fn endless(self, pages: usize) -> Error {
        let message = format!("the list has more than {pages} pages");
        self.with("EndlessList".to_owned(), None, message)
    }

    fn with(self, code: String, status: Option<u16>, message: String) -> Error {
        let Self { action, region } = self;
        Error::Unread(Box::new(Unread { action, region: region.to_owned(), code, status, message }))
    }
}
