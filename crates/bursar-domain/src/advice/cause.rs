//! The situations that advice knows, each with its one word. Not their texts: those stand with the
//! part that knows about them.

use crate::closed_set;

closed_set! {
    /// Why a call brought no whole answer. The texts stand in `--json`.
    Cause {
        /// No policy allows the action.
        NotAuthorized = "not_authorized",
        /// A policy forbids the action.
        Forbidden = "forbidden",
        /// The account has not been given the model.
        ModelAccess = "model_access",
        /// The model is sold through AWS Marketplace, and nobody has subscribed.
        Marketplace = "marketplace",
        /// The provider's form about the use case is not filled in.
        UseCaseForm = "use_case_form",
        /// The account may not do this at all.
        OperationNotAllowed = "operation_not_allowed",
        /// There are no credentials.
        NoCredentials = "no_credentials",
        /// The credentials were good once.
        ExpiredCredentials = "expired_credentials",
        /// AWS does not know the credentials.
        InvalidCredentials = "invalid_credentials",
        /// The Bedrock API key is refused.
        ApiKey = "api_key",
        /// The signature does not fit the request.
        BadSignature = "bad_signature",
        /// This machine's clock is wrong.
        ClockSkew = "clock_skew",
        /// The model is offered through inference profiles only.
        ProfileRequired = "profile_required",
        /// No such model.
        UnknownModel = "unknown_model",
        /// The region does not offer what is asked, or is not the one that was signed for.
        WrongRegion = "wrong_region",
        /// The model is gone.
        EndOfLife = "end_of_life",
        /// The model is offered to those only who have been using it.
        Legacy = "legacy",
        /// Something else that is not there.
        NotFound = "not_found",
        /// The endpoint serves the model in another language than the one that was spoken.
        WrongRoute = "wrong_route",
        /// The model does not count tokens.
        CountingUnsupported = "counting_unsupported",
        /// The input is over the context window.
        ContextWindow = "context_window",
        /// More output was asked for than the model gives.
        OutputLimit = "output_limit",
        /// A field is longer than the model takes.
        FieldTooLong = "field_too_long",
        /// The body does not have the model's shape.
        MalformedRequest = "malformed_request",
        /// The model does not take this kind of content.
        UnsupportedContent = "unsupported_content",
        /// The request is wrong in another way.
        InvalidRequest = "invalid_request",
        /// The quota of requests a minute is used up.
        RequestQuota = "request_quota",
        /// The quota of tokens a minute is used up.
        TokenQuota = "token_quota",
        /// The quota of tokens a day is used up.
        DailyQuota = "daily_quota",
        /// Throttled, without a word on which quota.
        Throttled = "throttled",
        /// A quota of the account that is not about speed.
        ServiceQuota = "service_quota",
        /// The model is being loaded.
        NotReady = "not_ready",
        /// Bedrock has no room.
        Unavailable = "unavailable",
        /// Bedrock failed.
        Internal = "internal",
        /// The model took too long.
        ModelTimeout = "model_timeout",
        /// The model failed.
        ModelError = "model_error",
        /// The model failed while it streamed.
        ModelStreamError = "model_stream_error",
        /// Another request stands in the way.
        Conflict = "conflict",
        /// Something between here and Bedrock answered.
        Proxy = "proxy",
        /// Nobody listens at the endpoint.
        ConnectionRefused = "connection_refused",
        /// The endpoint's name leads nowhere.
        UnknownHost = "unknown_host",
        /// The endpoint cannot be trusted, or does not speak TLS.
        Tls = "tls",
        /// The connection took too long to make.
        ConnectTimeout = "connect_timeout",
        /// The connection could not be made.
        ConnectFailed = "connect_failed",
        /// No answer began in time.
        FirstByteTimeout = "first_byte_timeout",
        /// The answer fell silent.
        IdleTimeout = "idle_timeout",
        /// The connection broke.
        ConnectionLost = "connection_lost",
        /// The answer ended before its end, or came damaged.
        BrokenReply = "broken_reply",
        /// The answer is larger than our limit.
        ReplyTooLarge = "reply_too_large",
        /// The request could not be built.
        NotSent = "not_sent",
        /// Ended by our limit on a call's time.
        TimeLimit = "time_limit",
        /// Ended by a person or a program.
        Stopped = "stopped",
        /// Nothing that is known.
        Unknown = "unknown",
    }
}
