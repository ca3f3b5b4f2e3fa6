//! Writes the embedded catalogue: turns the three JSON files of models, prices and profile routing
//! into the tab-separated tables under `crates/bursar-domain/data`.
//!
//! It loses nothing and guesses nothing: a field it does not know is an error. What the columns
//! mean is said at the head of each table; how they are read is the domain's business.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value};

mod models;
mod prices;
#[cfg(test)]
mod tests;

/// A table's file name and its text.
type Tables = BTreeMap<&'static str, String>;

/// `cargo xtask catalogue MODELS.json PRICES.json ROUTING.json`
pub(crate) fn run(args: &[String]) -> Result<()> {
    let [models, prices, routing] = args else {
        bail!("usage: cargo xtask catalogue MODELS.json PRICES.json ROUTING.json");
    };
    let folder = data_folder();
    for (name, text) in tables(&read(models)?, &read(prices)?, &read(routing)?)? {
        let path = folder.join(name);
        std::fs::write(&path, &text).with_context(|| format!("writing `{}`", path.display()))?;
        println!("{name}: {} lines, {} bytes", text.lines().count(), text.len());
    }
    Ok(())
}

/// Where the tables are kept.
fn data_folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/bursar-domain/data")
}

fn read(path: &str) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading `{path}`"))?;
    serde_json::from_str(&text).with_context(|| format!("`{path}` is no JSON"))
}

/// Every table, from the parsed files.
fn tables(models: &Value, prices: &Value, routing: &Value) -> Result<Tables> {
    let mut texts = Interned::default();
    texts.take_all(&models["models"]);
    texts.take_all(&prices["records"]);
    let mut tables = Tables::new();
    tables.insert("models.tsv", models::table(models, &texts).context("models")?);
    tables.insert("routing.tsv", models::routing_table(routing).context("routing")?);
    tables.insert("prices.tsv", prices::table(prices, &texts).context("prices")?);
    tables.insert("sources.tsv", texts.table(prices)?);
    Ok(tables)
}

/// The texts that many rows share, sources and notes, numbered in the order of their bytes.
#[derive(Default)]
struct Interned(BTreeSet<String>);

impl Interned {
    /// Takes every text under a `sources`, `note` or `profiles` key.
    fn take_all(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.take_all(item)),
            Value::Object(fields) => {
                for (key, field) in fields {
                    match key.as_str() {
                        "sources" | "note" | "profiles" => self.take_texts(field),
                        _ => self.take_all(field),
                    }
                }
            }
            _ => {}
        }
    }

    fn take_texts(&mut self, value: &Value) {
        match value {
            Value::String(text) => drop(self.0.insert(text.clone())),
            Value::Array(items) => items.iter().for_each(|item| self.take_texts(item)),
            Value::Object(lists) => lists.values().for_each(|list| self.take_texts(list)),
            _ => {}
        }
    }

    /// One text's number, four digits.
    fn number(&self, text: &str) -> Result<String> {
        let place = self.0.iter().position(|known| known == text);
        let place = place.with_context(|| format!("`{text}` was not interned"))?;
        ensure!(place < 10_000, "more than 10,000 sources and notes: widen their numbers");
        Ok(format!("{place:04}"))
    }

    /// The numbers of a JSON list of texts, with commas between.
    fn numbers(&self, list: &Value) -> Result<String> {
        let texts = list.as_array().context("a list of texts was expected")?;
        let number = |text: &Value| self.number(text.as_str().context("a text was expected")?);
        Ok(texts.iter().map(number).collect::<Result<Vec<_>>>()?.join(","))
    }

    /// The number of a text that may be absent.
    fn optional(&self, text: Option<&Value>) -> Result<String> {
        match text {
            None | Some(Value::Null) => Ok(ABSENT.to_owned()),
            Some(text) => self.number(text.as_str().context("a text was expected")?),
        }
    }

    fn table(&self, prices: &Value) -> Result<String> {
        let mut lines = Lines::headed(&["number", "text"]);
        for (tag, about) in object(&prices["sources"])? {
            lines.push(&["#legend", tag, about.as_str().context("a text was expected")?])?;
        }
        for text in &self.0 {
            lines.push(&[&self.number(text)?, text])?;
        }
        Ok(lines.sorted())
    }
}

/// What stands for JSON's null. An empty field is an empty list.
const ABSENT: &str = "-";

/// The lines of one table, in the making.
struct Lines(Vec<String>);

impl Lines {
    fn headed(columns: &[&str]) -> Self {
        Self(vec![format!("#columns\t{}", columns.join("\t"))])
    }

    /// The day on which the figures were retrieved.
    fn retrieved(&mut self, file: &Value) -> Result<()> {
        let day = file["generated_at"].as_str().context("`generated_at` is missing")?;
        self.push(&["#retrieved", day])
    }

    fn push(&mut self, fields: &[&str]) -> Result<()> {
        for field in fields {
            ensure!(!field.contains(['\t', '\n', '\r']), "`{field}` holds a tab or a line break");
        }
        self.0.push(fields.join("\t"));
        Ok(())
    }

    /// Sorted by the first field, which is what they are searched by, then as they were pushed.
    fn sorted(mut self) -> String {
        self.0.sort_by(|a, b| a.split('\t').next().cmp(&b.split('\t').next()));
        let mut text = String::new();
        for line in &self.0 {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

fn object(value: &Value) -> Result<&Map<String, Value>> {
    value.as_object().with_context(|| format!("an object was expected, not `{value}`"))
}

/// Refuses fields that the tables have no place for.
fn only(value: &Value, known: &[&str]) -> Result<()> {
    let unknown = object(value)?.keys().find(|key| !known.contains(&key.as_str()));
    ensure!(unknown.is_none(), "field {unknown:?} has no column in the tables");
    Ok(())
}

/// A text, a number or null as a field.
fn scalar(value: &Value) -> Result<String> {
    match value {
        Value::Null => Ok(ABSENT.to_owned()),
        Value::String(text) => {
            ensure!(!text.is_empty() && text != ABSENT, "`{text}` would read as absent");
            Ok(text.clone())
        }
        Value::Number(number) => Ok(number.to_string()),
        other => bail!("`{other}` is no text, number or null"),
    }
}

/// A list of texts, or null, as a field.
fn list(value: &Value) -> Result<String> {
    let Value::Array(items) = value else { return scalar(value) };
    let items = items.iter().map(scalar).collect::<Result<Vec<_>>>()?;
    ensure!(!items.iter().any(|item| item.contains('|')), "an item of {items:?} holds a `|`");
    Ok(items.join("|"))
}
