//! A refusal as programs read it: which limit, its figures, and what would have fitted.

use bursar_core::Refused;
use bursar_domain::budget::{Balance, Refusal};
use bursar_domain::money::{Micros, Total};
use bursar_domain::span::Span;
use serde_json::{Value, json};

use crate::failure::{Failure, Situation};

/// The failure that a refused call ends in.
pub(crate) fn failure(refused: &Refused) -> Failure {
    let mut about = about(&refused.refusal);
    about["call"] = json!(refused.call.to_string());
    about["would_fit_tokens"] = json!(refused.fitting_tokens);
    let failure = with(&refused.refusal, about);
    match refused.fitting_tokens {
        None => failure,
        Some(tokens) => failure.hint(format!(
            "an answer of {tokens} tokens would fit: `--max-tokens {tokens}`, or `--affordable` for \
             as many as there is room for"
        )),
    }
}

/// The same for a call that was only foreseen.
pub(crate) fn foreseen(refusal: &Refusal) -> Failure {
    with(refusal, about(refusal))
}

fn with(refusal: &Refusal, about: Value) -> Failure {
    // A policy about models says what a catalogue would: this one is not to be had.
    let situation =
        if refusal.is_about_model() { Situation::ModelNotAllowed } else { Situation::OverBudget };
    let failure = Failure::from_text(situation, &refusal.to_string());
    Failure { about: Some(Box::new(about)), ..failure }
}

fn about(refusal: &Refusal) -> Value {
    let reason = refusal.reason().as_str();
    match refusal {
        Refusal::NoRoom { asked, balance, .. } => json!({
            "reason": reason,
            "limit": limit(balance),
            "asked": asked.map(amount),
            "would_fit": amount(balance.room()),
        }),
        Refusal::Policy(_) => json!({
            "reason": reason,
            "limit": null,
            "asked": null,
            "would_fit": null,
        }),
        Refusal::Frozen(freeze) => json!({
            "reason": reason,
            "limit": null,
            "asked": null,
            "would_fit": null,
            "freeze": {
                "name": freeze.scope.to_string(),
                "reason": freeze.reason,
                "by": freeze.by,
                "at": freeze.at.to_string(),
            },
        }),
    }
}

fn limit(balance: &Balance) -> Value {
    json!({
        "name": balance.name,
        "unit": balance.unit.as_str(),
        "limit": amount(balance.limit),
        "spent": bursar_admin::write_amount(balance.spent_total()),
        "held": amount(balance.held),
        "window_end": (balance.end != Span::FOREVER).then(|| balance.end.to_string()),
    })
}

fn amount(micros: Micros) -> String {
    bursar_admin::write_amount(Total::from_halves(micros.0, 0))
}
