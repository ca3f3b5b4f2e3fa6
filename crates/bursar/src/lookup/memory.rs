//! What the control plane said of ARNs, in a file: yes for a week, no for five minutes.
//!
//! It is a memory and no record: one that is damaged, or of another version, is an empty one.

use std::collections::BTreeMap;
use std::path::Path;

use bursar_domain::model::{Candidate, ModelId};
use bursar_domain::time::{DAY_MS, Timestamp};
use serde::{Deserialize, Serialize};

use crate::kept_file;

/// Its name in the data folder.
pub(super) const FILE: &str = "arns.json";
/// A profile or a router cannot be changed, only made anew under another ARN; a week bounds what a
/// mistake here can do.
const KNOWN_MS: i64 = 7 * DAY_MS;
/// What is not there may be made at any moment, by whoever was just told that it is missing.
const UNKNOWN_MS: i64 = 5 * 60_000;
/// More ARNs than a program calls in a week; the file is read before each such call.
const ANSWERS_MAX: usize = 500;
const BYTES_MAX: u64 = 1 << 20;
const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Memory {
    version: u32,
    answers: BTreeMap<String, Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    until_ms: i64,
    /// None for what is not there.
    models: Vec<Model>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    base: String,
    geography: Option<String>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { version: VERSION, answers: BTreeMap::new() }
    }
}

impl Memory {
    /// Reads the file.
    pub(super) fn read(path: &Path) -> Self {
        let text = kept_file::read(path, BYTES_MAX).ok().flatten();
        let read = text.and_then(|text| serde_json::from_str::<Self>(&text).ok());
        read.filter(|memory| memory.version == VERSION).unwrap_or_default()
    }

    /// Writes the file. Where that fails, the next call asks again.
    pub(super) fn write(&self, path: &Path) {
        let written = serde_json::to_string(self).map_err(std::io::Error::from);
        drop(written.and_then(|text| kept_file::write(path, &text)));
    }

    /// What was said; empty for what is not there, `None` where nobody asked, or too long ago.
    pub(super) fn answer(&self, key: &str, now: Timestamp) -> Option<Vec<Candidate>> {
        let answer = self.answers.get(key)?;
        // An answer from a clock that ran ahead is none: it would hold for too long.
        let is_fresh = now.0 < answer.until_ms && answer.until_ms <= now.0 + KNOWN_MS;
        let candidate = |model: &Model| {
            Some(Candidate {
                base: ModelId::parse(&model.base)?,
                geography: model.geography.clone(),
            })
        };
        if is_fresh { answer.models.iter().map(candidate).collect() } else { None }
    }

    /// Keeps what was said. Old answers go, and when there are too many those that end first.
    pub(super) fn keep(&mut self, key: &str, candidates: &[Candidate], now: Timestamp) {
        self.answers.retain(|_, answer| now.0 < answer.until_ms);
        while self.answers.len() >= ANSWERS_MAX {
            let first = self.answers.iter().min_by_key(|(_, answer)| answer.until_ms);
            let Some(key) = first.map(|(key, _)| key.clone()) else { break };
            self.answers.remove(&key);
        }
        let life = if candidates.is_empty() { UNKNOWN_MS } else { KNOWN_MS };
        let model = |candidate: &Candidate| Model {
            base: candidate.base.to_string(),
            geography: candidate.geography.clone(),
        };
        let models = candidates.iter().map(model).collect();
        self.answers.insert(key.to_owned(), Answer { until_ms: now.0 + life, models });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn later(ms: i64) -> Timestamp {
        Timestamp(NOW.0 + ms)
    }

    fn nova() -> Vec<Candidate> {
        let base = ModelId::parse("amazon.nova-lite-v1:0").unwrap();
        vec![Candidate { base, geography: Some("us".to_owned()) }]
    }

    #[test]
    fn a_yes_holds_for_a_week_and_a_no_for_minutes() {
        let mut memory = Memory::default();
        memory.keep("yes", &nova(), NOW);
        memory.keep("no", &[], NOW);
        assert_eq!(memory.answer("yes", later(KNOWN_MS - 1)), Some(nova()));
        assert_eq!(memory.answer("yes", later(KNOWN_MS)), None);
        assert_eq!(memory.answer("no", later(UNKNOWN_MS - 1)), Some(Vec::new()));
        assert_eq!(memory.answer("no", later(UNKNOWN_MS)), None);
        assert_eq!(memory.answer("other", NOW), None);
        assert_eq!(memory.answer("yes", later(-1)), None, "from a clock that ran ahead");
    }

    #[test]
    fn what_is_written_is_read_again_and_what_is_damaged_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut memory = Memory::default();
        memory.keep("yes", &nova(), NOW);
        memory.write(&path);
        assert_eq!(Memory::read(&path), memory);
        let wrong = ["", "{", r#"{"version":2,"answers":{}}"#, r#"{"version":1}"#];
        for text in wrong.map(str::to_owned).into_iter().chain(["[".repeat(100_000)]) {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Memory::read(&path), Memory::default());
        }
    }

    #[test]
    fn a_damaged_model_is_no_answer() {
        let mut memory = Memory::default();
        memory.keep("yes", &nova(), NOW);
        memory.answers.get_mut("yes").unwrap().models[0].base = "no model".to_owned();
        assert_eq!(memory.answer("yes", NOW), None);
    }

    #[test]
    fn it_keeps_a_bounded_number_and_lets_the_oldest_go() {
        let mut memory = Memory::default();
        for number in 0..=ANSWERS_MAX {
            let at = later(i64::try_from(number).unwrap());
            memory.keep(&number.to_string(), &nova(), at);
        }
        assert_eq!(memory.answers.len(), ANSWERS_MAX);
        let now = later(i64::try_from(ANSWERS_MAX).unwrap());
        assert_eq!(memory.answer("0", now), None);
        assert!(memory.answer("1", now).is_some());
        memory.keep("new", &nova(), later(2 * KNOWN_MS));
        assert_eq!(memory.answers.len(), 1, "what has lapsed is let go");
    }
}
