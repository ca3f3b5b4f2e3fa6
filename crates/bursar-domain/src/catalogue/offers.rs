//! What Bedrock itself lists in one region, laid over the embedded catalogue.
//!
//! It knows ids, names, providers, modalities, lives and profiles, and nothing else: abilities,
//! limits and prices stay the embedded ones, and a model that is new has none of them.

use super::{Lifecycle, LifecycleStatus, Modality, Model, Profile, ProfileRoute};
use crate::model::ModelId;
use crate::table::Table;
use crate::time::Timestamp;

/// What a region offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offers {
    /// The region that was asked.
    pub region: String,
    /// When it was asked.
    pub retrieved_at: Timestamp,
    /// Who answered: an endpoint, or AWS.
    pub source: String,
    /// Sorted by id, each once.
    pub(super) models: Vec<Offer>,
}

/// A model as Bedrock lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The base id.
    pub id: ModelId,
    /// Its name for people.
    pub name: String,
    /// Who made it.
    pub provider: String,
    /// What it takes: `text`, `image` …
    pub inputs: Vec<String>,
    /// What it gives.
    pub outputs: Vec<String>,
    /// Whether it streams.
    pub streaming: Option<bool>,
    /// Whether it can be called by its base id.
    pub on_demand: bool,
    /// Where it is in its life.
    pub status: LifecycleStatus,
    /// The day it came.
    pub launch: Option<Timestamp>,
    /// The day it became, or becomes, legacy.
    pub legacy_from: Option<Timestamp>,
    /// The day from which its provider may charge more.
    pub public_extended_access_from: Option<Timestamp>,
    /// The day it goes.
    pub end_of_life: Option<Timestamp>,
    /// Its cross-region profiles.
    pub profiles: Vec<OfferedRoute>,
}

/// A cross-region profile, and the regions that may serve it; `None` for any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedRoute {
    /// `us`, `global` …
    pub geography: String,
    /// Region names.
    pub to: Option<Vec<String>>,
}

impl Offers {
    /// From what was read, in any order.
    #[must_use]
    pub fn new(
        region: String,
        retrieved_at: Timestamp,
        source: String,
        mut models: Vec<Offer>,
    ) -> Self {
        models.sort_by(|a, b| a.id.cmp(&b.id));
        models.dedup_by(|a, b| a.id == b.id);
        Self { region, retrieved_at, source, models }
    }

    /// Every model, in the order of their ids.
    pub fn models(&self) -> impl Iterator<Item = &Offer> {
        self.models.iter()
    }

    pub(super) fn offer(&self, id: &str) -> Option<&Offer> {
        let place = self.models.binary_search_by(|offer| offer.id.as_str().cmp(id)).ok()?;
        self.models.get(place)
    }

    /// A model as it is known with this: what the catalogue says of it, and what Bedrock does.
    pub(super) fn over(&'static self, id: &str, listed: Option<Model>) -> Option<Model> {
        let offer = self.offer(id);
        let mut model = listed.or_else(|| offer.map(Offer::unlisted))?;
        if let Some(offer) = offer {
            self.write(offer, &mut model);
        }
        let here = self.region.as_str();
        if let Some(regions) = &mut model.in_region_on_demand {
            regions.retain(|region| *region != here);
        }
        if offer.is_some_and(|offer| offer.on_demand) {
            let regions = model.in_region_on_demand.get_or_insert_default();
            regions.push(here);
            regions.sort_unstable();
        }
        Some(model)
    }

    /// Where calls to a model's profiles go: from this region as Bedrock says, else as listed.
    pub(super) fn routes(
        &'static self,
        id: &str,
        mut listed: Vec<ProfileRoute>,
    ) -> Vec<ProfileRoute> {
        for route in &mut listed {
            route.from.retain(|from| *from != self.region);
        }
        listed.retain(|route| !route.from.is_empty());
        let offered = self.offer(id).map(|offer| offer.profiles.as_slice()).unwrap_or_default();
        listed.extend(offered.iter().map(|profile| ProfileRoute {
            geography: &profile.geography,
            from: vec![&self.region],
            to: profile.to.as_ref().map(|to| to.iter().map(String::as_str).collect()),
        }));
        listed
    }

    /// What Bedrock says wins; what it leaves out stays as it was.
    fn write(&'static self, offer: &'static Offer, model: &mut Model) {
        let source = self.source.as_str();
        let texts = |texts: &'static [String]| {
            (!texts.is_empty()).then(|| texts.iter().map(String::as_str).collect::<Vec<_>>())
        };
        if !offer.name.is_empty() {
            model.display_name = &offer.name;
        }
        if !offer.provider.is_empty() {
            model.provider = &offer.provider;
        }
        model.input_modalities = texts(&offer.inputs).or(model.input_modalities.take());
        model.output_modalities = texts(&offer.outputs).or(model.output_modalities.take());
        model.streaming = offer.streaming.or(model.streaming);
        let life = &mut model.lifecycle;
        life.status = offer.status;
        life.launch = offer.launch.or(life.launch);
        life.legacy_from = offer.legacy_from.or(life.legacy_from);
        life.public_extended_access_from =
            offer.public_extended_access_from.or(life.public_extended_access_from);
        // What is listed is not over, whatever was published before.
        let to_come = life.end_of_life.filter(|end| *end > self.retrieved_at);
        life.end_of_life = offer.end_of_life.or(to_come);
        for OfferedRoute { geography, .. } in &offer.profiles {
            if model.profiles.iter().all(|known| known.geography != geography) {
                model.profiles.push(Profile { geography, sources: vec![source] });
            }
        }
        model.sources.push(source);
    }
}

impl Offer {
    /// A model that the catalogue does not list.
    fn unlisted(&'static self) -> Model {
        let gives = |what: &str| self.outputs.iter().any(|output| output == what);
        let takes = |what: &str| self.inputs.iter().any(|input| input == what);
        let modality = match () {
            () if gives("embedding") => Modality::Embedding,
            () if gives("image") => Modality::Image,
            () if gives("video") => Modality::Video,
            () if gives("speech") || gives("audio") => Modality::Audio,
            () => Modality::Chat,
        };
        Model {
            id: self.id.as_str(),
            provider: &self.provider,
            family: "",
            display_name: &self.name,
            modality,
            input_modalities: None,
            output_modalities: None,
            context_window: None,
            context_note: None,
            max_output_tokens: None,
            streaming: None,
            tools: None,
            vision: (!self.inputs.is_empty()).then(|| takes("image")),
            prompt_cache: None,
            prompt_cache_min_tokens: None,
            reasoning: None,
            lifecycle: Lifecycle {
                status: self.status,
                launch: None,
                launch_source: None,
                legacy_from: None,
                public_extended_access_from: None,
                end_of_life: None,
                note: None,
                sources: Vec::new(),
            },
            profiles: Vec::new(),
            profiles_unconfirmed: None,
            in_region_supported: None,
            in_region_on_demand: None,
            on_runtime: Some(true),
            on_mantle: None,
            aliases: Vec::new(),
            is_priced: Table::PRICES.lines(self.id.as_str()).next().is_some(),
            sources: Vec::new(),
        }
    }
}
