//! `bursar budget check`: whether a call would be admitted now. Made for pipelines: nothing is held,
//! counted or sent, and the exit code says it all.

use bursar_admin::{BudgetRow, CallAhead, Foresight, ModelAhead, api};
use bursar_core::{Invocation, Prompt};
use bursar_domain::call::CallId;
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelRef;
use bursar_domain::money::{Cost, parse_decimal};
use bursar_domain::time::Clock;
use comfy_table::Cell;
use serde_json::{Value, json};

use super::show;
use crate::commands::converse::read_prompt;
use crate::door::Door;
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::selection::SelectionArgs;
use crate::settings::Settings;
use crate::{refusal, table, wiring};

/// A threshold is kept in hundredths of a per cent.
const PERCENT_PLACES: u32 = 2;
const WHOLE: u64 = 10_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar budget check --all --fail-at 90%
  bursar budget check --tag env=ci -m amazon.nova-lite-v1:0 --max-tokens 500 'Review this.'

Exit codes: 0 admitted, 5 it would be refused, 9 admitted, but a limit has used what --fail-at says.
Without a model it is asked whether the limits that count every such call have anything left.")]
pub(crate) struct Check {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The most tokens to generate
    #[arg(long, value_name = "N", requires = "model", value_parser = clap::value_parser!(u64).range(1..))]
    max_tokens: Option<u64>,
    /// Exit 9 where a limit has spent so much of what it allows
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    fail_at: Option<u64>,
    /// What would be asked; `-` reads stdin
    #[arg(requires = "model")]
    prompt: Option<String>,
}

/// What is known of the call, beside its limits.
struct Asked {
    model: Option<String>,
    worst: Option<Cost>,
}

impl Check {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let (selectors, model) = self.selection.read(settings).await?;
        let text = self.prompt.clone().map(|text| read_prompt(Some(text))).transpose()?;
        let (call, asked) = match model {
            Some(model) => {
                let text = text.unwrap_or_default();
                let prompt = Prompt { text, max_tokens: self.max_tokens, ..Prompt::default() };
                priced(settings, (model, &prompt))?
            }
            None => (None, Asked { model: None, worst: None }),
        };
        let ahead = CallAhead { who: selectors, call };
        let foresight = Door::ask_once(settings, &api::CHECK_BUDGET, ahead).await?;
        self.tell(&foresight, &asked, output)
    }

    fn tell(&self, foresight: &Foresight, asked: &Asked, output: Output) -> Result<(), Failure> {
        let reached: Vec<&BudgetRow> = foresight
            .limits
            .iter()
            .map(|limit| &limit.row)
            .filter(|row| self.has_reached(row))
            .collect();
        let object = json!({
            "admitted": foresight.refusal.is_none(),
            "model": asked.model,
            "worst_usd": asked.worst.map(Cost::usd),
            "limits": foresight.limits,
            "reached": reached.iter().map(|row| show::name(row)).collect::<Vec<_>>(),
        });
        if !output.json && !foresight.limits.is_empty() {
            Output::line(limits(foresight))?;
        }
        if let Some(no) = &foresight.refusal {
            return Err(Failure { object: Some(object), ..refusal::foreseen(no) });
        }
        if let Some(row) = reached.first() {
            return Err(threshold(row, object));
        }
        if output.json {
            return Ok(Output::object(&object)?);
        }
        Ok(Output::line(match foresight.limits.len() {
            0 => "it would be admitted: no limit counts it".to_owned(),
            1 => "it would be admitted, within 1 limit".to_owned(),
            limits => format!("it would be admitted, within {limits} limits"),
        })?)
    }

    /// Whether a limit has spent as much of what it allows as was said.
    fn has_reached(&self, row: &BudgetRow) -> bool {
        let Some(at) = self.fail_at else { return false };
        let (spent, most) = row.figures.spent_of();
        spent.saturating_mul(i128::from(WHOLE)) >= most.saturating_mul(i128::from(at))
    }
}

fn threshold(row: &BudgetRow, object: Value) -> Failure {
    let (spent, most) = row.figures.spent_of();
    let message = format!(
        "limit `{}` has spent {} of what it allows",
        show::name(row),
        table::share(spent, most)
    );
    let failure = Failure::new(Situation::Threshold, message)
        .hint("`bursar budget forecast` tells when it runs out; `bursar budget set` raises it");
    Failure { object: Some(object), ..failure }
}

/// A call to a model, priced as a real one is; whose it is stands beside it.
fn priced(
    settings: &Settings,
    (model, prompt): (ModelRef, &Prompt),
) -> Result<(Option<ModelAhead>, Asked), Failure> {
    let clock = Clock::system();
    let invocation = Invocation::converse(model, prompt, true);
    let pricing = wiring::pricing(settings);
    let priced = pricing.price(invocation, clock.now())?;
    let asked = Asked { model: Some(priced.model.to_string()), worst: priced.ceiling };
    let id = CallId::new(priced.at, &[0; 10]);
    let intent = pricing.intent(&priced, (id, Attribution::default()), false);
    Ok((Some(ModelAhead::from(&intent)), asked))
}

fn limits(foresight: &Foresight) -> String {
    let mut table = table::new(&["limit", "", ">remaining", ">of", ">may add", "mode", "fits"]);
    for limit in &foresight.limits {
        let row = &limit.row;
        let (used, most) = row.figures.used_of();
        let asked = limit.asked.as_deref().map(|asked| row.figures.words(asked));
        table.add_row(vec![
            Cell::new(show::name(row)),
            Cell::new(table::bar(used.min(most), most)),
            table::figure(row.figures.words(&row.figures.remaining)),
            table::figure(show::of(row)),
            table::figure(asked.unwrap_or_else(|| "unbounded".to_owned())),
            Cell::new(&row.figures.mode),
            Cell::new(if limit.fits { "yes" } else { "no" }),
        ]);
    }
    table.trim_fmt()
}

/// `90%` or `90` as hundredths of a per cent, above nothing and at most all.
fn percent(text: &str) -> Result<u64, String> {
    let number = text.strip_suffix('%').unwrap_or(text);
    match parse_decimal(number, PERCENT_PLACES) {
        Ok(hundredths) if (1..=WHOLE).contains(&hundredths) => Ok(hundredths),
        _ => Err("write it as in `90%`, more than 0 and 100 at most".to_owned()),
    }
}
