//! A chart as SVG that the server draws: bars on top of each other, or lines. It has a title and a
//! description for who does not see it, and the same figures as a table below.

mod series;
mod unit;

use self::series::{Plot, REST, rates, sums};
pub(crate) use self::series::{REFUSED, Ratio, Series, colour};
pub(crate) use self::unit::Unit;
use crate::sheet::{Cell, Fill, Sheet};

/// The size of a drawing, in its own units: it is stretched to the room that there is.
const WIDTH: i64 = 1_000;
const HEIGHT: i64 = 200;
/// More bars on top of each other than this would not be told apart; the rest is one.
const BARS_MAX: usize = 8;
/// Lines cross each other.
const LINES_MAX: usize = 5;
/// More dates than this would stand on each other.
const DATES_MAX: usize = 8;
/// Fewer points than this are no course of things.
const COURSE_LEAST: usize = 3;
/// Parts of a scale at most.
const PARTS_MAX: i128 = 5;

/// A chart.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    pub(crate) word: &'static str,
    pub(crate) title: String,
    /// What a point is: `by the day`.
    pub(crate) grain: &'static str,
    pub(crate) description: String,
    /// What the pointer shows, point by point.
    pub(crate) columns: Vec<Column>,
    pub(crate) lines: Vec<Line>,
    /// From the top down, evenly.
    pub(crate) scale: Vec<String>,
    /// Where the lines of the scale are.
    pub(crate) grid: Vec<i64>,
    pub(crate) dates: Vec<Tick>,
    pub(crate) legend: Vec<Key>,
    /// The figures by point and series, for CSV.
    pub(crate) table: Sheet,
    /// The same with a column for each series, for a page.
    pub(crate) rows: Vec<(String, Vec<Cell>)>,
    /// What to say where there is nothing to draw.
    pub(crate) empty: &'static str,
}

/// A point, from top to bottom.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) x: i64,
    pub(crate) width: i64,
    /// What it says when pointed at.
    pub(crate) title: String,
    pub(crate) bars: Vec<Bar>,
}

/// A piece of a bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) x: i64,
    pub(crate) y: i64,
    pub(crate) width: i64,
    pub(crate) height: i64,
    pub(crate) class: String,
}

/// A series as a line, with gaps where it has no figure.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) path: String,
    /// The points that have no neighbour, as lines of no length.
    pub(crate) dots: String,
    pub(crate) class: String,
}

/// A date below.
#[derive(Debug, Clone)]
pub(crate) struct Tick {
    /// In tenths of a percent of the width.
    pub(crate) at: i64,
    pub(crate) text: String,
}

/// A series in the legend.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) class: String,
    pub(crate) name: String,
    /// What it comes to over all points.
    pub(crate) text: String,
    /// Where it is told in full.
    pub(crate) href: Option<String>,
    /// The same beside the largest, in tenths of a percent.
    pub(crate) part: i128,
}

/// What a chart is about.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) word: &'static str,
    pub(crate) title: String,
    pub(crate) unit: Unit,
    /// What the points are called, in order.
    pub(crate) points: Vec<String>,
    /// What a point is: `by the day`.
    pub(crate) grain: &'static str,
    /// What to say where there is nothing to draw.
    pub(crate) empty: &'static str,
}

impl Chart {
    /// Bars on top of each other, the largest series at the bottom.
    pub(crate) fn bars(subject: &Subject, series: Vec<Series>) -> Self {
        let plots = sums(series, BARS_MAX);
        let figure = |plot: &Plot, place: usize| plot.figures.get(place).copied().flatten();
        let all =
            |place: usize| -> i128 { plots.iter().filter_map(|plot| figure(plot, place)).sum() };
        let most = (0..subject.points.len()).map(all).max().unwrap_or_default();
        let (step, parts) = scale(most);
        let mut chart = Self::bare(subject, &plots, (step, parts));
        for (place, column) in chart.columns.iter_mut().enumerate() {
            column.bars = stacked(column, &plots, (place, step * parts));
            let whole = subject.unit.text(all(place));
            column.title = format!("{}: {whole}\n{}", subject.points[place], column.title);
        }
        chart
    }

    /// A line for each rate.
    pub(crate) fn rates(subject: &Subject, ratios: Vec<Ratio>) -> Self {
        let plots = rates(ratios, LINES_MAX);
        let drawn = |plot: &Plot| {
            let figures = plot.figures.iter().zip(&plot.thin);
            figures.filter_map(|(figure, thin)| figure.filter(|_| !thin)).max()
        };
        let (step, parts) = scale(plots.iter().filter_map(drawn).max().unwrap_or_default());
        let mut chart = Self::bare(subject, &plots, (step, parts));
        for (place, column) in chart.columns.iter_mut().enumerate() {
            column.title = format!("{}\n{}", subject.points[place], column.title);
        }
        if plots.iter().any(|plot| plot.thin.contains(&true)) {
            let few = " A point with less than a tenth of the usual is not drawn.";
            chart.description.push_str(few);
        }
        let line = |plot: &Plot| {
            let (path, dots) = path(plot, &chart.columns, step * parts);
            Line { path, dots, class: plot.class.clone() }
        };
        // The largest is drawn last, above the others.
        chart.lines = plots.iter().rev().map(line).collect();
        chart
    }

    /// The same, where each series but the rest leads on.
    pub(crate) fn leading(mut self, to: impl Fn(&str) -> Option<String>) -> Self {
        for key in self.legend.iter_mut().filter(|key| key.name != REST) {
            key.href = to(&key.name);
        }
        self
    }

    /// The class of a name's colour, with its tint where it stands in this chart.
    pub(crate) fn class_of(&self, name: &str) -> String {
        let key = self.legend.iter().find(|key| key.name == name);
        key.map_or_else(|| colour(name), |key| key.class.clone())
    }

    /// Whether there is nothing to draw.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.rows.is_empty()
    }

    /// Whether so few points have figures that their course says nothing: then the series are shown
    /// side by side.
    pub(crate) fn is_flat(&self) -> bool {
        self.rows.len() < COURSE_LEAST
    }

    fn bare(subject: &Subject, plots: &[Plot], (step, parts): (i128, i128)) -> Self {
        let Subject { word, title, unit, points, grain, empty } = subject;
        let count = points.len();
        let column = |place: usize| {
            let said = plots.iter().filter_map(|plot| {
                let text = plot.text(place, *unit)?;
                (plot.figures[place] != Some(0)).then(|| format!("{}: {text}", plot.name))
            });
            let (left, right) = (x(place, count), x(place + 1, count));
            let title = said.collect::<Vec<_>>().join("\n");
            Column { x: left, width: right - left, title, bars: Vec::new() }
        };
        let every = count.div_ceil(DATES_MAX).max(1);
        let dates = points.iter().enumerate().step_by(every);
        let dates = dates.map(|(place, text)| Tick { at: x(place, count), text: short(text) });
        // A date stands at the left edge of its bar, and is left out where it would be cut off.
        let dates = dates.filter(|date| date.at + WIDTH / 10 <= WIDTH).collect();
        let marks = (0..=parts).rev().map(|part| part * step);
        let largest = plots.iter().map(|plot| plot.sum).max().unwrap_or_default().max(1);
        let key = |plot: &Plot| Key {
            class: plot.class.clone(),
            part: plot.sum * 1_000 / largest,
            name: plot.name.clone(),
            text: unit.text(plot.sum),
            href: None,
        };
        Self {
            word,
            title: title.clone(),
            grain,
            description: description(points, plots),
            columns: (0..count).map(column).collect(),
            lines: Vec::new(),
            scale: unit.marks(marks.clone()),
            grid: marks.map(|mark| y(mark, step * parts)).collect(),
            dates,
            legend: plots.iter().map(key).collect(),
            table: table((word, title), (*unit, points), plots),
            rows: rows((*unit, points), plots),
            empty,
        }
    }
}

fn description(points: &[String], plots: &[Plot]) -> String {
    let names: Vec<&str> = plots.iter().map(|plot| plot.name.as_str()).collect();
    let span = points.first().zip(points.last());
    let span = span.map_or_else(String::new, |(first, last)| format!("from {first} to {last}"));
    format!("{span}, of {}. The figures are in the table below.", names.join(", "))
}

/// One bar: a piece for each series that has something there.
fn stacked(column: &Column, plots: &[Plot], (place, top): (usize, i128)) -> Vec<Bar> {
    let gap = column.width / 6;
    let mut below = 0;
    let pieces = plots.iter().filter_map(|plot| {
        let figure = plot.figures.get(place).copied().flatten().unwrap_or_default();
        let (from, to) = (y(below, top), y(below + figure, top));
        below += figure;
        (from > to).then(|| Bar {
            x: column.x,
            y: to,
            width: (column.width - gap).max(1),
            height: from - to,
            class: plot.class.clone(),
        })
    });
    pieces.collect()
}

/// A line through the middle of its points, and those that stand alone.
fn path(plot: &Plot, columns: &[Column], top: i128) -> (String, String) {
    let points = plot.figures.iter().zip(&plot.thin).zip(columns);
    let points = points.map(|((figure, is_thin), column)| {
        let figure = figure.filter(|_| !is_thin)?;
        Some(format!("{} {}", column.x + column.width / 2, y(figure, top)))
    });
    let points: Vec<Option<String>> = points.collect();
    let stretches = points.split(Option::is_none).map(|stretch| {
        let points = stretch.iter().flatten().map(String::as_str);
        points.collect::<Vec<&str>>()
    });
    let (alone, several): (Vec<_>, Vec<_>) =
        stretches.filter(|points| !points.is_empty()).partition(|points| points.len() == 1);
    let dots = alone.iter().map(|points| format!("M{}h0", points.concat()));
    let path = several.iter().map(|points| format!("M{}", points.join("L")));
    let (path, dots) = (path.collect::<Vec<_>>().concat(), dots.collect::<Vec<_>>().concat());
    (path, dots)
}

/// The figures by point and series, in rows that programs take.
fn table(
    (word, title): (&'static str, &str),
    (unit, points): (Unit, &[String]),
    plots: &[Plot],
) -> Sheet {
    let columns = [("when", Fill::Words), ("of", Fill::Words), ("figure", Fill::Figures)];
    let rows = points.iter().enumerate().flat_map(|(place, point)| {
        plots.iter().filter_map(move |plot| {
            let figure = plot.figures.get(place).copied()?.filter(|figure| *figure != 0)?;
            let shown = Cell::figure(unit.text(figure), unit.exact(figure));
            Some(vec![Cell::text(point), Cell::text(&plot.name), shown])
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

/// The points that have a figure, each with one for every series.
fn rows((unit, points): (Unit, &[String]), plots: &[Plot]) -> Vec<(String, Vec<Cell>)> {
    let rows = points.iter().enumerate().filter_map(|(place, point)| {
        let figure = |plot: &Plot| plot.figures.get(place).copied().flatten();
        let has_any = plots.iter().any(|plot| figure(plot).is_some_and(|figure| figure != 0));
        let cell = |plot: &Plot| match figure(plot) {
            None => Cell::text("–"),
            Some(figure) => Cell::figure(unit.text(figure), unit.exact(figure)),
        };
        has_any.then(|| (point.clone(), plots.iter().map(cell).collect()))
    });
    rows.collect()
}

/// The step of a scale that reaches a figure, 1, 2 or 5 times a power of ten, and how many there are.
fn scale(most: i128) -> (i128, i128) {
    let mut power = 1;
    while power * 10 * PARTS_MAX < most && power < i128::MAX / 1_000 {
        power *= 10;
    }
    let steps = [1, 2, 5, 10].map(|times| power * times);
    let step = steps.into_iter().find(|step| step * PARTS_MAX >= most).unwrap_or(most);
    (step, ((most + step - 1) / step).max(1))
}

/// A point's name below its bar: the hour alone, or the day and the month.
pub(crate) fn short(name: &str) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let date = |text: &str| {
        let (month, day) = text.split_once('-')?;
        let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
        Some(format!("{} {month}", day.parse::<u8>().ok()?))
    };
    match name.split_once(' ') {
        Some((_, hour)) if hour != "00:00" => hour.to_owned(),
        Some((day, _)) => date(day).unwrap_or_else(|| name.to_owned()),
        None => name.split_once('-').and_then(|(_, day)| date(day)).unwrap_or(name.to_owned()),
    }
}

fn x(place: usize, count: usize) -> i64 {
    let (place, count) =
        (i64::try_from(place).unwrap_or(0), i64::try_from(count.max(1)).unwrap_or(1));
    WIDTH * place / count
}

fn y(figure: i128, top: i128) -> i64 {
    let part = i128::from(HEIGHT) * figure.clamp(0, top) / top.max(1);
    HEIGHT - i64::try_from(part).unwrap_or(0)
}

#[cfg(test)]
mod tests;
