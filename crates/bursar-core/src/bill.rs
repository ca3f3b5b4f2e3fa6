//! Verb five: what the call owes at the price that applied, recorded exactly once.

use bursar_domain::call::{
    Bill, Chosen, Guardrail, Intent, Operation, Settlement, VersionEvidence,
};
use bursar_domain::model::RefKind;
use bursar_domain::money::{Cost, Micros};
use bursar_domain::price::{Price, Routing};
use bursar_domain::usage::Usage;
use bursar_ledger::Admitted;

use crate::meter::{Metered, Owes};
use crate::priced::Priced;
use crate::{Bursar, Error, Receipt, line};

/// Longer messages say no more, and a ledger row is not a log.
const ERROR_MESSAGE_CHARS_MAX: usize = 1_000;

impl Bursar {
    /// Settles the call. From here on the ledger owns it.
    pub(crate) async fn settle(
        &self,
        admitted: Admitted,
        priced: &Priced,
        metered: Metered,
    ) -> Result<Receipt, Error> {
        let held = admitted.held().and_then(Micros::cost);
        let settlement = self.settlement(&admitted, priced, metered);
        line::log(admitted.intent(), &settlement);
        self.witness.tell(admitted.intent(), &settlement);
        let settled = self.ledger.settle(admitted, settlement.clone()).await?;
        Ok(Receipt { settlement, held, overrun: settled.overrun })
    }

    fn settlement(&self, admitted: &Admitted, priced: &Priced, metered: Metered) -> Settlement {
        let chosen = self.pricing.chosen(priced, metered.facts.model_version.as_deref());
        let held = admitted.held();
        let bill = match &chosen {
            Some(chosen) => self.bill((&priced.answered_by(chosen), held), &metered),
            None => self.bill((priced, held), &metered),
        };
        let chosen = chosen.map(|chosen| Chosen {
            routing: Routing::of_geography(chosen.geography.as_deref()),
            model: chosen.base,
            region: Some(priced.region.clone()),
        });
        let (model_version, version_evidence) = match (metered.facts.model_version, &chosen) {
            (_, Some(chosen)) => (chosen.model.to_string(), VersionEvidence::Reported),
            (Some(reported), None) => (reported, VersionEvidence::Reported),
            (None, None) => unreported_version(priced, &metered.facts.guardrail),
        };
        let chosen = chosen.or_else(|| detour(admitted.intent(), priced, &metered.owes));
        let reference = &priced.invocation.model;
        // Only a cross-region profile may be served elsewhere than where it was called.
        let stays = matches!(reference.kind, RefKind::Base | RefKind::FoundationModelArn);
        let mut ending = metered.ending;
        ending.error_message = ending.error_message.map(shorten);
        Settlement {
            id: admitted.id().clone(),
            first_token_at: metered.first_byte_at,
            ended_at: metered.ended_at,
            chosen,
            model_version,
            version_evidence,
            served_region: stays.then(|| priced.region.clone()),
            tier: metered.facts.tier.unwrap_or(priced.tier),
            ending,
            attempts: metered.attempts,
            bill,
            request_id: metered.request_id,
            guardrail: ran(priced, metered.facts.guardrail),
        }
    }

    fn bill(&self, (priced, held): (&Priced, Option<Micros>), metered: &Metered) -> Bill {
        let expected = priced.price.as_ref();
        if priced.invocation.operation == Operation::CountTokens {
            return exact(Usage::default(), None, Some(Cost::ZERO));
        }
        let usage = match &metered.owes {
            Owes::Nothing => return exact(Usage::default(), expected, Some(Cost::ZERO)),
            Owes::Unknown { at_least } => return at_hold(held, at_least, expected),
            Owes::Reported(usage) => {
                let mut usage = usage.clone();
                priced.facts.add_meters(&mut usage);
                usage
            }
        };
        let served = metered.facts.tier.unwrap_or(priced.tier);
        if !priced.invocation.model.candidates.is_empty() {
            let bill = self.pricing.bill_at_dearest(priced, &usage, served);
            return bill.unwrap_or_else(|| at_hold(held, &usage, expected));
        }
        match self.pricing.price_of(priced, served, usage.context_tokens()) {
            Ok(price) => match usage.cost(&price) {
                Ok(cost) => exact(usage, Some(&price), Some(cost)),
                Err(_) => at_hold(held, &usage, Some(&price)),
            },
            Err(_) if expected.is_none() => exact(usage, None, None),
            Err(_) => at_hold(held, &usage, expected),
        }
    }
}

/// The guardrail that ran. Replies do not always name it; who asked for it did.
fn ran(priced: &Priced, told: Guardrail) -> Guardrail {
    let applied = priced.invocation.model.guardrail_and_version().map(|(id, _)| id.to_owned());
    let asked = applied.or_else(|| priced.facts.guardrail.clone());
    Guardrail { id: told.id.or(asked.filter(|_| told.action.is_some())), action: told.action }
}

/// What answered, or may have, where that is not what was asked first.
fn detour(intent: &Intent, priced: &Priced, owes: &Owes) -> Option<Chosen> {
    let is_as_asked = priced.model == intent.model
        && priced.region == intent.region
        && priced.routing == intent.routing;
    (!is_as_asked && *owes != Owes::Nothing).then(|| Chosen {
        model: priced.model.clone(),
        routing: priced.routing,
        region: Some(priced.region.clone()),
    })
}

/// The version where no reply told it, and how it is known.
fn unreported_version(priced: &Priced, guardrail: &Guardrail) -> (String, VersionEvidence) {
    let reference = &priced.invocation.model;
    if reference.kind == RefKind::Guardrail && guardrail.action.is_some() {
        // Of one that answered its version is known; whoever asks for others names what is none.
        return (reference.dispatched.clone(), VersionEvidence::Requested);
    }
    if !reference.candidates.is_empty() {
        // Which of a prompt router's models it was, nobody said.
        return (reference.dispatched.clone(), VersionEvidence::Requested);
    }
    let was_resolved = reference.alias.is_some() || reference.kind != RefKind::Base;
    let evidence =
        if was_resolved { VersionEvidence::Resolved } else { VersionEvidence::Requested };
    (priced.model.to_string(), evidence)
}

fn exact(usage: Usage, price: Option<&Price>, cost: Option<Cost>) -> Bill {
    let price = price.map(Price::stamp);
    Bill { usage, price, cost, estimated: false, cost_low: None }
}

/// Nobody knows: what was held, never less than what was seen.
fn at_hold(held: Option<Micros>, at_least: &Usage, price: Option<&Price>) -> Bill {
    let cost_low = price.and_then(|price| at_least.cost(price).ok());
    let held = held.and_then(Micros::cost);
    Bill {
        usage: at_least.clone(),
        price: price.map(Price::stamp),
        cost: held.max(cost_low),
        estimated: true,
        cost_low,
    }
}

fn shorten(message: String) -> String {
    match message.char_indices().nth(ERROR_MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message,
    }
}
