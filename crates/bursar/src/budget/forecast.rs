//! A forecast as a table.

use bursar_admin::{Band, Basis, Forecast, Outlook};
use comfy_table::Cell;

use super::show;
use crate::table;

/// Limits, with what is used a day and what becomes of them.
pub(crate) fn table(rows: &[Forecast]) -> String {
    let mut table = table::new(&["limit", ">spent", ">of", ">a day", "told by", "outlook"]);
    for Forecast { row, per_day, based_on, band, outlook, .. } in rows {
        let figures = &row.figures;
        let rate =
            per_day.as_deref().map_or_else(|| "–".to_owned(), |rate| a_day(&figures.unit, rate));
        table.add_row(vec![
            Cell::new(show::name(row)),
            table::figure(figures.words(&figures.spent)),
            table::figure(show::of(row)),
            table::figure(rate),
            Cell::new(basis(*based_on)),
            Cell::new(words(outlook, band.as_ref(), figures.window_end.is_some())),
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

fn basis(basis: Option<Basis>) -> &'static str {
    match basis {
        Some(Basis::Window) => "this window",
        Some(Basis::RecentDays) => "the last days",
        None => "–",
    }
}

fn words(outlook: &Outlook, band: Option<&Band>, begins_anew: bool) -> String {
    match outlook {
        Outlook::Lasts if begins_anew => format!("lasts until it begins anew{}", open(band)),
        Outlook::Lasts => format!("lasts{}", open(band)),
        Outlook::RunsOut { at } => format!("runs out {}{}", day(at), open(band)),
        Outlook::Empty => "nothing is left".to_owned(),
        Outlook::TooLittleKnown { because } => format!("cannot be told yet: {because}"),
    }
}

/// What the difference between days leaves open.
fn open(band: Option<&Band>) -> String {
    let Some(Band { earliest: Some(earliest), latest, .. }) = band else { return String::new() };
    match latest {
        Some(latest) if day(latest) == day(earliest) => String::new(),
        Some(latest) => format!(" (as days differ: {} to {})", day(earliest), day(latest)),
        None => format!(" (as days differ: {} at the earliest)", day(earliest)),
    }
}

fn day(at: &str) -> &str {
    at.get(..10).unwrap_or(at)
}
