//! How far streams may go, as JSON says it.

use bursar_domain::money::{Cost, Micros};
use bursar_domain::watch::StreamLimits;
use bursar_ledger::Changed;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Error;
use crate::error::shown;

/// How far streams may go; what is not said is not limited.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StreamLimitWords {
    /// The most a stream may cost, in dollars: `0.50`.
    pub money_usd: Option<String>,
    /// The most output tokens.
    pub output_tokens: Option<u64>,
    /// The longest it may run.
    pub seconds: Option<u64>,
    /// The longest it may be silent.
    pub idle_seconds: Option<u64>,
    /// What becomes of repetition: `off`, `alarm` or `cut`.
    pub on_repetition: Option<String>,
    /// What becomes of the upstream: `drain` or `drop`.
    pub on_cut: Option<String>,
}

/// What was said of a scope's streams before, and what is said now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamLimitChange {
    /// Whose streams, in words.
    pub scope: String,
    /// Before, in words.
    pub was: Option<String>,
    /// Now.
    pub becomes: Option<String>,
}

impl From<StreamLimits> for StreamLimitWords {
    fn from(limits: StreamLimits) -> Self {
        if limits == StreamLimits::NONE {
            return Self::default();
        }
        Self {
            money_usd: limits.money.and_then(Micros::cost).map(Cost::usd),
            output_tokens: limits.output_tokens,
            seconds: limits.seconds,
            idle_seconds: limits.idle_seconds,
            on_repetition: Some(limits.on_repetition.to_string()),
            on_cut: Some(limits.on_cut.to_string()),
        }
    }
}

impl StreamLimitWords {
    /// What the words mean.
    ///
    /// # Errors
    /// [`Error::BadWord`] for the first that means nothing, and for a bound of nothing.
    pub fn limits(&self) -> Result<StreamLimits, Error> {
        let mut limits = StreamLimits {
            money: self.money_usd.as_deref().map(money).transpose()?,
            output_tokens: above_zero(self.output_tokens)?,
            seconds: above_zero(self.seconds)?,
            idle_seconds: above_zero(self.idle_seconds)?,
            ..StreamLimits::NONE
        };
        if let Some(word) = &self.on_repetition {
            limits.on_repetition =
                word.parse().map_err(|_| bad(word, "`off`, `alarm` or `cut`"))?;
        }
        if let Some(word) = &self.on_cut {
            limits.on_cut = word.parse().map_err(|_| bad(word, "`drain` or `drop`"))?;
        }
        Ok(limits)
    }
}

/// An amount above nothing, to the millionth of a dollar.
fn money(text: &str) -> Result<Micros, Error> {
    let unfit = || bad(text, "an amount above nothing with at most six places, `0.50`");
    let cost = Cost::parse_usd(&format!("{text}usd")).map_err(|_| unfit())?;
    let micros = cost.micros_up();
    let is_fit = micros != Micros(0) && micros.cost() == Some(cost);
    is_fit.then_some(micros).ok_or_else(unfit)
}

/// What a column holds, and at least one.
fn above_zero(count: Option<u64>) -> Result<Option<u64>, Error> {
    match count {
        Some(count) if !(1..=1 << 40).contains(&count) => {
            Err(bad(&count.to_string(), "a number above zero"))
        }
        count => Ok(count),
    }
}

fn bad(given: &str, instead: &str) -> Error {
    Error::BadWord {
        what: "limit of streams",
        given: shown(given),
        problem: "nothing can keep to it".to_owned(),
        hint: format!("write {instead}"),
    }
}

impl From<Changed> for StreamLimitChange {
    fn from(changed: Changed) -> Self {
        Self { scope: changed.subject, was: changed.was, becomes: changed.becomes }
    }
}
