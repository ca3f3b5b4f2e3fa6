//! One call of the past: what was asked, how it went, what it cost.

use std::sync::Arc;

use bursar_domain::budget::RefusalReason;
use bursar_domain::call::{
    Attempt, AttemptOutcome, Bill, CallId, Ending, Guardrail, Intent, Operation, Outcome, Reach,
    SentTo, Settlement, VersionEvidence,
};
use bursar_domain::identity::Attribution;
use bursar_domain::money::Cost;
use bursar_domain::price::{Price, Tier};
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use bursar_ledger::{PastCall, PastEnd};

use super::cast::Caller;
use super::dice::Dice;
use super::menu::Menu;
use super::rhythm::is_busy;

/// Of a thousand calls, so many have one of the models that the key does not call often.
const ANY_MODEL: u64 = 50;
/// Of a thousand, so many are of a session that the client named.
const OF_SESSION: u64 = 150;

/// What a call is asked of, and at what price.
struct Order {
    item: usize,
    way: usize,
    tier: Tier,
    price: Price,
}

/// A call at a time; `None` where nothing that its caller calls has a price then.
pub(super) fn call(
    menu: &mut Menu<'_>,
    caller: &Caller,
    at: Timestamp,
    dice: &mut Dice,
) -> Option<PastCall> {
    let order = order(menu, caller, at, dice)?;
    let usage = usage(&order.price, dice);
    let intent = Arc::new(intent(menu, (caller, &order), (at, &usage), dice)?);
    let served = menu.items.get(order.item)?.ways.get(order.way)?.served.clone();
    let served = dice.one(&served).map(|region| (*region).to_owned());
    let settlement = settlement(&intent, (order.price, usage), served, dice)?;
    Some(PastCall { intent, end: PastEnd::Settled(Box::new(settlement)) })
}

/// The same call, had its budget had no room for it.
pub(super) fn refusal(call: &PastCall, dice: &mut Dice) -> PastCall {
    let id = CallId::new(call.intent.started_at, &dice.ten_bytes());
    let intent = Arc::new(Intent { id, ..(*call.intent).clone() });
    let (reason, detail) = if dice.hits(700) {
        (RefusalReason::Spent, "the month's budget had no room for it")
    } else {
        (RefusalReason::Rate, "more calls a minute than the key may make")
    };
    PastCall { intent, end: PastEnd::Refused { reason, detail: detail.to_owned() } }
}

fn order(menu: &mut Menu<'_>, caller: &Caller, at: Timestamp, dice: &mut Dice) -> Option<Order> {
    let wanted = match dice.below(1_000) {
        0..ANY_MODEL => dice.place(menu.items.len()),
        ANY_MODEL..240 => caller.models[1],
        240..320 => caller.models[2],
        _ => caller.models[0],
    };
    // A key calls a model by the same way each time; one that had no price then, another.
    let key = caller.key.bytes().fold(wanted, |sum, byte| sum * 31 % 9_973 + usize::from(byte));
    let tiers = [caller.tier, Tier::Standard];
    let mut items = (wanted..menu.items.len()).chain(0..wanted);
    items.find_map(|item| of_item(menu, (item, key), tiers, at))
}

/// A way to a model that has a price then, at the first tier that has one.
fn of_item(
    menu: &mut Menu<'_>,
    (item, key): (usize, usize),
    tiers: [Tier; 2],
    at: Timestamp,
) -> Option<Order> {
    let ways = menu.items.get(item)?.ways.len();
    let mut ways =
        (0..ways).map(|n| (key + n) % ways).flat_map(|way| tiers.map(|tier| (way, tier)));
    ways.find_map(|(way, tier)| {
        let price = menu.price((item, way), tier, at)?;
        Some(Order { item, way, tier, price })
    })
}

/// What a request takes and gives, as far as the price row has a rate for it.
fn usage(price: &Price, dice: &mut Dice) -> Usage {
    let mut usage = Usage { input: dice.spread(120, 7), ..Usage::default() };
    if price.rates.output.is_some() {
        usage.output = dice.spread(25, 6);
    }
    if price.rates.cache_read.is_some() && dice.hits(300) {
        usage.cache_read = dice.spread(1_024, 4);
    } else if price.rates.cache_write_5m.is_some() && dice.hits(80) {
        usage.cache_write_5m = dice.spread(1_024, 4);
    }
    usage
}

fn intent(
    menu: &Menu<'_>,
    (caller, order): (&Caller, &Order),
    (at, usage): (Timestamp, &Usage),
    dice: &mut Dice,
) -> Option<Intent> {
    let item = menu.items.get(order.item)?;
    let way = item.ways.get(order.way)?;
    let operation = match (usage.output, caller.streams) {
        (0, _) => Operation::InvokeModel,
        (_, true) => Operation::ConverseStream,
        (_, false) => Operation::Converse,
    };
    // What the request allowed the answer, and so the most that the call could cost.
    let allowed =
        Usage { output: (usage.output * 2).max(usage.output.min(1) * 512), ..usage.clone() };
    let tags = [("env", caller.env), ("feature", caller.feature)];
    let user = dice.one(&caller.people).cloned();
    let session = user.as_ref().filter(|_| dice.hits(OF_SESSION));
    let client_session = session.map(|user| format!("{user} {}", at.date()));
    Some(Intent {
        id: CallId::new(at, &dice.ten_bytes()),
        started_at: at,
        attribution: Attribution {
            team: Some(caller.team.clone()),
            project: caller.project.clone(),
            user,
            key: Some(caller.key.clone()),
            tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            client_session,
        },
        operation,
        model_requested: way.requested.clone(),
        model: item.model.clone(),
        region: way.region.to_owned(),
        routing: way.routing(),
        tier_requested: order.tier,
        price: Some(order.price.stamp()),
        ceiling: allowed.cost(&order.price).ok(),
        ceiling_tokens: Some(allowed.context_tokens() + allowed.output),
        reach: Reach::default(),
        request_hmac: None,
        simulated: true,
    })
}

/// How calls end that do not succeed: how, with which status and code, and whether it is the model's
/// own answer that ended.
type Trouble = (Outcome, AttemptOutcome, u16, &'static str);

const TROUBLES: [(u64, Trouble); 6] = [
    (14, (Outcome::Throttled, AttemptOutcome::Throttled, 429, "ThrottlingException")),
    (8, (Outcome::Rejected, AttemptOutcome::Rejected, 400, "ValidationException")),
    (2, (Outcome::Rejected, AttemptOutcome::Rejected, 403, "AccessDeniedException")),
    (5, (Outcome::Failed, AttemptOutcome::Failed, 503, "ServiceUnavailableException")),
    (3, (Outcome::Failed, AttemptOutcome::Failed, 424, "ModelErrorException")),
    (2, (Outcome::Failed, AttemptOutcome::Failed, 408, "ModelTimeoutException")),
];
/// Of a thousand streams, so many are cut.
const CUT: u64 = 4;

fn trouble(at: Timestamp, dice: &mut Dice) -> Option<Trouble> {
    let mut thrown = dice.below(1_000);
    for (share, trouble) in TROUBLES {
        // What everybody calls at once is throttled more.
        let share = if trouble.0 == Outcome::Throttled && is_busy(at) { share * 2 } else { share };
        if thrown < share {
            return Some(trouble);
        }
        thrown -= share;
    }
    None
}

fn settlement(
    intent: &Intent,
    (price, usage): (Price, Usage),
    served_region: Option<String>,
    dice: &mut Dice,
) -> Option<Settlement> {
    let at = intent.started_at;
    let attempts = attempts(intent, &usage, dice);
    let last = attempts.last()?;
    let is_answered = last.outcome == AttemptOutcome::Succeeded;
    let is_cut = is_answered && intent.operation.is_stream() && dice.hits(CUT);
    let outcome = match last.outcome {
        AttemptOutcome::Succeeded if is_cut => Outcome::Cut,
        AttemptOutcome::Succeeded => Outcome::Succeeded,
        AttemptOutcome::Throttled => Outcome::Throttled,
        AttemptOutcome::Rejected => Outcome::Rejected,
        _ => Outcome::Failed,
    };
    let (usage, cost) = if is_answered {
        let cost = usage.cost(&price).ok()?;
        (usage, cost)
    } else {
        (Usage::default(), Cost::ZERO)
    };
    let answering = last.ended_at.0 - last.started_at.0;
    let first = if intent.operation.is_stream() { answering / 4 } else { answering };
    let stop_reason = is_answered.then(|| stop_reason(is_cut, dice).to_owned());
    Some(Settlement {
        id: intent.id.clone(),
        first_token_at: is_answered.then(|| Timestamp(last.started_at.0 + first)),
        ended_at: Timestamp(last.ended_at.0.max(at.0)),
        chosen: None,
        model_version: intent.model.to_string(),
        version_evidence: VersionEvidence::Requested,
        served_region: served_region.filter(|_| is_answered),
        tier: intent.tier_requested,
        ending: Ending {
            outcome,
            client_gone: is_answered && dice.hits(6),
            http_status: last.http_status,
            error_code: if is_cut {
                Some("OutputLimit".to_owned())
            } else {
                last.error_code.clone()
            },
            error_message: None,
            stop_reason,
        },
        request_id: last.request_id.clone(),
        attempts,
        bill: Bill {
            usage,
            price: Some(price.stamp()),
            cost: Some(cost),
            estimated: false,
            cost_low: None,
        },
        guardrail: Guardrail::default(),
    })
}

fn stop_reason(is_cut: bool, dice: &mut Dice) -> &'static str {
    match dice.below(100) {
        _ if is_cut => "cut",
        0..8 => "max_tokens",
        8..22 => "tool_use",
        _ => "end_turn",
    }
}

/// One, and one or two before it that were throttled.
fn attempts(intent: &Intent, usage: &Usage, dice: &mut Dice) -> Vec<Attempt> {
    let trouble = trouble(intent.started_at, dice);
    let before = match trouble {
        Some((Outcome::Throttled, ..)) => 1 + dice.below(2),
        _ => u64::from(dice.hits(if is_busy(intent.started_at) { 40 } else { 12 })),
    };
    let mut started = intent.started_at.0 + 1;
    let mut attempts = Vec::new();
    let throttled = (AttemptOutcome::Throttled, 429, Some("ThrottlingException"));
    let end = trouble.map_or((AttemptOutcome::Succeeded, 200, None), |trouble| {
        (trouble.1, trouble.2, Some(trouble.3))
    });
    for number in 0..=before {
        let (outcome, status, code) = if number < before { throttled } else { end };
        let takes = match outcome {
            AttemptOutcome::Succeeded => {
                180 + dice.spread(150, 3) + usage.output * (8 + dice.below(14))
            }
            _ => 15 + dice.below(200),
        };
        let ended = started + i64::try_from(takes).unwrap_or_default();
        attempts.push(Attempt {
            started_at: Timestamp(started),
            ended_at: Timestamp(ended),
            outcome,
            http_status: Some(status),
            error_code: code.map(str::to_owned),
            request_id: Some(format!("{}-{number}", intent.id)),
            sent_to: SentTo::default(),
        });
        started = ended + 50 + i64::try_from(dice.below(400)).unwrap_or_default();
    }
    attempts
}
