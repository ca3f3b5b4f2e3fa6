//! What this program's own parts have to say beside their results, on stderr: for people, or one
//! JSON object a line where a process serves and programs read its log.
//!
//! Only Bursar's parts: at their finest levels the AWS crates write credentials and bodies.

mod json;
mod queue;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::variable;
use json::Json;
use queue::Queue;
pub(crate) use queue::Written;

/// Who reads the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody at a terminal: only what is wrong.
    Person,
    /// A program: every call, a line each.
    Program,
}

/// Starts logging at `BURSAR_LOG` (error, warn, info, debug, trace or off), else at warnings, or
/// for programs at what is worth a line. Keep what it gives until the end.
pub(crate) fn start(reader: Reader) -> Option<Written> {
    let said = variable("BURSAR_LOG").and_then(|level| level.parse().ok());
    let usual = if reader == Reader::Program { LevelFilter::INFO } else { LevelFilter::WARN };
    let level: LevelFilter = said.unwrap_or(usual);
    let ours = tracing_subscriber::registry().with(Targets::new().with_target("bursar", level));
    match reader {
        Reader::Person => {
            ours.with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).init();
            None
        }
        Reader::Program => {
            let (queue, written) = Queue::start();
            let lines = tracing_subscriber::fmt::layer().event_format(Json);
            ours.with(lines.with_writer(queue)).init();
            Some(written)
        }
    }
}
