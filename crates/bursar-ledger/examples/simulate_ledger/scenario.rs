//! Whom the simulated calls belong to, what they cost, and the limits that count them.

use bursar_domain::budget::Mode;
use bursar_domain::call::{
    Bill, CallId, Ending, Guardrail, Intent, Operation, Outcome, Reach, Settlement, VersionEvidence,
};
use bursar_domain::identity::Attribution;
use bursar_domain::limit::{Each, Limit, LimitId, OnLimit, Unit};
use bursar_domain::model::ModelId;
use bursar_domain::money::{Cost, MICRO_PER_UNIT, Micros};
use bursar_domain::price::{Routing, Tier};
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::span::{Span, Zone};
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;

use crate::random::Random;

/// 2026-10-24, ten to midnight in Berlin, on the eve of the day that has twenty-five hours.
pub(crate) const START: Timestamp = Timestamp(1_792_878_600_000);

/// The limits that there may be; `generation` tells one from an earlier one of the same kind.
pub(crate) fn menu(generation: u32) -> Vec<Limit> {
    let all = Scope::default;
    let team = |name: &str| all().with(Facet::Team, name);
    let production = || team("a").with(Facet::Tag("env".into()), "prod");
    let limit = |name: &str, scope: Scope, (unit, span): (Unit, Span)| Limit {
        id: LimitId(format!("{name}-{generation}")),
        scope,
        each: None,
        unit,
        span,
        zone: Zone::UTC,
        mode: Mode::Hard,
        on_limit: OnLimit::Refuse,
        amount: Micros(0),
    };
    let berlin = Zone::parse("Europe/Berlin").unwrap_or(Zone::UTC);
    vec![
        limit("all", all(), (Unit::Usd, Span::Total)),
        Limit { zone: berlin, ..limit("team-day", team("a"), (Unit::Usd, Span::Day)) },
        Limit {
            each: Some(Each::User),
            ..limit("user-minute", all(), (Unit::Requests, Span::Minute))
        },
        limit("at-a-time", all(), (Unit::Concurrent, Span::Total)),
        limit("tokens-hour", team("b"), (Unit::Tokens, Span::Hour)),
        Limit { mode: Mode::Soft, ..limit("soft", team("a"), (Unit::Usd, Span::FiveMinutes)) },
        Limit { mode: Mode::Shadow, ..limit("shadow", team("b"), (Unit::Usd, Span::Total)) },
        limit("production", production(), (Unit::Usd, Span::Total)),
    ]
}

/// An amount that some forty calls use up, or some four.
pub(crate) fn amount(unit: Unit, random: &mut Random) -> Micros {
    Micros(match unit {
        Unit::Usd => random.between(10_000, 400_000),
        Unit::Tokens => random.between(2_000, 80_000) * MICRO_PER_UNIT,
        Unit::Requests => random.between(4, 80) * MICRO_PER_UNIT,
        Unit::Concurrent => random.between(1, 40) * MICRO_PER_UNIT,
    })
}

/// Who calls: two teams, three people, some without a name.
pub(crate) fn callers() -> Vec<Attribution> {
    let caller = |team: &str, user: Option<&str>, env: Option<&str>| Attribution {
        team: Some(team.to_owned()),
        user: user.map(str::to_owned),
        tags: env.map(|env| ("env".to_owned(), env.to_owned())).into_iter().collect(),
        ..Attribution::default()
    };
    vec![
        caller("a", Some("ann"), Some("prod")),
        caller("a", Some("bob"), None),
        caller("b", Some("cid"), None),
        caller("b", None, Some("prod")),
    ]
}

/// A call of at most a cent; now and then one that nothing bounds.
pub(crate) fn intent(number: u32, at: Timestamp, who: &Attribution, random: &mut Random) -> Intent {
    let is_bounded = !random.chance(200);
    let mut bytes = [0; 10];
    bytes[6..].copy_from_slice(&number.to_be_bytes());
    Intent {
        id: CallId::new(at, &bytes),
        started_at: at,
        attribution: who.clone(),
        operation: Operation::Converse,
        model_requested: String::new(),
        model: model(),
        region: String::new(),
        routing: Routing::Regional,
        tier_requested: Tier::Standard,
        price: None,
        ceiling: Cost::from_pico(random.between(0, 10_000_000_000)).filter(|_| is_bounded),
        ceiling_tokens: is_bounded.then(|| 1 + random.below(2_000)),
        request_hmac: None,
        reach: Reach::default(),
        simulated: true,
    }
}

/// The id of a call that nobody makes.
pub(crate) fn nobody() -> CallId {
    CallId::new(START, &[0xff; 10])
}

fn model() -> ModelId {
    ModelId::parse("amazon.nova-lite-v1:0").unwrap_or_else(|| unreachable!("a known id"))
}

/// What a call has cost when all is told: mostly less than its ceiling, now and then exactly that,
/// seldom more.
pub(crate) fn truth(intent: &Intent, random: &mut Random) -> Settlement {
    let ceiling = intent.ceiling.map_or(10_000_000_000, Cost::pico);
    let tokens = intent.ceiling_tokens.unwrap_or(2_000);
    let (cost, output) = match random.below(100) {
        0..=4 => (ceiling, tokens),
        5..=6 => (ceiling + random.between(1, 3_000_000_000), tokens + random.below(500)),
        7 => (0, 0),
        _ => (random.between(0, ceiling), random.below(tokens + 1)),
    };
    let cost = Cost::from_pico(cost).filter(|_| !random.chance(100));
    let usage = Usage { output, ..Usage::default() };
    let is_guess = random.chance(300);
    ended(intent, Outcome::Succeeded, Bill { usage, ..bill(cost, is_guess) })
}

/// The settlement of a call that nobody will settle: at what is held.
pub(crate) fn abandoned(intent: &Intent) -> Settlement {
    let held = intent.ceiling.map(Cost::micros_up);
    ended(intent, Outcome::Abandoned, bill(held.and_then(Micros::cost), true))
}

fn bill(cost: Option<Cost>, estimated: bool) -> Bill {
    Bill { usage: Usage::default(), price: None, cost, estimated, cost_low: None }
}

fn ended(intent: &Intent, outcome: Outcome, bill: Bill) -> Settlement {
    Settlement {
        id: intent.id.clone(),
        first_token_at: None,
        ended_at: intent.started_at,
        chosen: None,
        model_version: String::new(),
        version_evidence: VersionEvidence::Requested,
        served_region: None,
        tier: Tier::Standard,
        ending: Ending {
            outcome,
            client_gone: false,
            http_status: None,
            error_code: None,
            error_message: None,
            stop_reason: None,
        },
        attempts: Vec::new(),
        bill,
        request_id: None,
        guardrail: Guardrail::default(),
    }
}
