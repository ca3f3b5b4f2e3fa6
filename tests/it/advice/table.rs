//! The errors that people meet: Bedrock's well-known texts, and what others say on the way.

use bursar_domain::advice::{Advice, Trouble, advise};
use bursar_domain::call::Operation;
use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::Timestamp;
use bursar_wire::error::{ErrorCode, WireError};
use bursar_wire::messages;

use crate::world::{HAIKU, NOVA};

const SONNET: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const OLD_HAIKU: &str = "anthropic.claude-3-haiku-20240307-v1:0";
const BARE_HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";
const LLAMA: &str = "us.meta.llama3-2-90b-instruct-v1:0";
const USER: &str = "arn:aws:sts::111122223333:assumed-role/app/session";

/// One error, and the call that met it.
pub(crate) struct Row {
    /// `messages::NAME` for Bedrock's well-known texts.
    pub(crate) name: &'static str,
    model: &'static str,
    region: &'static str,
    code: String,
    status: Option<u16>,
    message: String,
    attempts: usize,
    body_bytes: u64,
}

/// What is told of it, on a day that stands still.
pub(crate) fn advice_on(row: &Row) -> Advice {
    let model = Catalogue::embedded().resolve(row.model, &Names::default()).unwrap();
    let trouble = Trouble {
        code: &row.code,
        status: row.status,
        message: &row.message,
        operation: Some(Operation::Converse),
        model: Some(&model),
        region: row.region,
        attempts: row.attempts,
        body_bytes: row.body_bytes,
        at: Timestamp::parse_date("2026-11-23").unwrap(),
    };
    advise(&trouble, &PriceBook::embedded_only())
}

fn row(name: &'static str, error: WireError) -> Row {
    Row {
        name,
        model: NOVA,
        region: "us-east-1",
        code: error.code,
        status: Some(error.status),
        message: error.message,
        attempts: 1,
        body_bytes: 0,
    }
}

fn of(code: &str, status: u16, message: &str) -> WireError {
    WireError::unmodelled(code, status, message)
}

/// Bedrock's well-known texts, each as it is sent.
pub(crate) fn by_bedrock() -> Vec<Row> {
    let invoke = "bedrock:InvokeModel";
    let profile = format!("arn:aws:bedrock:us-east-1:111122223333:inference-profile/{SONNET}");
    vec![
        row("invalid_model_id", messages::invalid_model_id()),
        Row {
            model: BARE_HAIKU,
            ..row("on_demand_not_supported", messages::on_demand_not_supported(BARE_HAIKU))
        },
        Row { model: OLD_HAIKU, ..row("end_of_life", messages::end_of_life()) },
        Row { model: SONNET, ..row("legacy_and_unused", messages::legacy_and_unused()) },
        row("no_model_access", messages::no_model_access()),
        Row {
            model: SONNET,
            ..row("not_authorized", messages::not_authorized(USER, invoke, &profile))
        },
        Row { attempts: 4, ..row("too_many_requests", messages::too_many_requests()) },
        Row { model: SONNET, attempts: 4, ..row("too_many_tokens", messages::too_many_tokens()) },
        row("too_many_tokens_per_day", messages::too_many_tokens_per_day()),
        Row { attempts: 4, ..row("unable_to_process", messages::unable_to_process()) },
        row("model_not_ready", messages::model_not_ready()),
        Row { body_bytes: 1_400_000, ..row("input_too_long", messages::input_too_long()) },
        Row { model: HAIKU, ..row("prompt_too_long", messages::prompt_too_long(200_049, 200_000)) },
        row("max_tokens_over_limit", messages::max_tokens_over_limit(10_000)),
        row(
            "malformed_input",
            messages::malformed_input(
                "#/messages/2/content/0: extraneous key [toolResult] is not permitted",
            ),
        ),
        Row {
            model: "amazon.nova-micro-v1:0",
            ..row("content_block_not_supported", messages::content_block_not_supported("image"))
        },
        Row {
            model: SONNET,
            ..row("count_tokens_not_supported", messages::count_tokens_not_supported())
        },
        row("operation_not_allowed", messages::operation_not_allowed()),
    ]
}

/// Everything else: other codes of AWS's, proxies, connections, our own limits.
pub(crate) fn by_others() -> Vec<Row> {
    let mut rows = access();
    rows.extend(identity_and_region());
    rows.extend(requests_and_upstream());
    rows.extend(other_wordings());
    rows.extend(other_codes());
    rows.extend(on_the_way());
    rows
}

/// What is said elsewhere, in other words or later, than where `messages` has it.
fn other_wordings() -> Vec<Row> {
    let validation = |text: &str| WireError::new(ErrorCode::Validation, text);
    let of_model = "The model returned the following errors: ";
    let unexpected = "The system encountered an unexpected error during processing.";
    let again = "please reformat your input and try again.";
    vec![
        row(
            "too many requests, as it was said before",
            WireError::new(
                ErrorCode::Throttling,
                "Too many requests, please wait before trying again. You have sent too many \
                 requests.  Wait before trying again.",
            ),
        ),
        row(
            "input too long, by the model",
            validation(&format!("{of_model}Input is too long for requested model.")),
        ),
        Row { status: Some(200), ..row("input too long in a stream", messages::input_too_long()) },
        row(
            "body too long",
            validation(&format!(
                "Malformed input request: expected maxLength: 42000, actual: 46735, {again}"
            )),
        ),
        row(
            "malformed, by the model",
            validation(&format!(
                "{of_model}Malformed input request: #/messages/2/content/0: extraneous key \
                 [toolResult] is not permitted, {again}"
            )),
        ),
        row(
            "not on this route",
            validation("model `openai.gpt-oss-120b` isn't supported on this route"),
        ),
        row(
            "stream error before the stream",
            WireError::new(ErrorCode::ModelStreamError, unexpected),
        ),
    ]
}

/// Codes that AWS documents for all of its services, and codes that mean throttling in some.
fn other_codes() -> Vec<Row> {
    [
        ("IncompleteSignature", 400, "The request signature does not conform to AWS standards."),
        ("InternalFailure", 500, "The request processing has failed due to a server error."),
        ("InvalidClientTokenId", 403, "The certificate or key ID does not exist in our records."),
        ("NotAuthorized", 400, "You do not have permission to perform this action."),
        ("RequestExpired", 400, "The request reached the service too late."),
        ("ServiceUnavailable", 503, "The request has failed due to a temporary failure."),
        ("ValidationError", 400, "The input fails to satisfy the constraints of the service."),
        ("LimitExceededException", 400, ""),
        ("PriorRequestNotComplete", 400, ""),
        ("ProvisionedThroughputExceededException", 400, ""),
        ("SlowDown", 503, ""),
        ("TransactionInProgressException", 400, ""),
    ]
    .map(|(code, status, message)| row(code, of(code, status, message)))
    .into()
}

fn access() -> Vec<Row> {
    let denied = |text: &str| WireError::new(ErrorCode::AccessDenied, text);
    let model_arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{NOVA}");
    let deny = format!(
        "User: {USER} is not authorized to perform: bedrock:InvokeModelWithResponseStream on \
         resource: {model_arn} with an explicit deny in a service control policy"
    );
    let boundary = format!(
        "User: {USER} is not authorized to perform: bedrock:InvokeModel on resource: {model_arn} \
         because no permissions boundary allows the bedrock:InvokeModel action"
    );
    let invoke = messages::not_authorized(USER, "bedrock:InvokeModel", &model_arn);
    vec![
        row("not authorized on a base id", invoke),
        row("not authorized, without details", denied("Access denied.")),
        row("outside a permissions boundary", denied(&boundary)),
        row("forbidden by a service control policy", denied(&deny)),
        Row {
            model: HAIKU,
            ..row(
                "marketplace",
                denied(
                    "Model access is denied due to IAM user or service role is not authorized to \
                     perform the required AWS Marketplace actions (aws-marketplace:\
                     ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model.",
                ),
            )
        },
        Row {
            model: HAIKU,
            ..row(
                "use-case form",
                of(
                    "FTUFormNotFilled",
                    404,
                    "Model use case details have not been submitted for this account.",
                ),
            )
        },
    ]
}

fn identity_and_region() -> Vec<Row> {
    let validation = |text: &str| WireError::new(ErrorCode::Validation, text);
    let denied = |text: &str| WireError::new(ErrorCode::AccessDenied, text);
    vec![
        row(
            "expired session",
            of(
                "ExpiredTokenException",
                403,
                "The security token included in the request is expired",
            ),
        ),
        row(
            "unknown key",
            of(
                "UnrecognizedClientException",
                403,
                "The security token included in the request is invalid.",
            ),
        ),
        row(
            "unsigned",
            of("MissingAuthenticationTokenException", 403, "Missing Authentication Token"),
        ),
        row(
            "expired API key",
            denied("Authentication failed: Please make sure your API Key is valid."),
        ),
        row(
            "wrong secret",
            of(
                "InvalidSignatureException",
                403,
                "The request signature we calculated does not match the signature you provided.",
            ),
        ),
        row(
            "late clock",
            of(
                "InvalidSignatureException",
                403,
                "Signature expired: 20261123T000000Z is now earlier than 20261123T001000Z",
            ),
        ),
        row(
            "signed for another region",
            of("InvalidSignatureException", 403, "Credential should be scoped to a valid region."),
        ),
        Row {
            region: "eu-west-3",
            model: "amazon.titan-embed-g1-text-02",
            ..row("offered elsewhere", validation("The provided model identifier is invalid."))
        },
    ]
}

fn requests_and_upstream() -> Vec<Row> {
    let validation = |text: &str| WireError::new(ErrorCode::Validation, text);
    let unexpected = "The system encountered an unexpected error during processing.";
    vec![
        Row { model: LLAMA, ..row("end of life without a family", messages::end_of_life()) },
        row(
            "not found",
            WireError::new(ErrorCode::ResourceNotFound, "Could not resolve the resource."),
        ),
        row(
            "field too long",
            validation(
                "Malformed input request: #/texts/0: expected maxLength: 2048, actual: 19882, \
                 please reformat your input and try again.",
            ),
        ),
        row(
            "field not supported",
            validation("This model doesn't support the s3Uri field. Remove s3Uri and try again."),
        ),
        row("other validation", validation("A conversation must start with a user message.")),
        row("throttled without a word", of("Http429", 429, "")),
        row(
            "service quota",
            WireError::new(
                ErrorCode::ServiceQuotaExceeded,
                "Your request exceeds the service quota for your account.",
            ),
        ),
        row("internal", WireError::new(ErrorCode::InternalServer, unexpected)),
        row("model timeout", WireError::new(ErrorCode::ModelTimeout, "Model has timed out.")),
        row("model error", WireError::new(ErrorCode::ModelError, unexpected)),
        Row {
            status: Some(200),
            ..row("stream error", WireError::new(ErrorCode::ModelStreamError, unexpected))
        },
        Row { status: Some(200), ..row("unavailable in a stream", messages::unable_to_process()) },
        row("conflict", WireError::new(ErrorCode::Conflict, "A request with this token exists.")),
        row("nothing known", of("NovelException", 418, "Something new.")),
    ]
}

fn on_the_way() -> Vec<Row> {
    let own =
        |name, code: &str, message: &str| Row { status: None, ..row(name, of(code, 0, message)) };
    let connect = |name, message: &str| {
        let message = format!(
            "dispatch failure: io error: client error (Connect): {message} (DispatchFailure(\
             DispatchFailure {{ source: ConnectorError {{ kind: Io }} }}))"
        );
        Row { attempts: 4, ..own(name, "ConnectFailed", &message) }
    };
    let refused = "tcp connect error: Connection refused (os error 111)";
    vec![
        row("web page", of("Http502", 502, "<html><title>Bad gateway</title></html>")),
        row("proxy wants a password", of("Http407", 407, "")),
        row("gateway timeout", of("Http504", 504, "upstream request timeout")),
        connect("proxy closes the tunnel", "tunnel error: unsuccessful"),
        connect("connection refused", refused),
        connect("unknown host", "dns error: failed to lookup address information"),
        connect("bad certificate", "invalid peer certificate: UnknownIssuer"),
        connect("connection times out", "HTTP connect timeout occurred after 3.1s"),
        connect("no route", "tcp connect error: Network is unreachable (os error 101)"),
        own("no first byte", "FirstByteTimeout", "no answer began within 900000 ms"),
        own("idle", "IdleTimeout", "the reply fell silent"),
        own("connection lost", "ConnectionLost", "connection reset by peer"),
        own("truncated", "TruncatedReply", "the stream ended before its usage"),
        own("broken frame", "BrokenFrame", "a frame's checksum is wrong"),
        own("too large", "ReplyTooLarge", "the reply is over our limit"),
        own("not built", "RequestNotBuilt", "failed to construct request: no region was set"),
        own("time limit", "TotalTimeLimit", "cut"),
        own("interrupted", "Interrupted", "cut"),
        own("nobody reads", "OutputClosed", "cut"),
        own("cut by a person", "CutByOperator", "cut by cli:ann: a loop in the agent"),
        own(
            "over a stream's limit",
            "StreamTokenLimit",
            "the stream's limit of 10 output tokens is reached: it has come to 11",
        ),
        own("no credentials", "NoCredentials", "no credentials found in chain. Attempted: …"),
        own("a profile that is none", "NoCredentials", "profile `work` was not defined"),
        own("sign-on expired", "NoCredentials", "the SSO session has expired or is invalid"),
    ]
}
