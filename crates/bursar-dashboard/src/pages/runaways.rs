//! Runaways: a saved view of calls. What was cut and why, what its caller did not get, what is billed
//! for it or bounds that, what was refused afterwards; and who is frozen.

use bursar_admin::{CallQuery, FrozenSince, Group, Runaway, Runaways};
use bursar_domain::span::Zone;
use bursar_ledger::{Counters, Ledger};

use super::spend::{all, ask, lead};
use super::{ALL, Page, Visit, calls};
use crate::chart::colour;
use crate::content::{Block, Content, Field, Tile};
use crate::figures;
use crate::filters::{Filters, escaped};
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/runaways",
    label: Some("Runaways"),
    title: "Runaways",
    roles: ALL,
    picks: &["team", "model", "key", "user", "after"],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

/// Rows on a page: of each, ten minutes of refusals are looked at.
const ROWS: u32 = 25;

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let (period, own) = (&filters.period, |name| filters.pick(name).map(str::to_owned));
    let query = CallQuery {
        since: Some(period.since.to_string()),
        until: Some(period.until.to_string()),
        model: own("model"),
        team: own("team"),
        user: own("user"),
        key: own("key"),
        limit: Some(ROWS),
        after: own("after"),
        ..CallQuery::default()
    };
    let runaways = view.runaways(&query).await?;
    let frozen = view.frozen().await?;
    let now = all(&view.sums(&ask(&filters, period, (Group::Model, false))).await?);
    let before = view.sums(&ask(&filters, &period.previous(), (Group::Model, false))).await?;
    let mut blocks = vec![Block::Tiles(tiles(&now, &all(&before), frozen.len()))];
    if !frozen.is_empty() {
        blocks.push(Block::Sheet(freeze_sheet(&frozen, filters.zone)));
    }
    blocks.push(Block::Sheet(sheet(&runaways, &filters)));
    blocks.push(Block::Note(note()));
    blocks.extend(calls::archive_notes(&runaways.archived));
    Ok(Content {
        lead: lead(&view, &filters),
        has_filters: true,
        fields: vec![
            Field::of("team", "Team", &filters),
            Field::of("model", "Model", &filters),
            Field::of("key", "Key", &filters),
            Field::of("user", "User", &filters),
        ],
        blocks,
        ..Content::default()
    })
}

fn note() -> String {
    format!(
        "A cut stops what the client gets, and what is called next; Bedrock most likely bills the \
         call on. What was withheld is told where the reply was read to its end; where it was not, \
         the bill is a bound. Of refusals those of the same key in the {} minutes after are counted, \
         60 a minute at most.",
        Ledger::AFTER_MINUTES
    )
}

fn tiles(now: &Counters, before: &Counters, frozen: usize) -> Vec<Tile> {
    let count = |label: &str, of: fn(&Counters) -> i64| {
        Tile::new(label, figures::count(of(now)), of(now))
            .beside(Some(format!("{} as long before", figures::count(of(before)))))
    };
    vec![
        count("Calls that were cut", |sums| sums.cut),
        count("Calls", |sums| sums.calls),
        count("Refused", |sums| sums.refused),
        Tile::new("Frozen now", frozen.to_string(), frozen).leads("/budgets"),
    ]
}

fn freeze_sheet(frozen: &[FrozenSince], zone: Zone) -> Sheet {
    let row = |FrozenSince { freeze, refused }: &FrozenSince| {
        let refused = refused.map_or_else(
            || Cell::maybe(None),
            |refused| Cell::figure(figures::count(refused), refused),
        );
        vec![
            Cell::text(&freeze.name),
            Cell::text(&freeze.reason),
            Cell::text(&freeze.by),
            calls::time(&freeze.at, zone),
            refused,
        ]
    };
    Sheet {
        word: "freezes",
        title: "Frozen now: every call is refused".to_owned(),
        columns: vec![
            ("who", Fill::Words),
            ("why", Fill::Words),
            ("by", Fill::Words),
            ("since", Fill::Words),
            ("refused since that day", Fill::Figures),
        ],
        rows: frozen.iter().map(row).collect(),
        ..Sheet::default()
    }
}

fn sheet(runaways: &Runaways, filters: &Filters) -> Sheet {
    let next = runaways.next.as_deref();
    Sheet {
        word: "runaways",
        title: "Calls that were cut, newest first".to_owned(),
        columns: vec![
            ("started", Fill::Words),
            ("call", Fill::Words),
            ("team", Fill::Words),
            ("key", Fill::Words),
            ("model", Fill::Words),
            ("why", Fill::Words),
            ("output tokens", Fill::Figures),
            ("withheld", Fill::Figures),
            ("cost", Fill::Figures),
            ("the bill is", Fill::Words),
            ("refused after", Fill::Figures),
            ("what was said", Fill::Words),
        ],
        rows: runaways.rows.iter().map(|runaway| row(runaway, filters.zone)).collect(),
        empty: "No call was cut in this range. Limits on streams cut them: `bursar streams limit` \
                sets one, and `bursar streams cut` cuts one by hand."
            .to_owned(),
        next: next.map(|after| filters.link("/runaways", &[("after", Some(after))])),
    }
}

fn row(runaway: &Runaway, zone: Zone) -> Vec<Cell> {
    let Runaway { call, withheld, refused_after } = runaway;
    let tokens = |count: u64| Cell::figure(figures::tokens(calls::signed(count)), count);
    let model = Cell::text(&call.model).leads(format!("/models/{}", escaped(&call.model)));
    vec![
        calls::time(&call.started_at, zone),
        calls::named(&call.id),
        Cell::maybe(call.team.as_deref()),
        calls::key(call.key.as_deref()),
        model.marked(colour(&call.model)),
        Cell::maybe(call.error_code.as_deref()),
        tokens(call.output_tokens),
        withheld.map_or_else(|| Cell::maybe(None), |withheld| tokens(withheld.withheld)),
        calls::dollars(call.cost_usd.as_deref()),
        Cell::text(match (&call.cost_usd, call.estimated) {
            (None, _) => "unpriced",
            (Some(_), true) => "a bound",
            (Some(_), false) => "as reported",
        }),
        refused_after.map_or_else(
            || Cell::maybe(None),
            |refused| Cell::figure(figures::count(refused), refused),
        ),
        Cell::maybe(call.error_message.as_deref()),
    ]
}
