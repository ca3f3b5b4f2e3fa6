//! What a region offers, as a list that the catalogue can be laid under: models that can be called,
//! and AWS's own profiles of them. What is this account's alone is not in it.

use bursar_domain::catalogue::{Catalogue, LifecycleStatus, Offer, OfferedRoute, Offers};
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
    let id = ModelId::parse(&model.id)?;
    let is_served = |way: &str| model.inference_types.iter().any(|known| known == way);
    let on_demand = is_served("ON_DEMAND");
    let profiles: Vec<OfferedRoute> =
        profiles.iter().filter_map(|profile| route(profile, &id)).collect();
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

/// Where a profile of a model leads.
fn route(profile: &OfferedProfile, model: &ModelId) -> Option<OfferedRoute> {
    let (geography, base) = profile.id.split_once('.')?;
    if base != model.as_str() {
        return None;
    }
    let regions = Catalogue::regions_of(&profile.models)?;
    let anywhere = regions.contains(&"");
    let to = (!anywhere).then(|| regions.into_iter().map(str::to_owned).collect());
    Some(OfferedRoute { geography: geography.to_owned(), to })
}
