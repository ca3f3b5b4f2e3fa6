//! What is typed, or piped in, one message at a time: with line editing and history on a terminal,
//! plain lines anywhere else.
//!
//! Reading blocks, so it has a thread of its own: behind a waiting prompt the ledger's tasks go on.
//! The history is in memory only, since it holds prompts.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::sync::mpsc as std_mpsc;

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use tokio::sync::mpsc;

use crate::commands::converse::PROMPT_BYTES_MAX;
use crate::failure::{Failure, Situation};
use crate::settings::variable;

/// Narrower terminals get the short prompt, and what is typed a line of its own.
const COLUMNS_WIDE: u16 = 60;
/// The prompt for what belongs to the message before.
const MORE: &str = "… ";
/// What opens and closes a block.
const FENCE: &str = "```";

/// What came of asking for a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A message, its lines joined.
    Text(String),
    /// Ctrl-C while a line was edited: that line is gone.
    Cleared,
    /// Ctrl-C while nobody edited.
    Interrupted,
    /// Ctrl-D, or the end of the input.
    End,
}

/// What stands before the cursor.
pub(crate) struct Prompt {
    pub(crate) wide: String,
    pub(crate) narrow: String,
}

/// The reading end of a talk.
pub(crate) struct Input {
    prompts: std_mpsc::Sender<Prompt>,
    lines: mpsc::Receiver<io::Result<Line>>,
    /// Whether a person types, so that greetings make sense.
    pub(crate) is_person: bool,
    is_edited: bool,
}

impl Input {
    /// Reads stdin from here on.
    pub(crate) fn open() -> Self {
        let is_person = io::stdin().is_terminal();
        let mut source = Source::open(is_person);
        let is_edited = matches!(source, Source::Edited(_));
        let (prompts, asked) = std_mpsc::channel::<Prompt>();
        let (answers, lines) = mpsc::channel(1);
        // It ends with the process: nothing can wake a thread that waits for a terminal.
        std::thread::spawn(move || {
            // Nobody takes the line of a talk that has ended.
            let answer = |line| answers.blocking_send(line).is_ok();
            asked.iter().all(|prompt| answer(source.message(&prompt)))
        });
        Self { prompts, lines, is_person, is_edited }
    }

    /// The next message.
    pub(crate) async fn next(&mut self, prompt: Prompt) -> Result<Line, Failure> {
        // A thread that is gone sends no line, which is told apart below.
        drop(self.prompts.send(prompt));
        let line = tokio::select! {
            line = self.lines.recv() => line,
            // An editor sees Ctrl-C as a key.
            _ = tokio::signal::ctrl_c(), if !self.is_edited => Some(Ok(Line::Interrupted)),
        };
        line.unwrap_or(Ok(Line::End)).map_err(|error| {
            Failure::new(Situation::BadData, format!("stdin: cannot read a message: {error}"))
        })
    }
}

enum Source {
    Edited(Box<DefaultEditor>),
    Plain {
        /// Whether somebody waits for a prompt, on stderr.
        prompts: bool,
    },
}

impl Source {
    fn open(is_person: bool) -> Self {
        let is_dumb = variable("TERM").as_deref() == Some("dumb");
        let can_edit = is_person && io::stdout().is_terminal() && !is_dumb;
        match can_edit.then(DefaultEditor::new) {
            Some(Ok(editor)) => Self::Edited(Box::new(editor)),
            Some(Err(_)) | None => Self::Plain { prompts: is_person },
        }
    }

    fn message(&mut self, prompt: &Prompt) -> io::Result<Line> {
        match self {
            Self::Edited(editor) => {
                let is_wide =
                    editor.dimensions().is_none_or(|(columns, _)| columns >= COLUMNS_WIDE);
                let prompt = if is_wide { &prompt.wide } else { &prompt.narrow };
                let line = message(prompt, |prompt| edited(editor, prompt))?;
                if let Line::Text(text) = &line {
                    // A history that is full, or has it already, is no fault.
                    let _ = editor.add_history_entry(text.as_str());
                }
                Ok(line)
            }
            Self::Plain { prompts: false } => message("", |_| plain(&mut io::stdin().lock())),
            Self::Plain { prompts: true } => message(&prompt.narrow, |prompt| {
                write!(io::stderr(), "{prompt}")?;
                plain(&mut io::stdin().lock())
            }),
        }
    }
}

fn edited(editor: &mut DefaultEditor, prompt: &str) -> io::Result<Line> {
    match editor.readline(prompt) {
        Ok(line) => Ok(Line::Text(line)),
        Err(ReadlineError::Interrupted) => Ok(Line::Cleared),
        Err(ReadlineError::Eof) => Ok(Line::End),
        Err(ReadlineError::Io(error)) => Err(error),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// One line without its end, be it LF or CR LF.
fn plain(stdin: &mut impl BufRead) -> io::Result<Line> {
    let mut bytes = Vec::new();
    stdin.take(PROMPT_BYTES_MAX + 1).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(Line::End);
    }
    if bytes.len() as u64 > PROMPT_BYTES_MAX {
        return Err(too_long());
    }
    let line = String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Line::Text(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

/// Lines up to the end of a message: one that ends in `\` goes on, and so does an open block.
fn message(prompt: &str, mut read: impl FnMut(&str) -> io::Result<Line>) -> io::Result<Line> {
    let mut text = String::new();
    let mut is_open = false;
    let mut prompt = prompt;
    loop {
        let line = match read(prompt)? {
            Line::Text(line) => line,
            // What a pipe has left open is said all the same.
            Line::End if !text.trim().is_empty() => return Ok(Line::Text(text)),
            other => return Ok(other),
        };
        is_open ^= line.matches(FENCE).count() % 2 == 1;
        let (part, goes_on) = match line.strip_suffix('\\') {
            Some(part) if !is_open => (part, true),
            _ => (line.as_str(), is_open),
        };
        text.push_str(part);
        if text.len() as u64 > PROMPT_BYTES_MAX {
            return Err(too_long());
        }
        if !goes_on {
            return Ok(Line::Text(text));
        }
        text.push('\n');
        prompt = MORE;
    }
}

fn too_long() -> io::Error {
    io::Error::other(format!("it is over {PROMPT_BYTES_MAX} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a pipe with this in it is read as, to its end.
    fn messages(mut piped: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        while lines.last() != Some(&Line::End) {
            lines.push(message("> ", |_| plain(&mut piped)).unwrap());
        }
        lines
    }

    fn text(text: &str) -> Line {
        Line::Text(text.to_owned())
    }

    #[test]
    fn a_message_is_a_line_whatever_ends_it() {
        assert_eq!(
            messages(b"one\r\ntwo\n\nlast"),
            [text("one"), text("two"), text(""), text("last"), Line::End]
        );
    }

    #[test]
    fn a_backslash_at_its_end_joins_the_next_line() {
        assert_eq!(messages(b"one\\\ntwo\n"), [text("one\ntwo"), Line::End]);
        assert_eq!(messages(b"open\\\n"), [text("open\n"), Line::End]);
    }

    #[test]
    fn a_block_is_one_message_and_its_backslashes_stay() {
        let block = "what is\\\n```sh\na \\\nb\n```";
        let said = "what is\n```sh\na \\\nb\n```";
        assert_eq!(
            messages(format!("{block}\nnext\n").as_bytes()),
            [text(said), text("next"), Line::End]
        );
        assert_eq!(messages(b"```\nnever closed"), [text("```\nnever closed\n"), Line::End]);
        assert_eq!(messages(b"a ```word``` within\n"), [text("a ```word``` within"), Line::End]);
    }

    #[test]
    fn what_is_too_long_or_no_text_is_an_error() {
        let most = usize::try_from(PROMPT_BYTES_MAX).unwrap();
        let long = vec![b'a'; most + 1];
        assert!(plain(&mut long.as_slice()).unwrap_err().to_string().contains("over"));
        assert!(matches!(plain(&mut &long[1..]), Ok(Line::Text(line)) if line.len() == most));
        let mut half = [&long[..most / 2], b"\\\n", &long[..=most / 2]].concat();
        half.push(b'\n');
        let mut half = half.as_slice();
        assert!(message("", |_| plain(&mut half)).is_err());
        assert!(plain(&mut b"\xff\n".as_slice()).unwrap_err().to_string().contains("UTF-8"));
    }
}
