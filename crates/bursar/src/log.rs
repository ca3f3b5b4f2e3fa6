//! What this program's own parts have to say beside their results, on stderr: for people, or one
//! JSON object a line where a process serves and programs read its log.
//!
//! Only Bursar's parts: at their finest levels the AWS crates write credentials and bodies.

mod json;
mod queue;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

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

/// How much is logged, which can change while it is. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    said: Option<LevelFilter>,
    usual: LevelFilter,
    filter: reload::Handle<Targets, Registry>,
}

impl Level {
    /// Logs at what the configuration file says from now on, unless the variable said it at the
    /// start; where neither does, at what is usual.
    pub(crate) fn set(&self, in_file: Option<LevelFilter>) {
        let level = self.said.or(in_file).unwrap_or(self.usual);
        if let Err(error) = self.filter.reload(of_ours(level)) {
            tracing::warn!("the log's level stays as it was: {error}");
        }
    }
}

/// At their finest levels, others' parts write what is secret.
fn of_ours(level: LevelFilter) -> Targets {
    Targets::new().with_target("bursar", level)
}

/// Starts logging at `BURSAR_LOG` (error, warn, info, debug, trace or off), else at warnings, or
/// for programs at what is worth a line. Keep what it gives until the end.
pub(crate) fn start(reader: Reader) -> (Level, Option<Written>) {
    let said = variable("BURSAR_LOG").and_then(|level| level.parse().ok());
    let usual = if reader == Reader::Program { LevelFilter::INFO } else { LevelFilter::WARN };
    let (filter, handle) = reload::Layer::new(of_ours(said.unwrap_or(usual)));
    let level = Level { said, usual, filter: handle };
    let ours = tracing_subscriber::registry().with(filter);
    let written = match reader {
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
    };
    (level, written)
}
