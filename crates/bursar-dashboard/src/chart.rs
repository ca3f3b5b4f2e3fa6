//! A chart as SVG that the server draws: bars on top of each other, or lines. It has a title and a
//! description for who does not see it, and the same figures as a table below.

use bursar_domain::money::Total;

use crate::figures;
use crate::sheet::{Cell, Fill, Sheet};

/// The size of a drawing, in its own units.
const WIDTH: i64 = 960;
const HEIGHT: i64 = 240;
/// Room for the scale at the left and for dates below.
const LEFT: i64 = 76;
const BELOW: i64 = 24;
/// More series than this would not be told apart; the rest is one.
const SERIES_MAX: usize = 8;
/// More dates than this would stand on each other.
const DATES_MAX: usize = 8;
/// The colours there are: `c0` to `c9` in the style sheet.
const COLOURS: u64 = 10;

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

/// One series: its name, and its figure at each point.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) figures: Vec<i128>,
}

/// A chart.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    pub(crate) word: &'static str,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) boxes: Vec<Shape>,
    pub(crate) lines: Vec<Line>,
    pub(crate) scale: Vec<Tick>,
    pub(crate) dates: Vec<Tick>,
    pub(crate) legend: Vec<(String, String)>,
    pub(crate) table: Sheet,
}

/// A piece of a bar.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) x: i64,
    pub(crate) y: i64,
    pub(crate) width: i64,
    pub(crate) height: i64,
    pub(crate) colour: String,
    pub(crate) title: String,
}

/// A series as a line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) points: String,
    pub(crate) colour: String,
    pub(crate) title: String,
}

/// A mark on a side.
#[derive(Debug, Clone)]
pub(crate) struct Tick {
    pub(crate) at: i64,
    pub(crate) text: String,
}

/// What refused requests are called.
pub(crate) const REFUSED: &str = "refused";
/// The colours of outcomes, which no two share.
const OUTCOMES: [(&str, &str); 7] = [
    ("succeeded", "c2"),
    ("rejected", "c1"),
    ("throttled", "c6"),
    ("failed", "c5"),
    ("cut", "c7"),
    ("abandoned", "c8"),
    (REFUSED, "c4"),
];

/// The class of a name's colour: the same on every page and in every process.
pub(crate) fn colour(name: &str) -> String {
    if let Some((_, colour)) = OUTCOMES.iter().find(|(outcome, _)| *outcome == name) {
        return (*colour).to_owned();
    }
    // FNV-1a, 64 bits, and a last stir: names that differ in one letter differ in all bits.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let stirred = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    format!("c{}", (stirred ^ (stirred >> 33)) % COLOURS)
}

impl Unit {
    fn text(self, figure: i128) -> String {
        match self {
            Self::Count => figures::count(i64::try_from(figure).unwrap_or(i64::MAX)),
            Self::Dollars => figures::money(Total(figure)),
            Self::Tenths => format!("{}.{} %", figure / 10, figure.unsigned_abs() % 10),
        }
    }

    fn exact(self, figure: i128) -> String {
        match self {
            Self::Count => figure.to_string(),
            Self::Dollars => Total(figure).usd(),
            Self::Tenths => format!("{}.{}", figure / 10, figure.unsigned_abs() % 10),
        }
    }
}

/// What a chart is about.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) word: &'static str,
    pub(crate) title: String,
    pub(crate) unit: Unit,
    /// What the points are called, in order.
    pub(crate) points: Vec<String>,
}

impl Chart {
    /// Bars on top of each other, the largest series at the bottom.
    pub(crate) fn bars(subject: Subject, series: Vec<Series>) -> Self {
        let series = few(series);
        let sums: Vec<i128> = (0..subject.points.len())
            .map(|place| series.iter().filter_map(|one| one.figures.get(place)).sum())
            .collect();
        let top = ceiling(sums.iter().copied().max().unwrap_or_default());
        let count = subject.points.len();
        let bars = subject.points.iter().enumerate();
        let boxes = bars.flat_map(|(place, point)| {
            let within = (x(place, count), x(place + 1, count));
            bar((place, point), within, (&series, subject.unit, top))
        });
        let boxes = boxes.collect();
        Self { boxes, ..Self::bare(subject, &series, top) }
    }

    /// A line for each series.
    pub(crate) fn lines(subject: Subject, series: Vec<Series>) -> Self {
        let series = few(series);
        let most = series.iter().flat_map(|one| one.figures.iter().copied()).max();
        let top = ceiling(most.unwrap_or_default());
        let count = subject.points.len();
        let line = |one: &Series| {
            let middle = (x(1, count) - x(0, count)) / 2;
            let points =
                one.figures.iter().enumerate().map(|(place, figure)| {
                    format!("{},{}", x(place, count) + middle, y(*figure, top))
                });
            Line {
                points: points.collect::<Vec<_>>().join(" "),
                colour: colour_of(&one.name),
                title: one.name.clone(),
            }
        };
        let lines = series.iter().map(line).collect();
        Self { lines, ..Self::bare(subject, &series, top) }
    }

    fn bare(subject: Subject, series: &[Series], top: i128) -> Self {
        let Subject { word, title, unit, points } = subject;
        let step = points.len().div_ceil(DATES_MAX).max(1);
        let dates = points.iter().enumerate().step_by(step);
        let dates =
            dates.map(|(place, text)| Tick { at: x(place, points.len()), text: text.clone() });
        // A date stands at the left edge of its bar, and is left out where it would be cut off.
        let fits = |date: &Tick| date.at + wide(&date.text) <= WIDTH;
        let parts = [0, 1, 2, 3, 4];
        let scale =
            parts.map(|part| Tick { at: y(top * part / 4, top), text: unit.text(top * part / 4) });
        let legend = series.iter().map(|one| (colour_of(&one.name), one.name.clone())).collect();
        let names: Vec<&str> = series.iter().map(|one| one.name.as_str()).collect();
        let span = points.first().zip(points.last());
        let span = span.map_or_else(String::new, |(first, last)| format!("from {first} to {last}"));
        let description = match names.as_slice() {
            [] => "There is nothing to show.".to_owned(),
            names => {
                format!("{span}, of {}. The figures are in the table below.", names.join(", "))
            }
        };
        let dates = dates.filter(fits).collect();
        let table = table((word, &title), (unit, &points), series);
        let (boxes, lines, scale) = (Vec::new(), Vec::new(), scale.to_vec());
        Self { word, title, description, boxes, lines, scale, dates, legend, table }
    }
}

/// One bar: a piece for each series that has something there.
fn bar(
    (place, point): (usize, &str),
    (left, right): (i64, i64),
    (series, unit, top): (&[Series], Unit, i128),
) -> Vec<Shape> {
    let gap = i64::from(right - left > 6) * 2;
    let mut below = 0;
    let pieces = series.iter().filter_map(|one| {
        let figure = one.figures.get(place).copied().unwrap_or_default();
        let (from, to) = (y(below, top), y(below + figure, top));
        below += figure;
        (from > to).then(|| Shape {
            x: left,
            y: to,
            width: (right - left - gap).max(1),
            height: from - to,
            colour: colour_of(&one.name),
            title: format!("{point}, {}: {}", one.name, unit.text(figure)),
        })
    });
    pieces.collect()
}

/// The figures by point and series.
fn table(
    (word, title): (&'static str, &str),
    (unit, points): (Unit, &[String]),
    series: &[Series],
) -> Sheet {
    let columns = [("when", Fill::Words), ("of", Fill::Words), ("figure", Fill::Figures)];
    let rows = points.iter().enumerate().flat_map(|(place, point)| {
        series.iter().filter_map(move |one| {
            let figure = one.figures.get(place).copied().filter(|figure| *figure != 0)?;
            let shown = Cell::figure(unit.text(figure), unit.exact(figure));
            Some(vec![Cell::text(point), Cell::text(&one.name), shown])
        })
    });
    Sheet {
        word,
        title: title.to_owned(),
        columns: columns.to_vec(),
        rows: rows.collect(),
        empty: "There is nothing to show.".to_owned(),
        next: None,
    }
}

/// What the series beyond the largest are called together.
const REST: &str = "all others";

fn colour_of(name: &str) -> String {
    if name == REST { "cx".to_owned() } else { colour(name) }
}

/// The largest series, and the rest as one.
fn few(mut series: Vec<Series>) -> Vec<Series> {
    let sum = |one: &Series| one.figures.iter().sum::<i128>();
    series.sort_by(|one, other| (sum(other), &one.name).cmp(&(sum(one), &other.name)));
    if series.len() <= SERIES_MAX {
        return series;
    }
    let rest = series.split_off(SERIES_MAX - 1);
    let points = rest.iter().map(|one| one.figures.len()).max().unwrap_or_default();
    let figure = |place: usize| rest.iter().filter_map(|one| one.figures.get(place)).sum();
    series.push(Series { name: REST.to_owned(), figures: (0..points).map(figure).collect() });
    series
}

/// The next larger of 4, 8 and 20 times a power of ten: four parts of it are round.
fn ceiling(most: i128) -> i128 {
    let mut power = 4;
    while power * 10 < most && power < i128::MAX / 100 {
        power *= 10;
    }
    [1, 2, 5, 10].into_iter().map(|times| power * times).find(|top| *top >= most).unwrap_or(most)
}

/// How wide a text below a chart is at most.
fn wide(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(WIDTH) * 7
}

fn x(place: usize, count: usize) -> i64 {
    let (place, count) =
        (i64::try_from(place).unwrap_or(0), i64::try_from(count.max(1)).unwrap_or(1));
    LEFT + (WIDTH - LEFT) * place / count
}

fn y(figure: i128, top: i128) -> i64 {
    let room = i128::from(HEIGHT - BELOW - 8);
    let part = room * figure.clamp(0, top) / top.max(1);
    HEIGHT - BELOW - i64::try_from(part).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(points: usize) -> Subject {
        let points = (1..=points).map(|day| format!("2026-11-{day:02}")).collect();
        Subject { word: "spend", title: "Spend".to_owned(), unit: Unit::Tenths, points }
    }

    fn series(name: &str, figures: &[i128]) -> Series {
        Series { name: name.to_owned(), figures: figures.to_vec() }
    }

    #[test]
    fn bars_stand_on_each_other_and_within_the_drawing() {
        let series = vec![series("a", &[30, 0, 100]), series("b", &[10, 20, 300])];
        let chart = Chart::bars(subject(3), series);
        assert_eq!(chart.legend[0].1, "b", "the largest first");
        assert_eq!(chart.boxes.iter().filter(|one| one.x == chart.boxes[0].x).count(), 2);
        let last: Vec<_> = chart.boxes.iter().filter(|one| one.title.contains("-03")).collect();
        assert_eq!(last[1].y + last[1].height, last[0].y);
        for one in &chart.boxes {
            assert!(one.y >= 0 && one.y + one.height <= HEIGHT - BELOW, "{one:?}");
            assert!(one.x >= LEFT && one.x + one.width <= WIDTH, "{one:?}");
        }
        assert_eq!(chart.table.rows.len(), 5, "what is nothing is left out");
    }

    #[test]
    fn no_date_is_cut_off() {
        for days in 1..=31 {
            let chart = Chart::bars(subject(days), vec![series("a", &vec![1; days])]);
            assert!(!chart.dates.is_empty());
            assert!(chart.dates.iter().all(|date| date.at + 66 <= WIDTH), "{days} days");
        }
    }

    #[test]
    fn many_series_are_a_few_and_the_rest_and_nothing_is_lost() {
        let many = (0..30).map(|number| series(&format!("m{number}"), &[number, 1])).collect();
        let chart = Chart::lines(subject(2), many);
        assert_eq!(chart.lines.len(), SERIES_MAX);
        assert_eq!(chart.legend[SERIES_MAX - 1], ("cx".to_owned(), REST.to_owned()));
        let sum: i128 = chart
            .table
            .rows
            .iter()
            .map(|row| row[2].value.as_ref().unwrap().replace('.', "").parse::<i128>().unwrap())
            .sum();
        assert_eq!(sum, (0..30).sum::<i128>() + 30);
        assert!(Chart::lines(subject(0), Vec::new()).lines.is_empty());
    }

    #[test]
    fn a_name_has_one_colour_wherever_it_is_shown() {
        assert_eq!(colour("amazon.nova-lite-v1:0"), colour("amazon.nova-lite-v1:0"));
        let names = (0..200).map(|number| colour(&format!("vendor.model-{number}")));
        let used: std::collections::BTreeSet<String> = names.collect();
        assert_eq!(used.len(), 10, "{used:?}");
    }

    #[test]
    fn a_scale_reaches_its_largest_figure() {
        for most in [0, 1, 3, 4, 5, 39, 41, 99, 1_000, 123_456_789_012_345_i128] {
            let top = ceiling(most);
            assert!(top >= most && (most < 5 || top <= most * 4), "{most}: {top}");
            assert_eq!(top % 4, 0);
        }
    }
}
