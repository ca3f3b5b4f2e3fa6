//! A refusal as programs read it: which limit, its figures, and what would have fitted.

use bursar_admin::Refused as Foreseen;
use bursar_core::Refused;
use serde_json::json;

use crate::failure::{Failure, Situation};

/// The failure that a refused call ends in.
pub(crate) fn failure(refused: &Refused) -> Failure {
    let mut told = Foreseen::from(&refused.refusal);
    told.about["call"] = json!(refused.call.to_string());
    told.about["would_fit_tokens"] = json!(refused.fitting_tokens);
    let failure = foreseen(&told);
    match refused.fitting_tokens {
        None => failure,
        Some(tokens) => failure.hint(format!(
            "an answer of {tokens} tokens would fit: `--max-tokens {tokens}`, or `--affordable` for \
             as many as there is room for"
        )),
    }
}

/// The same for a call that was only foreseen.
pub(crate) fn foreseen(refused: &Foreseen) -> Failure {
    let failure = Failure::from_text(Situation::of_code(&refused.code), &refused.message);
    Failure { about: Some(Box::new(refused.about.clone())), ..failure }
}
