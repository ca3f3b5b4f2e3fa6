//! What the figures of a chart are, and how they are written: shown, exact, and round beside a scale.

use bursar_domain::money::Total;

use crate::figures;

/// What the figures of a chart are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Pico-dollars.
    Dollars,
    /// Tenths of a percent.
    Tenths,
    /// Things that are counted.
    Count,
}

impl Unit {
    pub(super) fn text(self, figure: i128) -> String {
        match self {
            Self::Count => figures::count(i64::try_from(figure).unwrap_or(i64::MAX)),
            Self::Dollars => figures::money(Total(figure)),
            Self::Tenths => format!("{}.{} %", figure / 10, figure.unsigned_abs() % 10),
        }
    }

    pub(super) fn exact(self, figure: i128) -> String {
        match self {
            Self::Count => figure.to_string(),
            Self::Dollars => Total(figure).usd(),
            Self::Tenths => format!("{}.{}", figure / 10, figure.unsigned_abs() % 10),
        }
    }

    /// The marks of a scale; dollars without cents, where none of them has any.
    pub(super) fn marks(self, figures: impl Iterator<Item = i128>) -> Vec<String> {
        let marks: Vec<String> = figures.map(|figure| self.round(figure)).collect();
        let whole = marks.iter().map(|mark| mark.strip_suffix(".00").map(str::to_owned));
        whole.collect::<Option<Vec<_>>>().unwrap_or(marks)
    }

    /// A round figure, without the digits that say nothing.
    fn round(self, figure: i128) -> String {
        let text = self.text(figure);
        match self {
            Self::Count => figures::tokens(i64::try_from(figure).unwrap_or(i64::MAX)),
            Self::Dollars => match text.split_once('.') {
                Some((whole, cents)) if cents.len() > 2 => {
                    let (two, more) = cents.split_at(2);
                    format!("{whole}.{two}{}", more.trim_end_matches('0'))
                }
                _ => text,
            },
            Self::Tenths => text.replace(".0 %", " %"),
        }
    }
}
