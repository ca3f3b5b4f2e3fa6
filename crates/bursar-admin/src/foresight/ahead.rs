//! A call that is thought of, as JSON: whose it would be, and what is known of it. Its price is
//! found by whoever asks.

use bursar_domain::call::{CallId, Intent, Operation, Reach};
use bursar_domain::identity::Attribution;
use bursar_domain::model::{Candidate, ModelId};
use bursar_domain::money::Cost;
use bursar_domain::price::{Routing, Tier};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::shown;
use crate::{Admin, Error, Foresight, Selectors, Who};

/// A call that is thought of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallAhead {
    /// Whose it would be: team, project, user, key, session and tags.
    pub who: Selectors,
    /// What it would ask; where that is not known, any call.
    pub call: Option<ModelAhead>,
}

/// What a call would ask.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelAhead {
    /// The model, by its canonical id.
    pub model: String,
    /// The region it would be made from.
    pub region: String,
    /// The operation; `Converse` where nothing is said.
    pub operation: Option<String>,
    /// The most it can cost, in dollars; null when nothing bounds it.
    pub worst_usd: Option<String>,
    /// The most tokens, in and out; null when nothing bounds them.
    pub tokens: Option<u64>,
    /// The most output tokens; null when nothing bounds them.
    pub output_tokens: Option<u64>,
    /// The geography of the profile that leads to the model.
    pub geography: Option<String>,
    /// The regions that may serve it; null for any.
    pub served_in: Option<Vec<String>>,
    /// The models that a prompt router chooses among, each with its profile's geography.
    pub candidates: Vec<(String, Option<String>)>,
}

impl From<&Intent> for ModelAhead {
    fn from(intent: &Intent) -> Self {
        let candidates = intent.reach.candidates.iter();
        Self {
            model: intent.model.to_string(),
            region: intent.region.clone(),
            operation: Some(intent.operation.to_string()),
            worst_usd: intent.ceiling.map(Cost::usd),
            tokens: intent.ceiling_tokens,
            output_tokens: intent.reach.output_tokens,
            geography: intent.reach.geography.clone(),
            served_in: intent.reach.served_in.clone(),
            candidates: candidates
                .map(|one| (one.base.to_string(), one.geography.clone()))
                .collect(),
        }
    }
}

impl Admin {
    /// What would become of a call.
    ///
    /// # Errors
    /// Somebody or a word that is not known, or a ledger that failed.
    pub async fn foresee_call(&self, ahead: &CallAhead) -> Result<Foresight, Error> {
        let Selectors { team, project, user, key, session, tags, .. } = ahead.who.clone();
        let known = self.attribution(&Who { team, project, user, key }).await?;
        let attribution = Attribution { tags, client_session: session, ..known };
        let Some(call) = &ahead.call else {
            let Attribution { team, project, user, key, .. } = attribution;
            let known = Selectors { team, project, user, key, ..ahead.who.clone() };
            return self.foresee_any(&known).await;
        };
        let now = self.clock.now();
        let id = CallId::new(now, &self.entropy.bytes());
        let intent = call.intent()?;
        self.foresee(&Intent { id, started_at: now, attribution, ..intent }).await
    }
}

impl ModelAhead {
    /// The call, of nobody and at no time yet.
    fn intent(&self) -> Result<Intent, Error> {
        let operation = self.operation.as_deref().unwrap_or(Operation::Converse.as_str());
        let model = |text: &str| ModelId::parse(text).ok_or_else(|| bad("model", text));
        let candidate = |(base, geography): &(String, Option<String>)| {
            Ok::<_, Error>(Candidate { base: model(base)?, geography: geography.clone() })
        };
        let worst = |text: &String| {
            Cost::parse_usd(&format!("{text}usd")).map_err(|_| bad("amount of dollars", text))
        };
        Ok(Intent {
            id: CallId::new(bursar_domain::time::Timestamp(0), &[0; 10]),
            started_at: bursar_domain::time::Timestamp(0),
            attribution: Attribution::default(),
            operation: operation.parse().map_err(|_| bad("operation", operation))?,
            model_requested: self.model.clone(),
            model: model(&self.model)?,
            region: self.region.clone(),
            routing: Routing::of_geography(self.geography.as_deref()),
            tier_requested: Tier::Standard,
            price: None,
            ceiling: self.worst_usd.as_ref().map(worst).transpose()?,
            ceiling_tokens: self.tokens,
            reach: Reach {
                geography: self.geography.clone(),
                served_in: self.served_in.clone(),
                candidates: self.candidates.iter().map(candidate).collect::<Result<_, _>>()?,
                output_tokens: self.output_tokens,
                ..Reach::default()
            },
            request_hmac: None,
            simulated: false,
        })
    }
}

fn bad(what: &'static str, given: &str) -> Error {
    Error::BadWord {
        what,
        given: shown(given),
        problem: "there is none such".to_owned(),
        hint: "`/openapi.json` says what each field is".to_owned(),
    }
}
