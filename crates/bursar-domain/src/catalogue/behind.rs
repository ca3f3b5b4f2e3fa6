//! What the models' ARNs behind an application profile or a prompt router say about what is billed:
//! Bedrock names the models and their regions, and never the profile that was copied.

use super::{Catalogue, ProfileRoute};
use crate::model::{Arn, Candidate, ModelId, RefKind};

/// Geographies by how their regions' names begin, for models whose routes no source tells.
const BY_START: [(&str, &str); 4] =
    [("us-gov-", "us-gov"), ("us-", "us"), ("eu-", "eu"), ("ap-", "apac")];

impl Catalogue {
    /// What an application profile of `region` copies, by the ARNs of the models that it leads to:
    /// one region alone is the model itself, an ARN without a region is the global profile, and
    /// else it is the profile that routes to just these regions. `None` when the ARNs are of
    /// several models, or of none.
    #[must_use]
    pub fn copied(self, arns: &[String], region: &str) -> Option<Candidate> {
        let regions = Self::regions_of(arns)?;
        let (_, id) = foundation_model(arns.first()?)?;
        let geography = match regions[..] {
            _ if regions.contains(&"") => Some("global"),
            [only] if only == region => None,
            _ => Some(self.geography_of(id, region, &regions)?),
        };
        Some(Candidate { base: ModelId::parse(id)?, geography: geography.map(str::to_owned) })
    }

    /// The regions of one foundation model's ARNs, sorted, the empty text for any; `None` when the
    /// ARNs are of several models, or of none.
    #[must_use]
    pub fn regions_of(arns: &[String]) -> Option<Vec<&str>> {
        let read: Vec<(&str, &str)> =
            arns.iter().map(|arn| foundation_model(arn)).collect::<Option<_>>()?;
        let (_, id) = *read.first()?;
        let mut regions: Vec<&str> = read.iter().map(|(region, _)| *region).collect();
        regions.sort_unstable();
        regions.dedup();
        read.iter().all(|(_, other)| *other == id).then_some(regions)
    }

    /// What one of a prompt router's ARNs stands for: a model, or a cross-region profile of one.
    /// `None` when it is the ARN of something else.
    #[must_use]
    pub fn target(self, arn: &str) -> Option<Candidate> {
        let read = Arn::parse(arn).ok()?;
        let id = read.model?;
        let whole = |id: &str| Some(Candidate { base: ModelId::parse(id)?, geography: None });
        match read.kind {
            RefKind::FoundationModelArn => whole(id),
            RefKind::InferenceProfileArn => {
                let (geography, id) = id.split_once('.')?;
                Some(Candidate { geography: Some(geography.to_owned()), ..whole(id)? })
            }
            _ => None,
        }
    }

    fn geography_of(self, id: &str, region: &str, regions: &[&str]) -> Option<&'static str> {
        let leads_here = |route: &ProfileRoute| {
            let is_from_here = route.from.contains(&region);
            is_from_here && route.to.as_ref().is_some_and(|to| is_same(to, regions))
        };
        let routes = self.profiles_of(id);
        let known = routes.iter().find(|route| leads_here(route)).map(|route| route.geography);
        let all_in = |start: &str| regions.iter().all(|region| region.starts_with(start));
        let by_name = BY_START.iter().find(|(start, _)| all_in(start));
        known.or(by_name.map(|(_, geography)| *geography))
    }
}

fn is_same(to: &[&str], regions: &[&str]) -> bool {
    to.len() == regions.len() && to.iter().all(|region| regions.contains(region))
}

/// Region and id of a foundation model's ARN. The region may be none: any.
fn foundation_model(arn: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "bedrock", region, "", resource] = parts[..] else { return None };
    Some((region, resource.strip_prefix("foundation-model/")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOVA: &str = "amazon.nova-lite-v1:0";

    fn arns(id: &str, regions: &[&str]) -> Vec<String> {
        let arn = |region: &&str| format!("arn:aws:bedrock:{region}::foundation-model/{id}");
        regions.iter().map(arn).collect()
    }

    /// The id that is copied: the model's, or a profile's; empty for none.
    fn copied(id: &str, regions: &[&str], region: &str) -> String {
        let found = Catalogue::embedded().copied(&arns(id, regions), region);
        found.map_or_else(String::new, |Candidate { base, geography }| {
            geography.map_or_else(|| base.to_string(), |label| format!("{label}.{base}"))
        })
    }

    #[test]
    fn one_region_is_the_model_and_no_region_is_the_global_profile() {
        assert_eq!(copied(NOVA, &["us-east-1"], "us-east-1"), NOVA);
        assert_eq!(copied(NOVA, &["us-east-1", ""], "us-east-1"), format!("global.{NOVA}"));
    }

    #[test]
    fn every_profile_of_the_catalogue_is_known_again_by_where_it_leads() {
        let mut seen = 0;
        for model in Catalogue::embedded().models() {
            for route in Catalogue::embedded().profiles_of(model.id) {
                seen += recognised(model.id, &route);
            }
        }
        assert!(seen > 100, "{seen}");
    }

    /// From how many regions a route is known again, which must be all.
    fn recognised(id: &str, route: &ProfileRoute) -> usize {
        let Some(to) = route.to.as_ref().filter(|to| to.len() > 1) else { return 0 };
        for from in &route.from {
            assert_eq!(copied(id, to, from), format!("{}.{id}", route.geography), "{from} {to:?}");
        }
        route.from.len()
    }

    #[test]
    fn a_new_model_is_placed_by_the_names_of_its_regions() {
        let new = "acme.new-v1:0";
        assert_eq!(copied(new, &["eu-west-1", "eu-north-1"], "eu-west-1"), format!("eu.{new}"));
        assert_eq!(
            copied(new, &["us-gov-west-1", "us-gov-east-1"], "us-gov-west-1"),
            format!("us-gov.{new}")
        );
        assert_eq!(copied(new, &["eu-west-1", "us-east-1"], "eu-west-1"), "");
    }

    #[test]
    fn arns_of_several_models_or_of_none_stand_for_nothing() {
        let mut mixed = arns(NOVA, &["us-east-1"]);
        mixed.extend(arns("amazon.nova-pro-v1:0", &["us-west-2"]));
        for wrong in [mixed, vec![], vec!["arn:x".to_owned()], vec![NOVA.to_owned()]] {
            assert_eq!(Catalogue::embedded().copied(&wrong, "us-east-1"), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_routers_targets_are_models_and_profiles() {
        let target = |arn: &str| Catalogue::embedded().target(arn);
        let model = format!("arn:aws:bedrock:us-east-1::foundation-model/{NOVA}");
        assert_eq!(target(&model).unwrap().geography, None);
        let profile = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{NOVA}");
        let found = target(&profile).unwrap();
        assert_eq!((found.base.as_str(), found.geography.as_deref()), (NOVA, Some("us")));
        for wrong in [NOVA, "arn:x", "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ"] {
            assert_eq!(target(wrong), None, "{wrong}");
        }
    }
}
