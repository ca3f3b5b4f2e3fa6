//! The talk itself: what was said, by which model, and what each order does to it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use bursar_core::{Bursar, Conversation, Invocation, Message, Role};
use bursar_domain::catalogue::Catalogue;
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelRef;
use serde_json::{Value, json};

use super::input::Prompt;
use super::order::{self, Order};
use super::sums::Sums;
use crate::alias;
use crate::exchange::{self, INTERRUPTED, Made, OUTPUT_CLOSED, Shows};
use crate::failure::{Failure, Situation};
use crate::lookup;
use crate::output::Output;
use crate::settings::Settings;

/// Whether the talk goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    GoOn,
    Quit,
}

/// One conversation.
pub(crate) struct Talk<'a> {
    /// Whether answers may be shorter, so that the limits have room for them.
    pub(crate) affordable: bool,
    settings: &'a Settings,
    bursar: &'a Bursar,
    output: Output,
    attribution: Attribution,
    model: ModelRef,
    conversation: Conversation,
    /// Which model gave each answer, in turn.
    answered_by: Vec<String>,
    sums: Sums,
    /// Written by this talk, so that it may write it again.
    saved: Option<PathBuf>,
    /// The last failure, for the exit code of a talk that nobody watched.
    last_failure: Option<Failure>,
}

impl<'a> Talk<'a> {
    pub(crate) fn new(
        settings: &'a Settings,
        bursar: &'a Bursar,
        attribution: Attribution,
        (model, conversation): (ModelRef, Conversation),
        output: Output,
    ) -> Self {
        Self {
            affordable: false,
            settings,
            bursar,
            output,
            attribution,
            model,
            conversation,
            answered_by: Vec::new(),
            sums: Sums::default(),
            saved: None,
            last_failure: None,
        }
    }

    /// What stands before the cursor: the cost so far, and how full the context is.
    pub(crate) fn prompt(&self) -> Prompt {
        let (cost, context) = (self.sums.cost(), self.sums.context);
        match self.window() {
            Some(window) => Prompt {
                wide: format!("{cost} · {context} of {window} tokens > "),
                narrow: format!("{cost} {}%\n> ", percent(context, window)),
            },
            None => Prompt {
                wide: format!("{cost} · {context} tokens > "),
                narrow: format!("{cost}\n> "),
            },
        }
    }

    /// Takes one message: an order, or words for the model. A failure is shown, and ends nothing.
    ///
    /// # Errors
    /// When nobody reads the output any more.
    pub(crate) async fn take(&mut self, line: &str) -> Result<Next, Failure> {
        let done = match Order::read(line) {
            None if line.trim().is_empty() => return Ok(Next::GoOn),
            None => self.ask(line).await,
            Some(Ok(Order::Quit)) => return Ok(Next::Quit),
            Some(Ok(order)) => self.obey(order).await,
            Some(Err(failure)) => Err(failure),
        };
        match done {
            Err(failure) if failure.situation == Situation::Cut => return Err(failure),
            Err(failure) => {
                Output { json: false, ..self.output }.failure(&failure);
                self.last_failure = Some(failure);
            }
            Ok(()) => {}
        }
        Ok(Next::GoOn)
    }

    /// One call. What brought no answer is not remembered, so that the talk can go on.
    async fn ask(&mut self, text: &str) -> Result<(), Failure> {
        self.sums.turns += 1;
        self.conversation.messages.push(Message::words(Role::User, text.trim().to_owned()));
        let mut invocation = Invocation::conversation(self.model.clone(), &self.conversation, true);
        invocation.affordable = self.affordable;
        let who = self.attribution.clone();
        let made = exchange::make(self.bursar, invocation, who, Shows::Text, self.output).await;
        match made.and_then(|made| self.hear(made)) {
            Ok(Some(answer)) => {
                self.answered_by.push(self.model.dispatched.clone());
                self.conversation.messages.push(Message::words(Role::Assistant, answer));
                Ok(())
            }
            Ok(None) => {
                self.conversation.messages.pop();
                Ok(())
            }
            Err(failure) => {
                self.conversation.messages.pop();
                self.sums.failed += 1;
                Err(failure)
            }
        }
    }

    /// The answer's words, be they all or what came until Ctrl-C; `None` when that was nothing.
    fn hear(&mut self, made: Made) -> Result<Option<String>, Failure> {
        self.sums.add(&made.receipt);
        let is_blank = made.text.trim().is_empty();
        match made.receipt.settlement.ending.error_code.as_deref() {
            Some(OUTPUT_CLOSED) => return Err(nobody_reads()),
            Some(INTERRUPTED) if is_blank => {
                self.output.note("\n(stopped; the question is forgotten)");
                return Ok(None);
            }
            Some(INTERRUPTED) => self.output.note("(stopped; what came is remembered)"),
            _ => made.judge()?,
        }
        if is_blank {
            let failure = Failure::new(Situation::Upstream, "the answer had no words");
            return Err(failure.hint("the question is forgotten; ask in other words"));
        }
        Ok(Some(made.text))
    }

    async fn obey(&mut self, order: Order) -> Result<(), Failure> {
        match order {
            Order::Model(None) => self.say(&self.about())?,
            Order::Model(Some(model)) => {
                let entropy = &self.bursar.entropy;
                self.model = lookup::called(self.settings, &model, entropy).await?;
                self.output.note(self.about());
            }
            Order::Cost => self.say(&format!("{}; {}", self.sums.line(), self.about()))?,
            Order::System(text) => self.conversation.system = text,
            Order::Clear => {
                self.conversation.messages.clear();
                self.answered_by.clear();
                self.sums.context = 0;
            }
            Order::Save(file) => {
                self.save(Path::new(&file))?;
                self.output.note(format!("the talk is in `{file}`"));
            }
            Order::Help => self.say(order::HELP)?,
            Order::Quit => {}
        }
        Ok(())
    }

    /// What was asked for goes where answers go.
    fn say(&self, text: &str) -> Result<(), Failure> {
        if self.output.json {
            self.output.note(text);
        } else if Output::line(text).is_err() {
            return Err(nobody_reads());
        }
        Ok(())
    }

    /// `amazon.nova-lite-v1:0, context 120 of 300000 tokens`
    pub(crate) fn about(&self) -> String {
        let model = alias::beside(&self.model, &self.model.dispatched);
        let context = self.sums.context;
        match self.window() {
            Some(window) => format!("{model}, context {context} of {window} tokens"),
            None => format!("{model}, context {context} tokens"),
        }
    }

    fn window(&self) -> Option<u64> {
        Catalogue::embedded().model(self.model.base.as_ref()?.as_str())?.context_window
    }

    /// Writes the talk. A file that this talk has not written is left alone.
    fn save(&mut self, path: &Path) -> Result<(), Failure> {
        let is_ours = self.saved.as_deref() == Some(path);
        let mut options = File::options();
        options.write(true).truncate(true).create(true).create_new(!is_ours);
        let text = self.markdown();
        let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| {
            let message = format!("`{}` was not written: {error}", path.display());
            Failure::new(Situation::NoFile, message).hint("name a new file in a folder that exists")
        })?;
        self.saved = Some(path.to_owned());
        Ok(())
    }

    fn markdown(&self) -> String {
        let mut parts = vec!["# A talk".to_owned()];
        parts.extend(self.conversation.system.iter().map(|text| format!("## System\n\n{text}")));
        let mut models = self.answered_by.iter();
        parts.extend(self.conversation.messages.iter().map(|message| {
            let who = match message.role {
                Role::User => "You",
                Role::Assistant => models.next().map_or("Answer", String::as_str),
            };
            format!("## {who}\n\n{}", message.text.trim_end())
        }));
        parts.push(format!("---\n\n{}\n", self.sums.line()));
        parts.join("\n\n")
    }

    /// The one line at the end, or the talk as an object. `held` is what ended it; a talk that
    /// nobody watched also fails as its last failure did.
    pub(crate) fn end(
        mut self,
        held: Result<(), Failure>,
        is_watched: bool,
    ) -> Result<(), Failure> {
        let unseen = self.last_failure.take().filter(|_| !is_watched).map(|last| {
            let message = format!("not all of the talk went well; the last: {}", last.message);
            Failure::new(last.situation, message)
        });
        let failure = held.err().or(unseen);
        let session = self.attribution.client_session.as_deref().unwrap_or_default();
        if !self.output.json {
            self.output.note(format!("{} · session {session}", self.sums.line()));
            return failure.map_or(Ok(()), Err);
        }
        let talk = self.json(session);
        match failure {
            Some(failure) => Err(Failure { object: Some(json!({"call": talk})), ..failure }),
            None => Ok(Output::object(&talk)?),
        }
    }

    fn json(&self, session: &str) -> Value {
        let mut object = self.sums.json();
        object["session"] = json!(session);
        let messages = self.conversation.messages.iter();
        object["messages"] = messages
            .map(|message| json!({"role": message.role.as_str(), "text": message.text}))
            .collect();
        object
    }
}

fn nobody_reads() -> Failure {
    Failure::new(Situation::Cut, "nobody reads the output any more")
}

/// Whole percent, of which the last is only reached when all is full.
fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(100)
}
