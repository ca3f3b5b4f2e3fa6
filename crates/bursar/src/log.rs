//! What this program's own parts have to say beside their results, on stderr.
//!
//! Only Bursar's parts: at their finest levels the AWS crates write credentials and bodies.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::variable;

/// Starts logging at `BURSAR_LOG` (error, warn, info, debug, trace or off), else at warnings.
pub(crate) fn start() {
    let said = variable("BURSAR_LOG").and_then(|level| level.parse().ok());
    let level: LevelFilter = said.unwrap_or(LevelFilter::WARN);
    let stderr = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let ours = Targets::new().with_target("bursar", level);
    tracing_subscriber::registry().with(stderr).with(ours).init();
}
