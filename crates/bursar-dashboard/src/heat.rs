//! A heat map as SVG that the server draws: hours across, names down, the deeper the more of a hundred.
//! Each cell says its figure in words, and the same figures stand in a table below.

use crate::chart;
use crate::sheet::{Cell, Fill, Sheet};

/// The sizes of a drawing, in its own units.
const WIDTH: i64 = 960;
const LEFT: i64 = 250;
const ROW: i64 = 26;
const BELOW: i64 = 20;
/// More names than this are no picture.
const ROWS_MAX: usize = 12;
/// A longer name loses its beginning.
const NAME_LETTERS: usize = 36;
/// A label is so wide at most.
const LABEL_WIDTH: i64 = 50;
/// From so many tenths of a percent on, a cell is of the next step; the first is for none.
const STEPS: [i64; 4] = [1, 10, 50, 200];

/// A part of a whole, at one hour and of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// Which of the hours.
    pub(crate) place: usize,
    pub(crate) name: String,
    pub(crate) part: i64,
    pub(crate) whole: i64,
}

/// What a heat map is about.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) word: &'static str,
    pub(crate) title: String,
    /// What the hours are called, in order.
    pub(crate) hours: Vec<String>,
    /// What a part is called, and what a whole: `throttled`, `attempts`.
    pub(crate) words: (&'static str, &'static str),
}

/// A heat map.
#[derive(Debug, Clone)]
pub(crate) struct Heat {
    pub(crate) word: &'static str,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) height: i64,
    pub(crate) cells: Vec<Square>,
    pub(crate) names: Vec<Label>,
    pub(crate) hours: Vec<Label>,
    pub(crate) table: Sheet,
}

/// One cell.
#[derive(Debug, Clone)]
pub(crate) struct Square {
    pub(crate) x: i64,
    pub(crate) y: i64,
    pub(crate) width: i64,
    /// Its step: `h0` to `h4` in the style sheet.
    pub(crate) step: String,
    /// Its figure, where it is more than nothing.
    pub(crate) text: String,
    pub(crate) title: String,
}

/// A text beside the cells.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) at: i64,
    pub(crate) text: String,
}

impl Heat {
    pub(crate) const ROW: i64 = ROW;
    pub(crate) const STEPS: [(&str, &str); 5] = [
        ("h0", "none"),
        ("h1", "below 1 %"),
        ("h2", "1 % or more"),
        ("h3", "5 % or more"),
        ("h4", "20 % or more"),
    ];

    /// Draws spots, the names with the largest parts first.
    pub(crate) fn new(subject: Subject, spots: &[Spot]) -> Self {
        let names = names(spots);
        let Subject { word, title, hours, words } = subject;
        let square = |spot: &Spot| {
            let row = names.iter().position(|name| *name == spot.name)?;
            let hour = hours.get(spot.place)?;
            Some(square(spot, (row, hours.len()), (hour, words)))
        };
        let label = |(row, name): (usize, &&str)| Label { at: down(row) + 17, text: short(name) };
        let count = hours.len();
        let step = (LABEL_WIDTH * i64::try_from(count).unwrap_or(1)) / (WIDTH - LEFT) + 1;
        let fits = |label: &Label| label.at + LABEL_WIDTH <= WIDTH;
        let marks = hours.iter().enumerate().step_by(usize::try_from(step).unwrap_or(1));
        let marks =
            marks.map(|(place, hour)| Label { at: x(place, count), text: chart::short(hour) });
        Self {
            word,
            description: description(spots, &hours, words),
            height: down(names.len()) + BELOW,
            cells: spots.iter().filter_map(square).collect(),
            names: names.iter().enumerate().map(label).collect(),
            hours: marks.filter(fits).collect(),
            table: table((word, &title), (&hours, words), spots),
            title,
        }
    }
}

/// The names that are drawn: those with the largest parts, and of these with the largest wholes.
fn names(spots: &[Spot]) -> Vec<&str> {
    let mut sums: std::collections::BTreeMap<&str, (i64, i64)> = std::collections::BTreeMap::new();
    for spot in spots {
        let sum = sums.entry(&spot.name).or_default();
        *sum = (sum.0 + spot.part, sum.1 + spot.whole);
    }
    let mut names: Vec<_> = sums.into_iter().collect();
    names.sort_by(|one, other| (other.1, one.0).cmp(&(one.1, other.0)));
    names.into_iter().map(|(name, _)| name).take(ROWS_MAX).collect()
}

fn square(
    spot: &Spot,
    (row, count): (usize, usize),
    (hour, (part, whole)): (&str, (&str, &str)),
) -> Square {
    let tenths = tenths(spot);
    let step = STEPS.iter().filter(|least| tenths >= **least).count();
    let percent = if tenths < 10 { "<1".to_owned() } else { (tenths / 10).to_string() };
    let left = x(spot.place, count);
    Square {
        x: left,
        y: down(row),
        width: x(spot.place + 1, count) - left - 2,
        step: format!("h{step}"),
        text: if spot.part > 0 { percent } else { String::new() },
        title: format!("{hour}, {}: {} of {} {whole} {part}", spot.name, spot.part, spot.whole),
    }
}

/// The part in tenths of a percent; what is more than nothing is one at least.
fn tenths(spot: &Spot) -> i64 {
    let tenths = spot.part.saturating_mul(1_000) / spot.whole.max(1);
    if spot.part > 0 { tenths.max(1) } else { 0 }
}

fn x(place: usize, count: usize) -> i64 {
    let number = |size: usize| i64::try_from(size).unwrap_or(1);
    LEFT + (WIDTH - LEFT) * number(place) / number(count.max(1))
}

fn down(row: usize) -> i64 {
    i64::try_from(row).unwrap_or(0) * ROW
}

/// The end of a name, which tells models of one provider apart.
fn short(name: &str) -> String {
    let Some(over) = name.chars().count().checked_sub(NAME_LETTERS).filter(|over| *over > 0) else {
        return name.to_owned();
    };
    format!("…{}", name.chars().skip(over + 1).collect::<String>())
}

/// The same in a sentence.
fn description(spots: &[Spot], hours: &[String], (part, whole): (&str, &str)) -> String {
    let sum = |of: fn(&Spot) -> i64| spots.iter().map(of).sum::<i64>();
    let all = format!("{} of {} {whole} were {part}", sum(|s| s.part), sum(|s| s.whole));
    let worst = spots.iter().filter(|spot| spot.part > 0).max_by_key(|spot| tenths(spot));
    let worst = worst.and_then(|spot| Some((spot, hours.get(spot.place)?)));
    let worst = worst.map_or_else(String::new, |(spot, hour)| {
        format!(
            " The worst hour was {hour}, with {} of {} of {}.",
            spot.part, spot.whole, spot.name
        )
    });
    format!("{all}.{worst} The figures are in the table below.")
}

/// Every hour and name in which a part was more than nothing.
fn table(
    (word, title): (&'static str, &str),
    (hours, (part, whole)): (&[String], (&'static str, &'static str)),
    spots: &[Spot],
) -> Sheet {
    let row = |spot: &Spot| {
        let tenths = tenths(spot);
        let share = format!("{}.{}", tenths / 10, tenths % 10);
        vec![
            Cell::text(hours.get(spot.place).map_or("", String::as_str)),
            Cell::text(&spot.name),
            Cell::figure(spot.part.to_string(), spot.part),
            Cell::figure(spot.whole.to_string(), spot.whole),
            Cell::figure(format!("{share} %"), share),
        ]
    };
    Sheet {
        word,
        title: title.to_owned(),
        columns: vec![
            ("hour", Fill::Words),
            ("model", Fill::Words),
            (part, Fill::Figures),
            (whole, Fill::Figures),
            ("of a hundred", Fill::Figures),
        ],
        rows: spots.iter().filter(|spot| spot.part > 0).map(row).collect(),
        empty: "There is nothing to show.".to_owned(),
        next: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(place: usize, name: &str, (part, whole): (i64, i64)) -> Spot {
        Spot { place, name: name.to_owned(), part, whole }
    }

    fn heat(hours: usize, spots: &[Spot]) -> Heat {
        let hours = (0..hours).map(|hour| format!("11-23 {hour:02}:00")).collect();
        let (title, words) = ("Throttled".to_owned(), ("throttled", "attempts"));
        Heat::new(Subject { word: "throttles", title, hours, words }, spots)
    }

    #[test]
    fn a_cell_is_the_deeper_the_more_of_its_hour_was_throttled_and_says_so_in_words() {
        let spots = [(0, 0), (1, 5), (2, 10), (3, 200)]
            .map(|(place, part)| spot(place, "a.model", (part, 1_000)));
        let heat = heat(4, &spots);
        let steps: Vec<&str> = heat.cells.iter().map(|cell| cell.step.as_str()).collect();
        assert_eq!(steps, ["h0", "h1", "h2", "h4"]);
        let texts: Vec<&str> = heat.cells.iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(texts, ["", "<1", "1", "20"]);
        assert_eq!(heat.cells[3].title, "11-23 03:00, a.model: 200 of 1000 attempts throttled");
        assert!(heat.description.contains("215 of 4000 attempts were throttled"));
        assert!(heat.description.contains("The worst hour was 11-23 03:00"));
        assert_eq!(heat.table.rows.len(), 3, "what is nothing is left out");
    }

    #[test]
    fn cells_and_labels_stay_within_the_drawing_and_the_worst_names_are_on_it() {
        let many: Vec<Spot> = (0..40_usize)
            .flat_map(|name| (0..24).map(move |place| (name, place)))
            .map(|(name, place)| {
                let name_part = i64::try_from(name).unwrap();
                spot(
                    place,
                    &format!("a-provider.with-a-long-model-name-{name:02}-v1:0"),
                    (name_part, 99),
                )
            })
            .collect();
        for hours in [1, 5, 24] {
            let heat = heat(hours, &many);
            assert_eq!(heat.names.len(), ROWS_MAX);
            assert!(heat.names[0].text.ends_with("-39-v1:0"), "{:?}", heat.names[0]);
            assert!(heat.names.iter().all(|name| name.text.chars().count() <= NAME_LETTERS));
            assert!(!heat.hours.is_empty());
            assert!(heat.hours.iter().all(|label| label.at + LABEL_WIDTH <= WIDTH));
            for cell in &heat.cells {
                assert!(cell.x >= LEFT && cell.width > 0 && cell.x + cell.width <= WIDTH);
                assert!(cell.y + ROW <= heat.height - BELOW);
            }
        }
        assert!(heat(0, &[]).cells.is_empty());
    }
}
