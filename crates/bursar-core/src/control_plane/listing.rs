//! What a region offers, as a list that the catalogue can be laid under: models that can be called,
//! and AWS's own profiles of them. What is this account's alone is not in it.

use bursar_domain::catalogue::{Catalogue, LifecycleStatus, Names, Offer, OfferedRoute, Offers};
use bursar_domain::model::ModelId;
use bursar_domain::time::Timestamp;

use super::{ControlPlane, OfferedModel, OfferedProfile};
use crate::Error;

impl ControlPlane {
    /// Asks for everything that the region offers.
    ///
    /// # Errors
    /// [`Error::Unread`].
    pub async fn offers(&self, at: Timestamp) -> Result<Offers, Error> {
        let models = self.models().await?;
        let profiles = self.profiles_of_system().await?;
        let models = models.iter().filter_map(|model| offer(model, &profiles)).collect();
        let source = self.endpoint.clone().unwrap_or_else(|| "AWS".to_owned());
        Ok(Offers::new(self.region.clone(), at, source, models))
    }
}

/// A model that can be called. Variants that only provisioned throughput serves are left out: the
/// catalogue knows them as their model.
fn offer(model: &OfferedModel, profiles: &[OfferedProfile]) -> Option<Offer> {
    let id = canonical(&model.id)?;
    let is_served = |way: &str| model.inference_types.iter().any(|known| known == way);
    let on_demand = is_served("ON_DEMAND");
    let profiles: Vec<OfferedRoute> =
        profiles.iter().filter_map(|profile| route(profile, &model.id)).collect();
    if !on_demand && profiles.is_empty() && !is_served("INFERENCE_PROFILE") {
        return None;
    }
    let lower = |texts: &[String]| texts.iter().map(|text| text.to_ascii_lowercase()).collect();
    let life = model.lifecycle;
    let is_legacy = life.is_some_and(|life| life.is_legacy);
    Some(Offer {
        name: model.name.clone().unwrap_or_default(),
        provider: model.provider.clone().unwrap_or_default(),
        inputs: lower(&model.input_modalities),
        outputs: lower(&model.output_modalities),
        streaming: model.streaming,
        on_demand,
        status: if is_legacy { LifecycleStatus::Legacy } else { LifecycleStatus::Active },
        launch: life.and_then(|life| life.launch).map(Timestamp::day),
        legacy_from: life.and_then(|life| life.legacy_from).map(Timestamp::day),
        public_extended_access_from: life
            .and_then(|life| life.public_extended_access_from)
            .map(Timestamp::day),
        end_of_life: life.and_then(|life| life.end_of_life).map(Timestamp::day),
        profiles,
        id,
    })
}

/// The catalogue's id of a model; `None` for a variant of one that it knows, such as `…:48k`.
fn canonical(id: &str) -> Option<ModelId> {
    match Catalogue::embedded().resolve(id, &Names::default()) {
        Ok(found) => found.base.filter(|base| *base.as_str() == found.dispatched),
        Err(_) => ModelId::parse(id),
    }
}

/// Where a profile of a model leads.
fn route(profile: &OfferedProfile, model: &str) -> Option<OfferedRoute> {
    let (geography, base) = profile.id.split_once('.')?;
    if base != model {
        return None;
    }
    let regions = Catalogue::regions_of(&profile.models)?;
    let anywhere = regions.contains(&"");
    let to = (!anywhere).then(|| regions.into_iter().map(str::to_owned).collect());
    Some(OfferedRoute { geography: geography.to_owned(), to })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOVA: &str = "amazon.nova-lite-v1:0";

    fn offered(id: &str, ways: &[&str]) -> OfferedModel {
        OfferedModel {
            id: id.to_owned(),
            name: Some("A name".to_owned()),
            provider: None,
            input_modalities: vec!["TEXT".to_owned()],
            output_modalities: vec!["TEXT".to_owned()],
            streaming: Some(true),
            inference_types: ways.iter().map(|way| (*way).to_owned()).collect(),
            lifecycle: None,
        }
    }

    fn profile(id: &str, regions: &[&str]) -> OfferedProfile {
        let model = id.split_once('.').unwrap().1;
        let arn = |region: &&str| format!("arn:aws:bedrock:{region}::foundation-model/{model}");
        OfferedProfile {
            id: id.to_owned(),
            arn: String::new(),
            name: String::new(),
            is_application: false,
            models: regions.iter().map(arn).collect(),
        }
    }

    #[test]
    fn a_model_is_listed_with_the_profiles_that_lead_to_it() {
        let us = profile(&format!("us.{NOVA}"), &["us-east-1", "us-west-2"]);
        let global = profile(&format!("global.{NOVA}"), &["us-east-1", ""]);
        let other = profile("us.amazon.nova-pro-v1:0", &["us-east-1"]);
        let listed = offer(&offered(NOVA, &["ON_DEMAND"]), &[us, global, other]).unwrap();
        assert_eq!((listed.inputs, listed.on_demand), (vec!["text".to_owned()], true));
        let routes: Vec<_> = listed.profiles.iter().map(|route| route.geography.as_str()).collect();
        assert_eq!(routes, ["us", "global"]);
        assert_eq!(listed.profiles[0].to.as_ref().unwrap().len(), 2);
        assert_eq!(listed.profiles[1].to, None, "anywhere");
    }

    #[test]
    fn another_id_of_a_known_model_is_that_model_and_a_variant_is_none() {
        let id = |id: &str, ways: &[&str]| offer(&offered(id, ways), &[]).map(|listed| listed.id);
        let canonical = id("openai.gpt-oss-120b", &["ON_DEMAND"]).unwrap();
        assert_eq!(canonical.as_str(), "openai.gpt-oss-120b-1:0");
        assert_eq!(id(&format!("{NOVA}:300k"), &["ON_DEMAND"]), None);
        assert_eq!(id("acme.new-v1:0", &["PROVISIONED"]), None);
        assert_eq!(id("no id", &["ON_DEMAND"]), None);
        assert_eq!(id("acme.new-v1:0", &["INFERENCE_PROFILE"]).unwrap().as_str(), "acme.new-v1:0");
    }
}
