//! What is on a page, as data: figures, charts and tables in their order. A page's file makes it; the
//! template shows it.

use crate::burn::Burn;
use crate::chart::{self, Chart};
use crate::filters::{Filters, escaped};
use crate::heat::Heat;
use crate::sheet::{Cell, Sheet};
use bursar_ledger::Secret;

/// A page.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// Its heading, and its title; that of the table of pages where none is said.
    pub(crate) title: Option<String>,
    /// A sentence on what it is about.
    pub(crate) lead: Option<String>,
    /// Whether a range of time can be chosen.
    pub(crate) has_filters: bool,
    /// What else is chosen from a list.
    pub(crate) choices: Vec<Choice>,
    /// What else is written.
    pub(crate) fields: Vec<Field>,
    /// What is on it.
    pub(crate) blocks: Vec<Block>,
    /// How many of the six columns of a wide page each of these takes, in their order; 0 for all of
    /// them and large figures. All where nothing is said.
    pub(crate) spans: Vec<u8>,
}

/// A part of a page.
#[derive(Debug)]
pub(crate) enum Block {
    Tiles(Vec<Tile>),
    Chart(Box<Chart>),
    Heat(Box<Heat>),
    /// How limits burn down, under a heading; their figures stand in a table of the page.
    Burns(&'static str, Vec<Burn>),
    Sheet(Sheet),
    /// A table that is not empty, with buttons.
    Doable(Doable),
    Live(Live),
    /// Facts of one thing, under a heading.
    Facts(String, Vec<(&'static str, Cell)>),
    Note(String),
    Form(Ask),
    /// A secret that is shown this once, with what it is.
    Secret(String, Secret),
}

/// A form that changes something.
#[derive(Debug)]
pub(crate) struct Ask {
    /// Its heading.
    pub(crate) title: String,
    /// What it asks for: the field `do`, for the page's own reading.
    pub(crate) what: &'static str,
    /// What its button says.
    pub(crate) button: &'static str,
    /// What is written.
    pub(crate) fields: Vec<Field>,
}

/// A table, and what can be done to each of its rows.
#[derive(Debug)]
pub(crate) struct Doable {
    pub(crate) sheet: Sheet,
    /// What can be done to each row, in the order of the rows; none where the viewer may do nothing.
    pub(crate) acts: Vec<Vec<Act>>,
    /// What goes along with whatever is done.
    pub(crate) fields: Vec<Field>,
}

/// What is kept fresh while a page is open: figures, and a table.
#[derive(Debug)]
pub(crate) struct Live {
    /// When it was so, in words.
    pub(crate) as_of: String,
    pub(crate) tiles: Vec<Tile>,
    pub(crate) doable: Doable,
    /// What is said of rows that are not shown.
    pub(crate) more: Option<String>,
}

/// A button of a row.
#[derive(Debug)]
pub(crate) struct Act {
    /// The form's field that says what it does.
    pub(crate) name: &'static str,
    /// To what.
    pub(crate) value: String,
    /// What it says.
    pub(crate) label: &'static str,
    /// The same in full, beginning with that, for who does not see the row.
    pub(crate) about: String,
}

/// One large figure.
#[derive(Debug)]
pub(crate) struct Tile {
    pub(crate) label: String,
    pub(crate) text: String,
    /// The exact figure.
    pub(crate) value: String,
    /// What stands beside it: how much more than before.
    pub(crate) beside: Option<String>,
    /// Where the rows behind it are.
    pub(crate) href: Option<String>,
    /// The class of what it counts, where that has a colour and there is some.
    pub(crate) mark: Option<String>,
}

/// A list to choose from.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) picked: String,
}

/// A word to write.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) value: String,
}

impl Doable {
    /// Each row with the word that tells it from others, without spaces, and with what can be done to
    /// it.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (String, &Vec<Cell>, Option<&Vec<Act>>)> {
        self.sheet.rows.iter().enumerate().map(|(place, row)| {
            let key = row.first().map(Cell::exact).unwrap_or_default();
            (escaped(key), row, self.acts.get(place))
        })
    }
}

impl Choice {
    /// A list of words, each its own label.
    pub(crate) fn of(
        name: &'static str,
        label: &'static str,
        words: &[&str],
        picked: &str,
    ) -> Self {
        let options = words.iter().map(|word| {
            let label = if word.is_empty() { "any" } else { word };
            ((*word).to_owned(), label.to_owned())
        });
        Self { name, label, options: options.collect(), picked: picked.to_owned() }
    }
}

impl Field {
    /// An empty field.
    pub(crate) fn empty(name: &'static str, label: &'static str) -> Self {
        Self { name, label, value: String::new() }
    }

    /// A field that shows what was picked.
    pub(crate) fn of(name: &'static str, label: &'static str, filters: &Filters) -> Self {
        Self { name, label, value: filters.pick(name).unwrap_or_default().to_owned() }
    }
}

impl Tile {
    #[expect(clippy::needless_pass_by_value, reason = "a figure is small, and made on the spot")]
    pub(crate) fn new(
        label: impl Into<String>,
        text: impl Into<String>,
        value: impl ToString,
    ) -> Self {
        let (label, text) = (label.into(), text.into());
        Self { label, text, value: value.to_string(), beside: None, href: None, mark: None }
    }

    pub(crate) fn beside(self, beside: Option<String>) -> Self {
        Self { beside, ..self }
    }

    pub(crate) fn leads(self, href: impl Into<String>) -> Self {
        Self { href: Some(href.into()), ..self }
    }

    /// With the colour of an outcome, where there is any.
    pub(crate) fn marked(self, outcome: &str) -> Self {
        let mark = (self.value != "0").then(|| chart::colour(outcome));
        Self { mark, ..self }
    }
}

impl Block {
    fn is_form(&self) -> bool {
        matches!(self, Self::Form(_))
    }
}

impl Content {
    /// What is on it, but for forms, and how many of six columns each block takes.
    pub(crate) fn spanned(&self) -> impl Iterator<Item = (u8, &Block)> {
        let blocks = self.blocks.iter().enumerate().filter(|(_, block)| !block.is_form());
        blocks.map(|(place, block)| (self.spans.get(place).copied().unwrap_or(6), block))
    }

    /// Whether something is picked by besides a range of time.
    pub(crate) fn is_picky(&self) -> bool {
        !self.choices.is_empty() || !self.fields.is_empty()
    }

    /// What can be changed here. It stands above what there is.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &Ask> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Form(ask) => Some(ask),
            _ => None,
        })
    }

    pub(crate) fn has_forms(&self) -> bool {
        self.forms().next().is_some()
    }

    /// The part that is kept fresh.
    pub(crate) fn live(&self) -> Option<&Live> {
        self.blocks.iter().find_map(|block| match block {
            Block::Live(live) => Some(live),
            _ => None,
        })
    }

    /// The table of this word; the first one where none is named.
    pub(crate) fn sheet(&self, word: &str) -> Option<&Sheet> {
        let sheets = self.blocks.iter().filter_map(|block| match block {
            Block::Sheet(sheet) => Some(sheet),
            Block::Doable(doable) | Block::Live(Live { doable, .. }) => Some(&doable.sheet),
            Block::Chart(chart) => Some(&chart.table),
            Block::Heat(heat) => Some(&heat.table),
            _ => None,
        });
        let first = self.blocks.iter().find_map(|block| match block {
            Block::Sheet(sheet) => Some(sheet),
            Block::Doable(doable) | Block::Live(Live { doable, .. }) => Some(&doable.sheet),
            _ => None,
        });
        let mut named = sheets.filter(|sheet| sheet.word == word);
        if word.is_empty() { first } else { named.next() }
    }
}
