//! What the catalogue and the prices know about the trouble at hand: the model, where it can be
//! called, what comes after it, and what that costs.

use std::collections::BTreeMap;

use super::Trouble;
use super::diagnosis::is_own;
use crate::catalogue::{Catalogue, LifecycleStatus, Model};
use crate::price::{PriceKey, Routing, Tier};
use crate::price_book::PriceBook;

/// More regions or ids than this are no help.
const SHOWN_MAX: usize = 4;
/// The longest quotation of a message, in characters.
const QUOTED_CHARS_MAX: usize = 300;

/// What the SDK puts before the cause of a connection's failure.
const WRAPPERS: [&str; 3] = ["dispatch failure", "io error", "client error (Connect)"];

/// An error, and what there is to look up about it.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) trouble: &'a Trouble<'a>,
    pub(super) prices: &'a PriceBook,
}

impl Scene<'_> {
    /// The model as it was sent, in backticks.
    pub(super) fn named(&self) -> String {
        self.trouble.model.map_or("the model".to_owned(), |model| format!("`{}`", model.dispatched))
    }

    /// The canonical base id.
    pub(super) fn base(&self) -> Option<&str> {
        self.trouble.model.and_then(|model| model.base.as_ref()).map(AsRef::as_ref)
    }

    /// The model as the catalogue lists it.
    pub(super) fn listed(&self) -> Option<Model> {
        Catalogue::embedded().model(self.base()?)
    }

    /// The region in backticks.
    pub(super) fn region(&self) -> String {
        match self.trouble.region {
            "" => "the region that was called".to_owned(),
            region => format!("`{region}`"),
        }
    }

    /// Where to read about the model.
    pub(super) fn look_up(&self) -> String {
        self.base().map_or("`bursar models list` lists every model".to_owned(), |base| {
            format!("`bursar models show {base}` shows where and how it is offered")
        })
    }

    /// The ids by which a model can be called from the region, geographic profiles before global
    /// ones; every profile that is listed where nobody says from where they can be called.
    pub(super) fn profiles_of(&self, model: &Model) -> Vec<String> {
        let routes = Catalogue::embedded().profiles_of(model.id);
        let mut geographies: Vec<&str> = if routes.is_empty() {
            model.profiles.iter().map(|profile| profile.geography).collect()
        } else {
            let here = routes.iter().filter(|route| route.from.contains(&self.trouble.region));
            here.map(|route| route.geography).collect()
        };
        geographies.sort_by_key(|geography| (*geography == "global", *geography));
        geographies.dedup();
        geographies.into_iter().map(|geography| format!("{geography}.{}", model.id)).collect()
    }

    /// Whether it is known where the model is offered, and the region is not among that.
    pub(super) fn is_offered_elsewhere(&self) -> bool {
        let Some(model) = self.listed().filter(|_| !self.trouble.region.is_empty()) else {
            return false;
        };
        let regions = regions_of(&model);
        !regions.is_empty() && !regions.contains(&self.trouble.region)
    }

    /// The newest model in offer that comes after the listed one, in its family if that lives on.
    pub(super) fn successor(&self) -> Option<Model> {
        let old = self.listed()?;
        let is_next = |new: &Model| {
            new.lifecycle.status == LifecycleStatus::Active
                && new.provider == old.provider
                && new.modality == old.modality
                && new.on_runtime != Some(false)
                && !new.is_over(self.trouble.at)
                && edition(new.id) > edition(old.id)
        };
        let later: Vec<Model> = Catalogue::embedded().models().filter(is_next).collect();
        let newest = |like: &dyn Fn(&Model) -> bool| {
            later.iter().filter(|model| like(model)).max_by_key(|model| edition(model.id)).cloned()
        };
        newest(&|model| model.family == old.family)
            .or_else(|| newest(&|model| line(model) == line(&old)))
    }

    /// The id to call a model by from the region, as like the one that was used as can be.
    pub(super) fn id_to_call(&self, model: &Model) -> String {
        let regions = model.in_region_on_demand.as_deref().unwrap_or_default();
        let geography = self.trouble.model.and_then(|model| model.geography.as_deref());
        let profiles = self.profiles_of(model);
        let same = geography.map(|geography| format!("{geography}.{}", model.id));
        match profiles.first() {
            _ if same.as_ref().is_some_and(|same| profiles.contains(same)) => {
                same.unwrap_or_default()
            }
            Some(first) if !regions.contains(&self.trouble.region) => first.clone(),
            _ => model.id.to_owned(),
        }
    }

    /// `$3 in and $15 out per million tokens` for a prompt of so many; `None` when nobody knows.
    pub(super) fn price_of(&self, model: &Model, id: &str, prompt: u64) -> Option<String> {
        let geography = id.strip_suffix(model.id).and_then(|prefix| prefix.strip_suffix('.'));
        let found = self.prices.price(&PriceKey {
            model: model.id,
            region: self.trouble.region,
            geography,
            routing: Routing::of_geography(geography),
            tier: Tier::Standard,
            context_tokens: prompt,
            variant: &BTreeMap::new(),
            at: self.trouble.at,
        });
        let rates = found.ok()?.rates;
        let (input, output) = (rates.input?.per_million(), rates.output?.per_million());
        Some(format!("${input} in and ${output} out per million tokens"))
    }

    /// The id of a model that may be called instead, and its price where that is known.
    pub(super) fn priced_id(&self, model: &Model, prompt: u64) -> String {
        let id = self.id_to_call(model);
        let price =
            self.price_of(model, &id, prompt).map_or(String::new(), |price| format!(", {price}"));
        format!("`{id}`{price}")
    }

    /// The message as it came, short enough to be read.
    pub(super) fn quoted(&self) -> String {
        match self.trouble.message.trim().trim_end_matches('.') {
            "" => "no message".to_owned(),
            said => format!("“{}”", short(said)),
        }
    }

    /// What came, word for word and in one line; without the message where `why` quotes it, or
    /// where it is a page.
    pub(super) fn answer(&self, why: &str) -> Option<String> {
        let status = self.trouble.status.filter(|_| !is_own(self.trouble.code))?;
        let message = self.trouble.message.trim();
        let mut code = format!("{} ({status})", short(self.trouble.code));
        if (200..300).contains(&status) {
            code = format!("{} (in the stream)", short(self.trouble.code));
        } else if self.trouble.code == format!("Http{status}") {
            code = format!("status {status}");
        }
        let is_told = why.contains('“') || message.is_empty() || message.starts_with('<');
        Some(if is_told { code } else { format!("{code}: {}", short(message)) })
    }

    /// What a library said of its failure, without the dump of values that follows it.
    pub(super) fn transport(&self) -> String {
        let said = self.trouble.message;
        let end = ["(DispatchFailure", "(TimeoutError", "(ConstructionFailure", "(ResponseError"]
            .iter()
            .filter_map(|dump| said.find(dump))
            .min()
            .unwrap_or(said.len());
        let innermost = said[..end]
            .trim()
            .trim_end_matches('.')
            .split(": ")
            .skip_while(|part| WRAPPERS.contains(part));
        let told: Vec<&str> = innermost.collect();
        let told = told.join(": ");
        if told.is_empty() { "nothing more is known".to_owned() } else { short(&told) }
    }

    /// `(4 attempts)`, with a blank before it; nothing after one.
    pub(super) fn tries(&self) -> String {
        let attempts = self.trouble.attempts;
        if attempts > 1 { format!(" ({attempts} attempts)") } else { String::new() }
    }
}

/// One line, and not a page of it.
pub(super) fn short(said: &str) -> String {
    let shown: String = said.chars().take(QUOTED_CHARS_MAX).filter(|c| !is_control(*c)).collect();
    let cut = if said.chars().nth(QUOTED_CHARS_MAX).is_some() { "…" } else { "" };
    let words: Vec<&str> = shown.split_whitespace().collect();
    format!("{}{cut}", words.join(" "))
}

/// What could move a terminal's cursor; white space is not among it.
fn is_control(letter: char) -> bool {
    letter.is_control() && !letter.is_whitespace()
}

/// Every region from which a model can be called, by its own id or a profile's.
pub(super) fn regions_of(model: &Model) -> Vec<&'static str> {
    let mut regions = model.in_region_on_demand.clone().unwrap_or_default();
    regions.extend(Catalogue::embedded().profiles_of(model.id).into_iter().flat_map(|r| r.from));
    regions.sort_unstable();
    regions.dedup();
    regions
}

/// In backticks, the first few only.
pub(super) fn listing(words: &[impl AsRef<str>]) -> String {
    let mut shown: Vec<String> =
        words.iter().take(SHOWN_MAX).map(|word| format!("`{}`", word.as_ref())).collect();
    if words.len() > SHOWN_MAX {
        shown.push(format!("{} more", words.len() - SHOWN_MAX));
    }
    match shown.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => shown.concat(),
    }
}

/// A number as people read it: `200,049`.
pub(super) fn figure(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What orders the models of a family: the version in the name, then the date, then the revision.
/// `anthropic.claude-3-5-sonnet-20241022-v2:0` is `([3, 5], 20241022, [2, 0])`.
pub(super) fn edition(id: &str) -> (Vec<u64>, u64, Vec<u64>) {
    let (mut version, mut date, mut revision) = (Vec::new(), 0, Vec::new());
    let name = id.split_once('.').map_or(id, |(_, name)| name);
    for part in name.split('-') {
        let digits = part.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
        let numbers: Option<Vec<u64>> =
            digits.split(['.', ':']).map(|number| number.parse().ok()).collect();
        match numbers {
            Some(numbers) if part.starts_with('v') && digits.len() < part.len() => {
                revision = numbers;
            }
            Some(numbers) if digits.len() >= 4 && !digits.contains('.') => {
                date = numbers.first().copied().unwrap_or_default();
            }
            Some(numbers) if date == 0 => version.extend(numbers),
            _ => {}
        }
    }
    (version, date, revision)
}

/// What the families of one line have in common: `llama` of `llama3-2` and of `llama4`.
fn line(model: &Model) -> &'static str {
    let end = model.family.find(|letter: char| letter.is_ascii_digit());
    end.map_or(model.family, |end| model.family[..end].trim_end_matches('-'))
}
