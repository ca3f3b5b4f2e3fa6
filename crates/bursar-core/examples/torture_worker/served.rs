//! What the simulator served: the truth that the ledger is compared with.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use crate::shape::MARK;
use crate::{Outcome, job, say};

/// One request as the simulator lists it.
#[derive(Debug, Deserialize)]
pub(crate) struct Served {
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) fault: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct List {
    pub(crate) calls: Vec<Served>,
    pub(crate) dropped: u64,
}

impl List {
    /// Asks the simulator.
    pub(crate) async fn read(endpoint: &str) -> Outcome<Self> {
        Ok(reqwest::get(format!("{endpoint}/_simulator/calls")).await?.json().await?)
    }

    /// The requests of each call, by its mark.
    pub(crate) fn by_mark(&self) -> BTreeMap<&str, Vec<&Served>> {
        let mut marks: BTreeMap<&str, Vec<&Served>> = BTreeMap::new();
        for served in &self.calls {
            let mark = served.metadata.get(MARK).map_or("", String::as_str);
            marks.entry(mark).or_default().push(served);
        }
        marks
    }
}

/// Says how many requests there are.
pub(crate) async fn say_count(job: &job::Served) -> Outcome<()> {
    let list = List::read(&job.endpoint).await?;
    say(&json!({"served": list.calls.len() as u64 + list.dropped}));
    Ok(())
}
