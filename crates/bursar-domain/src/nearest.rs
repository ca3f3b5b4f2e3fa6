//! The known names nearest to a mistyped one, by edit distance.
//!
//! A hint for people, never a decision: nothing resolves to what is found here.

/// More suggestions than this help nobody.
pub const NEAREST_MAX: usize = 3;
/// Longer names are compared by so many of their first characters.
const COMPARED_MAX: usize = 96;

/// The known names nearest to `given`, best first, at most [`NEAREST_MAX`]; none that is far off.
/// Case, a path or ARN, and a wrong or missing geography, provider, date or version count little.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let given = Forms::of(given);
    let scored =
        known.into_iter().filter_map(|name| Some((given.distance(&Forms::of(name))?, name)));
    let mut scored: Vec<_> = scored.collect();
    scored.sort_unstable();
    scored.dedup();
    scored.into_iter().take(NEAREST_MAX).map(|(_, name)| name.to_owned()).collect()
}

/// A name whole, without its provider, and without its date and version.
struct Forms([Vec<char>; 3]);

impl Forms {
    fn of(name: &str) -> Self {
        let name = name.rsplit('/').next().unwrap_or(name);
        let whole: String = name.chars().take(COMPARED_MAX).flat_map(char::to_lowercase).collect();
        let model = without_provider(&whole);
        Self([&whole, model, stem(model)].map(|form| form.chars().collect()))
    }

    /// The least distance between like forms, and between the whole names; `None` when far.
    fn distance(&self, other: &Self) -> Option<(usize, usize)> {
        let pairs = self.0.iter().zip(&other.0);
        let least = pairs.filter_map(|(a, b)| near(a, b)).min()?;
        Some((least, edits(&self.0[0], &other.0[0])))
    }
}

/// What follows the last dot that is followed by a letter: `us.xai.grok-4.6` → `grok-4.6`.
fn without_provider(name: &str) -> &str {
    let mut dots = name.match_indices('.').map(|(place, _)| &name[place + 1..]);
    dots.rfind(|rest| rest.starts_with(char::is_alphabetic)).unwrap_or(name)
}

/// What stands before a date or a version: `claude-sonnet-4-5-20250929-v1:0` → `claude-sonnet-4-5`.
fn stem(name: &str) -> &str {
    let is_ending = |part: &str| {
        let digits = part.trim_start_matches('v').split(':').next().unwrap_or_default();
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number && (part.starts_with('v') || part.len() >= 8)
    };
    let hyphens = name.match_indices('-').map(|(place, _)| place);
    let mut ends =
        hyphens.filter(|&place| name[place + 1..].split('-').next().is_some_and(is_ending));
    ends.next().map_or(name, |end| &name[..end])
}

/// The distance of two forms, when it is at most a third of the shorter one's length.
fn near(a: &[char], b: &[char]) -> Option<usize> {
    let limit = (a.len().min(b.len()) / 3).max(1);
    if a.is_empty() || b.is_empty() || a.len().abs_diff(b.len()) > limit {
        return None;
    }
    Some(edits(a, b)).filter(|&distance| distance <= limit)
}

/// Levenshtein's distance.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(b) {
            left = (diagonal + usize::from(from != to)).min(*cell + 1).min(left + 1);
            diagonal = std::mem::replace(cell, left);
        }
        row[0] = i + 1;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = [
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "anthropic.claude-sonnet-4-6",
        "xai.grok-4.6",
        "amazon.nova-lite-v1:0",
    ];

    #[test]
    fn a_slip_a_missing_provider_or_version_and_a_prefix_still_find_the_name() {
        for (given, expected) in [
            ("anthropic.claude-sonet-4-6", KNOWN[1]),
            ("claude-sonnet-4-5", KNOWN[0]),
            ("us.anthropic.claude-sonnet-4-5-20250930-v1:0", KNOWN[0]),
            ("XAI.GROK-4.6", KNOWN[2]),
            ("bedrock/eu-west-1/amazon.nova-lite", KNOWN[3]),
        ] {
            assert_eq!(
                nearest(given, KNOWN).first().map(String::as_str),
                Some(expected),
                "{given}"
            );
        }
    }

    #[test]
    fn what_is_like_nothing_gets_no_suggestion() {
        for given in ["", ".", "gemini-3-ultra", "zzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert_eq!(nearest(given, KNOWN), Vec::<String>::new(), "{given:?}");
        }
        assert!(nearest(&"x".repeat(1_000_000), KNOWN).is_empty());
    }

    #[test]
    fn edits_are_counted() {
        let count = |a: &str, b: &str| {
            edits(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
        };
        assert_eq!(count("kitten", "sitting"), 3);
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("same", "same"), 0);
    }
}
