//! Which model the live calls go to, what it is asked, and the most that this can cost.

use bursar_core::{ControlPlane, Error, Invocation, Pricing, Prompt};
use bursar_domain::catalogue::{Catalogue, LifecycleStatus, Modality, Model};
use bursar_domain::model::ModelRef;
use bursar_domain::money::Cost;
use bursar_domain::time::Timestamp;

use crate::failure::{Failure, Situation};
use crate::lookup;
use crate::settings::Settings;

/// By what the calls are found in Bedrock's invocation log.
const METADATA: (&str, &str) = ("bursar", "live-report");
const QUESTION: &str = "Count from one to five, in words.";
const ANSWER_TOKENS_MAX: u64 = 64;
/// Long enough to be dropped while it comes.
const LONG_QUESTION: &str = "Count from one to one hundred, in words.";
const LONG_ANSWER_TOKENS_MAX: u64 = 400;
/// Whose models count tokens.
const COUNTERS: &str = "anthropic.";
/// Their older ones do not, and one answer is enough.
const COUNTERS_MAX: usize = 4;
/// An account that may use none of so many will not be allowed the next.
const CANDIDATES_MAX: usize = 20;

/// What one model is asked, and the most that it can cost.
pub(super) struct Plan {
    pub(super) model: ModelRef,
    pub(super) worst: Cost,
    pub(super) trials: Vec<Trial>,
}

/// One call to be made.
pub(super) struct Trial {
    pub(super) invocation: Invocation,
    /// Whether it is dropped after its first bytes.
    pub(super) drops: bool,
}

/// Every candidate, the cheapest first: the models that are named, else those of the catalogue.
pub(super) async fn candidates(
    settings: &Settings,
    names: &[String],
    pricing: &Pricing,
    now: Timestamp,
) -> Result<Vec<Plan>, Failure> {
    let mut models = Vec::new();
    for name in names {
        models.push(lookup::model(settings, name).await?);
    }
    if models.is_empty() {
        let region = settings.region.as_str();
        let ids = Catalogue::embedded().models().filter_map(|model| id_to_call(&model, region));
        models = ids.filter_map(|id| settings.resolve(&id).ok()).collect();
    }
    let mut plans: Vec<Plan> =
        models.into_iter().filter_map(|model| Plan::of(pricing, model, now)).collect();
    plans.sort_by_key(|plan| plan.worst);
    if plans.is_empty() {
        let message = "none of the models can be called through every API at a known price";
        return Err(Failure::new(Situation::Unpriced, message)
            .hint("name a chat model with -m; `bursar models list` lists them"));
    }
    Ok(plans)
}

impl Plan {
    /// `None` where the model has no price, no bound, or no body of its own for a prompt.
    fn of(pricing: &Pricing, model: ModelRef, now: Timestamp) -> Option<Self> {
        let ask = |text: &str, max_tokens| Prompt {
            text: text.to_owned(),
            max_tokens: Some(max_tokens),
            metadata: [(METADATA.0.to_owned(), METADATA.1.to_owned())].into(),
            ..Prompt::default()
        };
        let short = ask(QUESTION, ANSWER_TOKENS_MAX);
        let long = ask(LONG_QUESTION, LONG_ANSWER_TOKENS_MAX);
        let kept = |invocation| Trial { invocation, drops: false };
        let dropped = Invocation::converse(model.clone(), &long, true);
        let trials = vec![
            kept(Invocation::count_prompt(model.clone(), &short)),
            kept(Invocation::converse(model.clone(), &short, false)),
            kept(Invocation::converse(model.clone(), &short, true)),
            kept(Invocation::invoke(model.clone(), &short, false).ok()?),
            kept(Invocation::invoke(model.clone(), &short, true).ok()?),
            Trial { invocation: dropped, drops: true },
        ];
        let mut worst = Cost::ZERO;
        for trial in &trials {
            let priced = pricing.price(trial.invocation.clone(), now).ok()?;
            worst = worst.plus(priced.ceiling?).ok()?;
        }
        Some(Self { model, worst, trials })
    }
}

/// Questions that are free: how many tokens the prompt has for models that are known to count. The
/// cheapest model need not be one of them.
pub(super) fn counters(plans: &[Plan]) -> Vec<Trial> {
    let counts = |plan: &&Plan| {
        plan.model.base.as_ref().is_some_and(|base| base.as_str().starts_with(COUNTERS))
    };
    let short = Prompt { text: QUESTION.to_owned(), ..Prompt::default() };
    let trial = |plan: &Plan| {
        let invocation = Invocation::count_prompt(plan.model.clone(), &short);
        Trial { invocation, drops: false }
    };
    plans.iter().filter(counts).take(COUNTERS_MAX).map(trial).collect()
}

/// The id to call a chat model by from a region: its own, or a profile's.
fn id_to_call(model: &Model, region: &str) -> Option<String> {
    let is_candidate = model.modality == Modality::Chat
        && model.lifecycle.status == LifecycleStatus::Active
        && model.streaming == Some(true)
        && model.on_runtime != Some(false)
        && model.is_priced;
    if !is_candidate {
        return None;
    }
    let own = model.in_region_on_demand.as_deref().unwrap_or_default();
    if own.contains(&region) {
        return Some(model.id.to_owned());
    }
    let routes = Catalogue::embedded().profiles_of(model.id);
    let route = routes.iter().find(|route| route.from.contains(&region))?;
    Some(format!("{}.{}", route.geography, model.id))
}

/// The first that the account has access to.
pub(super) async fn first_with_access(
    control: &ControlPlane,
    plans: Vec<Plan>,
) -> Result<Plan, Failure> {
    let mut asked = 0;
    for plan in plans.into_iter().take(CANDIDATES_MAX) {
        if has_access(control, &plan).await? {
            return Ok(plan);
        }
        asked += 1;
    }
    let message = format!("the account has access to none of {asked} models");
    Err(Failure::new(Situation::ModelNotAllowed, message)
        .hint("request it under Model access in the Bedrock console, or name a model with -m"))
}

async fn has_access(control: &ControlPlane, plan: &Plan) -> Result<bool, Failure> {
    let base = plan.model.base.as_ref().map_or("", AsRef::as_ref);
    match control.availability(base).await {
        Ok(told) => Ok(told.is_some_and(|told| told.is_authorized && told.is_entitled)),
        // Not to be told is not to be refused: the call itself will tell.
        Err(Error::Unread(unread)) if unread.status == Some(403) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
