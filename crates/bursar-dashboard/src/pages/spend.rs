//! Spend: what was spent, by one dimension, as a chart over time and as a table.

use std::collections::BTreeMap;

use bursar_admin::{Group, SumAsk, SumLine, View};
use bursar_domain::money::Total;
use bursar_domain::time::Timestamp;
use bursar_ledger::Counters;
use tokio::try_join;

use super::{ALL, Page, Visit, kinds, levels};
use crate::chart::{Chart, Series, Subject, Unit};
use crate::content::{Block, Choice, Content, Field, Tile};
use crate::figures;
use crate::filters::{Filters, Period, escaped};
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/spend",
    label: Some("Spend"),
    title: "Spend",
    roles: ALL,
    picks: &["group", "then", "tag", "team", "model"],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

/// How the table's value leads on.
fn href(group: Group, value: &str, filters: &Filters) -> Option<String> {
    let link = |to: &str, name| filters.link(to, &[(name, Some(value)), ("group", None)]);
    match group {
        Group::Model => Some(filters.fresh_link(&format!("/models/{}", escaped(value)), &[])),
        Group::Team => {
            Some(filters.link("/spend", &[("team", Some(value)), ("group", Some("model"))]))
        }
        Group::Key => Some(link("/calls", "key")),
        _ => None,
    }
}

/// What a range's sums are asked for.
pub(super) fn ask(filters: &Filters, period: &Period, (group, by_time): (Group, bool)) -> SumAsk {
    let own = |name| filters.pick(name).map(str::to_owned);
    SumAsk {
        group,
        then: None,
        tag: own("tag"),
        since: period.since,
        until: period.until,
        is_hourly: period.is_hourly,
        step_ms: by_time.then_some(period.step_ms()),
        team: own("team"),
        model: own("model"),
    }
}

/// Sums by value, over all the range.
pub(super) fn by_value(lines: &[SumLine]) -> BTreeMap<Option<&str>, Counters> {
    let mut sums: BTreeMap<Option<&str>, Counters> = BTreeMap::new();
    for line in lines {
        sums.entry(line.value.as_deref()).or_default().add(&line.counters);
    }
    sums
}

/// The sum of all.
pub(super) fn all(lines: &[SumLine]) -> Counters {
    let mut sum = Counters::default();
    for line in lines {
        sum.add(&line.counters);
    }
    sum
}

/// A series for each value: a figure at each hour or day.
pub(super) fn series(
    period: &Period,
    lines: &[SumLine],
    figure: impl Fn(&Counters) -> i128,
) -> Vec<Series> {
    let points = period.points();
    let mut series: BTreeMap<&str, Vec<i128>> = BTreeMap::new();
    for line in lines {
        let place = line.at.and_then(|at| period.place(at));
        let figures = series.entry(line.value.as_deref().unwrap_or(NONE));
        let figures = figures.or_insert_with(|| vec![0; points.len()]);
        if let Some(slot) = place.and_then(|place| figures.get_mut(place)) {
            *slot += figure(&line.counters);
        }
    }
    series.into_iter().map(|(name, figures)| Series { name: name.to_owned(), figures }).collect()
}

/// What calls without a value stand under.
pub(super) const NONE: &str = "(none)";

/// What a chart's points are called.
pub(super) fn points(period: &Period) -> Vec<String> {
    let name = |at: &Timestamp| {
        let text = at.to_string();
        let hour = text.get(5..16).unwrap_or(&text).replace('T', " ");
        if period.is_hourly { hour } else { at.date() }
    };
    period.points().iter().map(name).collect()
}

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let words: Vec<&str> = Group::ALL.iter().map(|group| group.as_str()).collect();
    let word = filters.choice("group", &words, Group::Model.as_str())?;
    let group: Group = word.parse().map_err(|_| Problem::usage("there is no such group"))?;
    let period = &filters.period;
    let then = then(&filters, group)?;
    let by_group = ask(&filters, period, (group, true));
    let of_before = ask(&filters, &period.previous(), (group, false));
    let (lines, before) = try_join!(view.sums(&by_group), view.sums(&of_before))?;
    let (sum, sum_before) = (all(&lines), all(&before));
    let subject = Subject {
        word: "over-time",
        title: format!("Spend by {group}"),
        unit: Unit::Dollars,
        points: points(period),
        grain: period.grain(),
        empty: EMPTY,
    };
    let chart = Chart::bars(&subject, series(period, &lines, |sums| sums.cost.0));
    let chart = chart.leading(|value| href(group, value, &filters));
    let sheet = sheet((group, &chart), (&lines, &before), (&sum, &filters));
    let (kinds, saved) = kinds::blocks(&view, &filters).await?;
    let mut tiles = tiles(&sum, &sum_before);
    tiles.extend(saved);
    let mut blocks = vec![Block::Tiles(tiles), Block::Chart(Box::new(chart)), Block::Sheet(sheet)];
    if let Some(then) = then {
        blocks.push(levels::block(&view, &filters, (group, then)).await?);
    }
    blocks.extend(kinds);
    let within: Vec<&str> = [""].into_iter().chain(words.iter().copied()).collect();
    let picked = then.map_or("", Group::as_str);
    Ok(Content {
        lead: lead(&view, &filters),
        has_filters: true,
        choices: vec![
            Choice::of("group", "By", &words, word),
            Choice::of("then", "And within that by", &within, picked),
        ],
        fields: vec![
            Field::of("team", "Team", &filters),
            Field::of("model", "Model", &filters),
            Field::of("tag", "Tag, where by one", &filters),
        ],
        blocks,
        ..Content::default()
    })
}

/// By what within the group, where that is asked.
fn then(filters: &Filters, group: Group) -> Result<Option<Group>, Problem> {
    let Some(_) = filters.pick("then") else { return Ok(None) };
    let words: Vec<&str> = Group::ALL.iter().map(|group| group.as_str()).collect();
    let word = filters.choice("then", &words, "")?;
    if word == group.as_str() {
        return Err(Problem::usage(format!("sums by {word} are told apart by {word} already"))
            .hint("choose another one of the two"));
    }
    Ok(word.parse().ok())
}

/// Whose sums these are.
pub(super) fn lead(view: &View, filters: &Filters) -> Option<String> {
    let part = view.viewer().sight.part();
    let whose = match part {
        Some(part) => match &part.user {
            Some(user) => Some(format!("What {user} of {} has used", part.team)),
            None => Some(format!("What the team {} has used", part.team)),
        },
        None => filters.pick("team").map(|team| format!("What the team {team} has used")),
    };
    match (whose, filters.pick("model")) {
        (None, None) => None,
        (Some(whose), None) => Some(format!("{whose}.")),
        (None, Some(model)) => Some(format!("Calls of {model}.")),
        (Some(whose), Some(model)) => Some(format!("{whose}, of {model}.")),
    }
}

fn tiles(sum: &Counters, before: &Counters) -> Vec<Tile> {
    let delta = |now: i128, before: i128| {
        figures::delta(now, before).map(|delta| format!("{delta} on as long before"))
    };
    let tokens = |sums: &Counters| sums.input_tokens + sums.output_tokens;
    vec![
        Tile::new("Cost", figures::money(sum.cost), sum.cost.usd())
            .beside(delta(sum.cost.0, before.cost.0)),
        Tile::new("Calls", figures::count(sum.calls), sum.calls)
            .beside(delta(sum.calls.into(), before.calls.into())),
        Tile::new("Tokens in and out", figures::tokens(tokens(sum)), tokens(sum))
            .beside(delta(tokens(sum).into(), tokens(before).into())),
        Tile::new(
            "Read from caches",
            figures::tokens(sum.cache_read_tokens),
            sum.cache_read_tokens,
        ),
        Tile::new("Unpriced calls", figures::count(sum.unpriced), sum.unpriced),
    ]
}

/// The cost of a thousand calls.
pub(super) fn per_thousand(sums: &Counters) -> Option<Total> {
    (sums.calls > 0).then(|| Total(sums.cost.0 * 1_000 / i128::from(sums.calls)))
}

fn sheet(
    (group, chart): (Group, &Chart),
    (lines, before): (&[SumLine], &[SumLine]),
    (sum, filters): (&Counters, &Filters),
) -> Sheet {
    let before = by_value(before);
    let mut rows: Vec<(Option<&str>, Counters)> = by_value(lines).into_iter().collect();
    rows.sort_by(|(name, one), (other_name, other)| {
        (other.cost.0, other.calls, name).cmp(&(one.cost.0, one.calls, other_name))
    });
    let row = |(value, sums): &(Option<&str>, Counters)| {
        let name = Cell {
            value: Some(value.unwrap_or_default().to_owned()),
            ..Cell::text(value.unwrap_or(NONE))
        };
        let name = match value.and_then(|value| href(group, value, filters)) {
            Some(to) => name.leads(to),
            None => name,
        };
        let was = before.get(value).map(|sums| sums.cost.0).unwrap_or_default();
        let count = |number: i64| Cell::figure(figures::tokens(number), number);
        let each = per_thousand(sums);
        vec![
            name.marked(chart.class_of(value.unwrap_or(NONE))),
            Cell::figure(figures::money(sums.cost), sums.cost.usd()),
            Cell::share(sums.cost.0, sum.cost.0),
            Cell::text(figures::delta(sums.cost.0, was).unwrap_or_else(|| "–".to_owned())),
            Cell::figure(figures::count(sums.calls), sums.calls),
            each.map_or_else(
                || Cell::text("–"),
                |each| Cell::figure(figures::money(each), each.usd()),
            ),
            count(sums.input_tokens),
            count(sums.output_tokens),
            count(sums.cache_read_tokens),
            count(sums.cache_write_5m_tokens + sums.cache_write_1h_tokens),
            count(sums.refused),
        ]
    };
    Sheet {
        word: "spend",
        title: format!("By {group}"),
        columns: vec![
            ("name", Fill::Words),
            ("cost", Fill::Figures),
            ("share", Fill::Figures),
            ("change", Fill::Figures),
            ("calls", Fill::Figures),
            ("per 1,000 calls", Fill::Figures),
            ("input tokens", Fill::Figures),
            ("output tokens", Fill::Figures),
            ("cache read", Fill::Figures),
            ("cache written", Fill::Figures),
            ("refused", Fill::Figures),
        ],
        rows: rows.iter().map(row).collect(),
        empty: EMPTY.to_owned(),
        next: None,
    }
}

/// What to do where no call was made.
pub(super) const EMPTY: &str = "No call was made in this range. `bursar demo` makes some on a local \
                                Bedrock; `bursar serve` meters those of your programs.";
