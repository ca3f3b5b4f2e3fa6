//! Fills a ledger with settled calls, spread evenly over the days before now.
//!
//! `fill_ledger URL CALLS DAYS` (such as `sqlite:ledger.db 1000000 396d`). It goes through the same
//! door as every call, so what it writes is what years of use would have written.

use std::collections::BTreeMap;
use std::error::Error;

use bursar_domain::call::{
    Attempt, AttemptOutcome, Bill, CallId, Ending, Guardrail, Intent, Operation, Outcome, SentTo,
    Settlement, VersionEvidence,
};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelId;
use bursar_domain::money::{Cost, Rate};
use bursar_domain::price::{PriceId, PriceStamp, Rates, Routing, Tier};
use bursar_domain::time::{Clock, DAY_MS, Timestamp};
use bursar_domain::usage::Usage;
use bursar_ledger::{Admission, DatabaseUrl, Ledger, OpenOptions};
use futures_util::future::try_join_all;

type Failure = Box<dyn Error + Send + Sync>;

/// Calls in flight at once: enough to fill the writer's groups.
const TOGETHER: usize = 256;
const MODELS: [&str; 8] = [
    "amazon.nova-lite-v1:0",
    "amazon.nova-micro-v1:0",
    "amazon.nova-pro-v1:0",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "meta.llama3-3-70b-instruct-v1:0",
    "mistral.mistral-large-2407-v1:0",
    "openai.gpt-oss-120b-1:0",
];

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, calls, days] = arguments.as_slice() else {
        return Err("usage: fill_ledger URL CALLS DAYS".into());
    };
    let calls: u64 = calls.parse()?;
    let days: i64 = days.trim_end_matches('d').parse()?;
    let clock = Clock::system();
    let start = clock.now().0 - days * DAY_MS;
    let step = days * DAY_MS / i64::try_from(calls)?.max(1);
    let ledger = Ledger::open(&DatabaseUrl::parse(url)?, OpenOptions::new(clock)).await?;
    for first in (0..calls).step_by(TOGETHER) {
        let numbers = first..calls.min(first + TOGETHER as u64);
        try_join_all(numbers.map(|number| record(&ledger, number, start, step))).await?;
    }
    ledger.close().await?;
    Ok(())
}

/// One call: admitted, and settled with a usage that depends on its number alone.
async fn record(ledger: &Ledger, number: u64, start: i64, step: i64) -> Result<(), Failure> {
    let at = Timestamp(start + i64::try_from(number)? * step);
    let rates =
        Rates { input: Some(Rate(60_000)), output: Some(Rate(240_000)), ..Rates::default() };
    let price =
        PriceStamp { id: PriceId("0123456789abcdef".to_owned()), rates, meters: Vec::new() };
    let usage =
        Usage { input: 200 + number % 4_000, output: 10 + number % 500, ..Usage::default() };
    let cost = Rate(60_000).times(usage.input)?.plus(Rate(240_000).times(usage.output)?)?;
    let Admission::Admitted(admitted) = ledger.reserve(intent(number, at, &price)?).await? else {
        return Err("a ledger without budgets refused a call".into());
    };
    let settlement = settlement(admitted.id().clone(), at, usage, (price, cost));
    ledger.settle(admitted, settlement).await?;
    Ok(())
}

fn intent(number: u64, at: Timestamp, price: &PriceStamp) -> Result<Intent, Failure> {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let model = MODELS[usize::try_from(number)? % MODELS.len()];
    Ok(Intent {
        id: CallId::new(at, &random),
        started_at: at,
        attribution: Attribution {
            team: Some(format!("team-{}", number % 5)),
            tags: BTreeMap::from([("env".to_owned(), "prod".to_owned())]),
            ..Attribution::default()
        },
        operation: Operation::Converse,
        model_requested: model.to_owned(),
        model: ModelId::parse(model).ok_or("not a model id")?,
        region: "us-east-1".to_owned(),
        routing: Routing::Regional,
        tier_requested: Tier::Standard,
        price: Some(price.clone()),
        ceiling: Cost::from_pico(5_000_000_000),
        ceiling_tokens: None,
        reach: bursar_domain::call::Reach::default(),
        request_hmac: None,
        simulated: true,
    })
}

fn settlement(
    id: CallId,
    at: Timestamp,
    usage: Usage,
    (price, cost): (PriceStamp, Cost),
) -> Settlement {
    let ended_at = Timestamp(at.0 + 900);
    let request_id = Some(id.to_string());
    Settlement {
        id,
        first_token_at: Some(Timestamp(at.0 + 300)),
        ended_at,
        chosen: None,
        model_version: "1".to_owned(),
        version_evidence: VersionEvidence::Requested,
        served_region: Some("us-east-1".to_owned()),
        tier: Tier::Standard,
        ending: Ending {
            outcome: Outcome::Succeeded,
            client_gone: false,
            http_status: Some(200),
            error_code: None,
            error_message: None,
            stop_reason: Some("end_turn".to_owned()),
        },
        attempts: vec![Attempt {
            started_at: at,
            ended_at,
            outcome: AttemptOutcome::Succeeded,
            http_status: Some(200),
            error_code: None,
            request_id: request_id.clone(),
            sent_to: SentTo::default(),
        }],
        bill: Bill {
            usage,
            price: Some(price),
            cost: Some(cost),
            estimated: false,
            cost_low: None,
        },
        request_id,
        guardrail: Guardrail::default(),
    }
}
