//! What a new list of offers changes in what was known of a region's models.

use super::{Catalogue, Model, Offers};
use crate::time::Timestamp;

/// The difference that a list of offers makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Ids that were not known.
    pub added: Vec<String>,
    /// Ids that were, and what is now said of them.
    pub changed: Vec<(String, Vec<String>)>,
    /// Ids that the region was known to offer, and does not.
    pub retired: Vec<String>,
}

impl Changes {
    /// What `offers` say beside what was known before.
    #[must_use]
    pub fn between(before: Catalogue, offers: &'static Offers) -> Self {
        let after = Catalogue::embedded().with(offers);
        let mut changes = Self::default();
        for offer in offers.models() {
            let id = offer.id.as_str();
            let Some(old) = before.model(id) else {
                changes.added.push(id.to_owned());
                continue;
            };
            let told = after.model(id).map(|new| differences(&old, &new, &offers.region));
            let mut told = told.unwrap_or_default();
            told.extend(routed(before, after, id, &offers.region));
            changes.changed.push((id.to_owned(), told));
        }
        changes.changed.retain(|(_, told)| !told.is_empty());
        let is_gone = |model: &Model| {
            offers.offer(model.id).is_none()
                && !model.is_over(offers.retrieved_at)
                && before.is_offered(model.id, &offers.region)
        };
        let gone = before.models().filter(is_gone);
        changes.retired.extend(gone.map(|model| model.id.to_owned()));
        changes
    }

    /// Whether nothing is new.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.retired.is_empty()
    }
}

fn differences(old: &Model, new: &Model, region: &str) -> Vec<String> {
    let day = |day: Option<Timestamp>| day.map(Timestamp::date).unwrap_or_default();
    let all = |texts: &Option<Vec<&str>>| {
        let mut texts = texts.clone().unwrap_or_default();
        texts.sort_unstable();
        texts.join(", ")
    };
    let here = |model: &Model| {
        let regions = model.in_region_on_demand.as_deref().unwrap_or_default();
        if regions.contains(&region) { "yes" } else { "no" }
    };
    let (was, is) = (&old.lifecycle, &new.lifecycle);
    let told = [
        differs("name", old.display_name, new.display_name),
        differs("provider", old.provider, new.provider),
        differs("takes", &all(&old.input_modalities), &all(&new.input_modalities)),
        differs("gives", &all(&old.output_modalities), &all(&new.output_modalities)),
        differs("status", was.status.as_str(), is.status.as_str()),
        differs("launch", &day(was.launch), &day(is.launch)),
        differs("legacy from", &day(was.legacy_from), &day(is.legacy_from)),
        differs("end of life", &day(was.end_of_life), &day(is.end_of_life)),
        differs("on demand", here(old), here(new)),
    ];
    told.into_iter().flatten().collect()
}

/// Which profiles lead from the region to the model, and where.
fn routed(before: Catalogue, after: Catalogue, id: &str, region: &str) -> Option<String> {
    let routes = |catalogue: Catalogue| {
        let mut routes = catalogue.profiles_of(id);
        routes.retain(|route| route.from.contains(&region));
        let mut told: Vec<String> = routes
            .into_iter()
            .map(|route| {
                let to = route.to.map(|mut to| {
                    to.sort_unstable();
                    to.join(" ")
                });
                format!("{} to {}", route.geography, to.as_deref().unwrap_or("any region"))
            })
            .collect();
        told.sort();
        told.dedup();
        told.join("; ")
    };
    differs("profiles", &routes(before), &routes(after))
}

fn differs(what: &str, old: &str, new: &str) -> Option<String> {
    let shown = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    (old != new).then(|| format!("{what} {} → {}", shown(old), shown(new)))
}
