//! Which models somebody may ask for, before he asks: what policies allow him. Budgets, freezes and how
//! long an answer may be are not looked at: those depend on the call and the moment.

use bursar_domain::call::{CallId, Operation};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelRef;
use bursar_domain::policy::Policy;
use bursar_domain::scoped::Scoped;
use bursar_domain::time::Timestamp;
use bytes::Bytes;
use http::HeaderMap;

use crate::{Bursar, Error, Invocation};

/// Who asks, when, and the policies that there are.
#[derive(Debug)]
pub struct Allowance<'a> {
    bursar: &'a Bursar,
    who: &'a Attribution,
    at: Timestamp,
    policies: Scoped<Policy>,
}

impl Bursar {
    /// What this caller may ask for.
    ///
    /// # Errors
    /// When the ledger does not tell its policies.
    pub async fn allowance<'a>(&'a self, who: &'a Attribution) -> Result<Allowance<'a>, Error> {
        let policies = self.ledger.policies().await?.into_iter().collect();
        Ok(Allowance { bursar: self, who, at: self.clock.now(), policies })
    }
}

impl Allowance<'_> {
    /// Whether no policy keeps him from a model. One of which nothing is known is not allowed.
    #[must_use]
    pub fn has(&self, model: ModelRef) -> bool {
        let pricing = &self.bursar.pricing;
        let invocation = Invocation {
            operation: Operation::Converse,
            model,
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"{}"),
            idempotency_key: None,
            affordable: false,
        };
        let Ok(priced) = pricing.read(invocation, self.at) else { return false };
        let id = CallId::new(self.at, &[0; 10]);
        let mut intent = pricing.intent(&priced, (id, self.who.clone()), self.bursar.simulated);
        intent.reach.output_tokens = Some(0);
        self.policies.matching(&intent).all(|(_, policy)| policy.objection(&intent).is_none())
    }
}
