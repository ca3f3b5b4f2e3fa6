//! The tables of models and of profile routing.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::{ABSENT, Interned, Lines, list, object, only, scalar};

const COLUMNS: [&str; 25] = [
    "id",
    "provider",
    "family",
    "display_name",
    "modality",
    "input_modalities",
    "output_modalities",
    "context_window",
    "max_output_tokens",
    "prompt_cache_min_tokens",
    "streaming,tools,vision,prompt_cache,reasoning,in_region_supported,runtime,mantle,priced",
    "context_note",
    "status",
    "launch",
    "launch_source",
    "legacy_from",
    "public_extended_access_from",
    "eol",
    "lifecycle_note",
    "lifecycle_sources",
    "profiles",
    "profiles_unconfirmed",
    "in_region_on_demand",
    "aliases",
    "sources",
];

const FLAGS: [&str; 6] =
    ["streaming", "tools", "vision", "prompt_cache", "reasoning", "in_region_supported"];

const LIFECYCLE: [&str; 8] = [
    "status",
    "launch",
    "launch_source",
    "legacy_from",
    "public_extended_access_from",
    "eol",
    "note",
    "sources",
];

/// One line for each model.
pub(super) fn table(file: &Value, texts: &Interned) -> Result<String> {
    let mut lines = Lines::headed(&COLUMNS);
    lines.retrieved(file)?;
    for model in file["models"].as_array().context("`models` is no list")? {
        let fields = line(model, texts).with_context(|| format!("model {}", model["id"]))?;
        lines.push(&fields.iter().map(String::as_str).collect::<Vec<_>>())?;
        for alias in model["aliases"].as_array().into_iter().flatten() {
            lines.push(&["#alias", &scalar(alias)?, &fields[0]])?;
        }
    }
    Ok(lines.sorted())
}

fn line(model: &Value, texts: &Interned) -> Result<Vec<String>> {
    let nested = ["lifecycle", "profiles", "endpoints", "priced"];
    only(model, &[&COLUMNS[..], &FLAGS, &nested].concat())?;
    only(&model["endpoints"], &["runtime", "mantle"])?;
    let lifecycle = &model["lifecycle"];
    only(lifecycle, &LIFECYCLE)?;
    let mut fields = Vec::new();
    for column in COLUMNS {
        fields.push(match column {
            _ if column.contains(',') => flags(model)?,
            "lifecycle_sources" => texts.numbers(&lifecycle["sources"])?,
            "lifecycle_note" => texts.optional(lifecycle.get("note"))?,
            "sources" => texts.numbers(&model["sources"])?,
            "profiles" => profiles(model, texts)?,
            "profiles_unconfirmed" => unconfirmed(model)?,
            _ if LIFECYCLE.contains(&column) => scalar(&lifecycle[column])?,
            _ => list(&model[column])?,
        });
    }
    Ok(fields)
}

/// One letter for each yes, no or unknown.
fn flags(model: &Value) -> Result<String> {
    let endpoints = ["runtime", "mantle"].map(|name| &model["endpoints"][name]);
    let flags = FLAGS.iter().map(|name| &model[*name]);
    flags.chain(endpoints).chain([&model["priced"]]).map(flag).collect()
}

fn flag(value: &Value) -> Result<char> {
    match value {
        Value::Bool(true) => Ok('y'),
        Value::Bool(false) => Ok('n'),
        Value::Null => Ok('?'),
        other => bail!("`{other}` is no yes, no or null"),
    }
}

/// `us:0012,0034|eu:0012`: each prefix and who lists it.
fn profiles(model: &Value, texts: &Interned) -> Result<String> {
    let entry = |(id, sources): (&String, &Value)| {
        Ok(format!("{}:{}", prefix(id, &model["id"])?, texts.numbers(sources)?))
    };
    let entries = object(&model["profiles"])?.iter().map(entry);
    Ok(entries.collect::<Result<Vec<_>>>()?.join("|"))
}

fn unconfirmed(model: &Value) -> Result<String> {
    let Some(ids) = model["profiles_unconfirmed"].as_array() else {
        return Ok(ABSENT.to_owned());
    };
    let prefix = |id: &Value| prefix(id.as_str().context("a text was expected")?, &model["id"]);
    Ok(ids.iter().map(prefix).collect::<Result<Vec<_>>>()?.join("|"))
}

/// What stands before the model's own id in a profile's id.
fn prefix(profile: &str, model: &Value) -> Result<String> {
    let model = model.as_str().context("`id` is no text")?;
    let (prefix, rest) = profile.split_once('.').context("a profile without a prefix")?;
    ensure!(rest == model, "profile `{profile}` is not one of `{model}`");
    Ok(prefix.to_owned())
}

/// One line for each model, geography and set of destinations, with every source region that
/// reaches the set. Global profiles have no destinations: they reach every commercial region.
pub(super) fn routing_table(file: &Value) -> Result<String> {
    let mut lines = Lines::headed(&["model", "geography", "from", "to"]);
    for (model, geographies) in object(&file["models"])? {
        for (geography, routes) in object(geographies)? {
            let geography = geography.to_ascii_lowercase();
            for (to, from) in grouped(routes)? {
                lines.push(&[model, &geography, &from.join("|"), &to])?;
            }
        }
    }
    Ok(lines.sorted())
}

fn grouped(routes: &Value) -> Result<BTreeMap<String, Vec<String>>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if routes.is_array() {
        groups.insert(ABSENT.to_owned(), vec![list(routes)?]);
        return Ok(groups);
    }
    for (from, to) in object(routes)? {
        groups.entry(list(to)?).or_default().push(from.clone());
    }
    Ok(groups)
}
