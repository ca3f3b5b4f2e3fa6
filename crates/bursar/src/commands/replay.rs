//! `bursar replay`: recorded traffic, sent again as metered calls.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use bursar_domain::model::ModelRef;
use bursar_domain::money::Total;
use bursar_domain::price::{PriceKey, Routing, Tier};
use bursar_domain::time::{Clock, Timestamp};
use bursar_domain::usage::Usage;

use crate::attribution::CallerArgs;
use crate::commands::price::unpriced_failure;
use crate::commands::usage;
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::player::{Api, Played, Player};
use crate::settings::Settings;
use crate::trace::{self, TraceRow};
use crate::wiring;

/// Models that differ in price, provider and reply, and read from caches.
pub(crate) const MODELS: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0,\
    us.anthropic.claude-sonnet-4-5-20250929-v1:0,amazon.nova-lite-v1:0,amazon.nova-pro-v1:0";
/// Throttling is common in a replay on purpose; a row that is lost to it would falsify the sums.
const ATTEMPTS_MIN: u32 = 12;
/// A simulator does not need to be spared.
pub(crate) const SIMULATOR_BACKOFF: Duration = Duration::from_millis(20);

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar simulate --listen 127.0.0.1:4566 &
  export AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://127.0.0.1:4566
  bursar replay trace.csv --api mix --concurrency 32
  bursar replay trace.csv --speed 10 --models amazon.nova-lite-v1:0,amazon.nova-pro-v1:0

Reads the Azure LLM inference trace (TIMESTAMP,ContextTokens,GeneratedTokens) and the Mooncake one
(timestamp_ms,input_tokens,output_tokens,prefix_cached_tokens). Row i goes to model i mod n.

What a prompt will cost: `bursar estimate`; what so many tokens cost: `bursar price`.")]
pub(crate) struct Replay {
    /// The trace
    file: PathBuf,
    /// `max`, or how many times faster than recorded
    #[arg(long, value_name = "max|N", default_value = "max", value_parser = speed)]
    speed: Speed,
    /// Calls at a time
    #[arg(long, value_name = "N", default_value = "16")]
    concurrency: NonZeroUsize,
    /// The models, in turn
    #[arg(long, value_name = "A,B", value_delimiter = ',', default_value = MODELS)]
    models: Vec<String>,
    /// converse, converse-stream, invoke, invoke-stream or mix
    #[arg(long, default_value = "converse")]
    api: Api,
    /// Say what it would cost, and call nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Spend real money: the endpoint need not be a simulator
    #[arg(long)]
    yes_spend: bool,
    #[command(flatten)]
    caller: CallerArgs,
}

/// More calls at a time than this exhaust a default file-descriptor limit.
const CONCURRENCY_MAX: usize = 512;

impl Replay {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let tags = self.caller.tags()?;
        let rows = trace::read(&self.file)?;
        let models = resolve(settings, &self.models)?;
        if self.dry_run {
            let cost = would_cost(settings, &models, &rows)?;
            let (calls, usd) = (rows.len(), cost.usd());
            if output.json {
                Output::object(&serde_json::json!({"calls": calls, "cost_usd": usd}))?;
            } else {
                Output::line(format!("{calls} calls would cost {}", cost.rounded()))?;
            }
            return Ok(());
        }
        if self.concurrency.get() > CONCURRENCY_MAX {
            let message = format!("`--concurrency {}` is over {CONCURRENCY_MAX}", self.concurrency);
            return Err(Failure::new(Situation::Usage, message));
        }
        let simulated = wiring::is_simulated(settings).await;
        if !simulated && !self.yes_spend {
            return Err(refuse_to_spend(settings, &models, &rows));
        }
        let mut bursar = Box::pin(wiring::open(settings)).await?;
        bursar.limits.attempts_max = bursar.limits.attempts_max.max(ATTEMPTS_MIN);
        if simulated {
            bursar.limits.backoff_base = SIMULATOR_BACKOFF;
        }
        let caller = self.caller.attribution(&bursar.ledger, settings, tags).await?;
        let player = Player {
            bursar,
            models,
            caller,
            api: self.api,
            concurrency: self.concurrency.get(),
            speed: self.speed.0,
            extra: |_| "",
        };
        let Played { tally, interrupted } = player.play(&rows, output).await?;
        player.bursar.ledger.close().await?;
        let report = tally.report();
        if output.json {
            Output::object(&usage::as_json("model", &report))?;
        } else {
            Output::line(usage::show("model", &report))?;
        }
        if interrupted {
            return Err(Failure::new(Situation::Interrupted, "the replay was stopped")
                .hint("what was sent is recorded; `bursar usage` shows it"));
        }
        Ok(())
    }
}

fn refuse_to_spend(settings: &Settings, models: &[ModelRef], rows: &[TraceRow]) -> Failure {
    let endpoint = settings.endpoint.as_deref().unwrap_or("Amazon Bedrock");
    let cost = match would_cost(settings, models, rows) {
        Ok(cost) => cost.rounded(),
        Err(failure) => return failure,
    };
    let message = format!("`{endpoint}` is no simulator, and this replay would cost {cost}");
    Failure::new(Situation::Usage, message).hint(
            "start `bursar simulate` and set AWS_ENDPOINT_URL_BEDROCK_RUNTIME, or spend with --yes-spend",
        )
}

/// Every model as it is dispatched.
pub(crate) fn resolve(settings: &Settings, models: &[String]) -> Result<Vec<ModelRef>, Failure> {
    models.iter().map(|model| settings.resolve(model.trim())).collect()
}

/// The rows at the prices in force, to the pico-dollar.
fn would_cost(
    settings: &Settings,
    models: &[ModelRef],
    rows: &[TraceRow],
) -> Result<Total, Failure> {
    let now = Clock::system().now();
    let mut total = Total::default();
    for (row, model) in rows.iter().zip(models.iter().cycle()) {
        total += row_cost(settings, model, row, now)?;
    }
    Ok(total)
}

fn row_cost(
    settings: &Settings,
    model: &ModelRef,
    row: &TraceRow,
    at: Timestamp,
) -> Result<Total, Failure> {
    let usage = Usage {
        input: row.input,
        output: row.output,
        cache_read: row.cache_read,
        ..Usage::default()
    };
    let price = settings.prices.price(&PriceKey {
        model: model.base.as_ref().map_or(model.dispatched.as_str(), AsRef::as_ref),
        region: model.region.as_deref().unwrap_or(&settings.region),
        geography: model.geography.as_deref(),
        routing: Routing::of_geography(model.geography.as_deref()),
        tier: Tier::Standard,
        context_tokens: usage.context_tokens(),
        variant: &std::collections::BTreeMap::new(),
        at,
    });
    let price = price.map_err(|unpriced| unpriced_failure(&unpriced))?;
    usage
        .cost(&price)
        .map(Total::from)
        .map_err(|error| Failure::from_text(Situation::Unpriced, &error.to_string()))
}

/// `max`, or so many times as fast as recorded.
#[derive(Debug, Clone, Copy)]
struct Speed(Option<u32>);

fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed(None));
    }
    let times =
        text.parse::<NonZeroU32>().map_err(|_| "it is `max` or a whole number".to_owned())?;
    Ok(Speed(Some(times.get())))
}
