//! Advice on throttling: which quota it was by Bedrock's own rule, and how long it lasts.

use super::scene::{Scene, figure, listing};
use super::{Advice, Cause};
use crate::quota::RULE;

const MORE: &str = "ask for more in the Service Quotas console, under Amazon Bedrock: quotas are \
    per account, region and model";
pub(super) fn advise(scene: &Scene<'_>, cause: Cause) -> Option<Advice> {
    Some(match cause {
        Cause::RequestQuota => requests(scene),
        Cause::TokenQuota => tokens(scene),
        Cause::DailyQuota => tokens_per_day(scene),
        Cause::Throttled => throttled(scene),
        Cause::ServiceQuota => service_quota(scene),
        _ => return None,
    })
}

fn requests(scene: &Scene<'_>) -> Advice {
    let what = format!(
        "the quota of requests per minute for {} in {} is used up{}",
        scene.named(),
        scene.region(),
        scene.tries()
    );
    let why = "every call of the account to this model counts, whoever makes it and however small";
    Advice::of(Cause::RequestQuota, what, why)
        .then("wait up to a minute: the quota fills again continuously")
        .then("make fewer calls at a time, or larger ones")
        .then_if(elsewhere(scene))
        .then(MORE)
}

fn tokens(scene: &Scene<'_>) -> Advice {
    let what = format!(
        "the quota of tokens per minute for {} in {} is used up{}",
        scene.named(),
        scene.region(),
        scene.tries()
    );
    Advice::of(Cause::TokenQuota, what, RULE)
        .then("wait up to a minute: the quota fills again continuously")
        .then(lower_limit(scene))
        .then("cache what repeats: at a call's end, tokens read from a cache do not count")
        .then_if(burndown(scene))
        .then_if(elsewhere(scene))
        .then(MORE)
}

fn tokens_per_day(scene: &Scene<'_>) -> Advice {
    let what = format!(
        "the quota of tokens per day for {} in {} is used up{}",
        scene.named(),
        scene.region(),
        scene.tries()
    );
    let why = "a new account's daily quota is below what its quota per minute adds up to; waiting \
        seconds does not help";
    Advice::of(Cause::DailyQuota, what, why)
        .then("wait until it is given anew, which takes up to a day, and do not retry until then")
        .then("`bursar usage --by model --since 1d` shows what used it")
        .then_if(elsewhere(scene))
        .then(MORE)
}

fn throttled(scene: &Scene<'_>) -> Advice {
    let what = format!(
        "Bedrock throttled the call to {} in {}{}",
        scene.named(),
        scene.region(),
        scene.tries()
    );
    let why = format!("it did not say by which quota; with it came {}", scene.quoted());
    Advice::of(Cause::Throttled, what, why)
        .then("wait up to a minute, and make fewer calls at a time")
        .then(lower_limit(scene))
        .then_if(elsewhere(scene))
        .then(MORE)
}

fn service_quota(scene: &Scene<'_>) -> Advice {
    let what = format!("a quota of the account stands against the call to {}", scene.named());
    let why = format!("it is not one that fills again by waiting; Bedrock said {}", scene.quoted());
    Advice::of(Cause::ServiceQuota, what, why).then(MORE).then_if(elsewhere(scene))
}

/// Another pool of the same model: profiles have quotas of their own.
fn elsewhere(scene: &Scene<'_>) -> Option<String> {
    let used = scene.trouble.model?.dispatched.as_str();
    let mut others = scene.profiles_of(&scene.listed()?);
    others.retain(|id| id != used);
    let is_any = !others.is_empty();
    is_any.then(|| format!("or call {}, which has a quota of its own", listing(&others)))
}

fn lower_limit(scene: &Scene<'_>) -> String {
    let limit = scene.listed().and_then(|model| model.max_output_tokens);
    let unset = limit.map_or(String::new(), |limit| {
        format!(": without one, {} are taken at the start of each call", figure(limit))
    });
    format!("set the output limit to what an answer needs{unset}")
}

/// Only what is published; rates differ per model.
fn burndown(scene: &Scene<'_>) -> Option<String> {
    let is_claude = scene.base().is_some_and(|base| base.starts_with("anthropic."));
    is_claude.then(|| {
        "keep answers short: on Claude 3.7 and later, output tokens count five times against the \
         quota (not on the bill)"
            .to_owned()
    })
}
