//! The price of a guardrail: one row for each kind of policy, joined to one price with a meter for
//! each, since one request is judged by several and billed by each of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{PriceBook, Unpriced};
use crate::price::{Price, PriceId, PriceKey};
use crate::usage::Meter;

/// What tells a guardrail's rows apart, and names the meters of the joined price.
const POLICY: &str = "policy";
/// The meter of such a row.
const UNIT: &str = "unit";

impl PriceBook {
    /// The price of every policy that is listed for the key's model, under meters named as the
    /// policies. A policy whose row has no rate for its unit has no meter: what it used then has no
    /// price.
    ///
    /// # Errors
    /// [`Unpriced`], when there are no such rows, or one of the policies has none that applies.
    pub fn price_of_policies(&self, key: &PriceKey<'_>) -> Result<Price, Unpriced> {
        let listed = self.rows_of(key.model);
        let policies: BTreeSet<String> =
            listed.filter_map(|row| row.variant.get(POLICY).cloned()).collect();
        let mut joined: Option<Price> = None;
        for policy in policies {
            let variant = BTreeMap::from([(POLICY.to_owned(), policy.clone())]);
            let row = self.price(&PriceKey { variant: &variant, ..key.clone() })?;
            let rate = row.meter(&Meter(UNIT.to_owned()));
            let meters = &mut joined
                .get_or_insert_with(|| Price {
                    meters: Vec::new(),
                    variant: BTreeMap::new(),
                    ..row
                })
                .meters;
            meters.extend(rate.map(|rate| (Meter(policy), rate)));
        }
        let Some(mut price) = joined else { return self.price(key) };
        price.id = PriceId::of(&price);
        Ok(price)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GUARDRAILS;
    use crate::money::Rate;
    use crate::price::{Routing, Tier};
    use crate::time::Timestamp;
    use crate::usage::Usage;

    fn key(variant: &BTreeMap<String, String>) -> PriceKey<'_> {
        PriceKey {
            model: GUARDRAILS,
            region: "us-east-1",
            geography: None,
            routing: Routing::Regional,
            tier: Tier::Standard,
            context_tokens: 0,
            variant,
            at: Timestamp(1_795_428_600_000),
        }
    }

    fn used(meters: &[(&str, u64)]) -> Usage {
        let meters = meters.iter().map(|(name, count)| (Meter((*name).to_owned()), *count));
        Usage { meters: meters.collect(), ..Usage::default() }
    }

    #[test]
    fn one_request_is_billed_by_each_policy_that_judged_it() {
        let none = BTreeMap::new();
        let price = PriceBook::embedded_only().price_of_policies(&key(&none)).unwrap();
        let usage = used(&[
            ("topicPolicyUnits", 3),
            ("contentPolicyUnits", 3),
            ("contentPolicyImageUnits", 2),
            ("wordPolicyUnits", 3),
            ("sensitiveInformationPolicyUnits", 3),
            ("sensitiveInformationPolicyFreeUnits", 3),
            ("contextualGroundingPolicyUnits", 4),
            ("automatedReasoningPolicyUnits", 1),
        ]);
        // 3 x 150 + 3 x 150 + 2 x 750 + 3 x 100 + 4 x 100 + 170 micro-dollars
        assert_eq!(usage.cost(&price).unwrap().pico(), 3_270_000_000);
        assert!(used(&[("newPolicyUnits", 1)]).cost(&price).is_err(), "no price is no zero");
    }

    #[test]
    fn an_own_row_for_all_policies_prices_each_of_them() {
        let none = BTreeMap::new();
        let listed = PriceBook::embedded_only().price_of_policies(&key(&none)).unwrap();
        let own = Price {
            meters: vec![(Meter("unit".to_owned()), Rate(5))],
            region: "default".to_owned(),
            ..listed.clone()
        };
        let book = PriceBook { overrides: vec![own], ..PriceBook::embedded_only() };
        let price = book.price_of_policies(&key(&none)).unwrap();
        assert!(price.meters.iter().all(|(_, rate)| *rate == Rate(5)), "{price:?}");
        assert_eq!(price.meters.len(), listed.meters.len());
        assert_ne!(price.id, listed.id);
    }

    #[test]
    fn where_no_row_applies_there_is_no_price() {
        let none = BTreeMap::new();
        let book = PriceBook::embedded_only();
        assert!(book.price_of_policies(&PriceKey { tier: Tier::Flex, ..key(&none) }).is_err());
        assert!(book.price_of_policies(&PriceKey { model: "a.b", ..key(&none) }).is_err());
    }
}
