//! A usage report as a table: one row a value, dearest first, times in their order, then the total.

use bursar_ledger::{Counters, UsageReport, UsageRow};
use comfy_table::Cell;

use crate::comparison::{Comparison, change};
use crate::output::BOLD;
use crate::table;
use crate::trend::Trend;

/// What stands beside a report's figures.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside<'a> {
    /// What was before.
    pub(crate) comparison: Option<&'a Comparison>,
    /// How it went.
    pub(crate) trend: Option<&'a Trend>,
    /// The terminal's width: what repeats a figure is left out before lines break.
    pub(crate) columns: Option<usize>,
}

/// The table; `name` is what rows are told apart by.
pub(crate) fn show(name: &str, report: &UsageReport, beside: Beside) -> String {
    let columns = beside.columns.unwrap_or(usize::MAX);
    let whole = draw(name, report, beside, true);
    if is_within(&whole, columns) {
        return whole;
    }
    let without_bars = draw(name, report, beside, false);
    if is_within(&without_bars, columns) {
        return without_bars;
    }
    draw(name, report, Beside { trend: None, ..beside }, false)
}

fn is_within(text: &str, columns: usize) -> bool {
    text.lines().all(|line| line.trim_end().chars().count() <= columns)
}

fn draw(name: &str, report: &UsageReport, beside: Beside, has_bars: bool) -> String {
    let mut headings = vec![name, ">calls", ">in", ">out", ">cached", ">cost", ">share"];
    if has_bars {
        headings.push("");
    }
    if beside.comparison.is_some() {
        headings.extend([">before", ">change"]);
    }
    if let Some(trend) = beside.trend {
        headings.push(&trend.heading);
    }
    headings.extend([">errors", ">throttled"]);
    let mut table = table::new(&headings);
    let total = &report.total;
    for row in in_order(name, report) {
        let value = row.value.as_deref();
        let extras = Extras {
            before: beside.comparison.map(|comparison| comparison.of(value)),
            trend: beside.trend.map(|trend| trend.line(value)),
            has_bars,
        };
        table.add_row(cells(value.unwrap_or("–"), (&row.counters, total), extras));
    }
    let extras = Extras {
        before: beside.comparison.map(|comparison| comparison.total),
        trend: beside.trend.map(Trend::total_line),
        has_bars,
    };
    table.add_row(cells("total", (total, total), extras));
    embolden_last(&table.trim_fmt())
}

/// Dearest first, but times as they passed.
fn in_order<'a>(name: &str, report: &'a UsageReport) -> Vec<&'a UsageRow> {
    let mut rows: Vec<&UsageRow> = report.rows.iter().collect();
    if !matches!(name, "day" | "hour") {
        // The sort is stable: what costs the same stays in the order of its names.
        rows.sort_by_key(|row| std::cmp::Reverse((row.counters.cost.0, row.counters.calls)));
    }
    rows
}

struct Extras {
    before: Option<Counters>,
    trend: Option<String>,
    has_bars: bool,
}

fn cells(value: &str, (counters, total): (&Counters, &Counters), extras: Extras) -> Vec<Cell> {
    let cached = counters.cache_read_tokens
        + counters.cache_write_5m_tokens
        + counters.cache_write_1h_tokens;
    let errors = counters.rejected + counters.failed;
    let mut cells = vec![
        Cell::new(value),
        table::figure(table::count(counters.calls)),
        table::figure(table::count(counters.input_tokens)),
        table::figure(table::count(counters.output_tokens)),
        table::figure(table::count(cached)),
        table::figure(cost(counters)),
        table::figure(table::share(counters.cost.0, total.cost.0)),
    ];
    if extras.has_bars {
        cells.push(Cell::new(table::bar(counters.cost.0, total.cost.0)));
    }
    if let Some(before) = extras.before {
        cells.push(table::figure(cost(&before)));
        cells.push(table::figure(change(counters.cost.0, before.cost.0)));
    }
    cells.extend(extras.trend.map(Cell::new));
    cells.push(table::figure(table::share(errors.into(), counters.calls.into())));
    let (throttled, attempts) = (counters.throttled_attempts, counters.attempts);
    cells.push(table::figure(table::share(throttled.into(), attempts.into())));
    cells
}

fn cost(counters: &Counters) -> String {
    match counters.unpriced {
        0 => counters.cost.rounded(),
        unpriced => format!("{} + {unpriced} unpriced", counters.cost.rounded()),
    }
}

fn embolden_last(text: &str) -> String {
    match text.rsplit_once('\n') {
        Some((rows, total)) => format!("{rows}\n{BOLD}{total}{BOLD:#}"),
        None => text.to_owned(),
    }
}
