//! `bursar estimate`: what a prompt or a body would cost, at most and likely, side by side.

use std::path::PathBuf;

use bursar_core::{Bursar, Ceiling, Invocation, Prompt, cut_pair};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelRef;
use bursar_domain::money::{Cost, Total};
use bursar_domain::price::Price;
use bursar_domain::time::{Clock, DAY_MS, Timestamp};
use bursar_domain::usage::Usage;
use bursar_ledger::{Dimension, UsageQuery};
use bytes::Bytes;
use comfy_table::Cell;
use serde_json::{Value, json};

use crate::attribution::CallerArgs;
use crate::commands::{converse, invoke};
use crate::failure::{Failure, Situation};
use crate::output::{DIM, Output};
use crate::settings::Settings;
use crate::{alias, lookup, table, wiring};

/// A token of English text is about four bytes. A guess, and marked as one.
const BYTES_PER_TOKEN: u64 = 4;
/// An answer's length when nothing is known of the model's answers here.
const OUTPUT_GUESS: u64 = 500;
/// How far back the ledger's own answers are averaged.
const LEARNT_DAYS: i64 = 30;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar estimate -m amazon.nova-lite-v1:0 'Why is the sky blue?'
  bursar estimate -m amazon.nova-lite-v1:0 -m amazon.nova-pro-v1:0 --max-tokens 1000 'Why is the sky blue?'

The worst case is what would be held for the call: a bound. The likely cost takes a token for every
four bytes (--count asks Bedrock, which is free) and as long an answer as the model's answers of the
last 30 days in the ledger. Nothing is generated. `bursar price` prices token counts that you know.")]
pub(crate) struct Estimate {
    /// A model id, a profile id, an ARN or an alias; give several to compare them
    #[arg(short, long = "model", required = true, value_name = "MODEL")]
    models: Vec<String>,
    /// The system prompt
    #[arg(short, long, conflicts_with = "body")]
    system: Option<String>,
    /// The most tokens to generate
    #[arg(long, value_name = "N", conflicts_with = "body", value_parser = clap::value_parser!(u64).range(1..))]
    max_tokens: Option<u64>,
    /// How long the answer will likely be, in tokens
    #[arg(long, value_name = "N")]
    output: Option<u64>,
    /// Ask CountTokens how many tokens go in
    #[arg(long)]
    count: bool,
    #[command(flatten)]
    caller: CallerArgs,
    /// A file with an InvokeModel body; `-` reads stdin
    #[arg(short, long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// The question; `-` or nothing reads it from stdin
    #[arg(conflicts_with = "body")]
    prompt: Option<String>,
}

/// What a model would be asked.
enum Request {
    Prompt(Prompt),
    Body(Bytes),
}

/// One model's line.
struct Line {
    model: String,
    /// The model, and the alias that it was called by.
    named: String,
    alias: Option<String>,
    input: (u64, &'static str),
    output: (u64, &'static str),
    likely: Option<Cost>,
    worst: Option<Cost>,
    price: Option<Price>,
}

impl Estimate {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let request = match &self.body {
            Some(path) => Request::Body(invoke::read_body(path)?),
            None => Request::Prompt(Prompt {
                system: self.system.clone(),
                text: converse::read_prompt(self.prompt.clone())?,
                max_tokens: self.max_tokens,
                ..Prompt::default()
            }),
        };
        let tags = self.caller.tags()?;
        let bursar = if self.count { Some(Box::pin(wiring::open(settings)).await?) } else { None };
        let caller = match &bursar {
            Some(bursar) => self.caller.attribution(&bursar.ledger, settings, tags).await?,
            None => Attribution::default(),
        };
        let mut lines = Vec::new();
        let names = self.models.iter().flat_map(|name| settings.names.meanings(name));
        for name in names {
            let model = lookup::model(settings, name).await?;
            lines.push(
                self.line(settings, bursar.as_ref().zip(Some(&caller)), &request, model).await?,
            );
        }
        if let Some(bursar) = bursar {
            bursar.ledger.close().await?;
        }
        if output.json {
            let rows: Vec<Value> = lines.iter().map(Line::as_json).collect();
            Output::object(&json!({"rows": rows}))?;
        } else {
            Output::line(show(&lines))?;
            output.note(format!("{DIM}nothing was generated{DIM:#}"));
        }
        Ok(())
    }

    async fn line(
        &self,
        settings: &Settings,
        counts: Option<(&Bursar, &Attribution)>,
        request: &Request,
        model: ModelRef,
    ) -> Result<Line, Failure> {
        let now = Clock::system().now();
        let (invocation, bytes) = request.invocation(model.clone());
        let priced = wiring::pricing(settings).price(invocation, now)?;
        let input = match counts {
            Some((bursar, caller)) => {
                (count(bursar, caller.clone(), request, model).await?, "counted")
            }
            None => (bytes.div_ceil(BYTES_PER_TOKEN).max(1), "guessed"),
        };
        let learnt = learnt_output(settings, priced.model.as_str(), now).await?;
        let output = likely_output(self.output, learnt, priced.bound);
        let usage = Usage { input: input.0, output: output.0, ..Usage::default() };
        let price = wiring::pricing(settings).price_again(&priced, input.0);
        let generates = price.as_ref().is_some_and(|price| price.rates.output.is_some());
        let usage = if generates { usage } else { Usage { output: 0, ..usage } };
        Ok(Line {
            model: priced.model.to_string(),
            named: alias::beside(&priced.invocation.model, priced.model.as_str()),
            alias: priced.invocation.model.alias.clone(),
            input,
            output: (usage.output, output.1),
            likely: price.as_ref().and_then(|price| usage.cost(price).ok()),
            worst: priced.ceiling,
            price,
        })
    }
}

impl Request {
    /// The call as it would be made, and the bytes of text in it.
    fn invocation(&self, model: ModelRef) -> (Invocation, u64) {
        match self {
            Self::Prompt(prompt) => {
                let system = prompt.system.as_ref().map_or(0, String::len);
                let bytes = (system + prompt.text.len()) as u64;
                (Invocation::converse(model, prompt, false), bytes)
            }
            Self::Body(body) => (Invocation::raw(model, body.clone(), false), body.len() as u64),
        }
    }
}

/// Asks CountTokens: an admitted call of no cost, recorded as one.
async fn count(
    bursar: &Bursar,
    caller: Attribution,
    request: &Request,
    model: ModelRef,
) -> Result<u64, Failure> {
    let invocation = match request {
        Request::Prompt(prompt) => Invocation::count_prompt(model, prompt),
        Request::Body(body) => Invocation::count_body(model, body),
    };
    let (_cutter, signal) = cut_pair();
    let mut reply = bursar.invoke(caller, invocation, signal).await?;
    let mut body = Vec::new();
    while let Some(bytes) = reply.next().await {
        body.extend_from_slice(&bytes);
    }
    let receipt = reply.settled().await?;
    let counted = serde_json::from_slice::<Value>(&body).ok();
    if let Some(tokens) = counted.and_then(|counted| counted["inputTokens"].as_u64()) {
        return Ok(tokens);
    }
    let ending = receipt.settlement.ending;
    let why = ending.error_message.unwrap_or_else(|| "no count came".to_owned());
    Err(Failure::new(Situation::Upstream, format!("the tokens cannot be counted: {why}"))
        .hint("leave --count away: the estimate then takes a token for every four bytes"))
}

/// The mean length of the model's answers in the ledger; nothing when there are none, or no ledger.
async fn learnt_output(
    settings: &Settings,
    model: &str,
    now: Timestamp,
) -> Result<Option<u64>, Failure> {
    if !settings.ledger_exists()? {
        return Ok(None);
    }
    let ledger = wiring::open_ledger(settings).await?;
    let since = Some(Timestamp(now.0 - LEARNT_DAYS * DAY_MS).day());
    let query = UsageQuery { by: Dimension::Model, since, until: None, count_tokens: false };
    let report = ledger.usage(&query).await?;
    ledger.close().await?;
    let row = report.rows.iter().find(|row| row.value.as_deref() == Some(model));
    Ok(row.and_then(|row| {
        let (tokens, answers) = (row.counters.output_tokens, row.counters.succeeded);
        u64::try_from(tokens.checked_div(answers)?).ok()
    }))
}

fn likely_output(said: Option<u64>, learnt: Option<u64>, bound: Ceiling) -> (u64, &'static str) {
    let (tokens, basis) = match (said, learnt) {
        (Some(said), _) => (said, "said"),
        (None, Some(learnt)) => (learnt, "learnt"),
        (None, None) => (OUTPUT_GUESS, "guessed"),
    };
    (bound.output_tokens.map_or(tokens, |most| tokens.min(most)), basis)
}

impl Line {
    fn as_json(&self) -> Value {
        json!({
            "model": self.model,
            "alias": self.alias,
            "input_tokens": self.input.0,
            "input_basis": self.input.1,
            "output_tokens": self.output.0,
            "output_basis": self.output.1,
            "likely_usd": self.likely.map(Cost::usd),
            "worst_usd": self.worst.map(Cost::usd),
            "price_id": self.price.as_ref().map(|price| price.id.to_string()),
        })
    }
}

fn show(lines: &[Line]) -> String {
    let mut table = table::new(&["model", ">in", "", ">out", "", ">likely", "", ">at most"]);
    let money = |cost: Option<Cost>, none: &str| {
        cost.map_or_else(|| none.to_owned(), |cost| Total::from(cost).rounded())
    };
    let pico = |line: &Line| i128::from(line.likely.map_or(0, Cost::pico));
    let dearest = lines.iter().map(pico).max().unwrap_or(0);
    for line in lines {
        table.add_row(vec![
            Cell::new(&line.named),
            table::figure(line.input.0),
            Cell::new(line.input.1),
            table::figure(line.output.0),
            Cell::new(line.output.1),
            table::figure(money(line.likely, "unpriced")),
            Cell::new(table::bar(pico(line), dearest)),
            table::figure(money(line.worst, "unbounded")),
        ]);
    }
    table.trim_fmt()
}
