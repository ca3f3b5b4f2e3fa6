//! A refusal as programs read it: why, by which limit, its figures, and what would have fitted.

use bursar_domain::budget::{Balance, Refusal};
use bursar_domain::money::Micros;
use bursar_domain::span::Span;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::budgets::total;
use crate::write_amount;

/// Why a call is, or would be, refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refused {
    /// `over_budget`, or `model_not_allowed` where a policy does not allow the model.
    pub code: String,
    /// What is said of it, and in a last line what to do.
    pub message: String,
    /// Its reason in a word, the limit with its figures, what was asked, what would have fitted.
    pub about: Value,
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        // A policy about models says what a catalogue would: this one is not to be had.
        let code = if refusal.is_about_model() { "model_not_allowed" } else { "over_budget" };
        Self { code: code.to_owned(), message: refusal.to_string(), about: about(refusal) }
    }
}

fn about(refusal: &Refusal) -> Value {
    let reason = refusal.reason().as_str();
    let bare = json!({"reason": reason, "limit": null, "asked": null, "would_fit": null});
    match refusal {
        Refusal::NoRoom { asked, balance, .. } => json!({
            "reason": reason,
            "limit": limit(balance),
            "asked": asked.map(amount),
            "would_fit": amount(balance.room()),
        }),
        Refusal::Policy(_) => bare,
        Refusal::Frozen(freeze) => {
            let mut about = bare;
            about["freeze"] = json!({
                "name": freeze.scope.to_string(),
                "reason": freeze.reason,
                "by": freeze.by,
                "at": freeze.at.to_string(),
            });
            about
        }
    }
}

fn limit(balance: &Balance) -> Value {
    json!({
        "name": balance.name,
        "unit": balance.unit.as_str(),
        "limit": amount(balance.limit),
        "spent": write_amount(balance.spent_total()),
        "held": amount(balance.held),
        "window_end": (balance.end != Span::FOREVER).then(|| balance.end.to_string()),
    })
}

fn amount(micros: Micros) -> String {
    write_amount(total(micros))
}
