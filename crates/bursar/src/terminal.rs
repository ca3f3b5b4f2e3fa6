//! What is known of the terminal behind stdout, and the pager for what does not fit it.

use std::io::{self, IsTerminal, Write};
use std::process::{Child, Command, ExitStatus, Stdio};

use anstream::ColorChoice;

use crate::output::Output;
use crate::settings::variable;

/// Rows and columns where a terminal does not say.
const ROWS_USUAL: u16 = 24;
const COLUMNS_USUAL: u16 = 80;
/// What a shell answers when it has no such program, or may not run it.
const NOT_RUN: [i32; 2] = [126, 127];

/// A terminal that a person looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Terminal {
    /// The one behind stdout; `None` for a pipe or a file.
    pub(crate) fn of_stdout() -> Option<Self> {
        if !io::stdout().is_terminal() {
            return None;
        }
        let size = terminal_size::terminal_size();
        let (columns, rows) =
            size.map_or((COLUMNS_USUAL, ROWS_USUAL), |(columns, rows)| (columns.0, rows.0));
        Some(Self { rows: rows.into(), columns: columns.max(1).into() })
    }

    /// Whether a text scrolls away, its lines broken at the terminal's edge.
    fn overflows(self, text: &str) -> bool {
        let plain = anstream::adapter::strip_str(text).to_string();
        let rows = plain.lines().map(|line| line.chars().count().div_ceil(self.columns).max(1));
        rows.sum::<usize>() >= self.rows
    }
}

/// Whether a person looks at what is printed, and can answer.
pub(crate) fn is_both_ways() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal()
}

/// Ends when somebody presses Enter, or when nobody can any more.
pub(crate) async fn enter() {
    let (pressed, press) = tokio::sync::oneshot::channel();
    // A thread of its own: one of the runtime's would be waited for at the end.
    std::thread::spawn(move || {
        drop(io::stdin().lines().next());
        // Nobody waits for it any more where the demo was ended in another way.
        let _ = pressed.send(());
    });
    drop(press.await);
}

/// Prints data for people; through a pager where it is allowed, a terminal shows it, and it is
/// longer than that.
pub(crate) fn print(text: &str, may_page: bool) -> io::Result<()> {
    let is_long = Terminal::of_stdout().is_some_and(|terminal| terminal.overflows(text));
    let is_dumb = variable("TERM").is_none_or(|term| term == "dumb");
    if may_page && is_long && !is_dumb && page(text).unwrap_or(false) {
        return Ok(());
    }
    Output::line(text)
}

/// Whether a pager showed it. `PAGER` is a line for the shell, as everywhere.
fn page(text: &str) -> io::Result<bool> {
    let mut command = match variable("PAGER") {
        Some(line) => {
            let mut command = Command::new("sh");
            command.args(["-c", &line]);
            command
        }
        None => Command::new("less"),
    };
    if variable("LESS").is_none() {
        // Leave at once when it fits, show colours, and leave the text on the screen.
        command.env("LESS", "FIRX");
    }
    let child = command.stdin(Stdio::piped()).spawn()?;
    let status = feed(child, text)?;
    Ok(status.code().is_none_or(|code| !NOT_RUN.contains(&code)))
}

fn feed(mut child: Child, text: &str) -> io::Result<ExitStatus> {
    // Ctrl-C is the pager's while it runs: it stops a search there, and must not end us under it.
    #[cfg(unix)]
    let _interrupts = tokio::runtime::Handle::try_current().ok().map(|_| {
        let interrupt = tokio::signal::unix::SignalKind::interrupt();
        tokio::signal::unix::signal(interrupt)
    });
    if let Some(mut input) = child.stdin.take() {
        let is_plain = anstream::AutoStream::choice(&io::stdout()) == ColorChoice::Never;
        let shown =
            if is_plain { anstream::adapter::strip_str(text).to_string() } else { text.to_owned() };
        // A reader who has seen enough closes the pager, and with it this pipe.
        drop(input.write_all(shown.as_bytes()).and_then(|()| input.write_all(b"\n")));
    }
    child.wait()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_overflows_when_its_broken_lines_do_not_fit_with_the_prompt_below() {
        let terminal = Terminal { rows: 4, columns: 20 };
        assert!(!terminal.overflows("a\nb\nc"));
        assert!(terminal.overflows("a\nb\nc\nd"));
        assert!(terminal.overflows(&"x".repeat(61)));
        assert!(!terminal.overflows("\u{1b}[1mthe total in bold\u{1b}[0m\nb\nc"));
    }
}
