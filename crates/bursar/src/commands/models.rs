//! `bursar models`: what there is, what it can do, and for how long.

use bursar_admin::RateReply;
use bursar_domain::catalogue::{Catalogue, LifecycleStatus, Model};
use bursar_domain::money::Rate;
use bursar_domain::price::{Price, Tier};
use bursar_domain::time::{Clock, DAY_MS, Timestamp};
use comfy_table::Cell;
use serde_json::{Value, json};

use crate::alias;
use crate::commands::{price, refresh};
use crate::failure::{Failure, Situation};
use crate::output::{BOLD, DIM, Output};
use crate::settings::Settings;
use crate::table;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar models list --provider anthropic
  bursar models search haiku --can vision
  bursar models show us.anthropic.claude-sonnet-4-5-20250929-v1:0
  bursar models refresh --json

What a prompt will cost: `bursar estimate`; what so many tokens cost: `bursar price`.")]
pub(crate) struct Models {
    #[command(subcommand)]
    command: ModelsCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ModelsCommand {
    /// Every model with its price in this region
    List {
        /// Only this provider's
        #[arg(long)]
        provider: Option<String>,
        /// Retired and unlisted ones, too
        #[arg(long)]
        all: bool,
    },
    /// Models by words of their names, and by what they can do
    Search {
        /// Words that id, name, family or provider have
        words: Vec<String>,
        /// What it must be able to do
        #[arg(long, value_name = "ABILITY", value_enum)]
        can: Vec<Ability>,
        /// Retired and unlisted ones, too
        #[arg(long)]
        all: bool,
    },
    /// Everything that is known of one model
    Show {
        /// A model id, a profile id, an ARN or an alias
        model: String,
    },
    /// Ask Bedrock what models and profiles this region offers now
    ///
    /// Reads `ListFoundationModels` and `ListInferenceProfiles`, keeps them in a file, and says what
    /// was added, changed or retired, and what has no price. Prices stay as they are.
    Refresh,
}

impl Models {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        match self.command {
            ModelsCommand::Refresh => refresh::run(settings, output).await,
            ModelsCommand::List { provider, all } => {
                list(settings, |model| is_by(model, provider.as_deref()), all, output)
            }
            ModelsCommand::Search { words, can, all } => {
                let is_meant = |model: &Model| {
                    has_words(model, &words) && can.iter().all(|ability| ability.is_of(model))
                };
                list(settings, is_meant, all, output)
            }
            ModelsCommand::Show { model } => show(settings, &model, output),
        }
    }
}

fn is_by(model: &Model, provider: Option<&str>) -> bool {
    let Some(wanted) = provider.map(str::to_lowercase) else { return true };
    model.id.starts_with(&format!("{wanted}.")) || model.provider.to_lowercase().contains(&wanted)
}

fn has_words(model: &Model, words: &[String]) -> bool {
    let text = [model.id, model.display_name, model.family, model.provider].join(" ");
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(&word.to_lowercase()))
}

/// What a model can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Ability {
    /// Streams its answer
    Stream,
    /// Calls tools
    Tools,
    /// Sees images
    Vision,
    /// Caches prompts
    Cache,
    /// Reasons before it answers
    Reason,
}

impl Ability {
    const ALL: [Self; 5] = [Self::Stream, Self::Tools, Self::Vision, Self::Cache, Self::Reason];

    fn is_of(self, model: &Model) -> bool {
        let known = match self {
            Self::Stream => model.streaming,
            Self::Tools => model.tools,
            Self::Vision => model.vision,
            Self::Cache => model.prompt_cache,
            Self::Reason => model.reasoning,
        };
        known == Some(true)
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Tools => "call tools",
            Self::Vision => "see images",
            Self::Cache => "cache prompts",
            Self::Reason => "reason",
        }
    }
}

fn list(
    settings: &Settings,
    is_meant: impl Fn(&Model) -> bool,
    all: bool,
    output: Output,
) -> Result<(), Failure> {
    let now = Clock::system().now();
    let is_wanted = |model: &Model| {
        let is_alive = !model.is_over(now) && model.lifecycle.status != LifecycleStatus::NotListed;
        (all || is_alive) && is_meant(model)
    };
    let catalogue = settings.catalogue()?;
    let models: Vec<Model> = catalogue.models().filter(is_wanted).collect();
    if output.json {
        let rows = models.iter().map(|model| as_json(settings, model, now));
        Output::object(&json!({
            "rows": rows.collect::<Vec<_>>(),
            "catalogue": age_json(catalogue),
        }))?;
        return Ok(());
    }
    if models.is_empty() {
        output.note("no such model; `bursar models list --all` shows retired ones, too");
        return Ok(());
    }
    let mut lines = table::new(&headings(settings));
    for model in &models {
        let price = price_now(settings, model.id, now);
        let rate = |of: fn(&Price) -> Option<Rate>| {
            price.as_ref().and_then(of).map_or("–".to_owned(), Rate::per_million)
        };
        let tokens = |count: Option<u64>| count.map_or("–".to_owned(), |count| count.to_string());
        let mut cells = vec![
            Cell::new(model.id),
            Cell::new(model.modality),
            table::figure(tokens(model.context_window)),
            table::figure(tokens(model.max_output_tokens)),
            table::figure(rate(|price| price.rates.input)),
            table::figure(rate(|price| price.rates.output)),
            Cell::new(life(model, now)),
        ];
        if settings.names.all().next().is_some() {
            cells.push(Cell::new(alias::of_model(settings, model.id).join(", ")));
        }
        lines.add_row(cells);
    }
    Output::line(lines.trim_fmt())?;
    output.note(format!(
        "prices of {} in force today, on demand; {}",
        settings.region,
        age(catalogue, now)
    ));
    Ok(())
}

/// Your own aliases have a column where there are any.
fn headings(settings: &Settings) -> Vec<&'static str> {
    let mut headings =
        vec!["model", "for", ">context", ">max out", ">$/M in", ">$/M out", "status"];
    if settings.names.all().next().is_some() {
        headings.push("your aliases");
    }
    headings
}

fn show(settings: &Settings, text: &str, output: Output) -> Result<(), Failure> {
    let reference = settings.resolve(text)?;
    let base = reference.base.clone().ok_or_else(|| {
        Failure::new(Situation::Unpriced, format!("what `{text}` stands for is not known"))
            .hint("say so under `[models.base_models]` in the configuration")
    })?;
    let catalogue = settings.catalogue()?;
    let model = catalogue.model(base.as_str());
    let history = settings.prices.history(base.as_str());
    let now = Clock::system().now();
    if output.json {
        let mut object = match &model {
            Some(model) => as_json(settings, model, now),
            None => json!({"id": base.as_str()}),
        };
        object["catalogue"] = age_json(catalogue);
        object["prices"] = history.iter().map(price::row_json).collect();
        Output::object(&object)?;
        return Ok(());
    }
    let named = alias::beside(&reference, base.as_str());
    Output::line(format!("{BOLD}{named}{BOLD:#}"))?;
    if let Some(model) = &model {
        facts(model, now)?;
    }
    Output::line(format!("\n{BOLD}Prices{BOLD:#}  {DIM}US dollars per million tokens{DIM:#}"))?;
    Output::line(price::history_table(&history))?;
    output.note(age(catalogue, now));
    Ok(())
}

/// How old the figures are, and Bedrock's own list where it was asked for.
fn age(catalogue: Catalogue, now: Timestamp) -> String {
    let embedded = format!("figures retrieved {}", catalogue.retrieved_on());
    let Some(offers) = catalogue.offers() else {
        return format!("{embedded}; `bursar models refresh` asks Bedrock for its list");
    };
    let days = (now.0 - offers.retrieved_at.0).max(0) / DAY_MS;
    let ago = match days {
        0 => "today".to_owned(),
        1 => "a day ago".to_owned(),
        _ => format!("{days} days ago"),
    };
    let (region, source) = (&offers.region, &offers.source);
    format!("{embedded}, Bedrock's list of {region} read {ago} from {source}")
}

fn age_json(catalogue: Catalogue) -> Value {
    let offers = catalogue.offers();
    json!({
        "retrieved_on": catalogue.retrieved_on(),
        "refreshed_at": offers.map(|offers| offers.retrieved_at.to_string()),
        "region": offers.map(|offers| offers.region.as_str()),
        "source": offers.map(|offers| offers.source.as_str()),
    })
}

fn facts(model: &Model, now: Timestamp) -> std::io::Result<()> {
    let tokens = |count: Option<u64>| count.map_or("–".to_owned(), |count| count.to_string());
    let list = |items: Option<&Vec<&str>>| items.map_or("–".to_owned(), |items| items.join(", "));
    let profiles: Vec<&str> = model.profiles.iter().map(|profile| profile.geography).collect();
    Output::line(format!("  {}, {} by {}", model.display_name, model.modality, model.provider))?;
    Output::line(format!("  status       {}", life(model, now)))?;
    Output::line(format!("  context      {} tokens", tokens(model.context_window)))?;
    Output::line(format!("  most output  {} tokens", tokens(model.max_output_tokens)))?;
    Output::line(format!("  takes        {}", list(model.input_modalities.as_ref())))?;
    Output::line(format!("  gives        {}", list(model.output_modalities.as_ref())))?;
    Output::line(format!("  can          {}", abilities(model).join(", ")))?;
    Output::line(format!("  profiles     {}", list(Some(&profiles))))?;
    Output::line(format!("  in region    {}", list(model.in_region_on_demand.as_ref())))
}

fn abilities(model: &Model) -> Vec<&'static str> {
    Ability::ALL.into_iter().filter(|able| able.is_of(model)).map(Ability::words).collect()
}

fn life(model: &Model, now: Timestamp) -> String {
    let life = &model.lifecycle;
    let end = life.end_of_life.map(Timestamp::date);
    match (model.is_over(now), end) {
        (true, Some(end)) => format!("ended {end}"),
        (true, None) => "ended".to_owned(),
        (false, Some(end)) => format!("{}, ends {end}", life.status.as_str().to_lowercase()),
        (false, None) => life.status.as_str().to_lowercase().replace('_', " "),
    }
}

/// The on-demand price of a bare id, where there is just one.
fn price_now(settings: &Settings, id: &str, now: Timestamp) -> Option<Price> {
    price::find(settings, id, Tier::Standard, now).ok()
}

fn as_json(settings: &Settings, model: &Model, now: Timestamp) -> Value {
    let price = price_now(settings, model.id, now);
    let life = &model.lifecycle;
    let day = |day: Option<Timestamp>| day.map(Timestamp::date);
    let profiles: Vec<&str> = model.profiles.iter().map(|profile| profile.geography).collect();
    json!({
        "id": model.id,
        "provider": model.provider,
        "family": model.family,
        "display_name": model.display_name,
        "modality": model.modality.as_str(),
        "input_modalities": model.input_modalities,
        "output_modalities": model.output_modalities,
        "context_window": model.context_window,
        "max_output_tokens": model.max_output_tokens,
        "streaming": model.streaming,
        "tools": model.tools,
        "vision": model.vision,
        "prompt_cache": model.prompt_cache,
        "reasoning": model.reasoning,
        "status": life.status.as_str(),
        "launch": day(life.launch),
        "legacy_from": day(life.legacy_from),
        "end_of_life": day(life.end_of_life),
        "profiles": profiles,
        "in_region_on_demand": model.in_region_on_demand,
        "aliases": model.aliases,
        "your_aliases": alias::of_model(settings, model.id),
        "sources": model.sources,
        "rates": price.as_ref().map(|price| RateReply::from(&price.rates)),
        "price_id": price.map(|price| price.id.to_string()),
    })
}
