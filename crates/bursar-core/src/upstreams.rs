//! The ways to Bedrock: regions and accounts, who may take which, and in which order they are tried.

use std::collections::BTreeSet;
use std::sync::Arc;

use bursar_domain::entropy::Entropy;
use bursar_domain::model::{ModelId, ModelRef};
use bursar_domain::policy::Models;

use crate::Bedrock;

/// One way to Bedrock: a region, and an account to call as.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// What rows and logs call it.
    pub name: String,
    /// Smaller is tried first.
    pub priority: u32,
    /// How often it is the first among those of its priority.
    pub weight: u32,
    /// The models that it is for; empty for all.
    pub models: Vec<Models>,
    /// The teams that it is for; empty for all, and for calls of no team.
    pub teams: BTreeSet<String>,
    /// The way itself.
    pub bedrock: Bedrock,
}

/// Every way that the settings name; none where calls go where AWS's own settings say.
#[derive(Debug, Clone, Default)]
pub struct Upstreams(Arc<Vec<Upstream>>);

impl Upstreams {
    /// The most of them.
    pub const COUNT_MAX: usize = 16;
    /// The largest weight.
    pub const WEIGHT_MAX: u32 = 1_000_000;

    /// From ways with different names.
    #[must_use]
    pub fn new(ways: Vec<Upstream>) -> Self {
        Self(Arc::new(ways))
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, number: usize) -> Option<&Upstream> {
        self.0.get(number)
    }

    /// The ways that a team's call to a model may take, in the order in which they are tried: those of
    /// one priority drawn by weight. A model with a region of its own has no other.
    pub(crate) fn order(
        &self,
        team: Option<&str>,
        model: (&ModelRef, &ModelId),
        entropy: &Entropy,
    ) -> Vec<usize> {
        let is_for = |way: &Upstream| way.is_for(team, model);
        let mut left: Vec<usize> = (0..self.0.len()).filter(|way| is_for(&self.0[*way])).collect();
        let mut order = Vec::with_capacity(left.len());
        while let Some(first) = left.iter().map(|way| self.0[*way].priority).min() {
            let is_next = |way: &usize| self.0[*way].priority == first;
            let (mut equals, later) = left.into_iter().partition(is_next);
            while let Some(next) = self.draw(&mut equals, entropy) {
                order.push(next);
            }
            left = later;
        }
        order
    }

    /// Takes one out, as often as its weight says.
    fn draw(&self, equals: &mut Vec<usize>, entropy: &Entropy) -> Option<usize> {
        let weight = |way: usize| u64::from(self.0[way].weight.max(1));
        if equals.len() < 2 {
            return equals.pop();
        }
        let sum: u64 = equals.iter().map(|way| weight(*way)).sum();
        let mut left = entropy.up_to(sum - 1);
        let is_it = |way: &usize| match left.checked_sub(weight(*way)) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        };
        let drawn = equals.iter().position(is_it)?;
        Some(equals.remove(drawn))
    }
}

impl Upstream {
    fn is_for(&self, team: Option<&str>, (reference, base): (&ModelRef, &ModelId)) -> bool {
        let has_team = self.teams.is_empty() || team.is_some_and(|team| self.teams.contains(team));
        let has_model = self.models.is_empty() || self.models.iter().any(|some| some.include(base));
        let region = reference.region.as_deref();
        has_team && has_model && region.is_none_or(|region| region == self.bedrock.region())
    }
}
