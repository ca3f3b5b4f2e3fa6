//! A forecast as a table.

use bursar_admin::{Forecast, Outlook};
use comfy_table::Cell;

use super::show;
use crate::table;

/// Limits, with what is used a day and what becomes of them.
pub(crate) fn table(rows: &[Forecast]) -> String {
    let mut table = table::new(&["limit", ">spent", ">of", ">a day", "outlook"]);
    for Forecast { row, per_day, outlook, .. } in rows {
        let figures = &row.figures;
        let rate =
            per_day.as_deref().map_or_else(|| "–".to_owned(), |rate| a_day(figures.unit, rate));
        table.add_row(vec![
            Cell::new(show::name(row)),
            table::figure(figures.words(&figures.spent)),
            table::figure(show::of(row)),
            table::figure(rate),
            Cell::new(words(outlook, figures.window_end.is_some())),
        ]);
    }
    table.trim_fmt()
}

fn a_day(unit: &str, rate: &str) -> String {
    if unit != "usd" {
        return rate.split('.').next().unwrap_or(rate).to_owned();
    }
    let pico = bursar_domain::money::parse_decimal(rate, 12).unwrap_or_default();
    bursar_domain::money::Total(i128::from(pico)).rounded()
}

fn words(outlook: &Outlook, begins_anew: bool) -> String {
    match outlook {
        Outlook::Lasts if begins_anew => "lasts until it begins anew".to_owned(),
        Outlook::Lasts => "lasts".to_owned(),
        Outlook::RunsOut { at } => format!("runs out {}", at.get(..10).unwrap_or(at)),
        Outlook::Empty => "nothing is left".to_owned(),
        Outlook::TooLittleKnown { because } => format!("cannot be told yet: {because}"),
    }
}
