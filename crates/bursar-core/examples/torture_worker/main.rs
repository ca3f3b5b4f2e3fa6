//! The workers of the torture rooms: processes that call, are killed, and check what is left.
//!
//! `torture_worker JOB`, where JOB is JSON (see `job.rs`); it prints one line of JSON for each thing
//! that there is to tell. What is done to the workers, and what the figures have to be, is decided
//! in `cargo xtask torture`.

mod books;
mod calling;
mod check;
mod client;
mod dice;
mod ended;
mod images;
mod job;
mod limit;
mod orders;
mod recorded;
mod served;
mod shape;
mod station;
mod storm;
mod tally;
mod watch;

use std::error::Error;
use std::io::Write;

use job::Job;
use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let text = std::env::args().nth(1).ok_or("usage: torture_worker JOB\nhint: see job.rs")?;
    match serde_json::from_str(&text).map_err(|error| format!("{error} in {text}"))? {
        Job::Database(job) => books::make_database(&job).await,
        Job::Limit(job) => limit::set(&job).await,
        Job::Call(job) => calling::run(*job).await,
        Job::Check(job) => check::run(&job).await,
        Job::Watch(job) => watch::run(&job).await,
        Job::Look(job) => books::look(&job).await,
        Job::Served(job) => served::say_count(&job).await,
        Job::Images(job) => images::run(&job).await,
    }
}

/// Prints one line. A reader that has gone away is none of ours to mourn.
fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
