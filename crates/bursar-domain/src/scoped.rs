//! What stands on scopes, found by a call without looking at all there is: an install has a handful of
//! limits or a hundred thousand, and a call is about a few of them.
//!
//! Which of them apply is still [`Scope::matches`]'s to say; here is only what to ask it about.

use std::collections::{BTreeMap, HashMap};

use crate::call::Intent;
use crate::scope::{Facet, Scope};

/// Values, each with its scope, in the order in which they were given.
#[derive(Debug, Clone)]
pub struct Scoped<T> {
    entries: Vec<(Scope, T)>,
    /// Those about everything.
    everywhere: Vec<usize>,
    /// The others, each under one facet of its scope.
    by_facet: BTreeMap<Facet, HashMap<String, Vec<usize>>>,
}

impl<T> Default for Scoped<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), everywhere: Vec::new(), by_facet: BTreeMap::new() }
    }
}

impl<T> Scoped<T> {
    /// The values whose scope matches, in order.
    pub fn matching(&self, intent: &Intent) -> impl Iterator<Item = (&Scope, &T)> {
        let mut places = self.everywhere.clone();
        for (facet, by_value) in &self.by_facet {
            let named = facet.of(intent).and_then(|value| by_value.get(value));
            places.extend(named.into_iter().flatten());
        }
        places.sort_unstable();
        let found = places.into_iter().filter_map(|place| self.entries.get(place));
        let found = found.filter(move |(scope, _)| scope.matches(intent));
        found.map(|(scope, value)| (scope, value)).collect::<Vec<_>>().into_iter()
    }
}

impl<T> FromIterator<(Scope, T)> for Scoped<T> {
    fn from_iter<I: IntoIterator<Item = (Scope, T)>>(values: I) -> Self {
        let mut scoped = Self::default();
        for (place, (scope, value)) in values.into_iter().enumerate() {
            match scope.0.iter().max_by_key(|(facet, _)| narrowness(facet)) {
                None => scoped.everywhere.push(place),
                Some((facet, named)) => {
                    let by_value = scoped.by_facet.entry(facet.clone()).or_default();
                    by_value.entry(named.clone()).or_default().push(place);
                }
            }
            scoped.entries.push((scope, value));
        }
        scoped
    }
}

/// How many values a facet is likely to have: under the one with the most, a call finds the fewest.
const fn narrowness(facet: &Facet) -> u8 {
    match facet {
        Facet::Provider => 0,
        Facet::Model => 1,
        Facet::Tag(_) => 2,
        Facet::Team => 3,
        Facet::Project => 4,
        Facet::User => 5,
        Facet::Key => 6,
        Facet::Session => 7,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::call::Reach;
    use crate::policy::tests::intent;

    fn facets() -> [Facet; 5] {
        [Facet::Team, Facet::Key, Facet::Model, Facet::Tag("env".into()), Facet::Tag("app".into())]
    }

    fn scope() -> impl Strategy<Value = Scope> {
        let facet = (0..5_usize, 0..3_u8);
        proptest::collection::vec(facet, 0..4).prop_map(|chosen| {
            let named = |(facet, value): (usize, u8)| (facets()[facet].clone(), value.to_string());
            Scope(chosen.into_iter().map(named).collect())
        })
    }

    proptest! {
        /// What is found is what matches, and in the order in which it was given.
        #[test]
        fn nothing_that_matches_is_missed(
            scopes in proptest::collection::vec(scope(), 0..40),
            team in proptest::option::of(0..3_u8),
            key in proptest::option::of(0..3_u8),
            env in proptest::option::of(0..3_u8),
        ) {
            let mut intent = intent("amazon.nova-lite-v1:0", "us-east-1", Reach::default());
            intent.attribution.team = team.map(|team| team.to_string());
            intent.attribution.key = key.map(|key| key.to_string());
            let tag = env.map(|env| ("env".to_owned(), env.to_string()));
            intent.attribution.tags = tag.into_iter().collect();
            let scoped: Scoped<usize> = scopes.iter().cloned().zip(0..).collect();
            let found: Vec<usize> = scoped.matching(&intent).map(|(_, place)| *place).collect();
            let places = scopes.iter().zip(0..).filter(|(scope, _)| scope.matches(&intent));
            prop_assert_eq!(found, places.map(|(_, place)| place).collect::<Vec<_>>());
        }
    }
}
