//! Messages as Converse takes them: what the system says apart, and two sides that take turns.
//!
//! Converse wants the results of all tools that one answer called in one message; so messages of
//! one side that follow each other become one.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::chat::read_raw;
use super::part::{self, Block};
use crate::json::parse_strict;
use crate::problem::Problem;

/// One message of Converse.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    pub(super) role: &'static str,
    pub(super) content: Vec<Block<'a>>,
}

/// All that was said.
#[derive(Debug, Default)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
    /// Whether a tool was called in it, so that Converse wants the tools again.
    pub(super) has_tool_blocks: bool,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    refusal: Option<String>,
    #[serde(borrow)]
    tool_calls: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    tool_call_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    function_call: Option<&'a RawValue>,
    #[serde(borrow)]
    audio: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    arguments: String,
}

pub(super) fn read<'a>(messages: &[&'a RawValue]) -> Result<Conversation<'a>, Problem> {
    let mut conversation = Conversation::default();
    for (index, raw) in messages.iter().enumerate() {
        let param = format!("messages[{index}]");
        conversation.take(read_raw(raw, &param)?, &param)?;
    }
    if conversation.turns.is_empty() {
        let message = "`messages` has nothing that a person or a model said";
        return Err(Problem::invalid("messages", message));
    }
    Ok(conversation)
}

impl<'a> Conversation<'a> {
    fn take(&mut self, message: Message<'a>, param: &str) -> Result<(), Problem> {
        message.check(param)?;
        match message.role.as_ref() {
            "system" | "developer" => self.system.extend(message.content(param, false)?),
            "user" => self.say("user", message.question(param)?),
            "assistant" => self.say("assistant", message.answer(param)?),
            "tool" => self.say("user", vec![message.tool_result(param)?]),
            other => {
                let message = format!(
                    "`{other}` is no role; hint: system, developer, user, assistant or tool"
                );
                return Err(Problem::invalid(format!("{param}.role"), message));
            }
        }
        Ok(())
    }

    fn say(&mut self, role: &'static str, blocks: Vec<Block<'a>>) {
        let is_of_tool =
            |block: &Block<'_>| matches!(block, Block::ToolUse { .. } | Block::ToolResult { .. });
        self.has_tool_blocks |= blocks.iter().any(is_of_tool);
        match self.turns.last_mut() {
            _ if blocks.is_empty() => {}
            Some(turn) if turn.role == role => turn.content.extend(blocks),
            _ => self.turns.push(Turn { role, content: blocks }),
        }
    }
}

impl<'a> Message<'a> {
    fn check(&self, param: &str) -> Result<(), Problem> {
        let foreign = [(self.function_call, "function_call"), (self.audio, "audio")];
        match foreign.into_iter().find(|(given, _)| given.is_some()) {
            None => Ok(()),
            Some((_, name)) => {
                let text = format!("`{name}` cannot be passed on; hint: `tool_calls`, or text");
                Err(Problem::invalid(format!("{param}.{name}"), text))
            }
        }
    }

    fn content(&self, param: &str, may_show: bool) -> Result<Vec<Block<'a>>, Problem> {
        let read = |content| part::read(content, &format!("{param}.content"), may_show);
        self.content.map_or(Ok(Vec::new()), read)
    }

    fn question(&self, param: &str) -> Result<Vec<Block<'a>>, Problem> {
        let blocks = self.content(param, true)?;
        if blocks.is_empty() {
            let message = "the message says nothing";
            return Err(Problem::invalid(format!("{param}.content"), message));
        }
        Ok(blocks)
    }

    fn answer(self, param: &str) -> Result<Vec<Block<'a>>, Problem> {
        let mut blocks = self.content(param, false)?;
        let refusal = self.refusal.filter(|text| !text.is_empty());
        blocks.extend(refusal.map(Block::text));
        for (index, raw) in self.tool_calls.into_iter().flatten().enumerate() {
            blocks.push(tool_use(raw, &format!("{param}.tool_calls[{index}]"))?);
        }
        Ok(blocks)
    }

    fn tool_result(self, param: &str) -> Result<Block<'a>, Problem> {
        let content = self.content(param, false)?;
        let tool_use_id = self.tool_call_id.ok_or_else(|| {
            let message = "a tool's message says which call it answers";
            Problem::invalid(format!("{param}.tool_call_id"), message)
        })?;
        Ok(Block::ToolResult { tool_use_id, content })
    }
}

fn tool_use<'a>(raw: &'a RawValue, param: &str) -> Result<Block<'a>, Problem> {
    let call: ToolCall<'a> = read_raw(raw, param)?;
    let Some(Function { name, arguments }) = call.function else {
        let message = "only calls of functions can be passed on";
        return Err(Problem::invalid(format!("{param}.function"), message));
    };
    let input = read_arguments(arguments, &format!("{param}.function.arguments"))?;
    Ok(Block::ToolUse { tool_use_id: call.id, name, input })
}

/// A text that holds an object, byte for byte; an empty one stands for no arguments.
fn read_arguments(arguments: String, param: &str) -> Result<Box<RawValue>, Problem> {
    let text = if arguments.trim().is_empty() { "{}".to_owned() } else { arguments };
    let wrong =
        |why: String| Problem::invalid(param, format!("the arguments are no object: {why}"));
    let value = parse_strict(text.as_bytes()).map_err(|error| wrong(error.why))?;
    if !value.is_object() {
        return Err(wrong(crate::json::shown(&value)));
    }
    RawValue::from_string(text).map_err(|why| wrong(why.to_string()))
}
