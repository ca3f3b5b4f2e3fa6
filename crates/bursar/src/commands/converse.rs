//! `bursar converse`: a question in words, an answer as it comes.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use bursar_core::{Conversation, Invocation, Message, Role};
use bursar_domain::entropy::Entropy;
use bursar_domain::price::Tier;

use crate::attachment;
use crate::attribution::AttributionArgs;
use crate::commands::preview;
use crate::exchange::{self, Shows};
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;
use crate::stream_limits::StreamArgs;
use crate::{lookup, wiring};

/// Longer prompts than Bedrock's own body limit are not read.
pub(crate) const PROMPT_BYTES_MAX: u64 = 25_000_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar converse -m amazon.nova-lite-v1:0 'Why is the sky blue?'
  git diff | bursar converse -m sonnet -s 'Review this change.' -
  bursar converse -m amazon.nova-lite-v1:0 --attach plan.pdf --attach site.png 'What changed?'
  bursar converse -m amazon.nova-micro-v1:0 --dry-run 'How much would this cost?'

The answer goes to stdout as it comes, the cost line to stderr. Ctrl-C stops the answer, records what
was used and exits 130.

What a prompt will cost: `bursar estimate`; what so many tokens cost: `bursar price`.")]
pub(crate) struct Converse {
    /// A model id, a profile id, an ARN or an alias
    #[arg(short, long)]
    model: String,
    /// The system prompt
    #[arg(short, long)]
    system: Option<String>,
    /// An image, a document or a text to go with the question; may be given again
    #[arg(short, long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// The most tokens to generate
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_tokens: Option<u64>,
    /// 0 for the same answer each time, 1 for variety
    #[arg(long, value_name = "T", value_parser = temperature)]
    temperature: Option<f64>,
    /// Wait for the whole answer
    #[arg(long)]
    no_stream: bool,
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
    /// The question; `-` or nothing reads it from stdin
    prompt: Option<String>,
}

impl Converse {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let tags = self.attribution.caller.tags()?;
        let model = lookup::called(settings, &self.model, &Entropy::system()).await?;
        let attachments = attachment::read_all(&self.attach, &model)?;
        let question = Message { role: Role::User, text: read_prompt(self.prompt)?, attachments };
        let conversation = Conversation {
            system: self.system,
            messages: vec![question],
            max_tokens: self.max_tokens,
            temperature: self.temperature,
            tier: self.tier,
            metadata: self.attribution.metadata()?,
        };
        let mut invocation = Invocation::conversation(model, &conversation, !self.no_stream);
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
        exchange::run(bursar, invocation, attribution, Shows::Text, output).await
    }
}

/// The prompt from the argument, or from stdin when that is `-` or there is none.
pub(crate) fn read_prompt(argument: Option<String>) -> Result<String, Failure> {
    let text = match argument {
        Some(text) if text != "-" => text,
        None if std::io::stdin().is_terminal() => {
            return Err(Failure::new(Situation::Usage, "there is no prompt")
                .hint("write it behind the options, or pipe it in"));
        }
        _ => {
            let mut text = String::new();
            let mut stdin = std::io::stdin().take(PROMPT_BYTES_MAX + 1);
            stdin.read_to_string(&mut text).map_err(|error| {
                Failure::new(Situation::BadData, format!("stdin: cannot read the prompt: {error}"))
            })?;
            text
        }
    };
    if text.len() as u64 > PROMPT_BYTES_MAX {
        let message = format!("the prompt is over {PROMPT_BYTES_MAX} bytes");
        return Err(Failure::new(Situation::BadData, message).hint("Bedrock takes no longer body"));
    }
    if text.trim().is_empty() {
        return Err(Failure::new(Situation::Usage, "the prompt is empty"));
    }
    Ok(text)
}

/// A tier that a request can choose; the others are bought by other means than a call.
pub(crate) fn request_tier(text: &str) -> Result<Tier, String> {
    use Tier::{Flex, LatencyOptimised, Priority, Reserved, Standard};
    let tier = text.parse::<Tier>().map_err(|unknown| unknown.to_string())?;
    if matches!(tier, Standard | Flex | Priority | Reserved | LatencyOptimised) {
        return Ok(tier);
    }
    Err(format!("no request can choose `{tier}`"))
}

/// 0 to 1, as Bedrock has it.
pub(crate) fn temperature(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("it is a number from 0 to 1".to_owned()),
    }
}
