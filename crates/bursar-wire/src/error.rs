//! Bedrock's errors: every shape in which one arrives, and the one shape in which Bedrock sends it.
//!
//! Whether an error may be retried is judged here once, by what is known about generation, not by
//! what an SDK would do. The texts themselves are in `messages`.

use bursar_domain::closed_set;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::frame::{Frame, FrameKind};

closed_set! {
    /// The exceptions of Bedrock Runtime's service model.
    ErrorCode {
        /// Not allowed.
        AccessDenied = "AccessDeniedException",
        /// A conflicting request (asynchronous invocations).
        Conflict = "ConflictException",
        /// Bedrock's own fault.
        InternalServer = "InternalServerException",
        /// The model failed while it worked.
        ModelError = "ModelErrorException",
        /// The model is still being loaded.
        ModelNotReady = "ModelNotReadyException",
        /// The model failed while it streamed.
        ModelStreamError = "ModelStreamErrorException",
        /// The model took too long.
        ModelTimeout = "ModelTimeoutException",
        /// No such model, profile or version.
        ResourceNotFound = "ResourceNotFoundException",
        /// A quota of the account is used up.
        ServiceQuotaExceeded = "ServiceQuotaExceededException",
        /// Bedrock is not available now.
        ServiceUnavailable = "ServiceUnavailableException",
        /// Too many requests or tokens.
        Throttling = "ThrottlingException",
        /// The request is wrong.
        Validation = "ValidationException",
    }
}

impl ErrorCode {
    /// The HTTP status that goes with the code.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Conflict | Self::ServiceQuotaExceeded | Self::Validation => 400,
            Self::AccessDenied => 403,
            Self::ResourceNotFound => 404,
            Self::ModelTimeout => 408,
            Self::ModelError | Self::ModelStreamError => 424,
            Self::ModelNotReady | Self::Throttling => 429,
            Self::InternalServer => 500,
            Self::ServiceUnavailable => 503,
        }
    }

    /// The name under which a stream carries it: `throttlingException`.
    #[must_use]
    pub fn event_name(self) -> String {
        let (first, rest) = self.as_str().split_at(1);
        format!("{}{rest}", first.to_ascii_lowercase())
    }

    fn from_event_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.event_name() == name)
    }
}

/// The codes that the AWS SDKs take for throttling, at any status.
const THROTTLING_CODES: [&str; 14] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// The longest message that is kept, in characters: a proxy's error page is no message.
pub const MESSAGE_CHARS_MAX: usize = 2_000;
const TYPE_HEADER: &str = "x-amzn-errortype";
const TYPE_SUFFIX: &str = ":http://internal.amazon.com/coral/com.amazon.bedrock/";

/// An error that Bedrock, or something on the way to it, answered with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} ({status}): {message}")]
pub struct WireError {
    /// `ThrottlingException` …; `Http502` and the like where the answer named none.
    pub code: String,
    /// The message; empty where none came.
    pub message: String,
    /// The HTTP status; in a stream the status that goes with the code, 500 for an unknown one.
    pub status: u16,
    /// Whether it came inside a stream that had begun.
    pub in_stream: bool,
}

impl WireError {
    /// A modelled error, as an HTTP answer.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::unmodelled(code.as_str(), code.status(), message)
    }

    /// An error outside the service model, as an HTTP answer.
    #[must_use]
    pub fn unmodelled(code: impl Into<String>, status: u16, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status, in_stream: false }
    }

    /// From an answer whose status is not 200. The code is the header's, else the body's `code`,
    /// else its `__type`, each without namespace and address. A body that is no JSON is the
    /// message.
    #[must_use]
    pub fn from_response(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let header = headers.get(TYPE_HEADER).and_then(|value| value.to_str().ok());
        let code = [header, text_at(&json, "code"), text_at(&json, "__type")]
            .into_iter()
            .flatten()
            .map(bare_code)
            .find(|code| !code.is_empty())
            .map_or_else(|| format!("Http{status}"), str::to_owned);
        let message = message_of(&json).map_or_else(
            || if json.is_object() { String::new() } else { String::from_utf8_lossy(body).into() },
            str::to_owned,
        );
        Self { code, message: shortened(&message), status, in_stream: false }
    }

    /// From an exception or error frame; `None` for an event.
    #[must_use]
    pub fn from_frame(frame: &Frame) -> Option<Self> {
        let (code, message) = match &frame.kind {
            FrameKind::Event(_) => return None,
            FrameKind::Error { code, message } => (code.clone(), message.clone()),
            FrameKind::Exception(name) => {
                let json: Value = serde_json::from_slice(&frame.payload).unwrap_or(Value::Null);
                let code = ErrorCode::from_event_name(name)
                    .map_or_else(|| name.clone(), |code| code.as_str().to_owned());
                (code, message_of(&json).unwrap_or_default().to_owned())
            }
        };
        let status = code.parse::<ErrorCode>().map_or(500, ErrorCode::status);
        Some(Self { code, message: shortened(&message), status, in_stream: true })
    }

    /// The headers and the body with which Bedrock sends it.
    #[must_use]
    pub fn headers_and_body(&self) -> (HeaderMap, Vec<u8>) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let code: String = self.code.chars().filter(char::is_ascii_graphic).collect();
        if let Ok(value) = HeaderValue::from_str(&format!("{code}{TYPE_SUFFIX}")) {
            headers.insert(HeaderName::from_static(TYPE_HEADER), value);
        }
        (headers, self.body())
    }

    /// The exception frame with which Bedrock sends it once a stream has begun; the error frame of
    /// the protocol for a code outside the model.
    #[must_use]
    pub fn frame(&self) -> Frame {
        match self.code.parse::<ErrorCode>() {
            Ok(code) => Frame::exception(code.event_name(), self.body()),
            Err(_) => Frame {
                kind: FrameKind::Error { code: self.code.clone(), message: self.message.clone() },
                payload: bytes::Bytes::new(),
            },
        }
    }

    /// The code, if the service model knows it.
    #[must_use]
    pub fn modelled(&self) -> Option<ErrorCode> {
        self.code.parse().ok()
    }

    /// Whether it says `too much, too fast`: by its code at any status, or by a bare 429.
    #[must_use]
    pub fn is_throttling(&self) -> bool {
        THROTTLING_CODES.contains(&self.code.as_str()) || self.code == "Http429"
    }

    /// Whether the same request may be sent again without paying twice.
    ///
    /// Only for what is known to precede generation: throttling, a model that is not ready, a
    /// service that is not available, and Bedrock's own internal error in place of an answer (no
    /// token was delivered or reported). Not for a model's error or timeout, which come after work;
    /// not for a gateway's 502 and 504, which tell nothing about it; and never inside a stream.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let before_generation = [
            "ModelNotReadyException",
            "ServiceUnavailableException",
            "ServiceUnavailable",
            "Http503",
            "InternalServerException",
            "InternalFailure",
        ];
        !self.in_stream && (self.is_throttling() || before_generation.contains(&self.code.as_str()))
    }

    fn body(&self) -> Vec<u8> {
        serde_json::json!({ "message": self.message }).to_string().into_bytes()
    }
}

/// `ns#Code:http://…` without what surrounds the code.
fn bare_code(text: &str) -> &str {
    let text = text.split(':').next().unwrap_or_default();
    text.rsplit('#').next().unwrap_or_default().trim()
}

fn message_of(json: &Value) -> Option<&str> {
    ["message", "Message", "errorMessage", "originalMessage"]
        .into_iter()
        .find_map(|key| text_at(json, key))
}

fn text_at<'a>(json: &'a Value, key: &str) -> Option<&'a str> {
    json.get(key)?.as_str()
}

fn shortened(message: &str) -> String {
    message.trim().chars().take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
