//! Where a call may be sent, in order: as it was asked, then to the models that stand in for it.
//!
//! Only a failure that owes nothing leads on: throttling, an outage, a connection that was never made.
//! Each way is read and priced by itself, and one hold covers the dearest that is open to the caller.

use bursar_domain::call::{Detour, Operation, SentTo};
use bursar_domain::model::ModelRef;
use bursar_ledger::Admitted;
use bursar_wire::request::takes_same_body;

use crate::Bursar;
use crate::priced::Priced;

/// One way to send a call.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub(crate) priced: Priced,
    /// Whether its labels are among its metadata.
    pub(crate) is_labelled: bool,
}

/// The ways to send a call, the one that was asked for first.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) legs: Vec<Leg>,
    /// What is not tried, and why.
    pub(crate) barred: Vec<String>,
}

impl Leg {
    fn new(priced: Priced) -> Self {
        Self { priced, is_labelled: false }
    }

    /// Where it goes, as it is recorded.
    pub(crate) fn sent_to(&self) -> SentTo {
        SentTo {
            model: Some(self.priced.invocation.model.dispatched.clone()),
            region: Some(self.priced.region.clone()),
            upstream: None,
        }
    }

    fn name(&self) -> &str {
        &self.priced.invocation.model.dispatched
    }
}

impl Course {
    /// Takes out the ways that are not open to who was admitted.
    pub(crate) fn keep_open(&mut self, admitted: &Admitted) {
        let mut number = 0_usize;
        let barred = &mut self.barred;
        self.legs.retain(|leg| {
            let detour = number;
            number += 1;
            let why = detour.checked_sub(1).and_then(|detour| admitted.bars(detour));
            barred.extend(why.map(|why| format!("`{}`: {why}", leg.name())));
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
    /// Every way in which a priced call may be sent.
    pub(crate) fn course(&self, asked: Priced) -> Course {
        let chain = self.fallbacks.of(&asked.invocation.model);
        let mut course = Course { legs: Vec::with_capacity(1 + chain.len()), barred: Vec::new() };
        // To count is free, and each model counts in its own way.
        if asked.invocation.operation != Operation::CountTokens {
            for model in chain {
                match self.instead(&asked, model) {
                    Ok(priced) => course.legs.push(Leg::new(priced)),
                    Err(why) => course.barred.push(format!("`{}`: {why}", model.dispatched)),
                }
            }
        }
        course.legs.insert(0, Leg::new(asked));
        course
    }

    /// The same call to another model, or why that cannot be.
    fn instead(&self, asked: &Priced, model: &ModelRef) -> Result<Priced, String> {
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
        let priced = self.pricing.price(invocation, asked.at).map_err(|error| error.to_string())?;
        if priced.price.is_none() {
            return Err("it has no price".to_owned());
        }
        if asked.invocation.affordable && priced.ceiling > asked.ceiling {
            return Err("it may cost more than there was room for".to_owned());
        }
        Ok(priced)
    }

    /// The ways beside the first, for the ledger to judge.
    pub(crate) fn detours(&self, course: &Course) -> Vec<Detour> {
        let detour = |Leg { priced, .. }: &Leg| Detour {
            model: priced.model.clone(),
            region: priced.region.clone(),
            reach: self.pricing.reach(priced),
            ceiling: priced.ceiling,
            ceiling_tokens: priced.bound.tokens(priced.price.as_ref()),
        };
        course.legs.iter().skip(1).map(detour).collect()
    }
}
