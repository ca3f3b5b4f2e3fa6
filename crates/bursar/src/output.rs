//! Where words go: data to stdout, everything else to stderr.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::failure::Failure;

/// How this run speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// One JSON object on stdout in place of words.
    pub(crate) json: bool,
    /// No progress bars, no notes.
    pub(crate) quiet: bool,
}

/// Emphasis for headings and totals.
pub(crate) const BOLD: Style = Style::new().bold();
/// For what may be passed over.
pub(crate) const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();

impl Output {
    /// One JSON object, indented where a person reads it.
    pub(crate) fn object(value: &impl Serialize) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let written = if out.is_terminal() {
            serde_json::to_writer_pretty(&mut out, value)
        } else {
            serde_json::to_writer(&mut out, value)
        };
        unless_closed(written.map_err(io::Error::from).and_then(|()| writeln!(out)))
    }

    /// Data for people.
    pub(crate) fn line(text: impl AsRef<str>) -> io::Result<()> {
        unless_closed(writeln!(anstream::stdout().lock(), "{}", text.as_ref()))
    }

    /// Text as it arrives, without a line end.
    pub(crate) fn piece(text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// A body's bytes as they are.
    pub(crate) fn bytes(bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// A word beside the data: a cost line, a warning, what to do next.
    pub(crate) fn note(self, text: impl AsRef<str>) {
        if !self.quiet {
            // Nobody is left to tell when stderr is gone.
            drop(writeln!(anstream::stderr().lock(), "{}", text.as_ref()));
        }
    }

    /// The same for programs, where stdout is another's: one JSON object on a line of its own.
    pub(crate) fn note_object(value: &serde_json::Value) {
        drop(writeln!(io::stderr().lock(), "{value}"));
    }

    /// Why the command failed: words to stderr, and with `--json` the object to stdout.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.json {
            drop(Self::object(&failure.json()));
        }
        let mut err = anstream::stderr().lock();
        drop(writeln!(err, "{RED}error:{RED:#} {}", failure.message));
        if let Some(answer) = &failure.answer {
            drop(writeln!(err, "{DIM}answer: {answer}{DIM:#}"));
        }
        for hint in &failure.hints {
            drop(writeln!(err, "{BOLD}hint:{BOLD:#} {hint}"));
        }
    }

    /// Whether a person is watching stderr.
    pub(crate) fn shows_progress(self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }
}

/// A reader who has seen enough closes the pipe. What is left is for nobody, and nothing failed.
pub(crate) fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
