//! Limits as tables with bars, and as JSON.

use bursar_admin::{BudgetChange, BudgetRow, Terms};
use comfy_table::Cell;
use serde_json::{Value, json};

use crate::table;

/// What a limit is now, and what it was before.
pub(crate) fn change(change: &BudgetChange) -> String {
    let BudgetChange { name, was, becomes, .. } = change;
    match (was.as_ref().map(Terms::line), becomes.as_ref().map(Terms::line)) {
        (None, Some(now)) => format!("limit `{name}` is set: {now}"),
        (Some(before), Some(now)) if before == now => {
            format!("limit `{name}` was so before: {now}")
        }
        (Some(before), Some(now)) => format!("limit `{name}` is changed: {before} → {now}"),
        (before, None) => {
            format!("limit `{name}` is ended; it was {}", before.unwrap_or_default())
        }
    }
}

/// One limit's figures; where it keeps several counters, those of the one that has used most.
pub(crate) fn one(rows: &[BudgetRow]) -> Value {
    let Some(row) = rows.first() else { return Value::Null };
    let mut told = json!(row.figures);
    if let Some(each) = &row.each {
        told["each"] = json!(each);
        told["each_value"] = json!(row.each_value);
    }
    told
}

/// Limits, a counter a line.
pub(crate) fn table(rows: &[BudgetRow]) -> String {
    let headings =
        ["limit", "", ">spent", ">held", ">remaining", ">of", "mode", ">refused", "begins anew"];
    let mut table = table::new(&headings);
    for row in rows {
        let figures = &row.figures;
        let amount = |text: &str| table::figure(figures.words(text));
        let (used, most) = row.figures.used_of();
        table.add_row(vec![
            Cell::new(name(row)),
            Cell::new(table::bar(used.min(most), most)),
            amount(&figures.spent),
            amount(&figures.held),
            amount(&figures.remaining),
            table::figure(of(row)),
            Cell::new(&figures.mode),
            table::figure(figures.refused),
            Cell::new(figures.window_end.as_deref().map_or("never", moment)),
        ]);
    }
    table.trim_fmt()
}

/// What a limit, and its counter, are called.
pub(crate) fn name(row: &BudgetRow) -> String {
    match &row.each_value {
        Some(value) => format!("{} ({value})", row.name),
        None => row.name.clone(),
    }
}

/// How much is allowed, with its unit.
pub(crate) fn of(row: &BudgetRow) -> String {
    let limit = row.figures.words(&row.figures.limit);
    if row.figures.unit == "usd" { limit } else { format!("{limit} {}", row.figures.unit) }
}

/// A time to the minute.
fn moment(time: &str) -> &str {
    time.get(..16).unwrap_or(time)
}
