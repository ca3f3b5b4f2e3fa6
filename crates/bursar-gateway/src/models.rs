//! Which models may be asked for: the settings' own names, and what the catalogue knows to be served
//! in this region, by their ids and by their profiles.
//!
//! Of those, whoever asks is shown what his policies allow; whether he may call one now is decided when
//! he does.

use axum::response::Response;
use bursar_core::Allowance;
use bursar_domain::catalogue::Model;
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelRef;
use bursar_domain::time::Timestamp;
use bursar_wire::model_list::{self, ListedModel};
use bursar_wire::problem::{Problem, ProblemKind};
use percent_encoding::percent_decode_str;

use crate::dialect::{Dialect, json};
use crate::front::Front;
use crate::refusal;

impl Front {
    /// `GET /v1/models`
    pub(crate) async fn models(
        &self,
        dialect: Dialect,
        who: &Attribution,
    ) -> Result<Response, Problem> {
        let allowance = self.allowance(who).await?;
        let mut models = self.listed();
        models.retain(|model| self.may_call(&allowance, &model.id));
        if dialect == Dialect::Anthropic {
            // Who speaks Messages can ask no other.
            models.retain(|model| model.owner == "Anthropic");
        }
        Ok(json(model_list::model_list(&models)))
    }

    async fn allowance<'a>(&'a self, who: &'a Attribution) -> Result<Allowance<'a>, Problem> {
        let asked = self.bursar.allowance(who).await;
        asked.map_err(|error| refusal::problem(&error, self.bursar.clock.now()))
    }

    /// Whether a name's model, or each of those that it may be drawn from, is allowed.
    fn may_call(&self, allowance: &Allowance<'_>, name: &str) -> bool {
        let is_allowed = |name| self.resolve(name).is_ok_and(|model| allowance.has(model));
        self.settings.names.meanings(name).into_iter().all(is_allowed)
    }

    /// `GET /v1/models/{id}`
    pub(crate) async fn model(&self, raw_id: &str, who: &Attribution) -> Result<Response, Problem> {
        let id = percent_decode_str(raw_id).decode_utf8_lossy();
        let known = self.first(&id)?;
        if !self.may_call(&self.allowance(who).await?, &id) {
            let message = format!("`{id}` is not among the models that this key may call");
            return Err(Problem::new(ProblemKind::UnknownModel, message));
        }
        let base = known.base.as_ref().map_or("", |base| base.as_str());
        let model = self.bursar.pricing.catalogue.model(base).ok_or_else(|| {
            let message = format!("`{id}` is not in the catalogue");
            Problem::new(ProblemKind::UnknownModel, message)
        })?;
        Ok(json(model_list::model(&entry(id.into_owned(), &model))))
    }

    fn listed(&self) -> Vec<ListedModel> {
        let catalogue = self.bursar.pricing.catalogue;
        let now = self.bursar.clock.now();
        let named = self.settings.names.all().filter_map(|alias| {
            let base = self.first(alias).ok()?.base?;
            Some(entry(alias.to_owned(), &catalogue.model(base.as_str())?))
        });
        let served = catalogue
            .models()
            .filter(|model| model.on_runtime != Some(false) && !model.is_over(now))
            .flat_map(|model| {
                let ids = self.ids_of(&model);
                ids.into_iter().map(move |id| entry(id, &model)).collect::<Vec<_>>()
            });
        named.chain(served).collect()
    }

    /// What a name stands for: of an alias by weight, the first of its models.
    fn first(&self, name: &str) -> Result<ModelRef, Problem> {
        let meanings = self.settings.names.meanings(name);
        self.resolve(meanings.first().copied().unwrap_or(name))
    }

    /// The ids that a model can be called by from this region.
    fn ids_of(&self, model: &Model) -> Vec<String> {
        let region = self.bursar.pricing.region.as_str();
        let is_here =
            model.in_region_on_demand.as_ref().is_some_and(|regions| regions.contains(&region));
        let own = is_here.then(|| model.id.to_owned());
        let routes = self.bursar.pricing.catalogue.profiles_of(model.id).into_iter();
        let profiles = routes
            .filter(|route| route.from.contains(&region))
            .map(|route| format!("{}.{}", route.geography, model.id));
        own.into_iter().chain(profiles).collect()
    }
}

fn entry(id: String, model: &Model) -> ListedModel {
    ListedModel {
        id,
        name: model.display_name.to_owned(),
        owner: model.provider.to_owned(),
        since: model.lifecycle.launch.unwrap_or(Timestamp(0)),
    }
}
