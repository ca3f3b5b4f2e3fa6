//! Real calls through every API, on the cheapest model there is access to: what no simulator proves.
//!
//! Each goes the metered way and stands in the ledger. The most that all of them can cost is known,
//! and allowed, before the first is sent.

use std::path::{Path, PathBuf};

use bursar_core::Bursar;
use bursar_domain::call::Operation;
use bursar_domain::money::{Cost, Total};
use bursar_domain::time::Clock;
use indicatif::ProgressBar;
use serde_json::Value;

use super::finding::Finding;
use super::plan::{self, Plan, Trial};
use super::report;
use super::tried::Tried;
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;
use crate::wiring;

/// What may be spent, on what, and where it is told.
pub(crate) struct Live<'a> {
    pub(crate) settings: &'a Settings,
    /// Model names; every model of the catalogue where there are none.
    pub(crate) models: &'a [String],
    pub(crate) max_cost: Cost,
    pub(crate) report: &'a Path,
    pub(crate) clock: Clock,
}

impl Live<'_> {
    /// Makes the calls and writes the report: what was found, and the report itself.
    pub(crate) async fn run(
        &self,
        simulated: bool,
        output: Output,
    ) -> Result<(Vec<Finding>, Value), Failure> {
        let bursar = Box::pin(wiring::open(self.settings)).await?;
        let done = Box::pin(self.make(&bursar, simulated, output)).await;
        bursar.ledger.close().await?;
        done
    }

    async fn make(
        &self,
        bursar: &Bursar,
        simulated: bool,
        output: Output,
    ) -> Result<(Vec<Finding>, Value), Failure> {
        let control = wiring::control_plane(self.settings).await?;
        let (settings, now) = (self.settings, self.clock.now());
        let plans = plan::candidates(settings, self.models, &bursar.pricing, now).await?;
        let counters = plan::counters(&plans);
        let plan = plan::first_with_access(&control, plans).await?;
        if plan.worst > self.max_cost {
            return Err(self.too_dear(&plan));
        }
        // The name is taken first: whoever pays for a report must get it.
        let file = report::create(self.report)?;
        let Plan { model, worst, trials } = plan;
        let bar = super::progress_bar(trials.len() as u64, "live calls", output);
        let calls = trials.into_iter().chain(counters);
        let (tried, failure) = Box::pin(make_all(bursar, calls, &bar)).await;
        bar.finish_and_clear();
        let facts = report::Facts {
            settings,
            simulated,
            model: &model,
            worst,
            max_cost: self.max_cost,
            written_at: self.clock.now(),
        };
        let told = report::write(file, self.report, &facts, &tried)?;
        match failure {
            Some(failure) => Err(failure),
            None => Ok((tried.iter().map(Tried::finding).collect(), told)),
        }
    }

    fn too_dear(&self, plan: &Plan) -> Failure {
        let worst = Total::from(plan.worst).rounded();
        let message = format!(
            "the calls to `{}` can cost {worst} at most, over the {} that are allowed",
            plan.model.dispatched, self.max_cost
        );
        let hint = format!("nothing was sent; `--max-cost {}usd` allows it", plan.worst.usd());
        Failure::new(Situation::OverBudget, message).hint(hint)
    }
}

/// Makes one call after the other, until one is stopped by Ctrl-C, or cannot be recorded. Tokens are
/// counted until a model does.
async fn make_all(
    bursar: &Bursar,
    trials: impl Iterator<Item = Trial>,
    bar: &ProgressBar,
) -> (Vec<Tried>, Option<Failure>) {
    let mut tried: Vec<Tried> = Vec::new();
    for trial in trials {
        let is_count = trial.invocation.operation == Operation::CountTokens;
        if is_count && tried.iter().any(Tried::has_counted) {
            continue;
        }
        match Box::pin(Tried::make(bursar, trial)).await {
            Ok(one) => tried.push(one),
            Err(failure) => return (tried, Some(failure)),
        }
        bar.inc(1);
        if tried.last().is_some_and(Tried::is_stopped) {
            break;
        }
    }
    (tried, None)
}

/// Where the report goes when nobody says.
pub(crate) fn usual_report() -> PathBuf {
    PathBuf::from("live-report.json")
}
