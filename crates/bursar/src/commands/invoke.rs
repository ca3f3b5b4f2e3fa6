//! `bursar invoke`: a provider's own JSON, built from a prompt or sent as it is.

use std::io::Read;
use std::path::PathBuf;

use bursar_core::{Invocation, Prompt};
use bursar_domain::catalogue::Modality;
use bursar_domain::entropy::Entropy;
use bursar_domain::price::Tier;
use bytes::Bytes;

use crate::attribution::AttributionArgs;
use crate::commands::converse::request_tier;
use crate::commands::{converse, preview};
use crate::exchange::{self, Shows};
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;
use crate::stream_limits::StreamArgs;
use crate::{lookup, wiring};

/// Bedrock's own limit on a body.
const BODY_BYTES_MAX: u64 = 25_000_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar invoke -m amazon.nova-lite-v1:0 --prompt 'Why is the sky blue?' --stream
  bursar invoke -m amazon.titan-embed-text-v2:0 --prompt 'a text to embed'
  bursar invoke -m meta.llama3-1-8b-instruct-v1:0 --body request.json --json

With --prompt the answer's words go to stdout where the model answers in words, else its JSON. With
--body the reply's bytes go there as Bedrock sent them.

What a prompt will cost: `bursar estimate`; what so many tokens cost: `bursar price`.")]
pub(crate) struct Invoke {
    /// A model id, a profile id, an ARN or an alias
    #[arg(short, long)]
    model: String,
    #[command(flatten)]
    input: Input,
    /// Stream the answer
    #[arg(long)]
    stream: bool,
    /// The system prompt
    #[arg(short, long, conflicts_with = "body")]
    system: Option<String>,
    /// The most tokens to generate; a body says so itself
    #[arg(long, value_name = "N", conflicts_with = "body", value_parser = clap::value_parser!(u64).range(1..))]
    max_tokens: Option<u64>,
    /// 0 for the same answer each time, 1 for variety
    #[arg(long, value_name = "T", conflicts_with = "body", value_parser = converse::temperature)]
    temperature: Option<f64>,
    /// The service tier: standard, flex, priority, reserved or latency-optimised
    #[arg(long, value_parser = request_tier)]
    tier: Option<Tier>,
    #[command(flatten)]
    attribution: AttributionArgs,
    #[command(flatten)]
    streams: StreamArgs,
    /// Where a limit has not enough room, ask for as long an answer as it has room for
    #[arg(long)]
    affordable: bool,
    /// Make this call once a day, however often the command is run
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Say what it would cost at most, and call nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Input {
    /// Words, from which the provider's body is built; `-` reads stdin
    #[arg(short, long)]
    prompt: Option<String>,
    /// A file with the body, sent as it is but for a bound on the answer where it has none; `-`
    /// reads stdin
    #[arg(short, long, value_name = "FILE")]
    body: Option<PathBuf>,
}

impl Invoke {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let tags = self.attribution.caller.tags()?;
        let model = lookup::called(settings, &self.model, &Entropy::system()).await?;
        let answers_in_words = model.base.as_ref().is_none_or(|base| {
            let known = wiring::pricing(settings).catalogue.model(base.as_str());
            known.is_none_or(|known| known.modality == Modality::Chat)
        });
        let mut prompt = Prompt {
            system: self.system,
            max_tokens: self.max_tokens,
            temperature: self.temperature,
            tier: self.tier,
            metadata: self.attribution.metadata()?,
            ..Prompt::default()
        };
        let (mut invocation, shows) = match self.input {
            Input { body: Some(path), .. } => {
                let mut invocation = Invocation::raw(model, read_body(&path)?, self.stream);
                prompt.mark(&mut invocation.headers);
                (invocation, Shows::Body)
            }
            Input { prompt: text, .. } => {
                prompt.text = converse::read_prompt(text)?;
                let shows = if answers_in_words { Shows::Text } else { Shows::Body };
                (Invocation::invoke(model, &prompt, self.stream)?, shows)
            }
        };
        invocation.idempotency_key = self.idempotency_key;
        invocation.affordable = self.affordable;
        if self.dry_run {
            return preview::run(settings, invocation, output);
        }
        let streams = self.streams.limits(invocation.operation)?;
        let mut bursar = Box::pin(wiring::open(settings)).await?;
        bursar.limits.streams = bursar.limits.streams.strictest(streams);
        let caller = &self.attribution.caller;
        let attribution = caller.attribution(&bursar.ledger, settings, tags).await?;
        exchange::run(bursar, invocation, attribution, shows, output).await
    }
}

/// A body from a file, or from stdin when that is `-`.
pub(crate) fn read_body(path: &std::path::Path) -> Result<Bytes, Failure> {
    let name = path.display();
    let mut body = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().take(BODY_BYTES_MAX + 1).read_to_end(&mut body)
    } else {
        let file = std::fs::File::open(path).map_err(|error| {
            Failure::new(Situation::NoFile, format!("cannot open `{name}`: {error}"))
        })?;
        file.take(BODY_BYTES_MAX + 1).read_to_end(&mut body)
    };
    read.map_err(|error| {
        Failure::new(Situation::NoFile, format!("cannot read `{name}`: {error}"))
    })?;
    if body.len() as u64 > BODY_BYTES_MAX {
        let message = format!("`{name}` is over {BODY_BYTES_MAX} bytes, Bedrock's limit on a body");
        return Err(Failure::new(Situation::BadData, message));
    }
    Ok(body.into())
}
