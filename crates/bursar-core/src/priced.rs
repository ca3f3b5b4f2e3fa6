//! Verb one: what the call is, what it is priced at, and the most it can cost.
//!
//! Needs no connection and no ledger, so that a dry run is the same arithmetic as the real one.

use std::sync::Arc;

use bursar_domain::call::{Operation, Reach};
use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::model::{Candidate, ModelId};
use bursar_domain::money::Cost;
use bursar_domain::price::{Price, PriceKey, Routing, Tier};
use bursar_domain::price_book::{PriceBook, Unpriced};
use bursar_domain::time::Timestamp;
use bursar_wire::request::{MalformedBody, RequestFacts, read_request};
use bursar_wire::splice::cap_output;

use crate::{Ceiling, Error, Invocation};

#[cfg(test)]
mod tests;

/// What prices are made of: the known models, their prices, and the region calls are made from.
#[derive(Debug, Clone)]
pub struct Pricing {
    /// What models are known.
    pub catalogue: Catalogue,
    /// What they cost.
    pub prices: Arc<PriceBook>,
    /// The region that calls are made from.
    pub region: String,
    /// Whether a model without a price may be called, and recorded as unpriced.
    pub allow_unpriced: bool,
    /// The most tokens that an answer may have where its request does not say; `None` for as many
    /// as the model can.
    pub max_tokens_default: Option<u64>,
}

/// A request that was read, priced and bounded, but not yet admitted.
#[derive(Debug, Clone)]
pub struct Priced {
    /// When the price was looked up: the call belongs to this time.
    pub at: Timestamp,
    /// What is to be sent.
    pub invocation: Invocation,
    /// What the request says about its cost.
    pub(crate) facts: RequestFacts,
    /// The model that is priced and recorded; of those that a prompt router chooses among, the
    /// dearest.
    pub model: ModelId,
    /// The geography of the profile that leads to it.
    pub geography: Option<String>,
    /// The region whose prices apply.
    pub region: String,
    /// The price level of the model id.
    pub routing: Routing,
    /// The tier that is asked for.
    pub tier: Tier,
    /// Upper bounds on its tokens.
    pub bound: Ceiling,
    /// The price expected to apply; `None` for what is free, or unpriced and allowed.
    pub price: Option<Price>,
    /// The most it can cost; `None` where nothing bounds it.
    pub ceiling: Option<Cost>,
    /// What its row shall say of it where nothing went wrong.
    pub(crate) note: Option<&'static str>,
}

impl Pricing {
    /// Reads the request, finds its price and its worst case.
    ///
    /// # Errors
    /// [`Error::MalformedBody`], [`Error::Opaque`], [`Error::Unpriced`] or [`Error::TooDear`].
    pub fn price(&self, invocation: Invocation, at: Timestamp) -> Result<Priced, Error> {
        let mut priced = self.read(invocation, at)?;
        self.find(&mut priced)?;
        Ok(priced)
    }

    /// Reads the request, and leaves it unpriced.
    pub(crate) fn read(&self, invocation: Invocation, at: Timestamp) -> Result<Priced, Error> {
        let opaque = || Error::Opaque { dispatched: invocation.model.dispatched.clone() };
        let base = invocation.model.base.clone().ok_or_else(opaque)?;
        let geography = invocation.model.geography.clone();
        let priced = self.read_as(Candidate { base, geography }, invocation, at)?;
        self.check_named(&priced)?;
        Ok(priced)
    }

    /// That a body which names a model does not name another one than is asked, priced and allowed.
    fn check_named(&self, priced: &Priced) -> Result<(), Error> {
        let Some(named) = &priced.facts.model_named else { return Ok(()) };
        let asked = &priced.invocation.model;
        let is_said = *named == asked.dispatched || asked.alias.as_ref() == Some(named);
        let resolved = || self.prices.resolve(named, &Names::default()).ok()?.base;
        if is_said || resolved().as_ref() == Some(&priced.model) {
            return Ok(());
        }
        let why = format!("it names another model, `{named:.100}`, than the path");
        Err(MalformedBody { path: "/model".to_owned(), why }.into())
    }

    /// Reads the request as one to a given model.
    pub(crate) fn read_as(
        &self,
        Candidate { base: model, geography }: Candidate,
        invocation: Invocation,
        at: Timestamp,
    ) -> Result<Priced, Error> {
        let (invocation, facts) = self.bounded(&model, invocation)?;
        Ok(Priced {
            at,
            routing: Routing::of_geography(geography.as_deref()),
            geography,
            region: invocation.model.region.clone().unwrap_or_else(|| self.region.clone()),
            tier: facts.tier,
            bound: Ceiling::of(&facts, self.catalogue.model(model.as_str()).as_ref()),
            invocation,
            facts,
            model,
            price: None,
            ceiling: None,
            note: None,
        })
    }

    /// A request and what it says, with a bound on its answer put into its bytes where it has none.
    /// A request that has no known place for one stays as it is: the model's own bound holds.
    fn bounded(
        &self,
        model: &ModelId,
        mut invocation: Invocation,
    ) -> Result<(Invocation, RequestFacts), Error> {
        let read = |invocation: &Invocation| {
            read_request(invocation.operation, model, &invocation.headers, &invocation.body)
        };
        let facts = read(&invocation)?;
        let own = self.catalogue.model(model.as_str()).and_then(|known| known.max_output_tokens);
        let default = self.max_tokens_default.filter(|_| facts.max_tokens.is_none());
        let Some(most) = default.filter(|most| own.is_none_or(|own| own > *most)) else {
            return Ok((invocation, facts));
        };
        let Some(body) = cap_output(invocation.operation, model, &invocation.body, most) else {
            return Ok((invocation, facts));
        };
        invocation.body = body.into();
        let facts = read(&invocation)?;
        Ok((invocation, facts))
    }

    /// Finds a request's price and worst case. CountTokens is free.
    pub(crate) fn find(&self, priced: &mut Priced) -> Result<(), Error> {
        if priced.invocation.operation == Operation::CountTokens {
            priced.ceiling = Some(Cost::ZERO);
            return Ok(());
        }
        if !priced.invocation.model.candidates.is_empty() {
            *priced = self.dearest(priced)?;
            return Ok(());
        }
        self.find_one(priced)
    }

    /// Finds the price and worst case of a request to one model.
    pub(crate) fn find_one(&self, priced: &mut Priced) -> Result<(), Error> {
        // The longest context that the request can have: a dearer band re-prices all of it.
        let context = priced.bound.input_tokens.unwrap_or(u64::MAX);
        match self.price_of(priced, priced.tier, context) {
            Ok(price) => {
                priced.ceiling = priced.bound.cost(&priced.facts, &price)?;
                priced.price = Some(price);
                Ok(())
            }
            Err(_) if self.allow_unpriced => Ok(()),
            Err(unpriced) => Err(unpriced.into()),
        }
    }

    /// The price of the same call with so much input; `None` where there is none.
    #[must_use]
    pub fn price_again(&self, priced: &Priced, context_tokens: u64) -> Option<Price> {
        self.price_of(priced, priced.tier, context_tokens).ok()
    }

    /// How far the call may reach, for policies to judge.
    pub(crate) fn reach(&self, priced: &Priced) -> Reach {
        let routes = self.catalogue.profiles_of(priced.model.as_str());
        let served_in = match &priced.geography {
            None => Some(vec![priced.region.clone()]),
            Some(geography) => routes
                .into_iter()
                .find(|route| {
                    route.geography == geography && route.from.contains(&priced.region.as_str())
                })
                .and_then(|route| route.to)
                .map(|regions| regions.into_iter().map(str::to_owned).collect()),
        };
        Reach {
            geography: priced.geography.clone(),
            served_in,
            candidates: priced.invocation.model.candidates.clone(),
            output_tokens: match priced.invocation.operation {
                Operation::CountTokens | Operation::ApplyGuardrail => Some(0),
                _ => priced.bound.output(priced.price.as_ref()),
            },
            detours: Vec::new(),
            left: None,
        }
    }

    /// The price of a call at the tier that serves it and the context it has.
    pub(crate) fn price_of(
        &self,
        priced: &Priced,
        tier: Tier,
        context_tokens: u64,
    ) -> Result<Price, Unpriced> {
        let key = PriceKey {
            model: priced.model.as_str(),
            region: &priced.region,
            geography: priced.geography.as_deref(),
            routing: priced.routing,
            tier,
            context_tokens,
            variant: &priced.facts.image_variant,
            at: priced.at,
        };
        match priced.invocation.operation {
            Operation::ApplyGuardrail => self.prices.price_of_policies(&key),
            _ => self.prices.price(&key),
        }
    }
}
