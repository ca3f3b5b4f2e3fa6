//! Advice on which models are offered where, and until when.

use super::scene::{Scene, listing, regions_of};
use super::{Advice, Cause};
use crate::catalogue::Catalogue;

pub(super) fn advise(scene: &Scene<'_>, cause: Cause) -> Option<Advice> {
    Some(match cause {
        Cause::ProfileRequired => profile_required(scene),
        Cause::UnknownModel => unknown_model(scene),
        Cause::WrongRegion => wrong_region(scene),
        Cause::EndOfLife => end_of_life(scene),
        Cause::Legacy => legacy(scene),
        Cause::NotFound => not_found(scene),
        Cause::WrongRoute => wrong_route(scene),
        Cause::CountingUnsupported => counting_unsupported(scene),
        _ => return None,
    })
}

fn profile_required(scene: &Scene<'_>) -> Advice {
    let what = format!("{} cannot be called by its own id", scene.named());
    let why = "it is offered through inference profiles only, which may serve a call from several \
        regions";
    let advice = Advice::of(Cause::ProfileRequired, what, why);
    let profiles = scene.listed().map(|model| scene.profiles_of(&model)).unwrap_or_default();
    match &profiles[..] {
        [] => advice
            .then("find its profile with `aws bedrock list-inference-profiles`")
            .then(scene.look_up()),
        [only] => advice.then(format!("call `{only}`")),
        [first, ..] => {
            let more = listing(&profiles[1..]);
            let global = profiles.iter().any(|id| id.starts_with("global."));
            let note = if global { "; a `global.` profile may be served anywhere" } else { "" };
            advice.then(format!("call `{first}`")).then(format!("or {more}{note}"))
        }
    }
}

fn unknown_model(scene: &Scene<'_>) -> Advice {
    let what = format!("Bedrock knows no model {} in {}", scene.named(), scene.region());
    let is_listed = scene.listed().is_some();
    let why = if is_listed {
        let day = Catalogue::embedded().retrieved_on();
        format!("the catalogue of {day} lists it, but not every account and endpoint has it")
    } else {
        "the id is misspelt, or it is one of another region, account or endpoint".to_owned()
    };
    let successor = scene.successor().filter(|_| is_listed);
    let successor = successor.map(|model| format!("or call {}", scene.priced_id(&model, 0)));
    Advice::of(Cause::UnknownModel, what, why)
        .then(scene.look_up())
        .then("`aws bedrock list-foundation-models` lists what this account sees in its region")
        .then_if(successor)
}

fn wrong_region(scene: &Scene<'_>) -> Advice {
    let Some(model) = scene.listed().filter(|_| scene.is_offered_elsewhere()) else {
        let what = "the request was signed for another region than it was sent to";
        let why =
            format!("the endpoint is not that of {}; AWS said {}", scene.region(), scene.quoted());
        return Advice::of(Cause::WrongRegion, what, why)
            .then("make `AWS_REGION` and the endpoint's region the same")
            .then("unset `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` unless you mean another endpoint");
    };
    let what = format!("{} is not offered in {}", scene.named(), scene.region());
    let day = Catalogue::embedded().retrieved_on();
    let why = format!("models are offered region by region; this is as of {day}");
    let regions = regions_of(&model);
    let near = |region: &&&str| continent(region) == continent(scene.trouble.region);
    let nearby: Vec<_> = regions.iter().filter(near).collect();
    let regions = if nearby.is_empty() { listing(&regions) } else { listing(&nearby) };
    Advice::of(Cause::WrongRegion, what, why)
        .then(format!("set `AWS_REGION` to one that offers it: {regions}"))
        .then(scene.look_up())
}

fn end_of_life(scene: &Scene<'_>) -> Advice {
    let what = format!("{} has reached the end of its life", scene.named());
    let end = scene.listed().and_then(|model| model.lifecycle.end_of_life);
    let why = end.filter(|end| *end <= scene.trouble.at).map_or_else(
        || "its provider has withdrawn it, and Bedrock no longer serves it".to_owned(),
        |end| format!("Bedrock stopped serving it on {}", end.date()),
    );
    succeeded(scene, Advice::of(Cause::EndOfLife, what, why))
}

fn legacy(scene: &Scene<'_>) -> Advice {
    let what = format!("{} is legacy, and closed to this account", scene.named());
    let end = scene.listed().and_then(|model| model.lifecycle.end_of_life);
    let until = end.map_or(String::new(), |end| format!(", until it ends on {}", end.date()));
    let why =
        format!("only accounts that have called it within some weeks may go on doing so{until}");
    succeeded(scene, Advice::of(Cause::Legacy, what, why))
}

/// What to call instead, and what that costs.
fn succeeded(scene: &Scene<'_>, advice: Advice) -> Advice {
    let Some(next) = scene.successor() else {
        return advice.then("choose another model: `bursar models list` lists all of them");
    };
    let old = scene.listed().and_then(|old| {
        let id = scene.trouble.model.map_or(old.id, |model| model.dispatched.as_str());
        scene.price_of(&old, id, 0)
    });
    let old = old.map(|price| format!("the old model's price was {price}"));
    advice
        .then(format!("call its successor {}", scene.priced_id(&next, 0)))
        .then_if(old)
        .then(format!("`bursar models show {}` shows what the successor can do", next.id))
}

fn not_found(scene: &Scene<'_>) -> Advice {
    let what = format!("there is no {} in {}", scene.named(), scene.region());
    let why = format!("Bedrock said {}", scene.quoted());
    Advice::of(Cause::NotFound, what, why)
        .then("an ARN holds a region and an account: compare both with those of your credentials")
        .then(scene.look_up())
}

fn wrong_route(scene: &Scene<'_>) -> Advice {
    let what = format!("the endpoint does not serve {} in this way", scene.named());
    let why =
        "Bedrock has several endpoints and ways of asking, and not every model answers to each";
    Advice::of(Cause::WrongRoute, what, why)
        .then("ask by Converse at `bedrock-runtime`, which most models answer to")
        .then("unset `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` unless you mean another endpoint")
        .then(scene.look_up())
}

fn counting_unsupported(scene: &Scene<'_>) -> Advice {
    let what = format!("{} does not count tokens", scene.named());
    let why = "CountTokens works with some models only, and with base ids rather than with ARNs";
    let base = scene.trouble.model.filter(|model| model.geography.is_some());
    let base = base.and_then(|model| model.base.as_ref());
    Advice::of(Cause::CountingUnsupported, what, why)
        .then_if(base.map(|base| format!("ask with the base id `{base}`")))
        .then("without a count, the bytes of the request are an upper bound of its text tokens")
        .then("`bursar estimate` goes by that, too, where --count is left away")
}

/// `eu` of `eu-central-1`.
fn continent(region: &str) -> &str {
    region.split('-').next().unwrap_or_default()
}
