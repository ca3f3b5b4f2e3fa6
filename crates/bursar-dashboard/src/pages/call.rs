//! One call in full: who, what was asked, how it ended, what it cost, and every attempt.

use bursar_admin::{CallReply, RateReply};
use bursar_domain::span::Zone;

use super::calls::{dollars, signed, time, took};
use super::{ALL, Page, Visit};
use crate::chart::colour;
use crate::content::{Block, Content};
use crate::figures;
use crate::filters::escaped;
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/calls/{}",
    label: None,
    title: "A call",
    roles: ALL,
    picks: &[],
    show: |visit| Box::pin(show(visit)),
    act: None,
};

type Facts = Vec<(&'static str, Cell)>;

async fn show(visit: Visit) -> Result<Content, Problem> {
    let Visit { view, filters, part, .. } = visit;
    let detail = view.call(&part.unwrap_or_default()).await?;
    let (call, zone) = (&detail.call, filters.zone);
    let rows = detail.attempts.iter().map(|attempt| {
        let status = attempt.http_status.map(|status| status.to_string());
        vec![
            time(&attempt.started_at, zone),
            Cell::text(&attempt.outcome),
            Cell::maybe(status.as_deref()),
            Cell::maybe(attempt.error_code.as_deref()),
            Cell::maybe(attempt.request_id.as_deref()),
        ]
    });
    let attempts = Sheet {
        word: "attempts",
        title: "Attempts".to_owned(),
        columns: ["sent", "outcome", "status", "error", "request id"]
            .map(|label| (label, Fill::Words))
            .to_vec(),
        rows: rows.collect(),
        empty: "Nothing was sent.".to_owned(),
        next: None,
    };
    Ok(Content {
        title: Some(format!("Call {}", call.id)),
        blocks: vec![
            Block::Facts("Who".to_owned(), who(call)),
            Block::Facts("What was asked".to_owned(), what(call)),
            Block::Facts("How it ended".to_owned(), end(call, zone)),
            Block::Facts("What it cost".to_owned(), money(call)),
            Block::Sheet(attempts),
        ],
        ..Content::default()
    })
}

fn yes(is: bool) -> Cell {
    Cell::text(if is { "yes" } else { "no" })
}

fn who(call: &CallReply) -> Facts {
    let tags: Vec<String> = call.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    vec![
        ("Team", Cell::maybe(call.team.as_deref())),
        ("Project", Cell::maybe(call.project.as_deref())),
        ("User", Cell::maybe(call.user.as_deref())),
        ("Key", Cell::maybe(call.key.as_deref())),
        ("Session", Cell::maybe(call.client_session.as_deref())),
        ("Tags", Cell::maybe(Some(tags.join(", ")).as_deref().filter(|tags| !tags.is_empty()))),
    ]
}

fn what(call: &CallReply) -> Facts {
    let model = Cell::text(&call.model).leads(format!("/models/{}", escaped(&call.model)));
    vec![
        ("Operation", Cell::text(&call.operation)),
        ("Asked for", Cell::text(&call.model_requested)),
        ("Model", model.marked(colour(&call.model))),
        ("Version", Cell::text(&call.model_version)),
        ("Version known by", Cell::text(&call.version_evidence)),
        ("Region", Cell::text(&call.region)),
        ("Served by", Cell::maybe(call.served_region.as_deref())),
        ("Routing", Cell::text(&call.routing)),
        ("Tier", Cell::text(&call.tier)),
        ("Tier asked for", Cell::text(&call.tier_requested)),
        ("Of a simulator", yes(call.simulated)),
    ]
}

fn end(call: &CallReply, zone: Zone) -> Facts {
    let first = call.first_token_at.as_deref();
    vec![
        ("Outcome", Cell::text(&call.outcome)),
        ("Started", time(&call.started_at, zone)),
        ("First token", first.map_or_else(|| Cell::text("–"), |at| time(at, zone))),
        ("Ended", time(&call.ended_at, zone)),
        ("Took", took(call)),
        ("Stop reason", Cell::maybe(call.stop_reason.as_deref())),
        ("Error", Cell::maybe(call.error_code.as_deref())),
        ("What was said", Cell::maybe(call.error_message.as_deref())),
        ("Client gone before", yes(call.client_gone)),
        ("Request id", Cell::maybe(call.request_id.as_deref())),
        ("Guardrail", Cell::maybe(call.guardrail_id.as_deref())),
        ("What it did", Cell::maybe(call.guardrail_action.as_deref())),
    ]
}

fn money(call: &CallReply) -> Facts {
    let rate = |of: fn(&RateReply) -> &Option<String>| {
        Cell::maybe(call.rates.as_ref().and_then(|rates| of(rates).as_deref()))
    };
    let count = |number: u64| Cell::figure(figures::count(signed(number)), number);
    let mut facts = vec![
        ("Cost", dollars(call.cost_usd.as_deref())),
        ("Held before", dollars(call.held_usd.as_deref())),
        ("More than was held", yes(call.overrun)),
        ("An estimate", yes(call.estimated)),
        ("At least", dollars(call.cost_low_usd.as_deref())),
        ("Price row", Cell::maybe(call.price_id.as_deref())),
        ("Input, $ per million", rate(|rates| &rates.input)),
        ("Output, $ per million", rate(|rates| &rates.output)),
        ("Input tokens", count(call.input_tokens)),
        ("Output tokens", count(call.output_tokens)),
        ("Read from caches", count(call.cache_read_tokens)),
        ("Written for 5 minutes", count(call.cache_write_5m_tokens)),
        ("Written for an hour", count(call.cache_write_1h_tokens)),
    ];
    facts.extend(call.meters.iter().map(|(meter, number)| {
        let counted = Cell::figure(format!("{} {meter}", figures::count(signed(*number))), number);
        ("Metered", counted)
    }));
    facts
}
