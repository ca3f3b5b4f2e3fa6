//! A scenario: ordered rules that steer many calls, read from TOML.
//!
//! ```toml
//! [[rule]]
//! model = "us.anthropic.*"        # or a guardrail; a `*` at the end is anything; default any
//! operation = "ConverseStream"    # default any on a model or a guardrail
//! nth = 3                         # only the third call that comes to this rule and matches it
//! rate_ppm = 50000                # of those, so many in a million, by the seed; default all
//! words = "fault=throttle"
//! ```
//! The first rule that applies to a call steers it; the caller's own words win over the rule's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;

use crate::action::Action;
use crate::chance::Chance;
use crate::fault::Fault;
use crate::steering::{Steering, SteeringError};

/// The most rules of a scenario: each is tried for each call.
const RULES_MAX: usize = 256;
/// As often as can be: a million in a million.
pub(crate) const ALWAYS_PPM: u32 = 1_000_000;

/// Rules, in the order in which they are tried. Empty by default: every call goes by itself.
#[derive(Debug, Clone, Default)]
pub struct Scenario {
    rules: Vec<Rule>,
}

/// Why a text is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// It is no TOML, or has keys that mean nothing.
    #[error("scenario: {0}")]
    Toml(#[from] toml::de::Error),
    /// A rule's words cannot be followed.
    #[error("scenario, rule {rule}: {source}")]
    Words {
        /// Counts from 1.
        rule: usize,
        /// What is wrong with them.
        source: SteeringError,
    },
    /// A rule's value makes no sense.
    #[error("scenario, rule {rule}: {why}")]
    Rule {
        /// Counts from 1.
        rule: usize,
        /// What is wrong with it.
        why: String,
    },
    /// There are too many.
    #[error("scenario: `{0}` rules are more than {RULES_MAX}")]
    TooMany(usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    model: Option<String>,
    operation: Option<String>,
    nth: Option<u64>,
    rate_ppm: Option<u32>,
    words: String,
}

#[derive(Debug, Clone)]
struct Rule {
    model: Option<String>,
    operation: Option<Action>,
    nth: Option<u64>,
    rate_ppm: u32,
    words: String,
    needs_stream: bool,
    /// How many calls matched; shared by clones, so that a scenario counts as one.
    matched: Arc<AtomicU64>,
}

impl Scenario {
    /// From TOML. Every rule's words are checked now, not when a call first meets them.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let file: File = toml::from_str(text)?;
        if file.rule.len() > RULES_MAX {
            return Err(ScenarioError::TooMany(file.rule.len()));
        }
        let rules = file.rule.into_iter().zip(1..).map(|(entry, number)| Rule::new(entry, number));
        Ok(Self { rules: rules.collect::<Result<_, _>>()? })
    }

    /// The words of the first rule that applies to a call.
    pub(crate) fn words(&self, model: &str, operation: Action, chance: Chance) -> Option<&str> {
        let applies = |(rule, index): &(&Rule, u64)| {
            rule.applies(model, operation, chance.with_number(*index))
        };
        self.rules.iter().zip(0..).find(applies).map(|(rule, _)| rule.words.as_str())
    }
}

impl Rule {
    fn new(entry: Entry, rule: usize) -> Result<Self, ScenarioError> {
        let refuse = |why: String| ScenarioError::Rule { rule, why };
        let steering = Steering::parse(&[&entry.words])
            .map_err(|source| ScenarioError::Words { rule, source })?;
        let operation = entry.operation.map(|name| name.parse::<Action>());
        let operation = operation.transpose().map_err(|unknown| refuse(unknown.to_string()))?;
        let rate_ppm = entry.rate_ppm.unwrap_or(ALWAYS_PPM);
        if rate_ppm > ALWAYS_PPM {
            return Err(refuse(format!("`rate_ppm` is `{rate_ppm}`, more than {ALWAYS_PPM}")));
        }
        if entry.nth == Some(0) {
            return Err(refuse("`nth` is `0`, but calls count from 1".to_owned()));
        }
        Ok(Self {
            model: entry.model,
            operation,
            nth: entry.nth,
            rate_ppm,
            words: entry.words,
            needs_stream: steering.fault.is_some_and(Fault::needs_stream),
            matched: Arc::default(),
        })
    }

    fn applies(&self, model: &str, operation: Action, chance: Chance) -> bool {
        if !self.matches(model, operation) {
            return false;
        }
        let nth = self.matched.fetch_add(1, Ordering::Relaxed) + 1;
        self.nth.is_none_or(|wanted| wanted == nth) && chance.strikes(self.rate_ppm)
    }

    fn matches(&self, model: &str, operation: Action) -> bool {
        let fits = self.model.as_deref().is_none_or(|pattern| match pattern.strip_suffix('*') {
            Some(start) => model.starts_with(start),
            None => model == pattern,
        });
        // A stream's fault cannot befall a plain call: a rule for all passes those by.
        let suits = operation.is_stream() || !self.needs_stream;
        // The control plane is steered by name only: a rule about calls is not about its lists.
        let is_meant = match self.operation {
            Some(wanted) => wanted == operation,
            None => !matches!(operation, Action::Tell(_)),
        };
        fits && suits && is_meant
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::call::Operation;

    const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

    fn words(scenario: &Scenario, model: &str, operation: Operation) -> Option<String> {
        scenario.words(model, operation.into(), Chance::new(1)).map(str::to_owned)
    }

    fn refusal(text: &str) -> String {
        Scenario::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_first_rule_that_applies_steers() {
        let scenario = Scenario::parse(
            "[[rule]]\nmodel = 'us.anthropic.*'\noperation = 'Converse'\nwords = 'output=1'\n\
             [[rule]]\nmodel = 'us.anthropic.*'\nwords = 'output=2'\n",
        )
        .unwrap();
        assert_eq!(words(&scenario, HAIKU, Operation::Converse).unwrap(), "output=1");
        assert_eq!(words(&scenario, HAIKU, Operation::InvokeModel).unwrap(), "output=2");
        assert_eq!(words(&scenario, "amazon.nova-lite-v1:0", Operation::Converse), None);
    }

    #[test]
    fn the_nth_call_is_counted_over_those_that_match() {
        let scenario = Scenario::parse(
            "[[rule]]\noperation = 'Converse'\nnth = 2\nwords = 'fault=throttle'\n",
        )
        .unwrap();
        let calls = [Operation::Converse, Operation::InvokeModel, Operation::Converse];
        let struck = calls.map(|operation| words(&scenario, HAIKU, operation).is_some());
        assert_eq!(struck, [false, false, true]);
        assert_eq!(words(&scenario, HAIKU, Operation::Converse), None);
    }

    #[test]
    fn a_rule_with_a_streams_fault_passes_plain_calls_by() {
        let scenario = Scenario::parse("[[rule]]\nwords = 'fault=cut-border'\n").unwrap();
        assert_eq!(words(&scenario, HAIKU, Operation::Converse), None);
        assert!(words(&scenario, HAIKU, Operation::ConverseStream).is_some());
    }

    #[test]
    fn a_rate_strikes_a_part_of_the_calls() {
        let scenario =
            Scenario::parse("[[rule]]\nrate_ppm = 200000\nwords = 'output=1'\n").unwrap();
        let strikes =
            |n| scenario.words(HAIKU, Operation::Converse.into(), Chance::new(n)).is_some();
        assert!((150..250).contains(&(0..1000).filter(|n| strikes(*n)).count()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_rule() {
        assert!(refusal("[[rule]]\nwords = 'fault=nap'\n").starts_with("scenario, rule 1: "));
        assert!(refusal("[[rule]]\nwords = ''\nnth = 0\n").contains("calls count from 1"));
        assert!(refusal("[[rule]]\nwords = ''\nrate_ppm = 1000001\n").contains("`1000001`"));
        assert!(refusal("[[rule]]\nwords = ''\noperation = 'Chat'\n").contains("`Chat`"));
        assert!(refusal("[[rule]]\nwords = ''\ncolour = 1\n").contains("unknown field `colour`"));
        assert!(refusal("[[rule]]\n").contains("missing field `words`"));
        assert!(refusal("[[rule").contains("line 1"));
        let many = "[[rule]]\nwords = ''\n".repeat(RULES_MAX + 1);
        assert_eq!(refusal(&many), "scenario: `257` rules are more than 256");
    }
}
