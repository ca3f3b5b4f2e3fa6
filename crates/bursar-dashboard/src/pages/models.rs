//! Models: what each cost, how fast it answers, how often it fails and throttles.

use std::collections::BTreeMap;

use bursar_admin::{Group, Pace};
use bursar_domain::time::{DAY_MS, Timestamp};
use bursar_ledger::Counters;
use tokio::try_join;

use super::spend::{EMPTY, all, ask, by_value, lead, per_thousand};
use super::{ALL, Page, Visit};
use crate::chart::colour;
use crate::content::{Block, Content, Field};
use crate::figures;
use crate::filters::{Period, escaped};
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/models",
    label: Some("Models"),
    title: "Models",
    roles: ALL,
    picks: &["team"],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

/// The whole days that a range is in: how fast models are is told of days.
pub(super) fn whole_days(period: &Period) -> (Timestamp, Timestamp) {
    let end = period.until.day();
    let end = if end == period.until { end } else { Timestamp(end.0 + DAY_MS) };
    (period.since.day(), end)
}

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let by_model = ask(&filters, &filters.period, (Group::Model, false));
    let paces = view.paces(whole_days(&filters.period), filters.pick("team"));
    let (lines, paces) = try_join!(view.sums(&by_model), paces)?;
    let paces: BTreeMap<String, Pace> =
        paces.unwrap_or_default().into_iter().map(|pace| (pace.model.clone(), pace)).collect();
    let sum = all(&lines);
    let mut models: Vec<(&str, Counters)> =
        by_value(&lines).into_iter().filter_map(|(model, sums)| Some((model?, sums))).collect();
    models.sort_by(|one, other| (other.1.cost.0, one.0).cmp(&(one.1.cost.0, other.0)));
    let rows = models.iter().map(|(model, sums)| {
        let link = filters.link(&format!("/models/{}", escaped(model)), &[]);
        let mut row = vec![
            Cell::text(*model).leads(link).marked(colour(model)),
            Cell::figure(figures::money(sums.cost), sums.cost.usd()),
            Cell::share(sums.cost.0, sum.cost.0),
            Cell::figure(figures::count(sums.calls), sums.calls),
            per_thousand(sums).map_or_else(
                || Cell::text("–"),
                |each| Cell::figure(figures::money(each), each.usd()),
            ),
        ];
        row.extend(speeds(paces.get(*model)));
        row.extend(troubles(sums));
        row
    });
    let sheet = Sheet {
        word: "models",
        title: "By model".to_owned(),
        columns: vec![
            ("model", Fill::Words),
            ("cost", Fill::Figures),
            ("share", Fill::Figures),
            ("calls", Fill::Figures),
            ("per 1,000 calls", Fill::Figures),
            ("half within", Fill::Figures),
            ("95 % within", Fill::Figures),
            ("99 % within", Fill::Figures),
            ("first token, half within", Fill::Figures),
            ("tokens a second", Fill::Figures),
            ("errors", Fill::Figures),
            ("throttled", Fill::Figures),
            ("refused", Fill::Figures),
        ],
        rows: rows.collect(),
        empty: EMPTY.to_owned(),
        next: None,
    };
    Ok(Content {
        lead: lead(&view, &filters),
        has_filters: true,
        fields: vec![Field::of("team", "Team", &filters)],
        blocks: vec![Block::Sheet(sheet), Block::Note(HOW_FAST.to_owned())],
        ..Content::default()
    })
}

const HOW_FAST: &str = "How fast a model is, is told of calls that succeeded, of whole UTC days, from \
                        counts in twenty steps: so many calls took no longer than that.";

/// How fast a model is: half, 95 and 99 of a hundred calls, the first token, tokens a second.
fn speeds(pace: Option<&Pace>) -> Vec<Cell> {
    let ms = |ms: Option<i64>| {
        ms.map_or_else(|| Cell::text("–"), |ms| Cell::figure(figures::duration(ms), ms))
    };
    let pace = pace.cloned();
    let [half, most, nearly_all] = pace.as_ref().map_or([None; 3], |pace| pace.latency_ms);
    let first = pace.as_ref().and_then(|pace| pace.first_token_ms[0]);
    let speed = pace.and_then(|pace| pace.speed);
    let speed =
        speed.map_or_else(|| Cell::text("–"), |speed| Cell::figure(figures::count(speed), speed));
    vec![ms(half), ms(most), ms(nearly_all), ms(first), speed]
}

/// How often it fails, throttles, and is refused.
fn troubles(sums: &Counters) -> [Cell; 3] {
    let failed = sums.rejected + sums.failed;
    let throttled = sums.throttled_attempts;
    [
        Cell::figure(figures::share(failed.into(), sums.calls.into()), failed),
        Cell::figure(figures::share(throttled.into(), sums.attempts.into()), throttled),
        Cell::figure(figures::count(sums.refused), sums.refused),
    ]
}
