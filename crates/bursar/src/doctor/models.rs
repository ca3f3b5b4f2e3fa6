//! Which models answer: whether the account has access, how long they live, and what CountTokens
//! says, which is free. Nothing is generated, and nothing stands in the user's ledger.

use std::time::Duration;

use bursar_core::{Bursar, ControlPlane, Invocation, Prompt, cut_pair};
use bursar_domain::advice::{Cause, Trouble, advise_on};
use bursar_domain::call::Outcome;
use bursar_domain::catalogue::Catalogue;
use bursar_domain::identity::Attribution;
use bursar_domain::model::{ModelId, ModelRef};
use bursar_domain::time::{DAY_MS, Timestamp};

use super::finding::{Finding, Level};
use crate::advice::Asked;
use crate::failure::{Failure, Situation};
use crate::settings::Settings;
use crate::{lookup, wiring};

/// The check's name, where it is about no one model.
pub(super) const CHECK: &str = "models";

/// A successor takes a quarter of a year to try.
const LIFE_DAYS_MIN: i64 = 90;
/// What is counted.
const WORDS: &str = "How are you?";

/// What models are asked with.
pub(super) struct Ward<'a> {
    settings: &'a Settings,
    catalogue: Catalogue,
    control: ControlPlane,
    /// Records what it counts in memory: a ledger that is damaged or busy must not matter here.
    bursar: Bursar,
    now: Timestamp,
}

/// Quotas are not Bedrock's to tell.
pub(super) fn quotas() -> Finding {
    Finding::note("quotas", "not asked: Service Quotas has them, per account, region and model")
        .then("`aws service-quotas list-service-quotas --service-code bedrock` lists them")
}

impl<'a> Ward<'a> {
    pub(super) async fn open(
        settings: &'a Settings,
        limit: Duration,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let mut asking = settings.clone();
        "sqlite::memory:".clone_into(&mut asking.ledger_url);
        asking.report_tags.clear();
        asking.limits.attempts_max = 1;
        asking.limits.first_byte = limit;
        let control = wiring::control_plane(settings).await?;
        let bursar = Box::pin(wiring::open(&asking)).await?;
        Ok(Self { settings, catalogue: settings.catalogue()?, control, bursar, now })
    }

    /// What the region offers, where nobody names a model.
    pub(super) async fn offer(&self) -> Vec<Finding> {
        vec![match self.control.models().await {
            Ok(models) => {
                let (count, region) = (models.len(), self.control.region());
                let found = format!("`{region}` offers {count}, and none is named here");
                Finding::note(CHECK, found)
                    .then("name them with -m, or give them aliases under `[models.aliases]`")
            }
            Err(error) => graded(Finding::of(CHECK, error.into())),
        }]
    }

    /// Everything that is free to ask about one model.
    pub(super) async fn ask(&self, check: &str, name: &str) -> Vec<Finding> {
        let model = match lookup::model(self.settings, name).await {
            Ok(model) => model,
            Err(failure) => return vec![graded(Finding::of(check, failure))],
        };
        let Some(base) = &model.base else {
            let found = format!("what `{}` stands for is not known", model.dispatched);
            return vec![
                Finding::warning(check, found)
                    .then("say so under `[models.base_models]` in the configuration"),
            ];
        };
        let listed = self.catalogue.model(base.as_str());
        if listed.is_some_and(|listed| listed.is_over(self.now)) {
            return vec![self.refused(check, &model, Cause::EndOfLife)];
        }
        let (access, life, count) = tokio::join!(
            self.access(check, &model, base),
            self.life(check, &model, base),
            self.count(check, &model),
        );
        // Where access fails, so does all else.
        if access.level == Level::Failure {
            return vec![access];
        }
        vec![life.map_or(access.clone(), |life| access.and(life)).and(count)]
    }

    async fn access(&self, check: &str, model: &ModelRef, base: &ModelId) -> Finding {
        let told = match self.control.availability(base.as_str()).await {
            Ok(Some(told)) => told,
            Ok(None) => return self.refused(check, model, Cause::UnknownModel),
            Err(error) => return graded(Finding::of(check, error.into())),
        };
        if !told.is_authorized || !told.is_entitled {
            return self.refused(check, model, Cause::ModelAccess);
        }
        // A profile may lead to other regions.
        if !told.is_in_region && model.geography.is_none() {
            return self.refused(check, model, Cause::WrongRegion);
        }
        let access = Finding::ok(check, "the account has access");
        match told.agreement.as_deref() {
            None | Some("AVAILABLE") => access,
            Some(status) => {
                let found = format!("the agreement with its provider is {status}");
                let steps = self.advice(model, Cause::Marketplace).next;
                access.and(Finding::warning(check, found).then_all(steps))
            }
        }
    }

    /// Whether it ends soon; Bedrock's word counts before the catalogue's.
    async fn life(&self, check: &str, model: &ModelRef, base: &ModelId) -> Option<Finding> {
        let told = self.control.model(base.as_str()).await.ok().flatten();
        let told = told.and_then(|told| told.lifecycle);
        let listed = self.catalogue.model(base.as_str());
        let end = told
            .and_then(|told| told.end_of_life)
            .or_else(|| listed.and_then(|listed| listed.lifecycle.end_of_life));
        let is_near = end.is_some_and(|end| end.0 - self.now.0 < LIFE_DAYS_MIN * DAY_MS);
        if !is_near && !told.is_some_and(|told| told.is_legacy) {
            return None;
        }
        let end = end.map_or("has no date yet".to_owned(), |end| format!("is on {}", end.date()));
        let steps = self.advice(model, Cause::EndOfLife).next;
        Some(Finding::warning(check, format!("its end of life {end}")).then_all(steps))
    }

    /// What CountTokens answers.
    async fn count(&self, check: &str, model: &ModelRef) -> Finding {
        let prompt = Prompt { text: WORDS.to_owned(), ..Prompt::default() };
        let invocation = Invocation::count_prompt(model.clone(), &prompt);
        let asked = Asked::of(&self.bursar, &invocation);
        let (_cutter, signal) = cut_pair();
        let receipt = match self.bursar.invoke(Attribution::default(), invocation, signal).await {
            Ok(reply) => reply.settled().await,
            Err(error) => Err(error),
        };
        let receipt = match receipt {
            Ok(receipt) => receipt,
            Err(error) => return graded(Finding::of(check, error.into())),
        };
        if receipt.settlement.ending.outcome == Outcome::Succeeded {
            return Finding::ok(check, "it counts tokens when asked");
        }
        let failure = asked.failure(Situation::Upstream, &receipt);
        if failure.cause == Some(Cause::CountingUnsupported) {
            return Finding::ok(check, "it counts no tokens, so only a call proves more");
        }
        graded(Finding::of(check, failure))
    }

    fn refused(&self, check: &str, model: &ModelRef, cause: Cause) -> Finding {
        let advice = self.advice(model, cause);
        graded(Finding::of(check, Failure::advised(Situation::Upstream, advice)))
    }

    fn advice(&self, model: &ModelRef, cause: Cause) -> bursar_domain::advice::Advice {
        let trouble = Trouble {
            code: "",
            status: None,
            message: "",
            operation: None,
            model: Some(model),
            region: &self.settings.region,
            attempts: 1,
            body_bytes: 0,
            at: self.now,
        };
        advise_on(cause, &trouble, &self.settings.prices)
    }
}

/// A refused question as what it says of the model: some refusals are of the question alone.
fn graded(finding: Finding) -> Finding {
    match finding.cause.map(situation_of) {
        Some(None) => finding.softened(),
        Some(situation) => Finding { situation, ..finding },
        None => finding,
    }
}

/// What a call would end with; `None` where it might end well.
const fn situation_of(cause: Cause) -> Option<Situation> {
    use Cause as C;
    match cause {
        C::NotAuthorized
        | C::Forbidden
        | C::RequestQuota
        | C::TokenQuota
        | C::DailyQuota
        | C::Throttled
        | C::ServiceQuota => None,
        C::ModelAccess
        | C::Marketplace
        | C::UseCaseForm
        | C::OperationNotAllowed
        | C::EndOfLife
        | C::Legacy => Some(Situation::ModelNotAllowed),
        C::UnknownModel | C::WrongRegion | C::ProfileRequired | C::NotFound => {
            Some(Situation::UnknownModel)
        }
        C::NoCredentials
        | C::ExpiredCredentials
        | C::InvalidCredentials
        | C::ApiKey
        | C::BadSignature
        | C::ClockSkew => Some(Situation::Unauthenticated),
        _ => Some(Situation::Upstream),
    }
}
