//! The embedded tables: tab-separated lines, sorted by their first field, searched where they lie.
//!
//! A look-up reads the lines of one key and no others; nothing is parsed ahead. What the
//! columns mean is said by whoever reads them, in the order of the table's `#columns` line.

use crate::time::Timestamp;

/// One embedded table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table(&'static str);

impl Table {
    /// One line for each model.
    pub(crate) const MODELS: Self = Self(include_str!("../data/models.tsv"));
    /// One line for each model, geography and set of destination regions.
    pub(crate) const ROUTING: Self = Self(include_str!("../data/routing.tsv"));
    /// One line for each price.
    pub(crate) const PRICES: Self = Self(include_str!("../data/prices.tsv"));
    /// Sources and notes by number.
    const SOURCES: Self = Self(include_str!("../data/sources.tsv"));

    /// The lines whose first field is `key`.
    pub(crate) fn lines(self, key: &str) -> impl Iterator<Item = Line> {
        let rest = self.0.get(self.start_of(key)..).unwrap_or_default();
        rest.lines().map_while(Line::new).take_while(move |line| line.key == key)
    }

    /// Every line but those about the table itself.
    pub(crate) fn all(self) -> impl Iterator<Item = Line> {
        self.0.lines().filter(|line| !line.starts_with('#')).filter_map(Line::new)
    }

    /// Every key once.
    pub(crate) fn keys(self) -> Vec<&'static str> {
        let mut keys: Vec<_> = self.all().map(|line| line.key).collect();
        keys.dedup();
        keys
    }

    /// The day on which the figures were retrieved, `YYYY-MM-DD`.
    pub(crate) fn retrieved_on(self) -> &'static str {
        self.lines("#retrieved").next().and_then(|mut line| line.text()).unwrap_or_default()
    }

    /// The base id of the model that also goes by `alias`.
    pub(crate) fn other_id(alias: &str) -> Option<&'static str> {
        let mut lines = Self::MODELS.lines("#alias");
        lines.find_map(|mut line| line.text().filter(|own| *own == alias).and(line.text()))
    }

    /// What each source's tag stands for.
    pub(crate) fn legend() -> impl Iterator<Item = (&'static str, &'static str)> {
        Self::SOURCES.lines("#legend").filter_map(|mut line| Some((line.text()?, line.text()?)))
    }

    /// Where the first line begins whose first field is not below `key`.
    fn start_of(self, key: &str) -> usize {
        let (mut low, mut high) = (0, self.0.len());
        while low < high {
            let middle = self.0.floor_char_boundary(usize::midpoint(low, high));
            let before = self.0.get(low..middle).unwrap_or_default();
            let start = before.rfind('\n').map_or(low, |place| low + place + 1);
            let rest = self.0.get(start..).unwrap_or_default();
            let line = rest.lines().next().unwrap_or_default();
            if line.split('\t').next().unwrap_or_default() < key {
                low = start + line.len() + 1;
            } else {
                high = start;
            }
        }
        low
    }
}

/// One line: its key, and what is left to read. Each reader takes the next field; `None` when
/// there is no such field, or it is not of that shape.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The first field.
    pub(crate) key: &'static str,
    rest: std::str::Split<'static, char>,
}

impl Line {
    fn new(line: &'static str) -> Option<Self> {
        line.split_once('\t').map(|(key, rest)| Self { key, rest: rest.split('\t') })
    }

    /// A text that is always there.
    pub(crate) fn text(&mut self) -> Option<&'static str> {
        self.rest.next()
    }

    /// A text that may be absent.
    #[expect(clippy::option_option, reason = "a field that is missing is not one that is absent")]
    pub(crate) fn optional(&mut self) -> Option<Option<&'static str>> {
        self.text().map(|text| (text != "-").then_some(text))
    }

    /// A whole number that may be absent.
    #[expect(clippy::option_option, reason = "a field that is missing is not one that is absent")]
    pub(crate) fn number(&mut self) -> Option<Option<u64>> {
        let text = self.optional()?;
        text.map_or(Some(None), |text| text.parse().ok().map(Some))
    }

    /// A day that may be absent.
    #[expect(clippy::option_option, reason = "a field that is missing is not one that is absent")]
    pub(crate) fn day(&mut self) -> Option<Option<Timestamp>> {
        let text = self.optional()?;
        text.map_or(Some(None), |text| Timestamp::parse_date(text).map(Some))
    }

    /// A list that may be absent, which is not the same as empty.
    #[expect(clippy::option_option, reason = "a field that is missing is not one that is absent")]
    pub(crate) fn list(&mut self) -> Option<Option<Vec<&'static str>>> {
        Some(self.optional()?.map(items))
    }

    /// Sources by their numbers.
    pub(crate) fn sources(&mut self) -> Option<Vec<&'static str>> {
        self.text().and_then(sources)
    }

    /// A note by its number; it may be absent.
    #[expect(clippy::option_option, reason = "a field that is missing is not one that is absent")]
    pub(crate) fn note(&mut self) -> Option<Option<&'static str>> {
        let number = self.optional()?;
        number.map_or(Some(None), |number| source(number).map(Some))
    }
}

/// The items of a list field.
pub(crate) fn items(field: &'static str) -> Vec<&'static str> {
    if field.is_empty() { Vec::new() } else { field.split('|').collect() }
}

/// The texts of a field of numbers; `None` when one of them is unknown.
pub(crate) fn sources(numbers: &str) -> Option<Vec<&'static str>> {
    if numbers.is_empty() { Some(Vec::new()) } else { numbers.split(',').map(source).collect() }
}

fn source(number: &str) -> Option<&'static str> {
    Table::SOURCES.lines(number).next()?.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Table = Table("#columns\tkey\na\t1\na\t2\na-b\t3\nab\t…\nb\t\n");

    fn found(key: &str) -> Vec<&'static str> {
        SMALL.lines(key).filter_map(|mut line| line.text()).collect()
    }

    #[test]
    fn exactly_the_lines_of_a_key_are_found() {
        assert_eq!(found("a"), ["1", "2"]);
        assert_eq!(found("a-b"), ["3"]);
        assert_eq!(found("ab"), ["…"]);
        assert_eq!(found("b"), [""]);
        for absent in ["", "A", "a-", "a-bc", "ac", "c", "…"] {
            assert!(found(absent).is_empty(), "{absent:?} was found");
        }
    }

    #[test]
    fn every_table_is_sorted_so_that_every_line_can_be_found() {
        for table in [Table::MODELS, Table::ROUTING, Table::PRICES, Table::SOURCES] {
            let keys: Vec<_> = table.all().map(|line| line.key).collect();
            assert!(keys.is_sorted());
            assert!(keys.iter().all(|key| table.lines(key).next().is_some()));
        }
    }
}
