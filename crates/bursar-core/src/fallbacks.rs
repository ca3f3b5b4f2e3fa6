//! Which models are called instead of one that cannot answer just now. Whether a call may take one of
//! them, its price and its caller say: see `course.rs`.

use std::collections::{BTreeMap, BTreeSet};

use bursar_domain::model::ModelRef;

/// Chains of models by the name that is asked for: an alias, or what is dispatched. Each is tried in
/// order, and none of them leads on to its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fallbacks(BTreeMap<String, Vec<ModelRef>>);

/// Why some models are no chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongChain {
    /// None, or too many.
    #[error("{0} models were given; 1 to {most} stand in for one", most = Fallbacks::MODELS_MAX)]
    Count(usize),
    /// A model stands in for itself, or twice.
    #[error("`{0}` leads back to itself: it is there already")]
    Loop(String),
    /// Nobody knows what an ARN stands for before it is called.
    #[error("what `{0}` stands for is not known here, so it has no price")]
    Opaque(String),
}

impl Fallbacks {
    /// The most models that stand in for one.
    pub const MODELS_MAX: usize = 4;

    /// Adds a chain for a name, which stands for some models by itself.
    ///
    /// # Errors
    /// What is no chain; it is not added then.
    pub fn add(
        &mut self,
        name: &str,
        stands_for: &[ModelRef],
        chain: Vec<ModelRef>,
    ) -> Result<(), WrongChain> {
        if chain.is_empty() || chain.len() > Self::MODELS_MAX {
            return Err(WrongChain::Count(chain.len()));
        }
        let mut seen: BTreeSet<&str> =
            stands_for.iter().map(|model| model.dispatched.as_str()).collect();
        for model in &chain {
            if !seen.insert(&model.dispatched) {
                return Err(WrongChain::Loop(model.dispatched.clone()));
            }
            if model.base.is_none() {
                return Err(WrongChain::Opaque(model.dispatched.clone()));
            }
        }
        self.0.insert(name.to_owned(), chain);
        Ok(())
    }

    /// What is called instead of a model, in order.
    pub(crate) fn of(&self, asked: &ModelRef) -> &[ModelRef] {
        let chain = asked.alias.as_ref().and_then(|alias| self.0.get(alias));
        chain.or_else(|| self.0.get(&asked.dispatched)).map_or(&[], Vec::as_slice)
    }

    /// Every chain, by its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[ModelRef])> {
        self.0.iter().map(|(name, chain)| (name.as_str(), chain.as_slice()))
    }
}
