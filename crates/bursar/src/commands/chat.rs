//! `bursar chat`: a conversation, with its cost in sight.

use bursar_core::Conversation;
use bursar_domain::call::{CallId, Operation};
use bursar_domain::entropy::Entropy;
use bursar_domain::identity::Attribution;
use bursar_domain::price::Tier;

use crate::attribution::AttributionArgs;
use crate::chat::{Input, Line, Next, Talk};
use crate::commands::converse::{request_tier, temperature};
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;
use crate::stream_limits::StreamArgs;
use crate::{lookup, wiring};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar chat -m amazon.nova-lite-v1:0
  bursar chat -m amazon.nova-micro-v1:0 -s 'Answer in one sentence.' --max-tokens 300
  printf 'Why is the sky blue?\\n/cost\\n' | bursar chat -m amazon.nova-lite-v1:0

The prompt shows what the talk has cost and how full the context is. A line that ends in \\ goes on in
the next, and so does a block between two ```. Lines that start with / ask the chat itself: /help
lists them. Ctrl-C stops the answer, Ctrl-D ends the talk. Nothing of it is kept until /save FILE.
Read from a pipe, the exit code is that of the last failure, and 0 without any.

What a prompt will cost: `bursar estimate`; what so many tokens cost: `bursar price`.")]
pub(crate) struct Chat {
    /// A model id, a profile id, an ARN or an alias
    #[arg(short, long)]
    model: String,
    /// The system prompt
    #[arg(short, long)]
    system: Option<String>,
    /// The most tokens of each answer
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_tokens: Option<u64>,
    /// 0 for the same answer each time, 1 for variety
    #[arg(long, value_name = "T", value_parser = temperature)]
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
}

impl Chat {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let tags = self.attribution.caller.tags()?;
        let model = lookup::called(settings, &self.model, &Entropy::system()).await?;
        let conversation = Conversation {
            metadata: self.attribution.metadata()?,
            system: self.system,
            messages: Vec::new(),
            max_tokens: self.max_tokens,
            temperature: self.temperature,
            tier: self.tier,
        };
        let streams = self.streams.limits(Operation::ConverseStream)?;
        let mut bursar = Box::pin(wiring::open(settings)).await?;
        bursar.limits.streams = bursar.limits.streams.strictest(streams);
        let caller = &self.attribution.caller;
        let attribution = caller.attribution(&bursar.ledger, settings, tags).await?;
        let session = CallId::new(bursar.clock.now(), &bursar.entropy.bytes()).to_string();
        let who = Attribution { client_session: Some(session), ..attribution };
        let mut talk = Talk::new(settings, &bursar, who, (model, conversation), output);
        talk.affordable = self.affordable;
        let mut input = Input::open();
        if input.is_person {
            output.note(format!("{}; /help lists what can be asked, Ctrl-D ends", talk.about()));
        }
        let held = hold(&mut talk, &mut input).await;
        let ended = talk.end(held, input.is_person);
        bursar.ledger.close().await?;
        ended
    }
}

/// Message after message until somebody ends it.
async fn hold(talk: &mut Talk<'_>, input: &mut Input) -> Result<(), Failure> {
    loop {
        match input.next(talk.prompt()).await? {
            Line::Text(line) if talk.take(&line).await? == Next::Quit => return Ok(()),
            Line::Text(_) | Line::Cleared => {}
            Line::Interrupted => return Err(Failure::new(Situation::Interrupted, "interrupted")),
            Line::End => return Ok(()),
        }
    }
}
