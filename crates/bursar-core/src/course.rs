//! Where a call may be sent, in order: the model that was asked for in each region that it may be asked
//! in, then the models that stand in for it.
//!
//! Only a failure that owes nothing leads on: throttling, an outage, a connection that was never made.
//! Each way is read and priced by itself, and one hold covers the dearest that is open to the caller.

use bursar_domain::call::{Detour, Operation, SentTo};
use bursar_domain::identity::Attribution;
use bursar_domain::model::{ModelId, ModelRef};
use bursar_domain::money::Cost;
use bursar_domain::price::Price;
use bursar_domain::time::Timestamp;
use bursar_ledger::Admitted;
use bursar_wire::request::takes_same_body;

use crate::health::Way;
use crate::priced::{Priced, Pricing};
use crate::{Bursar, Error, Invocation};

/// The most ways of one call.
const LEGS_MAX: usize = 12;

/// One way to send a call.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub(crate) priced: Priced,
    /// Which upstream it takes, where the settings have any, and its name.
    pub(crate) upstream: Option<(usize, String)>,
    /// Whether its labels are among its metadata.
    pub(crate) is_labelled: bool,
}

/// The ways to send a call, in the order in which they are tried.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) legs: Vec<Leg>,
    /// What is not tried, and why.
    pub(crate) barred: Vec<String>,
}

impl Leg {
    /// Where it goes, as it is recorded.
    pub(crate) fn sent_to(&self) -> SentTo {
        SentTo {
            model: Some(self.priced.invocation.model.dispatched.clone()),
            region: Some(self.priced.region.clone()),
            upstream: self.upstream.as_ref().map(|(_, name)| name.clone()),
        }
    }

    /// What rests when it fails: this model there, or all that is there.
    pub(crate) fn way(&self, is_all: bool) -> Way {
        let name = self.upstream.as_ref().map(|(_, name)| name.clone()).unwrap_or_default();
        let model = &self.priced.invocation.model.dispatched;
        (name, if is_all { String::new() } else { model.clone() })
    }

    fn name(&self) -> String {
        let place = self.upstream.as_ref().map(|(_, name)| format!(" at `{name}`"));
        format!("`{}`{}", self.priced.invocation.model.dispatched, place.unwrap_or_default())
    }
}

impl Course {
    /// Takes out the ways that may cost more than there is room for.
    fn keep_affordable(&mut self, most: Option<Cost>) {
        let is_dearer = |leg: &Leg| leg.priced.ceiling > most;
        let told = |leg: &Leg| format!("{}: it may cost more than there was room for", leg.name());
        self.barred.extend(self.legs.iter().filter(|leg| is_dearer(leg)).map(told));
        self.legs.retain(|leg| !is_dearer(leg));
    }

    /// Takes out the ways that are not open to who was admitted.
    pub(crate) fn keep_open(&mut self, admitted: &Admitted) {
        let mut number = 0_usize;
        let barred = &mut self.barred;
        self.legs.retain(|leg| {
            let way = number;
            number += 1;
            let why = match way.checked_sub(1) {
                _ if way == admitted.lead() => None,
                None => Some("its caller may not call it from there"),
                Some(detour) => admitted.bars(detour),
            };
            barred.extend(why.map(|why| format!("{}: {why}", leg.name())));
            why.is_none()
        });
    }

    /// What was not tried though there was reason to; `None` where there was nothing.
    pub(crate) fn told(&self) -> Option<String> {
        if self.barred.is_empty() {
            return None;
        }
        Some(format!("not tried instead: {}", self.barred.join("; ")))
    }
}

impl Bursar {
    /// Every way in which a call may be sent, the first of them priced as it was asked.
    pub(crate) async fn course(
        &self,
        caller: &Attribution,
        invocation: Invocation,
    ) -> Result<Course, Error> {
        let at = self.clock.now();
        let ways = self.ways(caller, &invocation.model)?;
        let mut course = Course { legs: Vec::new(), barred: Vec::new() };
        let mut first_error = None;
        for way in ways {
            match self.leg(way, invocation.clone(), at) {
                Ok(leg) => course.legs.push(leg),
                Err(error) if first_error.is_none() => first_error = Some((way, error)),
                Err(_) => {}
            }
        }
        let Some(Leg { priced: asked, .. }) = course.legs.first().cloned() else {
            return match first_error {
                // As it would have been asked, so that its refusal is counted.
                Some((way, Error::Unpriced(_))) => {
                    let pricing = self.pricing_at(way);
                    Err(self.unpriced(caller, pricing.read(invocation, at)?, &pricing).await?)
                }
                Some((_, error)) => Err(error),
                None => Err(no_upstream(caller, &invocation.model)),
            };
        };
        // To count is free, and each model counts in its own way.
        if asked.invocation.operation != Operation::CountTokens {
            for model in self.fallbacks.of(&asked.invocation.model) {
                self.stand_in(&mut course, caller, (&asked, model));
            }
        }
        if asked.invocation.affordable {
            course.keep_affordable(asked.ceiling);
        }
        course.legs.truncate(LEGS_MAX);
        Ok(course)
    }

    /// The upstreams that a call takes, in order; `None` for where AWS's own settings lead.
    fn ways(&self, caller: &Attribution, model: &ModelRef) -> Result<Vec<Option<usize>>, Error> {
        if self.upstreams.is_empty() {
            return Ok(vec![None]);
        }
        let opaque = || Error::Opaque { dispatched: model.dispatched.clone() };
        let base = model.base.as_ref().ok_or_else(opaque)?;
        let team = caller.team.as_deref();
        let order = self.upstreams.order(team, (model, base), &self.entropy);
        let is_offered = |way: &usize| {
            let region = self.upstreams.get(*way).map(|way| way.bedrock.region());
            region.is_some_and(|region| self.is_offered(model, base, region))
        };
        let (offered, doubtful): (Vec<usize>, Vec<usize>) = order.into_iter().partition(is_offered);
        let ways = if offered.is_empty() { doubtful } else { offered };
        Ok(ways.into_iter().map(Some).collect())
    }

    /// Whether a model can be called from a region, as far as the catalogue knows.
    fn is_offered(&self, model: &ModelRef, base: &ModelId, region: &str) -> bool {
        let catalogue = self.pricing.catalogue;
        match &model.geography {
            None => {
                let known = catalogue.model(base.as_str());
                let here = known.and_then(|known| known.in_region_on_demand);
                here.is_none_or(|regions| regions.contains(&region))
            }
            Some(geography) => {
                let mut routes = catalogue.profiles_of(base.as_str()).into_iter();
                let route = routes.find(|route| route.geography == geography);
                route.is_none_or(|route| route.from.contains(&region))
            }
        }
    }

    /// What a call would be priced by first.
    pub(crate) fn pricing_of(&self, caller: &Attribution, model: &ModelRef) -> Pricing {
        let ways = self.ways(caller, model).unwrap_or_default();
        self.pricing_at(ways.into_iter().next().flatten())
    }

    fn pricing_at(&self, way: Option<usize>) -> Pricing {
        let mut pricing = self.pricing.clone();
        if let Some(upstream) = way.and_then(|way| self.upstreams.get(way)) {
            upstream.bedrock.region().clone_into(&mut pricing.region);
        }
        pricing
    }

    fn leg(&self, way: Option<usize>, invocation: Invocation, at: Timestamp) -> Result<Leg, Error> {
        let priced = self.pricing_at(way).price(invocation, at)?;
        let upstream = way.and_then(|way| Some((way, self.upstreams.get(way)?.name.clone())));
        Ok(Leg { priced, upstream, is_labelled: false })
    }

    /// Adds the ways to a model that stands in for the one that was asked, or why there are none.
    fn stand_in(
        &self,
        course: &mut Course,
        caller: &Attribution,
        (asked, model): (&Priced, &ModelRef),
    ) {
        let ways = self.ways(caller, model).map_err(|error| error.to_string());
        let legs = ways.and_then(|ways| {
            let none = Err("no upstream is for it".to_owned());
            let legs = ways.into_iter().map(|way| self.instead(asked, model, way));
            // One way to it is as good as another: what is wrong with the last is told.
            legs.fold(none, |legs: Result<Vec<Leg>, String>, leg| match (legs, leg) {
                (Ok(mut legs), Ok(leg)) => {
                    legs.push(leg);
                    Ok(legs)
                }
                (Ok(legs), Err(_)) => Ok(legs),
                (Err(_), leg) => leg.map(|leg| vec![leg]),
            })
        });
        match legs {
            Ok(mut legs) => course.legs.append(&mut legs),
            Err(why) => course.barred.push(format!("`{}`: {why}", model.dispatched)),
        }
    }

    /// The same call to another model, or why that cannot be.
    fn instead(&self, asked: &Priced, model: &ModelRef, way: Option<usize>) -> Result<Leg, String> {
        let operation = asked.invocation.operation;
        let own_body =
            matches!(operation, Operation::InvokeModel | Operation::InvokeModelWithResponseStream);
        let is_same = |base| takes_same_body(&asked.model, base);
        if own_body && !model.base.as_ref().is_some_and(is_same) {
            return Err("it takes another body than the one that came".to_owned());
        }
        let mut invocation = asked.invocation.clone();
        let name = asked.invocation.model.alias.as_ref();
        let name = name.unwrap_or(&asked.invocation.model.dispatched);
        invocation.model = model.clone().called(name);
        let leg = self.leg(way, invocation, asked.at).map_err(|error| error.to_string())?;
        if leg.priced.price.is_none() {
            return Err("it has no price".to_owned());
        }
        Ok(leg)
    }

    /// The ways beside the first, for the ledger to judge.
    pub(crate) fn detours(&self, course: &Course) -> Vec<Detour> {
        let asked = &course.legs[0].priced.invocation.model.dispatched;
        let detour = |Leg { priced, .. }: &Leg| Detour {
            model: priced.model.clone(),
            region: priced.region.clone(),
            reach: self.pricing.reach(priced),
            ceiling: priced.ceiling,
            ceiling_tokens: priced.bound.tokens(priced.price.as_ref()),
            price: priced.price.as_ref().map(Price::stamp),
            routing: priced.routing,
            leads: priced.invocation.model.dispatched == *asked,
        };
        course.legs.iter().skip(1).map(detour).collect()
    }

    /// Puts the ways that rest behind the others.
    pub(crate) fn rest(&self, course: &mut Course) {
        if course.legs.len() > 1 {
            let now = self.clock.now();
            let rests = |leg: &Leg| [true, false].map(|all| self.health.rests(&leg.way(all), now));
            course.legs.sort_by_cached_key(|leg| rests(leg).contains(&true));
        }
    }
}

fn no_upstream(caller: &Attribution, model: &ModelRef) -> Error {
    let team =
        caller.team.as_ref().map_or("no team".to_owned(), |team| format!("the team `{team}`"));
    Error::NoUpstream { team, model: model.dispatched.clone() }
}
