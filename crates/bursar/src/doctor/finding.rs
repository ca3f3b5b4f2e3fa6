//! One finding: what was checked, how it is, and what to do about it.

use bursar_domain::advice::Cause;
use bursar_domain::closed_set;
use serde_json::{Value, json};

use crate::failure::{Failure, Situation};

closed_set! {
    /// How it is, the better first. The texts stand in `--json`.
    Level {
        /// As it should be.
        Ok = "ok",
        /// Worth knowing.
        Note = "note",
        /// It works, and may not for long.
        Warning = "warning",
        /// It does not work.
        Failure = "failure",
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) check: String,
    pub(crate) level: Level,
    pub(crate) found: String,
    /// What to do, the likeliest remedy first.
    pub(crate) remedy: Vec<String>,
    /// Which of the known causes it has.
    pub(crate) cause: Option<Cause>,
    /// What the program ends with where this is the first failure.
    pub(crate) situation: Option<Situation>,
}

impl Finding {
    pub(crate) fn ok(check: &str, found: impl Into<String>) -> Self {
        Self::at(Level::Ok, check, found)
    }

    pub(crate) fn note(check: &str, found: impl Into<String>) -> Self {
        Self::at(Level::Note, check, found)
    }

    pub(crate) fn warning(check: &str, found: impl Into<String>) -> Self {
        Self::at(Level::Warning, check, found)
    }

    pub(crate) fn failure(check: &str, situation: Situation, found: impl Into<String>) -> Self {
        Self { situation: Some(situation), ..Self::at(Level::Failure, check, found) }
    }

    /// What would end another command, as a finding.
    pub(crate) fn of(check: &str, failure: Failure) -> Self {
        let Failure { situation, message, hints, cause, .. } = failure;
        Self { cause, ..Self::failure(check, situation, message) }.then_all(hints)
    }

    fn at(level: Level, check: &str, found: impl Into<String>) -> Self {
        Self {
            check: check.to_owned(),
            level,
            found: found.into(),
            remedy: Vec::new(),
            cause: None,
            situation: None,
        }
    }

    /// No worse than a warning.
    pub(crate) fn softened(self) -> Self {
        Self { level: self.level.min(Level::Warning), situation: None, ..self }
    }

    pub(crate) fn then(mut self, step: impl Into<String>) -> Self {
        self.remedy.push(step.into());
        self
    }

    /// The steps of an advice; those that lead here are no remedy here.
    pub(crate) fn then_all(mut self, steps: Vec<String>) -> Self {
        self.remedy.extend(steps.into_iter().filter(|step| !step.contains("`bursar doctor`")));
        self
    }

    /// Two findings of one check as one, which is as bad as the worse of them.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.level = self.level.max(other.level);
        self.found = format!("{}; {}", self.found, other.found);
        self.remedy.extend(other.remedy);
        self.cause = self.cause.or(other.cause);
        self.situation = self.situation.or(other.situation);
        self
    }

    pub(crate) fn as_json(&self) -> Value {
        json!({
            "check": self.check,
            "level": self.level.as_str(),
            "found": self.found,
            "remedy": self.remedy,
            "cause": self.cause.map(Cause::as_str),
        })
    }
}

/// How the worst of them is.
pub(crate) fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}

/// What the program ends with: well, or as the first failure says. Later ones follow from it.
pub(crate) fn verdict(findings: &[Finding]) -> Result<(), Failure> {
    let failed: Vec<&Finding> =
        findings.iter().filter(|finding| finding.level == Level::Failure).collect();
    let Some(first) = failed.first() else { return Ok(()) };
    let names: Vec<&str> = failed.iter().map(|finding| finding.check.as_str()).collect();
    let message =
        format!("{} of {} checks failed: {}", failed.len(), findings.len(), names.join(", "));
    let situation = first.situation.unwrap_or(Situation::Failed);
    let hints = first.remedy.iter().take(1).cloned().collect();
    Err(Failure { cause: first.cause, hints, ..Failure::new(situation, message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_decides_the_exit_and_warnings_do_not() {
        let fine = [Finding::ok("a", ""), Finding::note("b", ""), Finding::warning("c", "")];
        assert_eq!(worst(&fine), Level::Warning);
        assert_eq!(verdict(&fine), Ok(()));
        let mut bad = fine.to_vec();
        bad.push(
            Finding::failure("credentials", Situation::Unauthenticated, "none").then("get some"),
        );
        bad.push(Finding::failure("ledger", Situation::Ledger, "damaged"));
        let failure = verdict(&bad).unwrap_err();
        assert_eq!(failure.situation.exit_code(), 4);
        assert_eq!(failure.message, "2 of 5 checks failed: credentials, ledger");
        assert_eq!(failure.hints, ["get some"]);
        assert_eq!(worst(&[]), Level::Ok);
    }

    #[test]
    fn joined_findings_are_as_bad_as_the_worse_and_keep_both_remedies() {
        let one = Finding::ok("model", "there is access").then("a");
        let both = one.and(Finding::warning("model", "it ends").then("b"));
        assert_eq!(both.level, Level::Warning);
        assert_eq!(both.found, "there is access; it ends");
        assert_eq!(both.remedy, ["a", "b"]);
    }
}
