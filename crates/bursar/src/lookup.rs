//! What a model name stands for, where only the control plane knows: ARNs of application profiles
//! and of prompt routers. What it said is remembered in a file, so that the next call need not ask.

mod memory;

use bursar_core::{Error, Unread};
use bursar_domain::entropy::Entropy;
use bursar_domain::model::{Candidate, ModelRef, RefKind};
use bursar_domain::time::Clock;

use crate::failure::{Failure, Situation};
use crate::settings::Settings;
use crate::{advice, wiring};
use memory::Memory;

/// The other way to say what an ARN stands for.
const SAY_SO: &str =
    "or say what it is priced as under `[models.base_models]` in the configuration";

/// The model that a text names; asks where that takes asking.
///
/// # Errors
/// A text that names no model, and an ARN of which nobody says what it stands for.
pub(crate) async fn model(settings: &Settings, text: &str) -> Result<ModelRef, Failure> {
    let reference = settings.resolve(text)?;
    if !reference.can_be_looked_up() {
        return Ok(reference);
    }
    let candidates = remembered_or_told(settings, &reference).await?;
    if candidates.is_empty() {
        return Err(unknown(settings, &reference.dispatched));
    }
    Ok(reference.standing_for(candidates))
}

/// The model that a text calls: of an alias by weight, one that is drawn.
///
/// # Errors
/// As [`model`].
pub(crate) async fn called(
    settings: &Settings,
    text: &str,
    entropy: &Entropy,
) -> Result<ModelRef, Failure> {
    let Some(drawn) = settings.names.draw(text, entropy) else {
        return model(settings, text).await;
    };
    Ok(model(settings, drawn).await?.called(text))
}

async fn remembered_or_told(
    settings: &Settings,
    reference: &ModelRef,
) -> Result<Vec<Candidate>, Failure> {
    let now = Clock::system().now();
    let file = settings.data_folder.as_ref().map(|folder| folder.join(memory::FILE));
    let mut memory = file.as_deref().map(Memory::read).unwrap_or_default();
    // What a simulator says of an ARN is not what AWS says of it.
    let endpoints = [&settings.control_endpoint, &settings.endpoint];
    let endpoints = endpoints.map(|endpoint| endpoint.as_deref().unwrap_or_default()).join("|");
    let key = format!("{endpoints}|{}|{}", settings.region, reference.dispatched);
    if let Some(known) = memory.answer(&key, now) {
        return Ok(known);
    }
    let told = ask(settings, reference).await?;
    memory.keep(&key, &told, now);
    if let Some(file) = &file {
        memory.write(file);
    }
    Ok(told)
}

/// Nothing is an answer too: there is no such thing.
async fn ask(settings: &Settings, reference: &ModelRef) -> Result<Vec<Candidate>, Failure> {
    let control_plane = wiring::control_plane(settings).await?;
    match control_plane.behind(reference).await {
        Ok(candidates) => Ok(candidates.unwrap_or_default()),
        Err(Error::Unread(unread)) => Err(not_told(&unread, reference)),
        Err(error) => Err(error.into()),
    }
}

/// To be forbidden to ask leaves the model unknown; whatever else came in between is told as it is.
fn not_told(unread: &Unread, reference: &ModelRef) -> Failure {
    let failure = advice::unread(unread).hint(SAY_SO);
    if !unread.code.starts_with("AccessDenied") {
        return failure;
    }
    let kind = match reference.kind {
        RefKind::PromptRouterArn => "prompt router",
        _ => "application profile",
    };
    let message = format!(
        "what the {kind} `{}` stands for is not known, so it has no price: {}",
        reference.dispatched, failure.message
    );
    Failure { situation: Situation::Unpriced, message, ..failure }
}

fn unknown(settings: &Settings, arn: &str) -> Failure {
    let message = format!(
        "what `{arn}` stands for is not known, so it has no price: the control plane of `{}` knows \
         no model behind it",
        settings.region
    );
    Failure::new(Situation::Unpriced, message)
        .hint("check its region and its account: `aws bedrock list-inference-profiles --type APPLICATION`")
        .hint(SAY_SO)
}
