//! The table of prices.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{Interned, Lines, list, object, only, scalar};

const COLUMNS: [&str; 20] = [
    "model_id",
    "region",
    "routing",
    "tier",
    "context",
    "effective_from",
    "effective_to",
    "input",
    "output",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "unit_prices",
    "also_regions",
    "profile_prefixes",
    "cache_write_ttl",
    "agreement",
    "status",
    "note",
    "sources",
];

/// The columns that tell one row from another.
const KEY: [&str; 6] = ["model_id", "region", "routing", "tier", "context", "effective_from"];

/// One line for each price.
pub(super) fn table(file: &Value, texts: &Interned) -> Result<String> {
    let rows = file["records"].as_array().context("`records` is no list")?;
    let mut lines = Lines::headed(&COLUMNS);
    lines.retrieved(file)?;
    let twins = twins(rows)?;
    for row in rows {
        let is_twin = twins.get(&own_key(row)?).is_some_and(|count| *count > 1);
        let fields = line(row, is_twin, texts).with_context(|| format!("price {row}"))?;
        lines.push(&fields.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    Ok(lines.sorted())
}

fn line(row: &Value, is_twin: bool, texts: &Interned) -> Result<Vec<String>> {
    only(row, &COLUMNS)?;
    let mut fields = Vec::new();
    for column in COLUMNS {
        fields.push(match column {
            "unit_prices" => unit_prices(row, is_twin)?,
            "note" => texts.optional(row.get(column))?,
            "sources" => texts.numbers(&row[column])?,
            _ => list(&row[column])?,
        });
    }
    Ok(fields)
}

/// `per_image=0.04|quality=standard`. Two rows that nothing but their rate tells apart get that
/// rate as a variant, so that neither is charged unless it is asked for.
fn unit_prices(row: &Value, is_twin: bool) -> Result<String> {
    let Some(fields) = row.get("unit_prices").filter(|fields| !fields.is_null()) else {
        return Ok(String::new());
    };
    let mut entries = Vec::new();
    for (key, value) in object(fields)? {
        let value = scalar(value)?;
        ensure!(!key.contains('=') && !value.contains(['|', '=']), "`{key}={value}` is ambiguous");
        if is_twin && key.starts_with("per_") {
            entries.push(format!("listed_rate={value}"));
        }
        entries.push(format!("{key}={value}"));
    }
    Ok(entries.join("|"))
}

/// How many rows share each key and variant.
fn twins(rows: &[Value]) -> Result<BTreeMap<String, usize>> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(own_key(row)?).or_default() += 1;
    }
    Ok(counts)
}

fn own_key(row: &Value) -> Result<String> {
    let mut parts = KEY.map(|column| row[column].to_string()).to_vec();
    if let Some(fields) = row.get("unit_prices").filter(|fields| !fields.is_null()) {
        let variant = object(fields)?.iter().filter(|(key, _)| !key.starts_with("per_"));
        parts.extend(variant.map(|(key, value)| format!("{key}={value}")));
    }
    Ok(parts.join("\t"))
}
