//! The catalogue of models: what Bedrock offers, what each model can do, and its names.
//!
//! It is embedded and read where it lies, and what Bedrock lists in a region may be laid over it. It
//! says nothing about prices (`price_book` does), and
//! nothing about what the account at hand may use.

mod behind;
mod changes;
mod listing;
mod names;
mod offers;
#[cfg(test)]
mod offers_tests;
mod offers_text;
mod resolve;
#[cfg(test)]
mod tests;

pub use changes::Changes;
pub use listing::{Lifecycle, LifecycleStatus, Modality, Model, Profile, ProfileRoute};
pub use names::{Names, Shares, WrongShares};
pub use offers::{Offer, OfferedRoute, Offers};
pub use offers_text::BrokenOffers;
pub(crate) use resolve::{Known, resolve};
pub use resolve::{Reason, UnknownModel};

use crate::table::Table;

/// The embedded catalogue, and what Bedrock lists. Free to make and to copy.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue {
    offers: Option<&'static Offers>,
}

impl Catalogue {
    /// The catalogue that this program was built with.
    #[must_use]
    pub const fn embedded() -> Self {
        Self { offers: None }
    }

    /// The same, with what Bedrock lists laid over it. The list is read once and lives as long as
    /// the program, as the embedded one does.
    #[must_use]
    pub const fn with(self, offers: &'static Offers) -> Self {
        Self { offers: Some(offers) }
    }

    /// What is laid over it.
    #[must_use]
    pub const fn offers(self) -> Option<&'static Offers> {
        self.offers
    }

    /// The model with exactly this base id.
    #[must_use]
    pub fn model(self, id: &str) -> Option<Model> {
        let listed = Table::MODELS.lines(id).next().and_then(Model::read);
        match self.offers {
            Some(offers) => offers.over(id, listed),
            None => listed,
        }
    }

    /// Every model, in the order of their ids.
    pub fn models(self) -> impl Iterator<Item = Model> {
        let listed = Table::MODELS.all().filter_map(Model::read);
        let Some(offers) = self.offers else { return listed.collect::<Vec<_>>().into_iter() };
        let mut models: Vec<Model> =
            listed.filter_map(|model| offers.over(model.id, Some(model))).collect();
        let is_new = |id: &&str| Table::MODELS.lines(id).next().is_none();
        let new = offers.models().map(|offer| offer.id.as_str()).filter(is_new);
        models.extend(new.filter_map(|id| offers.over(id, None)));
        models.sort_by_key(|model| model.id);
        models.into_iter()
    }

    /// From where to where each cross-region profile of a model routes; empty when unknown.
    #[must_use]
    pub fn profiles_of(self, id: &str) -> Vec<ProfileRoute> {
        let listed = Table::ROUTING.lines(id).filter_map(ProfileRoute::read).collect();
        match self.offers {
            Some(offers) => offers.routes(id, listed),
            None => listed,
        }
    }

    /// Whether a region is known to offer a model, by its base id or through a profile.
    #[must_use]
    pub fn is_offered(self, id: &str, region: &str) -> bool {
        let model = self.model(id);
        let on_demand = model.and_then(|model| model.in_region_on_demand).unwrap_or_default();
        let routes = self.profiles_of(id);
        on_demand.contains(&region) || routes.iter().any(|route| route.from.contains(&region))
    }

    /// The day on which the embedded figures were retrieved, `YYYY-MM-DD`.
    #[must_use]
    pub fn retrieved_on(self) -> &'static str {
        Table::MODELS.retrieved_on()
    }

    /// What the tags of models' and prices' sources stand for: (tag, what it is).
    pub fn legend(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        Table::legend()
    }
}
