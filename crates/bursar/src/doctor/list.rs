//! Findings as people read them: a mark, what was found, and what to do. The marks differ without
//! colour, too, and lines break at words where a terminal is narrow.

use anstyle::{AnsiColor, Style};

use super::finding::{Finding, Level};

const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const PLAIN: Style = Style::new().dimmed();

const fn mark(level: Level) -> (char, Style) {
    match level {
        Level::Ok => ('✓', GREEN),
        Level::Note => ('·', PLAIN),
        Level::Warning => ('!', YELLOW),
        Level::Failure => ('✗', RED),
    }
}

/// The list, its lines no longer than `columns` where words allow it; unbroken without.
pub(crate) fn show(findings: &[Finding], columns: Option<usize>) -> String {
    let mut lines = Vec::new();
    for finding in findings {
        let (mark, style) = mark(finding.level);
        let text = format!("{}: {}", finding.check, finding.found);
        let mut broken = wrap(&text, columns, 2).into_iter();
        lines.extend(broken.next().map(|line| format!("{style}{mark}{style:#} {line}")));
        lines.extend(broken.map(|line| format!("  {line}")));
        for step in &finding.remedy {
            let mut broken = wrap(step, columns, 4).into_iter();
            lines.extend(broken.next().map(|line| format!("  → {line}")));
            lines.extend(broken.map(|line| format!("    {line}")));
        }
    }
    lines.join("\n")
}

/// Lines that fit beside an indentation. A word that is longer, such as an ARN, is left whole, so
/// that it can be copied.
fn wrap(text: &str, columns: Option<usize>, indent: usize) -> Vec<String> {
    let Some(room) = columns.map(|columns| columns.saturating_sub(indent).max(1)) else {
        return vec![text.to_owned()];
    };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Situation;

    fn findings() -> Vec<Finding> {
        vec![
            Finding::ok("region", "`us-east-1`, by `AWS_REGION`"),
            Finding::failure("ledger", Situation::Ledger, "the ledger is damaged")
                .then("restore it from a backup"),
        ]
    }

    fn plain(columns: Option<usize>) -> String {
        anstream::adapter::strip_str(&show(&findings(), columns)).to_string()
    }

    #[test]
    fn a_pipe_gets_a_line_for_each_finding_and_each_remedy() {
        let told = "✓ region: `us-east-1`, by `AWS_REGION`\n✗ ledger: the ledger is damaged\n  → \
            restore it from a backup";
        assert_eq!(plain(None), told);
    }

    #[test]
    fn twenty_columns_are_enough() {
        let told = [
            "✓ region:",
            "  `us-east-1`, by",
            "  `AWS_REGION`",
            "✗ ledger: the ledger",
            "  is damaged",
            "  → restore it from",
            "    a backup",
        ];
        assert_eq!(plain(Some(20)).lines().collect::<Vec<_>>(), told);
        assert!(plain(Some(20)).lines().all(|line| line.chars().count() <= 20));
        assert!(!plain(Some(1)).is_empty(), "no terminal is too narrow");
    }
}
