//! A table of a page: shown as HTML, and the same as CSV, which no spreadsheet takes for formulas.

use crate::figures;

/// A table with more columns than this leaves out those in which nothing stands.
const COLUMNS_MANY: usize = 8;
/// A longer name may be.
const NAME_BYTES: usize = 16;
/// A longer text is broken into lines.
const LONG_BYTES: usize = 28;
/// A longer text with spaces is a sentence.
const PROSE_BYTES: usize = 60;

/// A table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sheet {
    /// The word for it in a URL: `?format=csv&sheet=WORD`.
    pub(crate) word: &'static str,
    /// Its heading.
    pub(crate) title: String,
    /// Its columns' headings, and whether figures stand in them.
    pub(crate) columns: Vec<(&'static str, Fill)>,
    /// Its rows, each as long as the columns.
    pub(crate) rows: Vec<Vec<Cell>>,
    /// What to say where there are none.
    pub(crate) empty: String,
    /// Where the rows behind these are.
    pub(crate) next: Option<String>,
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    Words,
    Figures,
}

/// One cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// What is read.
    pub(crate) text: String,
    /// The exact figure, for programs and for CSV; `None` where the text is all there is.
    pub(crate) value: Option<String>,
    /// Where it leads.
    pub(crate) href: Option<String>,
    /// The class of what it is, where that has a colour.
    pub(crate) mark: Option<String>,
    /// How much of a whole it is, as a bar below it: in tenths of a percent.
    pub(crate) bar: Option<i128>,
}

impl Fill {
    pub(crate) fn is_figures(self) -> bool {
        self == Self::Figures
    }
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A text that may be none.
    pub(crate) fn maybe(text: Option<&str>) -> Self {
        Self {
            value: Some(text.unwrap_or_default().to_owned()), ..Self::text(text.unwrap_or("–"))
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "a figure is small, and made on the spot")]
    pub(crate) fn figure(text: impl Into<String>, value: impl ToString) -> Self {
        Self { value: Some(value.to_string()), ..Self::text(text) }
    }

    /// The same, where the exact text is another.
    #[expect(clippy::needless_pass_by_value, reason = "a figure is small, and made on the spot")]
    pub(crate) fn exactly(self, value: impl ToString) -> Self {
        Self { value: Some(value.to_string()), ..self }
    }

    pub(crate) fn leads(self, href: impl Into<String>) -> Self {
        Self { href: Some(href.into()), ..self }
    }

    pub(crate) fn marked(self, mark: impl Into<String>) -> Self {
        Self { mark: Some(mark.into()), ..self }
    }

    /// A share of a whole, with a bar.
    pub(crate) fn share(part: i128, whole: i128) -> Self {
        let bar = (whole > 0).then(|| (part.saturating_mul(1_000) / whole).clamp(0, 1_000));
        Self { bar, ..Self::text(figures::share(part, whole)) }
    }

    /// With a bar, of a percentage.
    pub(crate) fn barred(self, percent: i128) -> Self {
        Self { bar: Some((percent * 10).clamp(0, 1_000)), ..self }
    }

    /// Whether it says that there is nothing.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self.text.as_str(), "" | "–" | "0" | "$0.00" | "0.0 %")
    }

    /// Whether it is a sentence, which needs room.
    pub(crate) fn is_prose(&self) -> bool {
        self.text.len() > PROSE_BYTES && self.text.contains(' ')
    }

    /// Whether it may stand in several lines.
    pub(crate) fn is_long(&self) -> bool {
        self.text.len() > LONG_BYTES
    }

    /// Whether it is a name that may, where there is no room for it.
    pub(crate) fn is_name(&self) -> bool {
        self.mark.is_some() && self.text.len() > NAME_BYTES
    }

    /// The exact figure, or the text where that is all there is.
    pub(crate) fn exact(&self) -> &str {
        self.value.as_deref().unwrap_or(&self.text)
    }
}

impl Sheet {
    /// Which of its columns a page shows: all, but in a wide table those in which something stands. As
    /// CSV it has all of them.
    pub(crate) fn shown(&self) -> Vec<bool> {
        let is_wide = self.columns.len() > COLUMNS_MANY;
        let says = |place: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(place));
            cells.into_iter().any(|cell| !matches!(cell.text.as_str(), "" | "–"))
        };
        (0..self.columns.len()).map(|place| !is_wide || says(place)).collect()
    }

    /// The table as CSV, after RFC 4180. Figures stay figures; a word that a spreadsheet would take
    /// for a formula gets an apostrophe before it.
    pub(crate) fn csv(&self) -> String {
        let heads = self.columns.iter().map(|(label, _)| quoted(label));
        let mut text = heads.collect::<Vec<_>>().join(",");
        text.push_str("\r\n");
        text + &self.csv_rows()
    }

    /// The same without its headings.
    pub(crate) fn csv_rows(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let cells = row.iter().zip(&self.columns).map(|(cell, (_, fill))| match fill {
                Fill::Figures if is_figure(cell.exact()) => cell.exact().to_owned(),
                _ => quoted(&disarmed(cell.exact())),
            });
            text.push_str(&cells.collect::<Vec<_>>().join(","));
            text.push_str("\r\n");
        }
        text
    }
}

fn is_figure(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.starts_with(|letter: char| letter.is_ascii_digit())
}

/// A text without what a spreadsheet obeys: a formula's first letter, in either width, or a control
/// character anywhere.
fn disarmed(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .filter(|letter| !is_turning(*letter))
        .collect();
    let first = clean.trim_start().chars().next();
    let is_formula = first.is_some_and(|letter| "=+-@＝＋－＠".contains(letter));
    if is_formula { format!("'{clean}") } else { clean }
}

/// Whether a letter turns or hides the text around it.
pub(crate) fn is_turning(letter: char) -> bool {
    let turning = ['\u{200b}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2060}'..='\u{2069}'];
    letter == '\u{feff}' || turning.iter().any(|range| range.contains(&letter))
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',']) || text.starts_with(' ') || text.ends_with(' ') {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_a_table_is_a_formula_to_a_spreadsheet_and_figures_stay_figures() {
        let row = |word: &str, figure: &str| vec![Cell::text(word), Cell::figure("shown", figure)];
        let words = [
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-1+1", "'-1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "' =1"),
            ("\r\n=1", "'  =1"),
            ("＝1", "'＝1"),
            ("\u{feff}=1", "'=1"),
            ("\u{202e}=1", "'=1"),
            ("a, \"b\"", "\"a, \"\"b\"\"\""),
            ("équipe", "équipe"),
        ];
        let sheet = Sheet {
            columns: vec![("team", Fill::Words), ("cost, $", Fill::Figures)],
            rows: words.iter().map(|(word, _)| row(word, "-1.5")).collect(),
            ..Sheet::default()
        };
        let expected: Vec<String> =
            words.iter().map(|(_, cell)| format!("{cell},-1.5\r\n")).collect();
        assert_eq!(sheet.csv(), format!("team,\"cost, $\"\r\n{}", expected.concat()));
        // What only says that it is a figure is a word.
        let armed = Sheet { rows: vec![row("x", "=1")], ..sheet };
        assert!(armed.csv().ends_with("x,'=1\r\n"), "{}", armed.csv());
    }
}
