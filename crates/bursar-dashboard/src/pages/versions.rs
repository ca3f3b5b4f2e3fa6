//! Versions: which versions of models answered, for whom, when, and how that is known.

use bursar_admin::View;
use bursar_ledger::{Ledger, VersionRow};

use super::spend::EMPTY;
use super::{ALL, Page, Visit};
use crate::content::{Block, Content, Field};
use crate::figures;
use crate::filters::{Filters, escaped};
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/versions",
    label: Some("Versions"),
    title: "Model versions",
    roles: ALL,
    picks: &["team"],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

/// So many rows are on the page; as CSV there are all.
const ROWS: usize = 200;

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let period = &filters.period;
    let range = (period.since, period.until);
    let versions = view.versions(range, filters.pick("team"), Ledger::PAGE_ROWS_MAX).await?;
    let mut sheet = sheet(&versions, &filters);
    if filters.csv.is_none() && sheet.rows.len() > ROWS {
        sheet.title = format!("{}, the first {ROWS} of {}", sheet.title, sheet.rows.len());
        sheet.rows.truncate(ROWS);
    }
    let lead = format!(
        "Of the last {} calls in the range. A version is what the answer reported, what an alias or a \
         profile was resolved to, or only what was requested.",
        figures::count(Ledger::PAGE_ROWS_MAX)
    );
    Ok(Content {
        lead: Some(lead),
        has_filters: true,
        fields: vec![Field::of("team", "Team", &filters)],
        blocks: vec![Block::Sheet(sheet)],
        ..Content::default()
    })
}

/// Versions of one model: of fewer calls, since a model's page reads other things too.
pub(super) async fn of_model(
    view: &View,
    filters: &Filters,
    model: &str,
) -> Result<Vec<VersionRow>, Problem> {
    let range = (filters.period.since, filters.period.until);
    let most = Ledger::FAULT_CALLS_MAX;
    let mut versions = view.versions(range, filters.pick("team"), most).await?;
    versions.retain(|version| version.model == model);
    Ok(versions)
}

/// Versions that answered, as a table.
pub(super) fn sheet(versions: &[VersionRow], filters: &Filters) -> Sheet {
    let rows = versions.iter().map(|row| {
        let at = |at| Cell::text(figures::time(at, filters.zone)).exactly(at);
        let model = Cell::text(&row.model).marked(crate::chart::colour(&row.model));
        vec![
            model.leads(filters.fresh_link(&format!("/models/{}", escaped(&row.model)), &[])),
            Cell::text(&row.version),
            Cell::text(&row.evidence),
            Cell::maybe(Some(row.team.as_str()).filter(|team| !team.is_empty())),
            Cell::figure(figures::count(row.calls), row.calls),
            at(row.first_at),
            at(row.last_at),
        ]
    });
    Sheet {
        word: "versions",
        title: "Versions that answered".to_owned(),
        columns: vec![
            ("model", Fill::Words),
            ("version", Fill::Words),
            ("known by", Fill::Words),
            ("team", Fill::Words),
            ("calls", Fill::Figures),
            ("first seen", Fill::Words),
            ("last seen", Fill::Words),
        ],
        rows: rows.collect(),
        empty: EMPTY.to_owned(),
        next: None,
    }
}
