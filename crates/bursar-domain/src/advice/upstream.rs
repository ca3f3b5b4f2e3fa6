//! Advice on what failed at Bedrock's end, and on what nobody knows.

use super::scene::Scene;
use super::{Advice, Cause};

const HEALTH: &str = "if it lasts, look at the AWS Health Dashboard";

/// The last to be asked: it has something to say of every cause.
pub(super) fn advise(scene: &Scene<'_>, cause: Cause) -> Advice {
    match cause {
        Cause::NotReady => not_ready(scene),
        Cause::Unavailable => unavailable(scene),
        Cause::Internal => internal(scene),
        Cause::ModelTimeout => model_timeout(scene),
        Cause::ModelError | Cause::ModelStreamError => model_error(scene, cause),
        Cause::Conflict => conflict(scene),
        _ => unknown(scene),
    }
}

fn not_ready(scene: &Scene<'_>) -> Advice {
    let what = format!("{} is not ready{}", scene.named(), scene.tries());
    let why = "Bedrock loads models that are seldom called, custom and imported ones above all, when \
        they are";
    Advice::of(Cause::NotReady, what, why)
        .then("try again in a few minutes: nothing was generated, and nothing is charged")
        .then("provisioned throughput keeps a model loaded")
}

fn unavailable(scene: &Scene<'_>) -> Advice {
    let what = format!("Bedrock has no room for {}{}", scene.named(), scene.tries());
    let why = format!("this is its capacity, not your quota; it said {}", scene.quoted());
    let profiles = scene.listed().map(|model| scene.profiles_of(&model)).unwrap_or_default();
    let used = scene.trouble.model.map_or("", |model| model.dispatched.as_str());
    let other = profiles.into_iter().find(|id| id != used);
    Advice::of(Cause::Unavailable, what, why)
        .then("try again in a minute, with longer pauses each time")
        .then_if(other.map(|id| format!("or call `{id}`, which more regions serve")))
        .then(HEALTH)
}

fn internal(scene: &Scene<'_>) -> Advice {
    let what = format!("Bedrock failed at the call to {}{}", scene.named(), scene.tries());
    Advice::of(Cause::Internal, what, format!("the fault is Bedrock's; it said {}", scene.quoted()))
        .then("try again in a minute")
        .then("if one prompt always meets it, shorten or change it: some inputs break a model")
        .then(HEALTH)
}

fn model_timeout(scene: &Scene<'_>) -> Advice {
    let what = format!("{} took longer than Bedrock waits", scene.named());
    let why = "long prompts, long answers and long reasoning take minutes; Bedrock may have charged \
        for the work";
    Advice::of(Cause::ModelTimeout, what, why)
        .then("stream the answer, which has no such limit on the whole of it")
        .then("lower the output limit or the reasoning budget, or ask for less at a time")
}

fn model_error(scene: &Scene<'_>, cause: Cause) -> Advice {
    let had_begun = scene.trouble.status.is_none_or(|status| (200..300).contains(&status));
    let what = match cause {
        Cause::ModelStreamError if had_begun => {
            format!("{} failed while it answered", scene.named())
        }
        _ => format!("{} failed at this request", scene.named()),
    };
    let why = format!("the error is the model's own, passed on by Bedrock: {}", scene.quoted());
    Advice::of(cause, what, why)
        .then("try again once: many such errors do not come back")
        .then("if one prompt always meets it, change the prompt, or use another model")
}

fn conflict(scene: &Scene<'_>) -> Advice {
    let what = "another request stands in the way of this one";
    Advice::of(Cause::Conflict, what, format!("Bedrock said {}", scene.quoted()))
        .then("wait until the other has ended, or use another name or token for this one")
}

fn unknown(scene: &Scene<'_>) -> Advice {
    let code: String = scene.trouble.code.chars().filter(char::is_ascii_graphic).take(80).collect();
    let status = scene.trouble.status.map_or(String::new(), |status| format!(", status {status}"));
    let what = format!("the call to {} ended with `{code}`{status}", scene.named());
    Advice::of(
        Cause::Unknown,
        what,
        format!("no error of that name is known; with it came {}", scene.quoted()),
    )
    .then("look it up in Amazon Bedrock's list of error codes")
    .then(scene.look_up())
}
