//! How fast the ledger takes calls, beside a bare loop that writes the same rows.
//!
//! `cargo run --release --example bench_ledger -- URL CALLS` prints one line of JSON. Both write in
//! turn to the same ledger, in batches of sixty-four, one JSON parameter a table: the ratio is what
//! admission, hand-over and answers cost. The bare loop decides nothing and is answered by nobody.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bursar_domain::call::{
    Attempt, AttemptOutcome, Bill, CallId, Ending, Guardrail, Intent, Operation, Outcome, SentTo,
    Settlement, VersionEvidence,
};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelId;
use bursar_domain::money::{Cost, Rate};
use bursar_domain::price::{PriceId, PriceStamp, Rates, Routing, Tier};
use bursar_domain::time::{Clock, Timestamp};
use bursar_domain::usage::Usage;
use bursar_ledger::{Admission, DatabaseUrl, Grain, Ledger, OpenOptions};
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use sqlx::{Connection, IntoArguments, PgConnection, SqliteConnection};

type Outcomes<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// As the ledger's own groups.
const BATCH: usize = 64;
/// Two groups in flight: one is written while the next one gathers.
const CALLERS: usize = 2 * BATCH;
/// Ledger and bare loop take turns, so that both see the same table sizes and the same disk.
const ROUNDS: u16 = 4;
/// A hold, a call and an attempt.
const ROWS_PER_CALL: usize = 3;

/// The bare loop's statements, the ledger's own: a transaction for each of the two steps.
const RESERVE: &[&str] = &[include_str!("../queries/sqlite/insert_holds.sql")];
const SETTLE: &[&str] = &[
    include_str!("../queries/sqlite/delete_holds.sql"),
    include_str!("../queries/sqlite/insert_calls.sql"),
    include_str!("../queries/sqlite/insert_attempts.sql"),
    include_str!("../queries/sqlite/add_usage_hours.sql"),
    include_str!("../queries/sqlite/add_usage_grains.sql"),
    include_str!("../queries/sqlite/add_usage_paces.sql"),
];

#[tokio::main]
async fn main() -> Outcomes<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, calls] = arguments.as_slice() else {
        return Err("usage: bench_ledger URL CALLS\nhint: sqlite:/dev/shm/bench.db 20000".into());
    };
    let per_round = calls.parse::<usize>()?.div_ceil(ROUNDS.into()).next_multiple_of(CALLERS);
    let address = DatabaseUrl::parse(url)?;
    let fsync = address.file().map(fsync_p50).transpose()?;
    let ledger = Ledger::open(&address, OpenOptions::new(Clock::system())).await?;
    let (mut ours, mut bare) = (Duration::ZERO, Duration::ZERO);
    for round in 0..ROUNDS {
        ours += run_ledger(&ledger, 2 * round, per_round).await?;
        bare += if address.file().is_some() {
            run_bare_sqlite(url, 2 * round + 1, per_round).await?
        } else {
            run_bare_postgres(url, 2 * round + 1, per_round).await?
        };
    }
    ledger.close().await?;
    let start = Instant::now();
    let ledger = Ledger::open(&address, OpenOptions::new(Clock::system())).await?;
    let open = start.elapsed().as_micros();
    ledger.close().await?;
    let count = per_round * usize::from(ROUNDS);
    let rate = |time: Duration| (count * ROWS_PER_CALL) as u128 * 1_000_000 / time.as_micros();
    println!(
        "{}",
        json!({
            "ledger": address.to_string(),
            "calls": count,
            "batch": BATCH,
            "fsync_p50_us": fsync,
            "open_us": open,
            "ledger_rows_per_s": rate(ours),
            "bare_rows_per_s": rate(bare),
            "ratio_percent": bare.as_micros() * 100 / ours.as_micros(),
        })
    );
    Ok(())
}

/// The median of fifty small synced writes beside the ledger, in microseconds.
fn fsync_p50(ledger: &Path) -> Outcomes<u128> {
    use std::io::Write;
    let mut path = ledger.as_os_str().to_owned();
    path.push("-fsync");
    let path = PathBuf::from(path);
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed().as_micros());
    }
    std::fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

async fn run_ledger(ledger: &Ledger, run: u16, calls: usize) -> Outcomes<Duration> {
    let start = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            tokio::spawn(one_caller(ledger.clone(), run, (caller..calls).step_by(CALLERS)))
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    Ok(start.elapsed())
}

async fn one_caller(ledger: Ledger, run: u16, calls: impl Iterator<Item = usize>) -> Outcomes<()> {
    for call in calls {
        let Admission::Admitted(admitted) = ledger.reserve(intent(run, call)).await? else {
            return Err("refused without a budget".into());
        };
        let settlement = settlement(admitted.intent());
        ledger.settle(admitted, settlement).await?;
    }
    Ok(())
}

async fn run_bare_sqlite(url: &str, run: u16, calls: usize) -> Outcomes<Duration> {
    let mut connection = SqliteConnection::connect(url).await?;
    let start = Instant::now();
    for first in (0..calls).step_by(BATCH) {
        for (statements, rows) in batch(run, first) {
            let mut transaction = connection.begin().await?;
            for (statement, rows) in statements.iter().zip(rows) {
                bound(statement, rows).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
    }
    Ok(start.elapsed())
}

async fn run_bare_postgres(url: &str, run: u16, calls: usize) -> Outcomes<Duration> {
    let mut connection = PgConnection::connect(url).await?;
    let start = Instant::now();
    for first in (0..calls).step_by(BATCH) {
        for (statements, rows) in batch(run, first) {
            let mut transaction = connection.begin().await?;
            for (statement, rows) in statements.iter().zip(rows) {
                bound(statement, rows).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
    }
    Ok(start.elapsed())
}

fn bound<DB>(statement: &'static str, rows: Value) -> sqlx::query::Query<'static, DB, DB::Arguments>
where
    DB: sqlx::Database,
    DB::Arguments: IntoArguments<DB>,
    Json<Value>: for<'e> sqlx::Encode<'e, DB> + sqlx::Type<DB>,
{
    #[expect(clippy::disallowed_methods, reason = "the bare loop runs the ledger's own statements")]
    sqlx::query(statement).bind(Json(rows))
}

/// Both steps of a batch: statements, and the rows of each.
fn batch(run: u16, first: usize) -> [(&'static [&'static str], Vec<Value>); 2] {
    let intents: Vec<Intent> = (first..first + BATCH).map(|call| intent(run, call)).collect();
    let ids = || intents.iter().map(|intent| intent.id.to_string());
    let holds: Map<String, Value> =
        intents.iter().map(|call| (call.id.to_string(), hold(call))).collect();
    let tokens: Map<String, Value> = ids().map(|id| (id, Value::Null)).collect();
    let numbered = |row: fn(&Intent) -> Value| -> Value {
        let rows = intents.iter().enumerate();
        Value::Object(rows.map(|(number, intent)| (number.to_string(), row(intent))).collect())
    };
    let hours = json!({"0": usage_hour(&intents)});
    let grains = |is_paced| -> Value {
        let grains = Grain::ALL.iter().filter(|grain| grain.is_paced() == is_paced);
        grains.map(|grain| (grain.to_string(), usage_grain(&intents, *grain))).collect()
    };
    let [calls, attempts] = [call_row, attempt_row].map(numbered);
    let settle = vec![tokens.into(), calls, attempts, hours, grains(false), grains(true)];
    [(RESERVE, vec![holds.into()]), (SETTLE, settle)]
}

fn intent(run: u16, call: usize) -> Intent {
    let mut random = [0; 10];
    random[..2].copy_from_slice(&run.to_be_bytes());
    random[2..].copy_from_slice(&(call as u64).to_be_bytes());
    // A new hour every ten thousand calls, as in a busy gateway.
    let hours = i64::try_from(call / 10_000).unwrap_or_default();
    let at = Timestamp(1_795_000_000_000 + hours * 3_600_000 + i64::from(run));
    Intent {
        id: CallId::new(at, &random),
        started_at: at,
        attribution: Attribution {
            team: Some("research".into()),
            project: Some("atlas".into()),
            key: Some("key-1".into()),
            ..Attribution::default()
        },
        operation: Operation::ConverseStream,
        model_requested: "us.anthropic.claude-sonnet-4-5-20250929-v1:0".into(),
        model: model(),
        region: "us-east-1".into(),
        routing: Routing::Regional,
        tier_requested: Tier::Standard,
        price: Some(price()),
        ceiling: Cost::from_pico(20_000_000_000),
        ceiling_tokens: None,
        reach: bursar_domain::call::Reach::default(),
        request_hmac: None,
        simulated: true,
    }
}

fn model() -> ModelId {
    ModelId::parse("anthropic.claude-sonnet-4-5-20250929-v1:0").unwrap_or_else(|| unreachable!())
}

fn price() -> PriceStamp {
    let rates =
        Rates { input: Some(Rate(3_000_000)), output: Some(Rate(15_000_000)), ..Rates::default() };
    PriceStamp { id: PriceId("0123456789abcdef".into()), rates, meters: Vec::new() }
}

fn settlement(intent: &Intent) -> Settlement {
    let at = |ms: i64| Timestamp(intent.started_at.0 + ms);
    Settlement {
        id: intent.id.clone(),
        first_token_at: Some(at(400)),
        ended_at: at(2_000),
        chosen: None,
        model_version: intent.model.to_string(),
        version_evidence: VersionEvidence::Requested,
        served_region: None,
        tier: Tier::Standard,
        ending: Ending {
            outcome: Outcome::Succeeded,
            client_gone: false,
            http_status: Some(200),
            error_code: None,
            error_message: None,
            stop_reason: Some("end_turn".into()),
        },
        attempts: vec![Attempt {
            started_at: at(0),
            ended_at: at(2_000),
            outcome: AttemptOutcome::Succeeded,
            http_status: Some(200),
            error_code: None,
            request_id: Some(intent.id.to_string()),
            sent_to: SentTo::default(),
        }],
        bill: Bill {
            usage: Usage { input: 374, output: 44, ..Usage::default() },
            price: intent.price.clone(),
            cost: Cost::from_pico(1_782_000_000),
            estimated: false,
            cost_low: None,
        },
        request_id: Some(intent.id.to_string()),
        guardrail: Guardrail::default(),
    }
}

fn hold(call: &Intent) -> Value {
    let facts = json!({
        "id": call.id.as_str(), "started_ms": call.started_at.0, "team": call.attribution.team,
        "project": call.attribution.project, "key": call.attribution.key, "tags": {},
        "operation": call.operation.as_str(), "model_requested": call.model_requested,
        "model": call.model.as_str(), "region": call.region, "routing": call.routing.as_str(),
        "tier_requested": call.tier_requested.as_str(), "price_id": "0123456789abcdef",
        "rates": {"input": 3_000_000, "output": 15_000_000}, "ceiling_pico": 20_000_000_000_i64,
        "simulated": true,
    });
    json!({
        "owner": "bare", "epoch": 1, "started_ms": call.started_at.0, "held_micro": 20_000,
        "facts": facts.to_string(),
    })
}

fn call_row(call: &Intent) -> Value {
    joined(call_facts(call), call_ending(call))
}

fn call_facts(call: &Intent) -> Value {
    json!({
        "id": call.id.as_str(), "started_ms": call.started_at.0,
        "first_token_ms": call.started_at.0 + 400, "ended_ms": call.started_at.0 + 2_000,
        "team": call.attribution.team, "project": call.attribution.project, "user_id": null,
        "key_id": call.attribution.key, "tags": "{}", "client_session": null,
        "operation": call.operation.as_str(), "model_requested": call.model_requested,
        "model": call.model.as_str(), "model_version": call.model.as_str(),
        "version_evidence": "requested", "provider": call.model.provider(),
        "region": call.region, "served_region": null, "routing": "regional",
    })
}

fn call_ending(call: &Intent) -> Value {
    json!({
        "tier_requested": "standard", "tier": "standard", "outcome": "succeeded",
        "client_gone": false, "http_status": 200, "error_code": null, "error_message": null,
        "attempts": 1, "throttled_attempts": 0, "input_tokens": 374, "output_tokens": 44,
        "cache_read_tokens": 0, "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0,
        "meters": "{}", "price_id": "0123456789abcdef",
        "rates": "{\"input\":3000000,\"output\":15000000}", "cost_pico": 1_782_000_000,
        "estimated": false, "cost_low_pico": null, "overrun": false, "held_micro": 20_000,
        "request_id": call.id.as_str(), "stop_reason": "end_turn", "guardrail_id": null,
        "guardrail_action": null, "request_hmac": null, "simulated": true,
    })
}

fn attempt_row(call: &Intent) -> Value {
    json!({
        "call_id": call.id.as_str(), "number": 1, "started_ms": call.started_at.0,
        "ended_ms": call.started_at.0 + 2_000, "outcome": "succeeded", "http_status": 200,
        "error_code": null, "request_id": call.id.as_str(),
    })
}

fn sums(intents: &[Intent]) -> Value {
    let calls = intents.len();
    json!({
        "calls": calls, "succeeded": calls, "rejected": 0, "throttled": 0, "failed": 0, "cut": 0,
        "abandoned": 0, "refused": 0, "attempts": calls, "throttled_attempts": 0,
        "input_tokens": calls * 374, "output_tokens": calls * 44, "cache_read_tokens": 0,
        "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0, "cost_micro": calls * 1_782,
        "cost_rest": 0, "unpriced": 0, "estimated": 0,
    })
}

fn usage_hour(intents: &[Intent]) -> Value {
    let call = &intents[0];
    let key = json!({
        "hour_ms": call.started_at.hour().0, "shard": 9, "team": "research", "project": "atlas",
        "user_id": "", "key_id": "key-1", "tags": "{}", "operation": call.operation.as_str(),
        "model": call.model.as_str(), "provider": "anthropic", "region": call.region,
        "served_region": "", "routing": "regional", "tier": "standard", "outcome": "succeeded",
        "price_id": "0123456789abcdef", "simulated": true,
    });
    joined(key, sums(intents))
}

fn usage_grain(intents: &[Intent], grain: Grain) -> Value {
    let one = |bucket: usize| -> Vec<usize> {
        (0..20).map(|place| if place == bucket { intents.len() } else { 0 }).collect()
    };
    let key = json!({
        "latency": one(7), "first_token": one(3), "speed": one(7), "grain": grain.as_str(), "start_ms": intents[0].started_at.day().0, "value": "value",
        "value2": "", "count_tokens": false, "shard": 9,
    });
    joined(key, sums(intents))
}

fn joined(mut key: Value, sums: Value) -> Value {
    if let (Value::Object(key), Value::Object(sums)) = (&mut key, sums) {
        key.extend(sums);
    }
    key
}
