//! What all doors go by at this moment: it can be put in place of what was while they serve. A call
//! goes to its end by what it began with.

use std::sync::{Arc, PoisonError, RwLock};

use bursar_core::{Fallbacks, Limits, Pricing};
use bursar_domain::catalogue::Names;

use crate::front::Front;

/// What all doors go by. Clones share it.
#[derive(Debug, Clone)]
pub struct Lobby(Arc<RwLock<Arc<Front>>>);

/// What can change while a gateway serves.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What calls cost.
    pub pricing: Pricing,
    /// How long they may take, and how far they may go.
    pub limits: Limits,
    /// What callers' names for models stand for.
    pub names: Names,
    /// What is called instead of a model that cannot answer.
    pub fallbacks: Fallbacks,
}

impl Lobby {
    pub(crate) fn new(front: Front) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(front))))
    }

    pub(crate) fn front(&self) -> Arc<Front> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes by these from the next request on.
    pub fn change(&self, terms: Terms) {
        let Terms { pricing, limits, names, fallbacks } = terms;
        let mut front = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Front::clone(&front);
        (next.bursar.pricing, next.bursar.limits, next.settings.names) = (pricing, limits, names);
        next.bursar.fallbacks = Arc::new(fallbacks);
        *front = Arc::new(next);
    }
}
