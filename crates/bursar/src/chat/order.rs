//! What a line that starts with `/` asks of the chat itself.

use crate::failure::{Failure, Situation};

/// Shown by `/help`.
pub(crate) const HELP: &str = "\
/model ID     go on with another model; alone, which it is
/cost         what the talk has cost so far
/system TEXT  set the system prompt; alone, take it away
/clear        forget what was said; the cost stays
/save FILE    write the talk as Markdown
/help         this list
/quit         end the talk, as Ctrl-D does

A line that ends in \\ goes on in the next, and so does a block between two ```.
Ctrl-C stops the answer. To begin a message with /, put a space before it.";

/// One wish.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Model(Option<String>),
    Cost,
    System(Option<String>),
    Clear,
    Save(String),
    Help,
    Quit,
}

impl Order {
    /// `None` for what is said to the model.
    pub(crate) fn read(line: &str) -> Option<Result<Self, Failure>> {
        let rest = line.strip_prefix('/')?;
        let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let rest = Some(rest.trim()).filter(|rest| !rest.is_empty()).map(str::to_owned);
        Some(match (word, rest) {
            ("model", model) => Ok(Self::Model(model)),
            ("system", text) => Ok(Self::System(text)),
            ("save", Some(file)) => Ok(Self::Save(file)),
            ("save", None) => Err(wrong("`/save` needs a file").hint("write `/save talk.md`")),
            ("cost", None) => Ok(Self::Cost),
            ("clear", None) => Ok(Self::Clear),
            ("help", None) => Ok(Self::Help),
            ("quit", None) => Ok(Self::Quit),
            ("cost" | "clear" | "help" | "quit", Some(rest)) => {
                Err(wrong(format!("`/{word}` takes no `{rest}`")))
            }
            (word, _) => Err(wrong(format!("`/{word}` is nothing that can be asked for"))
                .hint("`/help` lists what can; a space before the `/` makes it a message")),
        })
    }
}

fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(Situation::Usage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_starts_with_a_slash_and_a_message_with_anything_else() {
        let read = |line| Order::read(line).map(Result::unwrap);
        assert_eq!(read("/model amazon.nova-lite-v1:0 "), {
            Some(Order::Model(Some("amazon.nova-lite-v1:0".to_owned())))
        });
        assert_eq!(read("/system Be brief.\nBe kind."), {
            Some(Order::System(Some("Be brief.\nBe kind.".to_owned())))
        });
        assert_eq!(read("/system"), Some(Order::System(None)));
        assert_eq!(read("/save a talk.md"), Some(Order::Save("a talk.md".to_owned())));
        assert_eq!((read("hi"), read(" /quit")), (None, None));
    }

    #[test]
    fn an_order_that_is_none_says_what_to_do() {
        for line in ["/", "/nope", "/save", "/quit now", "/Quit"] {
            assert!(Order::read(line).unwrap().is_err(), "{line}");
        }
    }

    #[test]
    fn the_help_names_every_order() {
        for word in ["model", "cost", "system", "clear", "save", "help", "quit"] {
            assert!(HELP.contains(&format!("/{word} ")), "{word}");
        }
    }
}
