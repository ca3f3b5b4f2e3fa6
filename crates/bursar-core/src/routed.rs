//! Calls to a prompt router: which of its models answers is known afterwards, if at all.
//!
//! Before the call the dearest of them is what is held; after it, the one that the reply names is
//! what is owed. Where the reply names none, it is the dearest for what was used, as a bound.

use bursar_domain::call::Bill;
use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::model::Candidate;
use bursar_domain::money::Cost;
use bursar_domain::price::{Price, Routing, Tier};
use bursar_domain::usage::Usage;

use crate::Error;
use crate::priced::{Priced, Pricing};

impl Pricing {
    /// The request as one to the model whose worst case is the dearest.
    ///
    /// # Errors
    /// As for each model: that one of them has no price is enough.
    pub(crate) fn dearest(&self, priced: &Priced) -> Result<Priced, Error> {
        let mut dearest: Option<Priced> = None;
        for candidate in priced.invocation.model.candidates.clone() {
            let mut one = self.read_as(candidate, priced.invocation.clone(), priced.at)?;
            self.find_one(&mut one)?;
            if dearest.as_ref().is_none_or(|before| worst(before) < worst(&one)) {
                dearest = Some(one);
            }
        }
        Ok(dearest.unwrap_or_else(|| priced.clone()))
    }

    /// The model that answered, as the reply names it; `None` where it was no router's to choose,
    /// or the reply names nothing that is a model.
    pub(crate) fn chosen(&self, priced: &Priced, named: Option<&str>) -> Option<Candidate> {
        let candidates = &priced.invocation.model.candidates;
        let named = named.filter(|_| !candidates.is_empty())?;
        let named = read(self.catalogue, named)?;
        // The reply may leave out the profile that led to the model.
        let alike = candidates.iter().find(|candidate| **candidate == named);
        let alike = alike.or_else(|| candidates.iter().find(|one| one.base == named.base));
        Some(alike.cloned().unwrap_or(named))
    }

    /// What was used, at the dearest of the router's models; `None` where one of them has no price
    /// for it.
    pub(crate) fn bill_at_dearest(
        &self,
        priced: &Priced,
        usage: &Usage,
        tier: Tier,
    ) -> Option<Bill> {
        let candidates = priced.invocation.model.candidates.iter();
        let cost_at = |candidate: &Candidate| {
            let one = priced.answered_by(candidate);
            let price = self.price_of(&one, tier, usage.context_tokens()).ok()?;
            Some((usage.cost(&price).ok()?, price))
        };
        let costs: Vec<(Cost, Price)> = candidates.map(cost_at).collect::<Option<_>>()?;
        let cost_low = costs.iter().map(|(cost, _)| *cost).min();
        let (cost, price) = costs.into_iter().max_by_key(|(cost, _)| *cost)?;
        Some(Bill {
            usage: usage.clone(),
            price: Some(price.stamp()),
            cost: Some(cost),
            estimated: true,
            cost_low,
        })
    }
}

impl Priced {
    /// The same call, answered by a given model. What was held for it stays what it was.
    pub(crate) fn answered_by(&self, candidate: &Candidate) -> Self {
        let mut one = Self {
            model: candidate.base.clone(),
            geography: candidate.geography.clone(),
            routing: Routing::of_geography(candidate.geography.as_deref()),
            ..self.clone()
        };
        one.invocation.model.candidates.clear();
        one
    }
}

/// What has no price, or no bound, is dearer than anything.
fn worst(priced: &Priced) -> (bool, bool, Option<Cost>) {
    (priced.price.is_none(), priced.ceiling.is_none(), priced.ceiling)
}

/// An ARN, or an id with or without a geography.
fn read(catalogue: Catalogue, named: &str) -> Option<Candidate> {
    catalogue.target(named).or_else(|| {
        let found = catalogue.resolve(named, &Names::default()).ok()?;
        Some(Candidate { base: found.base?, geography: found.geography })
    })
}

#[cfg(test)]
mod tests;
