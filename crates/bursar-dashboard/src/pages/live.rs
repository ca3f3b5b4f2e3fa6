//! Live: what runs now, oldest or dearest first, kept fresh while the page is open; and for who may,
//! cutting a stream, and freezing whose it is. The process that makes a call obeys the wish.

use bursar_admin::{Role, RunningCall, Selectors, View, Viewer};
use bursar_domain::money::{Total, parse_decimal};

use super::calls::{dollars, signed};
use super::{ALL, Done, Page, Visit};
use crate::content::{Act, Block, Content, Doable, Field, Live, Tile};
use crate::figures;
use crate::filters::Filters;
use crate::form::Form;
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/live",
    label: Some("Live"),
    title: "Live",
    roles: ALL,
    picks: &["team", "model", "order"],
    show: |visit| Box::pin(show(visit)),
    act: Some(|visit, form| Box::pin(act(visit, form))),
};

/// Nobody looks at more, and each is sent anew every time.
const ROWS_MAX: usize = 100;
/// Which come first.
const OLDEST: &str = "age";
const DEAREST: &str = "cost";
/// What clients are told unless somebody writes another reason.
const REASON: &str = "by hand, on the dashboard";

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, .. } = visit;
    let order = filters.choice("order", &[OLDEST, DEAREST], OLDEST)?;
    let mut calls = view.running(filters.pick("team")).await?;
    if let Some(model) = filters.pick("model") {
        calls.retain(|call| call.model == model);
    }
    if order == DEAREST {
        calls.sort_by_key(|call| std::cmp::Reverse(pico(call.cost_usd.as_deref())));
    }
    let tiles = tiles(&calls, &filters);
    let more = (calls.len() > ROWS_MAX).then(|| {
        let which = if order == DEAREST { "dearest" } else { "oldest" };
        format!(
            "The {ROWS_MAX} {which} of {} are shown. The name of a team or a model leads to its own.",
            calls.len()
        )
    });
    calls.truncate(ROWS_MAX);
    let may = matches!(view.viewer().role, Role::Admin | Role::Lead);
    let acts = calls.iter().filter(|_| may).map(|call| acts(call, view.viewer()));
    let reason =
        Field { value: REASON.to_owned(), ..Field::empty("reason", "Why; callers are told") };
    let live = Live {
        as_of: figures::time(view.now(), filters.zone),
        tiles,
        doable: Doable {
            sheet: sheet(&calls, &filters),
            acts: acts.collect(),
            fields: if may { vec![reason] } else { Vec::new() },
        },
        more,
    };
    Ok(Content {
        lead: Some(lead(&view, &filters)),
        blocks: vec![Block::Live(live)],
        ..Content::default()
    })
}

fn lead(view: &View, filters: &Filters) -> String {
    let whose = match (view.viewer().sight.part(), filters.pick("team")) {
        (Some(part), _) if part.user.is_some() => "Calls of yours that run now".to_owned(),
        (Some(part), _) => format!("Calls of {} that run now", part.team),
        (None, Some(team)) => format!("Calls of {team} that run now"),
        (None, None) => "Calls that run now, in whichever process".to_owned(),
    };
    let of = filters.pick("model").map(|model| format!(", of {model}")).unwrap_or_default();
    let can = if matches!(view.viewer().role, Role::Admin | Role::Lead) {
        " A cut ends a call for its client; what Bedrock generates beyond it is most likely billed. A \
         freeze refuses what comes next, until a thaw at Budgets, or `bursar thaw`, ends it."
    } else {
        ""
    };
    format!("{whose}{of}.{can}")
}

fn pico(usd: Option<&str>) -> i128 {
    usd.and_then(|text| parse_decimal(text, 12).ok()).unwrap_or(0).into()
}

fn tiles(calls: &[RunningCall], filters: &Filters) -> Vec<Tile> {
    let sum = |usd: fn(&RunningCall) -> Option<&str>| {
        Total(calls.iter().map(|call| pico(usd(call))).sum())
    };
    let count = |figure: fn(&RunningCall) -> Option<u64>| {
        let all = calls.iter().filter_map(figure);
        signed(all.fold(0, u64::saturating_add))
    };
    let streams = calls.iter().filter(|call| call.is_stream).count();
    let plain = calls.len() - streams;
    let (cost, held) = (sum(|call| call.cost_usd.as_deref()), sum(|call| call.held_usd.as_deref()));
    let (tokens, pace) = (count(|call| call.output_tokens), count(|call| call.tokens_per_second));
    vec![
        Tile::new("Streams", streams.to_string(), streams)
            .beside(Some(format!("and {plain} plain calls")))
            .leads(filters.link(PAGE.path, &[("order", None)])),
        Tile::new("Output tokens so far", figures::tokens(tokens), tokens)
            .beside(Some(format!("{} a second", figures::tokens(pace)))),
        Tile::new("Cost so far, at least", figures::money(cost), cost.usd())
            .leads(filters.link(PAGE.path, &[("order", Some(DEAREST))])),
        Tile::new("Held for them", figures::money(held), held.usd()),
    ]
}

fn sheet(calls: &[RunningCall], filters: &Filters) -> Sheet {
    Sheet {
        word: "running",
        title: "Running calls".to_owned(),
        columns: vec![
            ("call", Fill::Words),
            ("age", Fill::Figures),
            ("team", Fill::Words),
            ("user", Fill::Words),
            ("key", Fill::Words),
            ("model", Fill::Words),
            ("tokens", Fill::Figures),
            ("a second", Fill::Figures),
            ("cost so far", Fill::Figures),
            ("room left", Fill::Figures),
            ("process", Fill::Words),
            ("state", Fill::Words),
        ],
        rows: calls.iter().map(|call| row(call, filters)).collect(),
        empty:
            "Nothing runs just now. `bursar converse` makes a call, and so does any client of the \
                gateway."
                .to_owned(),
        next: None,
    }
}

fn row(call: &RunningCall, filters: &Filters) -> Vec<Cell> {
    let of = |name, value: &str| filters.link(PAGE.path, &[(name, Some(value))]);
    let count = |figure: Option<u64>| match figure {
        Some(number) => Cell::figure(figures::tokens(signed(number)), number),
        None => Cell::maybe(None),
    };
    let named = |name: &Option<String>| Cell::maybe(name.as_deref());
    let team = match &call.team {
        Some(team) => Cell::text(team).leads(of("team", team)),
        None => Cell::maybe(None),
    };
    vec![
        Cell::text(short(&call.id)).exactly(&call.id),
        Cell::figure(age(call.age_ms), call.age_ms),
        team,
        named(&call.user),
        super::calls::key(call.key.as_deref()),
        Cell::text(&call.model)
            .leads(of("model", &call.model))
            .marked(crate::chart::colour(&call.model)),
        count(call.output_tokens),
        count(call.tokens_per_second),
        dollars(call.cost_usd.as_deref()),
        dollars(call.room_usd.as_deref()),
        Cell::text(call.owner.get(..8).unwrap_or(&call.owner)).exactly(&call.owner),
        Cell::text(state(call)),
    ]
}

/// The end of an id, which tells calls that run apart.
fn short(id: &str) -> String {
    let end = id.char_indices().rev().nth(5).map_or(0, |(place, _)| place);
    id[end..].to_owned()
}

/// A time for people: `8 s`, `3 min 12 s`, `2 h 05 min`.
fn age(ms: i64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}

fn state(call: &RunningCall) -> String {
    match (&call.cut_code, &call.cut_wished_by) {
        (Some(code), _) => format!("cut ({code}), read for its usage"),
        (None, Some(by)) => format!("to be cut, says {by}"),
        (None, None) if !call.is_stream => "plain".to_owned(),
        (None, None) => "streams".to_owned(),
    }
}

/// What the viewer may do to a call: a lead freezes keys of the team, an admin also teams.
fn acts(call: &RunningCall, viewer: &Viewer) -> Vec<Act> {
    let act = |name, value: &str, label, about: String| Act {
        name,
        value: value.to_owned(),
        label,
        about,
    };
    let mut acts = Vec::new();
    if call.cut_code.is_none() && call.cut_wished_by.is_none() {
        let whose = call.team.as_deref().unwrap_or("nobody's");
        let about = format!("Cut {}, of {whose}", short(&call.id));
        acts.push(act("cut", &call.id, "Cut", about));
    }
    if let Some(key) = &call.key {
        acts.push(act("freeze_key", key, "Freeze key", format!("Freeze key {key}")));
    }
    if let (Some(team), Role::Admin) = (&call.team, viewer.role) {
        acts.push(act("freeze_team", team, "Freeze team", format!("Freeze team {team}")));
    }
    acts
}

async fn act(visit: Visit, form: Form) -> Result<Done, Problem> {
    let Visit { view, filters, .. } = visit;
    let said = |name: &str| Some(form.text(name).trim()).filter(|text| !text.is_empty());
    let named = |name: &str| said(name).map(str::to_owned);
    let reason = said("reason").unwrap_or(REASON);
    let select =
        Selectors { team: named("freeze_team"), key: named("freeze_key"), ..Selectors::default() };
    if let Some(id) = said("cut") {
        view.cut(id, reason).await?;
    } else if !select.is_empty() {
        view.freeze(&select, reason).await?;
    } else {
        return Err(Problem::usage("the form says neither what to cut nor whom to freeze"));
    }
    Ok(Done::Go(filters.link(PAGE.path, &[])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_short() {
        let ages = [0, 59_999, 192_000, 7_500_000].map(age);
        assert_eq!(ages, ["0 s", "59 s", "3 min 12 s", "2 h 05 min"]);
    }
}
