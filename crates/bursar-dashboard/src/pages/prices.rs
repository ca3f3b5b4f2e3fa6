//! Prices in force: of the model that is picked, or the models to pick from.

use bursar_admin::{Group, PriceQuery};

use super::model::price_sheet;
use super::spend::{EMPTY, ask, by_value};
use super::{ALL, Page, Visit};
use crate::chart::colour;
use crate::content::{Block, Content, Field};
use crate::figures;
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/prices",
    label: Some("Prices"),
    title: "Prices in force",
    roles: ALL,
    picks: &["model", "at"],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let fields =
        vec![Field::of("model", "Model", &filters), Field::of("at", "In force on", &filters)];
    let blocks = if let Some(model) = filters.pick("model") {
        let at = filters.pick("at").map(str::to_owned);
        let prices = view.prices(&PriceQuery { model: model.to_owned(), at })?;
        vec![Block::Sheet(price_sheet(&prices))]
    } else {
        let lines = view.sums(&ask(&filters, &filters.period, (Group::Model, false))).await?;
        let rows = by_value(&lines).into_iter().filter_map(|(model, sums)| {
            let model = model?;
            let link = filters.link("/prices", &[("model", Some(model))]);
            Some(vec![
                Cell::text(model).leads(link).marked(colour(model)),
                Cell::figure(figures::count(sums.calls), sums.calls),
                Cell::figure(figures::count(sums.unpriced), sums.unpriced),
            ])
        });
        vec![Block::Sheet(Sheet {
            word: "models",
            title: "Models that were called".to_owned(),
            columns: vec![
                ("model", Fill::Words),
                ("calls", Fill::Figures),
                ("without a price", Fill::Figures),
            ],
            rows: rows.collect(),
            empty: EMPTY.to_owned(),
            next: None,
        })]
    };
    Ok(Content { has_filters: true, fields, blocks, ..Content::default() })
}
