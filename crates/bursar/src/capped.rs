//! The demo's second part: a team that hits its cap, and a stream that runs away and is cut.

use bursar_admin::{Admin, BudgetRow, LimitQuery, LimitWords, Selectors, TeamFacts};
use bursar_core::{Bursar, Error, Invocation, Prompt, Receipt, Refused, cut_pair};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelRef;
use serde_json::{Value, json};

use crate::failure::{Failure, Situation};
use crate::player::STEERING_KEY;

/// Who hits the cap.
const TEAM: &str = "research";
/// What it may spend: a handful of small calls.
const CAP: &str = "0.002usd";
/// More calls than the cap has room for.
const ASKED_MAX: u64 = 60;
/// How far the stream may go, of what it would put out.
const STREAM_TOKENS_MAX: u64 = 200;
const STREAM_TOKENS: u64 = 2_000;

/// What became of both.
pub(crate) struct Capped {
    admitted: u64,
    refused: Option<Box<Refused>>,
    budget: BudgetRow,
    cut: Receipt,
}

/// Lets a team call until its cap refuses, then lets a stream run until its limit cuts it.
pub(crate) async fn play(
    bursar: &Bursar,
    admin: &Admin,
    model: &ModelRef,
) -> Result<Capped, Failure> {
    let team = Selectors { team: Some(TEAM.to_owned()), ..Selectors::default() };
    if admin.teams().await?.iter().all(|row| row.name != TEAM) {
        admin.create_team(TEAM, TeamFacts::default()).await?;
    }
    let (window, limit) = ("total".to_owned(), CAP.to_owned());
    let words = LimitWords { window: window.clone(), limit, ..LimitWords::default() };
    admin.set_budget(&team, &words).await?;
    let (admitted, refused) = call_until_refused(bursar, model).await?;
    let query = LimitQuery { selectors: team, window: Some(window), ..LimitQuery::default() };
    let nothing = || Failure::new(Situation::Failed, "the demo's limit is not there");
    let budget = admin.budget(&query).await?.into_iter().next().ok_or_else(nothing)?;
    let mut strict = bursar.clone();
    strict.limits.streams.output_tokens = Some(STREAM_TOKENS_MAX);
    let endless = invocation(model, STREAM_TOKENS, true);
    let cut = call(&strict, Attribution::default(), endless).await?;
    Ok(Capped { admitted, refused, budget, cut })
}

async fn call_until_refused(
    bursar: &Bursar,
    model: &ModelRef,
) -> Result<(u64, Option<Box<Refused>>), Failure> {
    for admitted in 0..ASKED_MAX {
        let who = Attribution { team: Some(TEAM.to_owned()), ..Attribution::default() };
        match call(bursar, who, invocation(model, 400, false)).await {
            Ok(_) => {}
            Err(Error::Refused(refused)) => return Ok((admitted, Some(refused))),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((ASKED_MAX, None))
}

async fn call(bursar: &Bursar, who: Attribution, invocation: Invocation) -> Result<Receipt, Error> {
    let (_cutter, signal) = cut_pair();
    bursar.invoke(who, invocation, signal).await?.settled().await
}

fn invocation(model: &ModelRef, output: u64, stream: bool) -> Invocation {
    let words = format!("input=300 output={output}");
    let prompt = Prompt {
        text: "Go on. ".repeat(200),
        max_tokens: Some(output),
        metadata: [(STEERING_KEY.to_owned(), words)].into(),
        ..Prompt::default()
    };
    Invocation::converse(model.clone(), &prompt, stream)
}

impl Capped {
    /// Calls that were made.
    pub(crate) fn calls(&self) -> u64 {
        self.admitted + 1
    }

    /// The cap and the cut, for people.
    pub(crate) fn lines(&self) -> [String; 2] {
        let figures = &self.budget.figures;
        let said = self.refused.as_ref().map_or_else(String::new, |refused| {
            let text = refused.refusal.to_string();
            format!("; then: {}", text.lines().next().unwrap_or_default())
        });
        let ending = &self.cut.settlement.ending;
        let told = ending.error_message.as_deref().unwrap_or_default();
        [
            format!(
                "Team `{TEAM}` may spend ${}: {} calls were admitted, ${} is spent{said}",
                figures.limit, self.admitted, figures.spent,
            ),
            format!(
                "A stream that would have gone on was cut ({}): {told}",
                ending.error_code.as_deref().unwrap_or("not cut"),
            ),
        ]
    }

    /// The same, for programs.
    pub(crate) fn as_json(&self) -> Value {
        let ending = &self.cut.settlement.ending;
        json!({
            "team": TEAM,
            "admitted": self.admitted,
            "refused": self.refused.as_ref().map(|refused| refused.refusal.reason().as_str()),
            "budget": self.budget.figures,
            "cut": { "outcome": ending.outcome.as_str(), "error_code": ending.error_code },
        })
    }
}
