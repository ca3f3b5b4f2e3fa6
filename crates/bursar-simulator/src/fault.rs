//! Everything that can be made to go wrong, and what of it Bedrock would say in words.
//!
//! How a fault reaches the wire is elsewhere: errors in `service.rs`, broken streams in
//! `script.rs`, lying numbers in `answer.rs`.

use bursar_domain::closed_set;
use bursar_wire::error::{ErrorCode, WireError};
use bursar_wire::messages;

const TIMED_OUT: &str = "Model has timed out in processing the request. Try your request again.";
const UNEXPECTED: &str = "The system encountered an unexpected error during processing. \
    Try your request again.";
const OVER_QUOTA: &str = "Your request exceeds the service quota for your account.";

closed_set! {
    /// One way to fail. The texts are what `fault=` takes.
    Fault {
        /// 429 `ThrottlingException`: too many requests.
        Throttle = "throttle",
        /// 429 `ThrottlingException`: too many tokens.
        ThrottleTokens = "throttle-tokens",
        /// 429 `ThrottlingException`: too many tokens per day.
        ThrottleDay = "throttle-day",
        /// 403 `AccessDeniedException`.
        AccessDenied = "access-denied",
        /// 400 `ValidationException`.
        Validation = "validation",
        /// 400 `ValidationException`: the prompt is over the context window.
        TooLong = "too-long",
        /// 404 `ResourceNotFoundException`.
        NotFound = "not-found",
        /// 408 `ModelTimeoutException`.
        ModelTimeout = "model-timeout",
        /// 424 `ModelErrorException`.
        ModelError = "model-error",
        /// 424 `ModelStreamErrorException`, before a stream begins.
        ModelStreamError = "model-stream-error",
        /// 429 `ModelNotReadyException`.
        NotReady = "not-ready",
        /// 500 `InternalServerException`.
        Internal = "internal",
        /// 503 `ServiceUnavailableException`.
        Unavailable = "unavailable",
        /// 400 `ServiceQuotaExceededException`.
        Quota = "quota",
        /// 502 with a page of HTML instead of JSON.
        NotJson = "not-json",
        /// `throttlingException` within the stream.
        StreamThrottle = "stream-throttle",
        /// `internalServerException` within the stream.
        StreamInternal = "stream-internal",
        /// `modelStreamErrorException` within the stream.
        StreamModelError = "stream-model-error",
        /// `validationException` within the stream.
        StreamValidation = "stream-validation",
        /// `serviceUnavailableException` within the stream.
        StreamUnavailable = "stream-unavailable",
        /// `modelTimeoutException` within the stream (not one of ConverseStream's).
        StreamTimeout = "stream-timeout",
        /// The stream ends, politely, between two frames, before its usage.
        CutBorder = "cut-border",
        /// The answer ends in the middle of a frame, or of a plain body.
        CutInside = "cut-inside",
        /// One frame has a wrong checksum.
        BadCrc = "bad-crc",
        /// The answer begins and then is silent; the connection stays open.
        Stall = "stall",
        /// No answer at all; the connection stays open.
        Hang = "hang",
        /// A complete answer that says nothing of usage.
        NoUsage = "no-usage",
        /// Usage below zero.
        LyingUsageNegative = "lying-usage-negative",
        /// Usage above two to the fortieth.
        LyingUsageHuge = "lying-usage-huge",
        /// A good answer that is long in coming.
        SlowFirstByte = "slow-first-byte",
        /// TCP reset: instead of a plain answer, or within a stream.
        Reset = "reset",
    }
}

impl Fault {
    /// Whether it can only happen to an event stream, or where one was asked for.
    pub(crate) fn needs_stream(self) -> bool {
        self.exception().is_some()
            || matches!(self, Self::ModelStreamError | Self::CutBorder | Self::BadCrc)
    }

    /// The error that is answered instead of the model's answer.
    pub(crate) fn refusal(self) -> Option<WireError> {
        let modelled = |code, text: &str| Some(WireError::new(code, text));
        match self {
            Self::Throttle => Some(messages::too_many_requests()),
            Self::ThrottleTokens => Some(messages::too_many_tokens()),
            Self::ThrottleDay => Some(messages::too_many_tokens_per_day()),
            Self::AccessDenied => Some(messages::no_model_access()),
            Self::Validation => modelled(ErrorCode::Validation, "Operation not allowed"),
            Self::TooLong => Some(messages::input_too_long()),
            Self::NotFound => Some(messages::legacy_and_unused()),
            Self::ModelTimeout => modelled(ErrorCode::ModelTimeout, TIMED_OUT),
            Self::ModelError => modelled(ErrorCode::ModelError, UNEXPECTED),
            Self::ModelStreamError => modelled(ErrorCode::ModelStreamError, UNEXPECTED),
            Self::NotReady => Some(messages::model_not_ready()),
            Self::Internal => modelled(ErrorCode::InternalServer, UNEXPECTED),
            Self::Unavailable => Some(messages::unable_to_process()),
            Self::Quota => modelled(ErrorCode::ServiceQuotaExceeded, OVER_QUOTA),
            _ => None,
        }
    }

    /// The exception that ends a stream which had begun.
    pub(crate) fn exception(self) -> Option<WireError> {
        let modelled = |code, text: &str| Some(WireError::new(code, text));
        match self {
            Self::StreamThrottle => Some(messages::too_many_tokens()),
            Self::StreamInternal => modelled(ErrorCode::InternalServer, UNEXPECTED),
            Self::StreamModelError => modelled(ErrorCode::ModelStreamError, UNEXPECTED),
            Self::StreamValidation => Some(messages::input_too_long()),
            Self::StreamUnavailable => Some(messages::unable_to_process()),
            Self::StreamTimeout => modelled(ErrorCode::ModelTimeout, TIMED_OUT),
            _ => None,
        }
    }
}
