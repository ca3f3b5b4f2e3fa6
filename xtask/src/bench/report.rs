//! docs/benchmarks.md: one section a bench, replaced when that bench runs again.

use std::fmt;
use std::fs;

use anyhow::{Context, Result};

use crate::workspace::root;

const HEAD: &str = "# Benchmarks

Written by `cargo xtask bench`; run it to measure your own machine. Two programs are compared by
running them in turns and taking medians, since the load of a machine changes by the minute.
Figures in one section come from one run; a target is met where the last column says so.
";

/// One measured figure.
pub(super) struct Finding {
    /// What was measured, and where.
    pub(super) what: String,
    /// The figure with its unit.
    pub(super) figure: String,
    /// What it should be, and whether it is; `None` for figures that only explain another.
    pub(super) target: Option<(String, bool)>,
}

impl Finding {
    /// A figure that explains.
    pub(super) fn plain(what: impl Into<String>, figure: impl Into<String>) -> Self {
        Self { what: what.into(), figure: figure.into(), target: None }
    }

    /// A figure that must not be over `limit`.
    pub(super) fn at_most(what: impl Into<String>, value: f64, limit: f64, unit: &str) -> Self {
        let target = Some((format!("≤ {limit}{unit}"), value <= limit));
        Self { what: what.into(), figure: format!("{value:.2}{unit}"), target }
    }

    /// A figure that must not be under `limit`.
    pub(super) fn at_least(what: impl Into<String>, value: f64, limit: f64, unit: &str) -> Self {
        let target = Some((format!("≥ {limit}{unit}"), value >= limit));
        Self { what: what.into(), figure: format!("{value:.2}{unit}"), target }
    }

    fn verdict(&self) -> String {
        match &self.target {
            None => String::new(),
            Some((target, true)) => format!("{target}: met"),
            Some((target, false)) => format!("{target}: **missed**"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.what, self.figure, self.verdict())
    }
}

/// Puts a bench's findings in place of those of its last run.
pub(super) fn replace(
    name: &str,
    question: &str,
    machine: &str,
    findings: &[Finding],
) -> Result<()> {
    let path = root().join("docs/benchmarks.md");
    let old = fs::read_to_string(&path).unwrap_or_default();
    let section = section(name, question, machine, findings);
    fs::write(&path, merge(&old, name, &section)).context("docs/benchmarks.md")
}

fn section(name: &str, question: &str, machine: &str, findings: &[Finding]) -> String {
    let row = |finding: &Finding| {
        format!("| {} | {} | {} |\n", finding.what, finding.figure, finding.verdict())
    };
    let rows: String = findings.iter().map(row).collect();
    format!(
        "## {name}\n\n{question}\n\n{machine}\n\n| what | figure | target |\n|---|---|---|\n{rows}"
    )
}

/// The old report with one section replaced, or added, and the sections in the order of names.
fn merge(old: &str, name: &str, section: &str) -> String {
    let title = format!("{name}\n");
    let kept = old.split("\n## ").skip(1).filter(|text| !text.starts_with(&title));
    let mut sections: Vec<String> = kept.map(|text| format!("## {}\n", text.trim_end())).collect();
    sections.push(section.to_owned());
    sections.sort();
    format!("{HEAD}\n{}", sections.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_a_bench_again_replaces_its_section_and_keeps_the_others() {
        let first = merge("", "price", "## price\n\nold\n");
        let both = merge(&first, "ledger", "## ledger\n\nkept\n");
        let again = merge(&both, "price", "## price\n\nnew\n");
        assert_eq!(again, format!("{HEAD}\n## ledger\n\nkept\n\n## price\n\nnew\n"));
    }

    #[test]
    fn a_missed_target_is_said_aloud() {
        let finding = Finding::at_most("whole process", 10.5, 10.0, " ms");
        assert_eq!(finding.to_string(), "whole process: 10.50 ms ≤ 10 ms: **missed**");
        assert_eq!(Finding::at_least("ratio", 0.5, 0.5, " ×").verdict(), "≥ 0.5 ×: met");
    }
}
