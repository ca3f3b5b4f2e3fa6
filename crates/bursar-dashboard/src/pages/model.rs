//! One model: what it cost and how it answers over time, its prices in force, and when it ends.

use bursar_admin::{Group, Pace, PriceQuery, PriceRow, SumAsk};
use bursar_domain::time::{DAY_MS, HOUR_MS};
use bursar_ledger::Counters;

use super::models::whole_days;
use super::reliability::{fault_sheet, faults_note};
use super::spend::{EMPTY, all, ask, lead, points, series};
use super::{ALL, Page, Visit, quota, versions};
use crate::chart::{Chart, Subject, Unit};
use crate::content::{Block, Content, Field, Tile};
use crate::figures;
use crate::filters::Filters;
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/models/{}",
    label: None,
    title: "A model",
    roles: ALL,
    picks: &["team"],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

/// So many rows of old prices are shown at most.
const HISTORY_ROWS: usize = 200;

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, part } = visit;
    let model = view.model(&part.unwrap_or_default())?;
    let period = &filters.period;
    let sums = |group| {
        let mut ask = ask(&filters, period, (group, true));
        // Of the busiest hour, or day, quotas are told.
        ask.step_ms = Some(if period.is_hourly { HOUR_MS } else { DAY_MS });
        ask.model = Some(model.id.clone());
        ask
    };
    let lines = view.sums(&sums(Group::Model)).await?;
    let previous = period.previous();
    let of_before = SumAsk {
        since: previous.since,
        until: previous.until,
        step_ms: None,
        ..sums(Group::Model)
    };
    let before = all(&view.sums(&of_before).await?);
    let paces = view.paces(whole_days(period), filters.pick("team")).await?;
    let pace = paces.unwrap_or_default().into_iter().find(|pace| pace.model == model.id);
    let sum = all(&lines);
    let mut tiles = tiles((&sum, &before), &model.id, &filters);
    tiles.extend(pace.iter().flat_map(pace_tiles));
    let subject = |word, title: &str| Subject {
        word,
        title: title.to_owned(),
        unit: Unit::Dollars,
        points: points(period),
        grain: period.grain(),
        empty: EMPTY,
    };
    let spend = series(period, &lines, |sums: &Counters| sums.cost.0);
    let versions = versions::of_model(&view, &filters, &model.id).await?;
    let prices = view.prices(&PriceQuery { model: model.id.clone(), at: None })?;
    let blocks = vec![
        Block::Tiles(tiles),
        Block::Chart(Box::new(Chart::bars(&subject("spend", "Spend"), spend))),
        Block::Facts(
            "Against Bedrock's quota".to_owned(),
            quota::facts((&model.id, view.quota(&model.id)), &lines, period),
        ),
        Block::Facts("What it is".to_owned(), model_facts(&model)),
        Block::Note(quota::note()),
        Block::Sheet(fault_sheet(&view, &filters, Some(&model.id)).await?),
        Block::Sheet(versions::sheet(&versions, &filters)),
        Block::Note(faults_note()),
        Block::Sheet(price_sheet(&prices)),
        Block::Sheet(history_sheet(&view.price_history(&model.id)?)),
    ];
    Ok(Content {
        title: Some(model.id.clone()),
        lead: lead(&view, &filters),
        has_filters: true,
        fields: vec![Field::of("team", "Team", &filters)],
        blocks,
        spans: vec![6, 6, 3, 3],
        ..Content::default()
    })
}

fn tiles((sum, before): (&Counters, &Counters), model: &str, filters: &Filters) -> Vec<Tile> {
    let delta = |now: i128, before: i128| {
        figures::delta(now, before).map(|delta| format!("{delta} on as long before"))
    };
    let failed = sum.rejected + sum.failed;
    let calls = filters.link("/calls", &[("model", Some(model))]);
    vec![
        Tile::new("Cost", figures::money(sum.cost), sum.cost.usd())
            .beside(delta(sum.cost.0, before.cost.0)),
        Tile::new("Calls", figures::count(sum.calls), sum.calls)
            .beside(delta(sum.calls.into(), before.calls.into()))
            .leads(calls),
        Tile::new("Errors", figures::share(failed.into(), sum.calls.into()), failed),
        Tile::new(
            "Throttled",
            figures::share(sum.throttled_attempts.into(), sum.attempts.into()),
            sum.throttled_attempts,
        ),
        Tile::new("Refused", figures::count(sum.refused), sum.refused),
    ]
}

/// How fast it answers.
fn pace_tiles(pace: &Pace) -> [Tile; 3] {
    let ms = |ms: Option<i64>| ms.map_or_else(|| "–".to_owned(), figures::duration);
    let exact = |figure: Option<i64>| figure.map(|figure| figure.to_string()).unwrap_or_default();
    let [half, most, nearly_all] = pace.latency_ms;
    let [first, first_most] = pace.first_token_ms;
    let slower = format!("95 % {}, 99 % {}", ms(most), ms(nearly_all));
    [
        Tile::new("Half of the calls within", ms(half), exact(half)).beside(Some(slower)),
        Tile::new("First token, half within", ms(first), exact(first))
            .beside(Some(format!("95 % {}", ms(first_most)))),
        Tile::new("Tokens a second", exact(pace.speed), exact(pace.speed)),
    ]
}

fn model_facts(model: &bursar_admin::ModelFacts) -> Vec<(&'static str, Cell)> {
    vec![
        ("Id", Cell::text(&model.id)),
        ("Name", Cell::maybe(model.name.as_deref())),
        ("Provider", Cell::text(&model.provider)),
        ("Legacy since", Cell::maybe(model.legacy_from.as_deref())),
        ("Ends", Cell::maybe(model.ends_on.as_deref())),
        ("The catalogue is of", Cell::text(&model.retrieved_on)),
    ]
}

/// Where a price was found: the first place, and how many others say so. As CSV, all of them.
fn sources(sources: &[String]) -> Cell {
    let first = sources.first().map_or("–", String::as_str);
    match sources.len().saturating_sub(1) {
        0 => Cell::text(first),
        others => Cell::text(format!("{first}, and {others} more")).exactly(sources.join(", ")),
    }
}

/// Prices that are no longer in force, or not yet.
fn history_sheet(prices: &[PriceRow]) -> Sheet {
    let row = |price: &PriceRow| {
        let rate = |rate: &Option<String>| match rate {
            Some(rate) => Cell::figure(rate, rate),
            None => Cell::text("–"),
        };
        vec![
            Cell::maybe(price.effective_from.as_deref()),
            Cell::maybe(price.effective_to.as_deref()),
            Cell::text(&price.region),
            Cell::text(&price.routing),
            Cell::text(&price.tier),
            rate(&price.rates.input),
            rate(&price.rates.output),
            sources(&price.sources),
            Cell::text(&price.id),
        ]
    };
    let columns = [
        ("since", Fill::Words),
        ("before", Fill::Words),
        ("region", Fill::Words),
        ("routing", Fill::Words),
        ("tier", Fill::Words),
        ("input", Fill::Figures),
        ("output", Fill::Figures),
        ("source", Fill::Words),
        ("id", Fill::Words),
    ];
    Sheet {
        word: "history",
        title: "Prices before and to come, in dollars per million tokens".to_owned(),
        columns: columns.to_vec(),
        rows: prices.iter().take(HISTORY_ROWS).map(row).collect(),
        empty: "The price list knows of no other prices, before or to come.".to_owned(),
        next: None,
    }
}

/// Prices in force, as a table.
pub(super) fn price_sheet(prices: &[PriceRow]) -> Sheet {
    let row = |price: &PriceRow| {
        let rate = |rate: &Option<String>| match rate {
            Some(rate) => Cell::figure(rate, rate),
            None => Cell::text("–"),
        };
        let rates = &price.rates;
        let mut words: Vec<String> =
            price.variant.iter().map(|(name, value)| format!("{name} {value}")).collect();
        if price.above_tokens > 0 {
            words.push(format!("above {} tokens", price.above_tokens));
        }
        words.extend(price.meters.iter().map(|(meter, rate)| format!("{rate} per {meter}")));
        vec![
            Cell::text(&price.region),
            Cell::text(&price.routing),
            Cell::text(&price.tier),
            Cell::text(words.join(", ")),
            rate(&rates.input),
            rate(&rates.output),
            rate(&rates.cache_read),
            rate(&rates.cache_write_5m),
            rate(&rates.cache_write_1h),
            Cell::maybe(price.effective_from.as_deref()),
            sources(&price.sources),
            Cell::text(&price.id),
        ]
    };
    let columns = [
        ("region", Fill::Words),
        ("routing", Fill::Words),
        ("tier", Fill::Words),
        ("what else", Fill::Words),
        ("input", Fill::Figures),
        ("output", Fill::Figures),
        ("cache read", Fill::Figures),
        ("cached 5 minutes", Fill::Figures),
        ("cached an hour", Fill::Figures),
        ("since", Fill::Words),
        ("source", Fill::Words),
        ("id", Fill::Words),
    ];
    Sheet {
        word: "prices",
        title: "Prices in force, in dollars per million tokens".to_owned(),
        columns: columns.to_vec(),
        rows: prices.iter().map(row).collect(),
        empty:
            "No price is known: calls of it are recorded without a cost. `bursar price` says what \
                to do."
                .to_owned(),
        next: None,
    }
}
