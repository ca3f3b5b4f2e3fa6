//! Futures that are dropped at any time: calls, reservations, settlements and reads.
//!
//! What a caller was told is kept must be kept; what it was not told may be either.

use std::time::Duration;

use bursar_core::{Bursar, Error, Invocation, Priced, cut_pair};
use bursar_domain::call::{
    Bill, CallId, Ending, Guardrail, Intent, Outcome as HowItEnded, Reach, Settlement,
    VersionEvidence,
};
use bursar_domain::identity::Attribution;
use bursar_domain::price::Price;
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use bursar_ledger::{Admission, CallFilter, Page};
use tokio::time::timeout;

use crate::dice::Dice;
use crate::ended::{Ended, No, Settled};

/// The longest that most wait, in microseconds: about as long as an act takes.
const LEAVES_BY_US: u64 = 60_000;
/// The longest that the others wait: some acts have to come to their end.
const STAYS_BY_US: u64 = 2_000_000;

/// One act whose future is dropped, if it takes too long.
pub(crate) async fn one(
    bursar: &Bursar,
    who: Attribution,
    request: Invocation,
    dice: &mut Dice,
) -> Result<Ended, Error> {
    match dice.roll() % 4 {
        0 | 1 => call(bursar, who, request, dice).await,
        2 => hold_and_settle(bursar, who, request, dice).await,
        _ => {
            let page = Page { after: None, limit: 10 };
            let filter = CallFilter::default();
            let reading = timeout(patience(dice), bursar.ledger.calls(&filter, &page));
            reading.await.ok().transpose()?;
            Ok(Ended::Left)
        }
    }
}

pub(crate) fn patience(dice: &mut Dice) -> Duration {
    let most = if dice.roll().is_multiple_of(4) { STAYS_BY_US } else { LEAVES_BY_US };
    Duration::from_micros(dice.between(0, most))
}

async fn call(
    bursar: &Bursar,
    who: Attribution,
    request: Invocation,
    dice: &mut Dice,
) -> Result<Ended, Error> {
    let (_cutter, signal) = cut_pair();
    let whole = async { bursar.invoke(who, request, signal).await?.settled().await };
    let receipt = timeout(patience(dice), whole).await.ok().transpose()?;
    Ok(receipt.map_or(Ended::Left, |receipt| Ended::Settled(Settled::from(&receipt))))
}

/// The ledger's own two steps, without a call between them.
async fn hold_and_settle(
    bursar: &Bursar,
    who: Attribution,
    request: Invocation,
    dice: &mut Dice,
) -> Result<Ended, Error> {
    let priced = bursar.pricing.price(request, bursar.clock.now())?;
    let holding = bursar.ledger.reserve(intent(bursar, who, &priced));
    let admitted = match timeout(patience(dice), holding).await {
        Err(_) => return Ok(Ended::Left),
        Ok(admission) => match admission? {
            Admission::Admitted(admitted) => admitted,
            Admission::Refused(no) => return Ok(Ended::Refused(No::from(&no))),
        },
    };
    let (id, settlement) = (admitted.id().clone(), settlement(admitted.intent()));
    let settling = bursar.ledger.settle(admitted, settlement);
    match timeout(patience(dice), settling).await {
        Err(_) => Ok(Ended::Left),
        Ok(settled) => settled.map(|_| Ended::Acknowledged(id.to_string())).map_err(Error::from),
    }
}

fn intent(bursar: &Bursar, who: Attribution, priced: &Priced) -> Intent {
    Intent {
        id: CallId::new(priced.at, &bursar.entropy.bytes()),
        started_at: priced.at,
        attribution: who,
        operation: priced.invocation.operation,
        model_requested: priced.invocation.model.dispatched.clone(),
        model: priced.model.clone(),
        region: priced.region.clone(),
        routing: priced.routing,
        reach: Reach::default(),
        tier_requested: priced.tier,
        price: priced.price.as_ref().map(Price::stamp),
        ceiling: priced.ceiling,
        ceiling_tokens: None,
        request_hmac: None,
        simulated: true,
    }
}

/// The call was cut before anything was sent, and owes what was held all the same: so that the
/// limit's sums have something to lose.
fn settlement(intent: &Intent) -> Settlement {
    Settlement {
        id: intent.id.clone(),
        first_token_at: None,
        ended_at: Timestamp(intent.started_at.0 + 1),
        chosen: None,
        model_version: intent.model.to_string(),
        version_evidence: VersionEvidence::Requested,
        served_region: None,
        tier: intent.tier_requested,
        ending: Ending {
            outcome: HowItEnded::Cut,
            client_gone: true,
            http_status: None,
            error_code: Some("Storm".to_owned()),
            error_message: None,
            stop_reason: None,
        },
        attempts: Vec::new(),
        bill: Bill {
            usage: Usage::default(),
            price: intent.price.clone(),
            cost: intent.ceiling,
            estimated: true,
            cost_low: None,
        },
        request_id: None,
        guardrail: Guardrail::default(),
    }
}
