//! The report of the live calls, to be sent in: what Bedrock said of itself, and nothing of who
//! asked. Account ids are masked wherever a text may hold one.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use bursar_core::{ToldTokens, ToldTwice, sdk_version};
use bursar_domain::call::Operation;
use bursar_domain::model::ModelRef;
use bursar_domain::money::{Cost, Total};
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::Timestamp;
use serde_json::{Map, Value, json};

use super::tried::{DROPPED, Tried};
use crate::failure::{Failure, Situation};
use crate::settings::Settings;

/// The digits of an account id.
const ACCOUNT_DIGITS: usize = 12;
/// What of a call's row says nothing of who called.
const COLUMNS: [&str; 26] = [
    "id",
    "started_at",
    "first_token_at",
    "ended_at",
    "operation",
    "model",
    "model_version",
    "version_evidence",
    "routing",
    "tier",
    "outcome",
    "http_status",
    "error_code",
    "error_message",
    "attempts",
    "throttled_attempts",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cost_usd",
    "estimated",
    "held_usd",
    "request_id",
    "stop_reason",
];

/// Those of them that came from outside, and may name an account. Twelve digits of an id are none.
const TEXTS: [&str; 3] = ["error_message", "model_version", "stop_reason"];

/// What is told beside the calls.
pub(super) struct Facts<'a> {
    pub(super) settings: &'a Settings,
    pub(super) simulated: bool,
    pub(super) model: &'a ModelRef,
    pub(super) worst: Cost,
    pub(super) max_cost: Cost,
    pub(super) written_at: Timestamp,
}

/// Takes the report's name. A file that is there is never overwritten.
pub(super) fn create(path: &Path) -> Result<File, Failure> {
    File::create_new(path).map_err(|error| {
        let name = path.display();
        if error.kind() == ErrorKind::AlreadyExists {
            let message = format!("there is a file `{name}` already");
            return Failure::new(Situation::Usage, message)
                .hint("nothing was sent; move it away, or name another with --report");
        }
        let message = format!("cannot write `{name}`: {error}");
        Failure::new(Situation::NoFile, message)
            .hint("nothing was sent; name another with --report")
    })
}

/// Writes the report, and returns it.
pub(super) fn write(
    mut file: File,
    path: &Path,
    facts: &Facts<'_>,
    tried: &[Tried],
) -> Result<Value, Failure> {
    let told = as_json(facts, tried);
    let written = writeln!(file, "{told:#}").and_then(|()| file.sync_all());
    written.map_err(|error| {
        let message = format!("cannot write `{}`: {error}", path.display());
        Failure::new(Situation::Failed, message)
            .hint("the calls were made, and stand in the ledger")
    })?;
    Ok(told)
}

fn as_json(facts: &Facts<'_>, tried: &[Tried]) -> Value {
    let Facts { settings, simulated, model, worst, max_cost, written_at } = facts;
    let endpoint = match (simulated, &settings.endpoint) {
        (true, _) => "simulator",
        (false, Some(_)) => "another than AWS's own",
        (false, None) => "AWS's own",
    };
    let mut cost = Total::default();
    for one in tried {
        cost += one.receipt.settlement.bill.cost.unwrap_or(Cost::ZERO).into();
    }
    json!({
        "simulated": simulated,
        "written_at": written_at.to_string(),
        "bursar": env!("CARGO_PKG_VERSION"),
        "aws_sdk_bedrockruntime": sdk_version(),
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
        "prices_of": PriceBook::retrieved_on(),
        "region": settings.region,
        "endpoint": endpoint,
        "model": masked(&model.dispatched),
        "max_cost_usd": max_cost.usd(),
        "worst_case_usd": worst.usd(),
        "cost_usd": cost.usd(),
        "calls": tried.iter().map(call).collect::<Vec<_>>(),
    })
}

fn call(tried: &Tried) -> Value {
    let mut told: Map<String, Value> =
        COLUMNS.iter().map(|column| ((*column).to_owned(), shown(&tried.row, column))).collect();
    let settlement = &tried.receipt.settlement;
    let since = |at: Timestamp| at.0 - tried.asked_at.0;
    let twice = sources(tried);
    let is_sent = tried.operation != Operation::CountTokens;
    let is_taken = matches!(&tried.head, Ok(head) if (200..300).contains(&head.status));
    let later = "to be checked later in the invocation log: what was this request billed for?";
    let facts = [
        ("first_byte_ms", settlement.first_token_at.map(since).into()),
        ("total_ms", since(settlement.ended_at).into()),
        ("metadata_accepted", (is_sent && is_taken).then_some(true).into()),
        ("tokens_by_bedrock", twice.bedrock.map(tokens).into()),
        ("tokens_by_body", twice.body.map(tokens).into()),
        ("agree", agree(tried).into()),
        ("dropped", (tried.code() == Some(DROPPED)).into()),
        ("check_later", tried.drops.then_some(later).into()),
    ];
    told.extend(facts.map(|(name, value): (_, Value)| (name.to_owned(), value)));
    Value::Object(told)
}

/// Whether Bedrock's count and the body's are the same; `None` where one of them is missing.
pub(super) fn agree(tried: &Tried) -> Option<bool> {
    let ToldTwice { bedrock, body } = sources(tried);
    let (bedrock, body) = (bedrock?, body?);
    Some((bedrock.input, bedrock.output) == (body.input, body.output))
}

fn sources(tried: &Tried) -> ToldTwice {
    let nothing = ToldTwice { bedrock: None, body: None };
    let (Ok(head), Some(model)) = (&tried.head, tried.model()) else { return nothing };
    ToldTwice::read(tried.operation, &model, &head.headers, &tried.body)
}

fn tokens(told: ToldTokens) -> Value {
    json!({
        "input": told.input,
        "output": told.output,
        "cache_read": told.cache_read,
        "cache_write": told.cache_write,
    })
}

fn shown(row: &Value, column: &str) -> Value {
    match row[column].as_str() {
        Some(text) if TEXTS.contains(&column) => masked(text).into(),
        _ => row[column].clone(),
    }
}

/// Every account id as stars: twelve digits in a row, as in ARNs.
fn masked(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        shown.push_str(before);
        shown.push_str(&if digits.len() == ACCOUNT_DIGITS {
            "*".repeat(end)
        } else {
            digits.to_owned()
        });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_are_masked_and_nothing_else() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.a.b-20250929-v1:0";
        let told = "arn:aws:bedrock:us-east-1:************:inference-profile/us.a.b-20250929-v1:0";
        assert_eq!(masked(arn), told);
        assert_eq!(masked("no digits"), "no digits");
        assert_eq!(masked("1234567890123 and 12"), "1234567890123 and 12");
        assert_eq!(masked("210987654321"), "************");
    }

    #[test]
    fn twelve_digits_of_an_id_are_not_taken_for_an_account() {
        let id = "01a207db-c2f4-7516-ae1a-406827115693";
        let row = json!({"id": id, "error_message": "User: arn:aws:iam::123456789012:user/me"});
        assert_eq!(shown(&row, "id"), id);
        assert_eq!(shown(&row, "error_message"), "User: arn:aws:iam::************:user/me");
    }

    #[test]
    fn only_columns_of_a_call_are_told() {
        assert!(COLUMNS.iter().all(|column| bursar_admin::CallReply::COLUMNS.contains(column)));
        for private in ["user", "team", "project", "key", "tags", "client_session", "request_hmac"]
        {
            assert!(!COLUMNS.contains(&private), "{private}");
        }
    }
}
