//! From an error as it came to one of the known causes. It reads codes, statuses and Bedrock's
//! well-known texts, and says nothing to anybody.

use super::Cause;
use super::scene::Scene;

/// Our own codes. Their messages are the causes in a library's words.
const OWN: [(&str, Cause); 18] = [
    ("BrokenFrame", Cause::BrokenReply),
    ("ClientGone", Cause::Stopped),
    ("ConnectionLost", Cause::ConnectionLost),
    ("CutByOperator", Cause::Stopped),
    ("FirstByteTimeout", Cause::FirstByteTimeout),
    ("IdleTimeout", Cause::IdleTimeout),
    ("Interrupted", Cause::Stopped),
    ("OutputClosed", Cause::Stopped),
    ("ReplyTooLarge", Cause::ReplyTooLarge),
    ("RequestNotBuilt", Cause::NotSent),
    ("StreamIdleLimit", Cause::Stopped),
    ("StreamMoneyLimit", Cause::Stopped),
    ("StreamRepetition", Cause::Stopped),
    ("StreamTimeLimit", Cause::Stopped),
    ("StreamTokenLimit", Cause::Stopped),
    ("TimedOut", Cause::FirstByteTimeout),
    ("TotalTimeLimit", Cause::TimeLimit),
    ("TruncatedReply", Cause::BrokenReply),
];

/// What the libraries say of a connection that could not be made.
const CONNECTING: [(&str, Cause); 11] = [
    ("tunnel", Cause::Proxy),
    ("proxy", Cause::Proxy),
    ("connection refused", Cause::ConnectionRefused),
    ("dns error", Cause::UnknownHost),
    ("failed to lookup", Cause::UnknownHost),
    ("certificate", Cause::Tls),
    ("handshake", Cause::Tls),
    ("corrupt message", Cause::Tls),
    ("tls error", Cause::Tls),
    ("timed out", Cause::ConnectTimeout),
    ("timeout", Cause::ConnectTimeout),
];

/// Words that tell more than the code beside them; the first that is found counts.
const WORDS: [(&str, Cause); 34] = [
    ("aws marketplace", Cause::Marketplace),
    ("aws-marketplace:", Cause::Marketplace),
    ("use case details", Cause::UseCaseForm),
    ("explicit deny", Cause::Forbidden),
    ("is not authorized to perform", Cause::NotAuthorized),
    ("don't have access to the model", Cause::ModelAccess),
    ("with on-demand throughput", Cause::ProfileRequired),
    ("model identifier is invalid", Cause::UnknownModel),
    ("end of its life", Cause::EndOfLife),
    ("marked by provider as legacy", Cause::Legacy),
    ("tokens per day", Cause::DailyQuota),
    ("too many tokens", Cause::TokenQuota),
    ("too many requests", Cause::RequestQuota),
    ("signature expired", Cause::ClockSkew),
    ("signature not yet current", Cause::ClockSkew),
    ("credential should be scoped", Cause::WrongRegion),
    ("api key", Cause::ApiKey),
    ("bearer token", Cause::ApiKey),
    ("token included in the request is expired", Cause::ExpiredCredentials),
    ("token included in the request is invalid", Cause::InvalidCredentials),
    ("signature we calculated", Cause::BadSignature),
    ("input is too long", Cause::ContextWindow),
    ("prompt is too long", Cause::ContextWindow),
    ("context window", Cause::ContextWindow),
    ("maximum context length", Cause::ContextWindow),
    ("exceed context limit", Cause::ContextWindow),
    ("maximum tokens you requested", Cause::OutputLimit),
    ("expected maxlength", Cause::FieldTooLong),
    ("malformed input request", Cause::MalformedRequest),
    ("supported on this route", Cause::WrongRoute),
    ("support counting tokens", Cause::CountingUnsupported),
    ("operation not allowed", Cause::OperationNotAllowed),
    ("content block that you provided", Cause::UnsupportedContent),
    ("this model doesn't support", Cause::UnsupportedContent),
];

/// What a code means when no word tells more.
const CODES: [(&str, Cause); 38] = [
    ("AccessDenied", Cause::NotAuthorized),
    ("AccessDeniedException", Cause::NotAuthorized),
    ("ConflictException", Cause::Conflict),
    ("ExpiredToken", Cause::ExpiredCredentials),
    ("ExpiredTokenException", Cause::ExpiredCredentials),
    ("FTUFormNotFilled", Cause::UseCaseForm),
    ("Http429", Cause::Throttled),
    ("Http500", Cause::Internal),
    ("Http503", Cause::Unavailable),
    ("IncompleteSignature", Cause::BadSignature),
    ("IncompleteSignatureException", Cause::BadSignature),
    ("InternalFailure", Cause::Internal),
    ("InternalServerException", Cause::Internal),
    ("InvalidClientTokenId", Cause::InvalidCredentials),
    ("InvalidSignatureException", Cause::BadSignature),
    ("MissingAuthenticationToken", Cause::NoCredentials),
    ("MissingAuthenticationTokenException", Cause::NoCredentials),
    ("ModelErrorException", Cause::ModelError),
    ("ModelNotReadyException", Cause::NotReady),
    ("ModelStreamErrorException", Cause::ModelStreamError),
    ("ModelTimeoutException", Cause::ModelTimeout),
    ("NotAuthorized", Cause::NotAuthorized),
    ("PriorRequestNotComplete", Cause::Throttled),
    ("ProvisionedThroughputExceededException", Cause::Throttled),
    ("RequestExpired", Cause::ClockSkew),
    ("RequestTimeTooSkewed", Cause::ClockSkew),
    ("ResourceNotFoundException", Cause::NotFound),
    ("ServiceQuotaExceededException", Cause::ServiceQuota),
    ("ServiceUnavailable", Cause::Unavailable),
    ("ServiceUnavailableException", Cause::Unavailable),
    ("SignatureDoesNotMatch", Cause::BadSignature),
    ("SlowDown", Cause::Throttled),
    ("ThrottlingException", Cause::Throttled),
    ("TooManyRequestsException", Cause::RequestQuota),
    ("TransactionInProgressException", Cause::Throttled),
    ("UnrecognizedClientException", Cause::InvalidCredentials),
    ("ValidationError", Cause::InvalidRequest),
    ("ValidationException", Cause::InvalidRequest),
];

pub(super) fn diagnose(scene: &Scene<'_>) -> Cause {
    let trouble = scene.trouble;
    let said = trouble.message.to_lowercase().replace('\u{2019}', "'");
    match trouble.code {
        "ConnectFailed" => return among(&CONNECTING, &said).unwrap_or(Cause::ConnectFailed),
        "NoCredentials" if said.contains("expired") => return Cause::ExpiredCredentials,
        "NoCredentials" => return Cause::NoCredentials,
        _ => {}
    }
    if let Some(cause) = exactly(&OWN, trouble.code) {
        return cause;
    }
    // Before any word of it is believed: a page of HTML is not Bedrock's.
    if trouble.status == Some(407) || said.starts_with('<') {
        return Cause::Proxy;
    }
    let cause = among(&WORDS, &said).or_else(|| exactly(&CODES, trouble.code));
    match cause.unwrap_or_else(|| unnamed(trouble.code)) {
        Cause::UnknownModel if scene.is_offered_elsewhere() => Cause::WrongRegion,
        cause => cause,
    }
}

/// Whether a code is one of ours, so that it was no answer of Bedrock's that bore it.
pub(super) fn is_own(code: &str) -> bool {
    code == "ConnectFailed" || exactly(&OWN, code).is_some()
}

/// A code that nobody knows. An answer without one is not Bedrock's: it names its errors.
fn unnamed(code: &str) -> Cause {
    if code.starts_with("Http") {
        Cause::Proxy
    } else if code.contains("Thrott") || code.contains("LimitExceeded") {
        Cause::Throttled
    } else {
        Cause::Unknown
    }
}

fn exactly(table: &[(&str, Cause)], code: &str) -> Option<Cause> {
    table.iter().find(|(known, _)| *known == code).map(|(_, cause)| *cause)
}

fn among(table: &[(&str, Cause)], said: &str) -> Option<Cause> {
    table.iter().find(|(words, _)| said.contains(words)).map(|(_, cause)| *cause)
}
