//! Names of one's own for models: aliases, plain and by weight, and what opaque ARNs stand for.
//!
//! A plain alias means the same each time. One by weight means one of several, drawn anew for each
//! call; whoever does not call has to name one of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::entropy::Entropy;
use crate::model::ModelRef;

/// Names that the settings add to the catalogue's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// A name of one's own, and what it stands for: any reference, or another alias.
    pub aliases: BTreeMap<String, String>,
    /// A name of one's own, and what it stands for by weight.
    pub weighted: BTreeMap<String, Shares>,
    /// An ARN that does not tell its model, and the base or profile id that it is priced as.
    pub base_models: BTreeMap<String, String>,
}

/// References, each with its weight among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares(Vec<(String, u32)>);

/// Why some references and weights are no [`Shares`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongShares {
    /// None, or too many.
    #[error("{0} models were given; 1 to {most} share an alias", most = Shares::COUNT_MAX)]
    Count(usize),
    /// A weight that is none.
    #[error("the weight of `{model}` is {weight}; it is 1 to {most}", most = Shares::WEIGHT_MAX)]
    Weight {
        /// Whose.
        model: String,
        /// What was given.
        weight: i64,
    },
}

impl Shares {
    /// The most references of one alias.
    pub const COUNT_MAX: usize = 16;
    /// The largest weight.
    pub const WEIGHT_MAX: u32 = 1_000_000;

    /// From references and their weights.
    ///
    /// # Errors
    /// None or too many of them, and a weight that is zero, negative or too large.
    pub fn new(shares: Vec<(String, i64)>) -> Result<Self, WrongShares> {
        if shares.is_empty() || shares.len() > Self::COUNT_MAX {
            return Err(WrongShares::Count(shares.len()));
        }
        let share = |(model, weight): (String, i64)| match u32::try_from(weight) {
            Ok(weight) if (1..=Self::WEIGHT_MAX).contains(&weight) => Ok((model, weight)),
            _ => Err(WrongShares::Weight { model, weight }),
        };
        shares.into_iter().map(share).collect::<Result<_, _>>().map(Self)
    }

    /// The references with their weights.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(model, weight)| (model.as_str(), *weight))
    }

    /// One of them, as often as its weight says.
    fn pick(&self, entropy: &Entropy) -> &str {
        let sum: u64 = self.0.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = entropy.up_to(sum - 1);
        for (model, weight) in &self.0 {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return model.as_str(),
            }
        }
        // The weights add up to more than what was drawn.
        &self.0[0].0
    }
}

impl Names {
    /// What a name by weight stands for this time; `None` for every other text. Aliases on the way
    /// are followed.
    #[must_use]
    pub fn draw<'a>(&'a self, text: &'a str, entropy: &Entropy) -> Option<&'a str> {
        let mut drawn = None;
        let mut current = text;
        // Settings with a loop are refused; should there be one, this ends all the same.
        for _ in 0..=self.aliases.len() + self.weighted.len() {
            if let Some(shares) = self.weighted.get(current) {
                current = shares.pick(entropy);
                drawn = Some(current);
            } else if let Some(next) = self.aliases.get(current) {
                current = next;
            } else {
                break;
            }
        }
        drawn
    }

    /// Everything that a text can stand for: itself, where it is no alias by weight.
    #[must_use]
    pub fn meanings<'a>(&'a self, text: &'a str) -> Vec<&'a str> {
        let mut current = text;
        for _ in 0..=self.aliases.len() {
            if let Some(shares) = self.weighted.get(current) {
                return shares.iter().map(|(model, _)| model).collect();
            }
            let Some(next) = self.aliases.get(current) else { break };
            current = next;
        }
        vec![text]
    }

    /// Every name of one's own, in order.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        let both: BTreeSet<&str> =
            self.aliases.keys().chain(self.weighted.keys()).map(String::as_str).collect();
        both.into_iter()
    }

    /// Whether an alias leads back to itself.
    #[must_use]
    pub fn leads_back(&self, alias: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = self.steps(alias);
        while let Some(text) = next.pop() {
            if text == alias {
                return true;
            }
            if seen.insert(text) {
                next.extend(self.steps(text));
            }
        }
        false
    }

    fn steps<'a>(&'a self, name: &str) -> Vec<&'a str> {
        let one = self.aliases.get(name).map(String::as_str);
        let several = self.weighted.get(name).into_iter().flat_map(Shares::iter);
        one.into_iter().chain(several.map(|(model, _)| model)).collect()
    }
}

impl ModelRef {
    /// The same, called by a name of one's own.
    #[must_use]
    pub fn called(self, name: &str) -> Self {
        let alias = (self.dispatched != name).then(|| name.to_owned());
        Self { alias, ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;

    fn shares(pairs: &[(&str, i64)]) -> Result<Shares, WrongShares> {
        Shares::new(pairs.iter().map(|(model, weight)| ((*model).to_owned(), *weight)).collect())
    }

    /// A source that gives every number from 0 to `most` in turn, as `up_to(most)` scales them.
    fn in_turn(most: u64) -> Entropy {
        let next = Mutex::new(0_u128);
        Entropy::new(move |bytes| {
            let mut next = next.lock().unwrap();
            // The smallest that is scaled to this number.
            let raw = u64::try_from((*next << 64) / (u128::from(most) + 1)).unwrap();
            bytes.copy_from_slice(&raw.saturating_add(1).to_le_bytes());
            *next += 1;
        })
    }

    #[test]
    fn each_is_drawn_as_often_as_its_weight_says() {
        let names = Names {
            weighted: [("sonnet".to_owned(), shares(&[("old", 90), ("new", 10)]).unwrap())].into(),
            aliases: [("mine".to_owned(), "sonnet".to_owned())].into(),
            ..Names::default()
        };
        for name in ["sonnet", "mine"] {
            let entropy = in_turn(99);
            let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
            for _ in 0..100 {
                *counts.entry(names.draw(name, &entropy).unwrap()).or_default() += 1;
            }
            assert_eq!(counts, [("old", 90), ("new", 10)].into(), "{name}");
        }
        assert_eq!(names.draw("old", &in_turn(99)), None);
        assert_eq!(names.meanings("mine"), ["old", "new"]);
        assert_eq!(names.meanings("other"), ["other"]);
        assert_eq!(names.all().collect::<Vec<_>>(), ["mine", "sonnet"]);
    }

    #[test]
    fn a_weight_that_is_none_is_refused() {
        let most = i64::from(Shares::WEIGHT_MAX);
        for weight in [0, -1, most + 1, i64::MAX, i64::MIN] {
            let wrong = shares(&[("a", 1), ("b", weight)]).unwrap_err();
            assert_eq!(wrong, WrongShares::Weight { model: "b".to_owned(), weight });
        }
        assert!(shares(&[("a", most), ("b", 1)]).is_ok());
        assert_eq!(shares(&[]), Err(WrongShares::Count(0)));
        let many = [("a", 1); Shares::COUNT_MAX + 1];
        assert_eq!(shares(&many), Err(WrongShares::Count(Shares::COUNT_MAX + 1)));
        assert!(shares(&many[1..]).is_ok());
    }

    #[test]
    fn a_loop_through_a_share_is_found_and_ends_all_the_same() {
        let names = Names {
            weighted: [("a".to_owned(), shares(&[("x", 1), ("b", 1)]).unwrap())].into(),
            aliases: [("b".to_owned(), "a".to_owned()), ("c".to_owned(), "a".to_owned())].into(),
            ..Names::default()
        };
        assert!(names.leads_back("a") && names.leads_back("b"));
        assert!(!names.leads_back("c"), "it leads to a loop, and is none");
        let always_b = Entropy::new(|bytes| bytes.fill(0xff));
        assert!(names.draw("a", &always_b).is_some());
    }
}
