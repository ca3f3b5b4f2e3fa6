//! `bursar config`: every setting, where it is read from, and whether it is right.

use std::path::Path;

use bursar_domain::catalogue::Names;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::output::{Output, unless_closed};
use crate::settings::{EXAMPLE, Settings};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar config > ~/.config/bursar/config.toml
  bursar config check
  bursar config path")]
pub(crate) struct Config {
    #[command(subcommand)]
    command: Option<ConfigCommand>,
}

#[derive(Debug, clap::Subcommand)]
enum ConfigCommand {
    /// Print every setting with its default (what `config` alone does)
    Example,
    /// Print which file is read
    Path,
    /// Read the configuration and print what it means
    Check,
}

impl Config {
    pub(crate) fn run(
        self,
        config: Option<&Path>,
        ledger: Option<&str>,
        output: Output,
    ) -> Result<(), Failure> {
        match self.command.unwrap_or(ConfigCommand::Example) {
            ConfigCommand::Example if output.json => Output::object(&json!({"example": EXAMPLE}))?,
            ConfigCommand::Example => unless_closed(Output::piece(EXAMPLE))?,
            ConfigCommand::Path => path(config, output)?,
            ConfigCommand::Check => check(&Settings::load(config, ledger)?, output)?,
        }
        Ok(())
    }
}

fn path(config: Option<&Path>, output: Output) -> Result<(), Failure> {
    let found = Settings::file_path(config)?;
    let looked_for = found.clone().or_else(Settings::usual_file);
    let text = looked_for.map(|path| path.display().to_string());
    if output.json {
        Output::object(&json!({"path": text, "exists": found.is_some()}))?;
        return Ok(());
    }
    Output::line(text.unwrap_or_default())?;
    if found.is_none() {
        output.note("it does not exist yet; the defaults apply");
    }
    Ok(())
}

fn check(settings: &Settings, output: Output) -> Result<(), Failure> {
    let ledger = settings.database()?.to_string();
    for name in settings.names.all().flat_map(|name| settings.names.meanings(name)) {
        settings.resolve(name)?;
    }
    if output.json {
        Output::object(&json!({
            "file": settings.file.as_ref().map(|path| path.display().to_string()),
            "ledger": ledger,
            "region": settings.region,
            "endpoint": settings.endpoint,
            "allow_unpriced": settings.allow_unpriced,
            "aliases": aliases(&settings.names),
            "report_tags": settings.report_tags,
        }))?;
        return Ok(());
    }
    let file = settings.file.as_ref().map_or("none".into(), |path| path.display().to_string());
    Output::line(format!("file      {file}"))?;
    Output::line(format!("ledger    {ledger}"))?;
    Output::line(format!("region    {}", settings.region))?;
    Output::line(format!("endpoint  {}", settings.endpoint.as_deref().unwrap_or("Bedrock's own")))?;
    for (alias, model) in &settings.names.aliases {
        Output::line(format!("alias     {alias} = {model}"))?;
    }
    for (alias, shares) in &settings.names.weighted {
        let shares: Vec<String> =
            shares.iter().map(|(model, weight)| format!("{model} ({weight})")).collect();
        Output::line(format!("alias     {alias} = {}", shares.join(", ")))?;
    }
    Ok(())
}

/// Each alias with its model, or its models and their weights.
fn aliases(names: &Names) -> Map<String, Value> {
    let plain = names.aliases.iter().map(|(alias, model)| (alias.clone(), json!(model)));
    let weighted = names.weighted.iter().map(|(alias, shares)| {
        let shares: Map<String, Value> =
            shares.iter().map(|(model, weight)| (model.to_owned(), json!(weight))).collect();
        (alias.clone(), json!(shares))
    });
    plain.chain(weighted).collect()
}
