//! `bursar models refresh`: what Bedrock lists now, kept beside the ledger and laid over the
//! catalogue. Prices stay as they are: Bedrock does not list any.

use std::path::Path;

use bursar_domain::catalogue::{Catalogue, Changes, Offers};
use bursar_domain::time::Clock;
use serde_json::{Value, json};

use crate::failure::{Failure, Situation};
use crate::output::{BOLD, DIM, Output};
use crate::settings::Settings;
use crate::{kept_file, wiring};

/// Reads the region's models and profiles, keeps them, and says what is new.
pub(crate) async fn run(settings: &Settings, output: Output) -> Result<(), Failure> {
    let file = settings.catalogue_file().ok_or_else(|| {
        Failure::new(Situation::Configuration, "there is no place to keep the list of models")
            .hint("set HOME, or name a file by `catalogue` under `[models]`")
    })?;
    let before = settings.catalogue().unwrap_or_else(|failure| {
        output.note(format!("{}; it is written anew", failure.message));
        Catalogue::embedded()
    });
    let control_plane = wiring::control_plane(settings).await?;
    let offers = control_plane.offers(Clock::system().now()).await?;
    if offers.models().next().is_none() {
        let message = format!("the control plane of `{}` lists no model", offers.region);
        return Err(Failure::new(Situation::Upstream, message)
            .hint("the list that was kept stays; check the region"));
    }
    kept_file::write(&file, &offers.to_string()).map_err(|error| {
        let message = format!("cannot write `{}`: {error}", file.display());
        Failure::new(Situation::Configuration, message)
            .hint("name another file by `catalogue` under `[models]`")
    })?;
    // Compared once and kept for the rest of the process, which is short.
    let offers: &'static Offers = Box::leak(Box::new(offers));
    let changes = Changes::between(before, offers);
    let is_priced = |id: &str| !settings.prices.history(id).is_empty();
    let ids = offers.models().map(|offer| offer.id.as_str());
    let unpriced: Vec<&str> = ids.filter(|id| !is_priced(id)).collect();
    if output.json {
        Output::object(&as_json(offers, &changes, &unpriced, &file))?;
        return Ok(());
    }
    show(offers, &changes, &unpriced)?;
    output.note(format!("{DIM}kept in {}; prices are as they were{DIM:#}", file.display()));
    Ok(())
}

fn as_json(offers: &Offers, changes: &Changes, unpriced: &[&str], file: &Path) -> Value {
    let row = |(id, what): &(String, Vec<String>)| json!({"id": id, "changes": what});
    json!({
        "region": offers.region,
        "source": offers.source,
        "retrieved_at": offers.retrieved_at.to_string(),
        "file": file.display().to_string(),
        "models": offers.models().count(),
        "added": changes.added,
        "changed": changes.changed.iter().map(row).collect::<Vec<_>>(),
        "retired": changes.retired,
        "unpriced": unpriced,
    })
}

fn show(offers: &Offers, changes: &Changes, unpriced: &[&str]) -> std::io::Result<()> {
    let count = offers.models().count();
    let profiles: usize = offers.models().map(|offer| offer.profiles.len()).sum();
    let region = &offers.region;
    Output::line(format!("{BOLD}{region}{BOLD:#}  {count} models, {profiles} profiles"))?;
    if changes.is_empty() {
        Output::line("nothing is new")?;
    }
    for id in &changes.added {
        Output::line(format!("  added    {id}"))?;
    }
    for (id, what) in &changes.changed {
        Output::line(format!("  changed  {id}: {}", what.join(", ")))?;
    }
    for id in &changes.retired {
        Output::line(format!("  retired  {id}"))?;
    }
    if !unpriced.is_empty() {
        let ids = unpriced.join(", ");
        Output::line(format!("  no price, so that calls are refused: {ids}"))?;
    }
    Ok(())
}
