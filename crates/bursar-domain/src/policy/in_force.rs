//! What several policies allow together, for people to read: each of them has to allow a call.
//!
//! It judges nothing: a call is asked of each policy by itself, in `policy`.

use super::{Models, Policy, Routes, matches};
use crate::catalogue::Catalogue;

/// Between patterns that a region has to match, each of them.
const AND: &str = " & ";

/// What is left of several policies. `None` is no restriction; an empty list allows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InForce {
    /// The models that may be called.
    pub models: Option<Vec<Models>>,
    /// The regions that may be called, as patterns: `eu-*`, or `eu-* & *-1` for both at once.
    pub regions: Option<Vec<String>>,
    /// The regions that a profile may serve a call in.
    pub served_in: Option<Vec<String>>,
    /// How far a call may be routed.
    pub routes: Option<Routes>,
    /// The most output tokens of a call.
    pub max_tokens: Option<u64>,
}

impl InForce {
    /// What policies allow that all count.
    #[must_use]
    pub fn of<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> Self {
        policies.into_iter().fold(Self::default(), Self::and)
    }

    fn and(self, policy: &Policy) -> Self {
        // Who says how far a call may be routed has said where it may be served.
        let serving: &[String] = if policy.routes.is_none() { &policy.regions } else { &[] };
        Self {
            models: meet(self.models, &policy.models, models_of_both),
            regions: meet(self.regions, &policy.regions, |one, other| regions_of_both(one, other)),
            served_in: meet(self.served_in, serving, |one, other| regions_of_both(one, other)),
            routes: match (self.routes, &policy.routes) {
                (Some(one), Some(other)) => Some(shorter(one, other)),
                (one, other) => one.or_else(|| other.clone()),
            },
            max_tokens: match (self.max_tokens, policy.max_tokens) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        }
    }
}

/// What two lists allow together; an empty second one does not restrict.
fn meet<T: Clone + Ord>(
    known: Option<Vec<T>>,
    more: &[T],
    both: impl Fn(&T, &T) -> Vec<T>,
) -> Option<Vec<T>> {
    if more.is_empty() {
        return known;
    }
    let mut met: Vec<T> = match known {
        None => more.to_vec(),
        Some(known) => {
            known.iter().flat_map(|one| more.iter().flat_map(|other| both(one, other))).collect()
        }
    };
    met.sort();
    met.dedup();
    Some(met)
}

fn models_of_both(one: &Models, other: &Models) -> Vec<Models> {
    if one == other {
        return vec![one.clone()];
    }
    match (one, other) {
        (Models::Model(_), Models::Model(_)) => Vec::new(),
        (model @ Models::Model(id), wider) | (wider, model @ Models::Model(id)) => {
            let is_one = crate::model::ModelId::parse(id).is_some_and(|id| wider.include(&id));
            is_one.then(|| model.clone()).into_iter().collect()
        }
        (Models::Provider(provider), Models::Family(family))
        | (Models::Family(family), Models::Provider(provider)) => {
            let is_of = |id: &str| id.split('.').next() == Some(provider);
            let models = Catalogue::embedded().models().filter(|model| model.family == family);
            let (of_it, others): (Vec<_>, Vec<_>) =
                models.map(|model| model.id.to_owned()).partition(|id| is_of(id));
            if others.is_empty() {
                return vec![Models::Family(family.clone())];
            }
            of_it.into_iter().map(Models::Model).collect()
        }
        (Models::Provider(_), Models::Provider(_)) | (Models::Family(_), Models::Family(_)) => {
            Vec::new()
        }
    }
}

fn regions_of_both(one: &str, other: &str) -> Vec<String> {
    let mut kept: Vec<&str> = Vec::new();
    for part in one.split(AND).chain(other.split(AND)) {
        if kept.iter().any(|known| are_apart(known, part)) {
            return Vec::new();
        }
        // A pattern that matches another as a text matches all that the other does.
        if kept.iter().any(|known| matches(part, known)) {
            continue;
        }
        kept.retain(|known| !matches(known, part));
        kept.push(part);
    }
    vec![kept.join(AND)]
}

/// Whether no region can match both.
fn are_apart(one: &str, other: &str) -> bool {
    if !one.contains('*') {
        return !matches(other, one);
    }
    if !other.contains('*') {
        return !matches(one, other);
    }
    let begin = |text: &'_ str| text.split('*').next().unwrap_or_default().to_owned();
    let end = |text: &'_ str| text.rsplit('*').next().unwrap_or_default().to_owned();
    let (first, second) = (begin(one), begin(other));
    let (last, ultimate) = (end(one), end(other));
    !(first.starts_with(&second) || second.starts_with(&first))
        || !(last.ends_with(&ultimate) || ultimate.ends_with(&last))
}

/// What both allow. A call that stays in its region is allowed by each.
fn shorter(one: Routes, other: &Routes) -> Routes {
    match (one, other) {
        (Routes::Global, other) => other.clone(),
        (one, Routes::Global) => one,
        (one, other) if one == *other => one,
        _ => Routes::InRegion,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(texts: &[&str]) -> Policy {
        let models = texts.iter().map(|text| Models::parse(text).unwrap()).collect();
        Policy { models, ..Policy::default() }
    }

    fn regions(patterns: &[&str]) -> Policy {
        let regions = patterns.iter().map(ToString::to_string).collect();
        Policy { regions, ..Policy::default() }
    }

    #[track_caller]
    fn names(policies: &[Policy]) -> Vec<String> {
        let models = InForce::of(policies).models.expect("they restrict");
        models.iter().map(Models::to_string).collect()
    }

    #[test]
    fn nothing_restricts_nothing() {
        assert_eq!(InForce::of(&[]), InForce::default());
        assert_eq!(InForce::of(&[Policy::default()]), InForce::default());
    }

    #[test]
    fn of_models_the_narrower_ones_are_left() {
        let anthropic = models(&["provider:anthropic"]);
        let sonnet = models(&["family:claude-sonnet", "family:nova-lite"]);
        assert_eq!(names(&[anthropic.clone(), sonnet]), ["family:claude-sonnet"]);
        let one = models(&["model:anthropic.claude-sonnet-4-6", "model:amazon.nova-lite-v1:0"]);
        let both = [anthropic.clone(), one];
        assert_eq!(names(&both), ["model:anthropic.claude-sonnet-4-6"]);
        assert_eq!(names(&[anthropic, models(&["provider:amazon"])]), [""; 0]);
    }

    #[test]
    fn a_region_has_to_match_all() {
        for (one, other, left) in [
            (&["eu-*", "us-*"][..], &["eu-west-1"][..], &["eu-west-1"][..]),
            (&["eu-*"], &["eu-west-*", "us-*"], &["eu-west-*"]),
            (&["eu-*"], &["*-1"], &["eu-* & *-1"]),
            (&["eu-*"], &["us-*"], &[]),
            (&["*-1"], &["*-2", "eu-west-2"], &[]),
            (&["eu-**"], &["eu-*"], &["eu-**"]),
        ] {
            let both = InForce::of(&[regions(one), regions(other)]);
            assert_eq!(both.regions.as_deref().expect("they restrict"), left, "{one:?} {other:?}");
            assert_eq!(both.served_in, both.regions);
        }
        let three = [regions(&["eu-*"]), regions(&["*-1"]), regions(&["eu-west-1", "eu-west-2"])];
        assert_eq!(InForce::of(&three).regions.unwrap(), ["eu-west-1"]);
    }

    #[test]
    fn who_says_how_far_a_call_may_be_routed_says_nothing_of_where_it_is_served() {
        let routed = Policy { routes: Some(Routes::Global), ..regions(&["eu-west-1"]) };
        let both = InForce::of(&[routed, regions(&["eu-*"])]);
        assert_eq!(both.regions.unwrap(), ["eu-west-1"]);
        assert_eq!(both.served_in.unwrap(), ["eu-*"]);
    }

    #[test]
    fn the_shorter_way_and_the_shorter_answer_are_left() {
        let routes = |text: &str, most| Policy {
            routes: Routes::parse(text),
            max_tokens: most,
            ..Policy::default()
        };
        for (one, other, left) in [
            ("global", "geo:eu", "geo:eu"),
            ("geo:eu", "geo:eu", "geo:eu"),
            ("geo:eu", "geo:us", "in-region"),
            ("in-region", "global", "in-region"),
        ] {
            let both = InForce::of(&[routes(one, Some(9)), routes(other, Some(7))]);
            assert_eq!(both.routes.unwrap().to_string(), left);
            assert_eq!(both.max_tokens, Some(7));
        }
        assert_eq!(InForce::of(&[routes("global", None)]).max_tokens, None);
    }
}
