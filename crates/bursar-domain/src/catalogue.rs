//! The catalogue of models: what Bedrock offers, what each model can do, and its names.
//!
//! It is embedded and read where it lies. It says nothing about prices (`price_book` does), and
//! nothing about what the account at hand may use.

mod behind;
mod listing;
mod resolve;
#[cfg(test)]
mod tests;

pub use listing::{Lifecycle, LifecycleStatus, Modality, Model, Profile, ProfileRoute};
pub(crate) use resolve::{Known, resolve};
pub use resolve::{Names, Reason, UnknownModel};

use crate::table::Table;

/// The embedded catalogue. Free to make and to copy.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue(());

impl Catalogue {
    /// The catalogue that this program was built with.
    #[must_use]
    pub const fn embedded() -> Self {
        Self(())
    }

    /// The model with exactly this base id.
    #[must_use]
    pub fn model(self, id: &str) -> Option<Model> {
        Table::MODELS.lines(id).next().and_then(Model::read)
    }

    /// Every model, in the order of their ids.
    pub fn models(self) -> impl Iterator<Item = Model> {
        Table::MODELS.all().filter_map(Model::read)
    }

    /// From where to where each cross-region profile of a model routes; empty when unknown.
    #[must_use]
    pub fn profiles_of(self, id: &str) -> Vec<ProfileRoute> {
        Table::ROUTING.lines(id).filter_map(ProfileRoute::read).collect()
    }

    /// The day on which the figures were retrieved, `YYYY-MM-DD`.
    #[must_use]
    pub fn retrieved_on(self) -> &'static str {
        Table::MODELS.retrieved_on()
    }

    /// What the tags of models' and prices' sources stand for: (tag, what it is).
    pub fn legend(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        Table::legend()
    }
}
