//! Telling rows apart by what is bought: image size and quality, video resolution, commitment,
//! guardrail policy.

use std::collections::BTreeMap;

use crate::price::Price;

/// The keys by which embedded rows differ.
pub(super) const KEYS: [&str; 7] =
    ["commitment", "family", "listed_rate", "policy", "quality", "resolution", "size"];

type Variant = BTreeMap<String, String>;

/// The rows that a variant allows. A key that the caller did not give, or that a row does not
/// have, rules nothing out; of those that are left, one that says the same more closely wins.
pub(super) fn matching<'a>(
    rows: impl Iterator<Item = &'a Price>,
    wanted: &Variant,
) -> Vec<&'a Price> {
    let rows: Vec<&Price> = rows.filter(|row| agrees(&row.variant, wanted)).collect();
    let is_bettered = |row: &Price| rows.iter().any(|other| is_closer(other, row, wanted));
    rows.iter().copied().filter(|row| !is_bettered(row)).collect()
}

/// Whether a row says all that another does and more that was asked for, or the same for a
/// smaller size.
fn is_closer(one: &Price, other: &Price, wanted: &Variant) -> bool {
    let (one, other) = (&one.variant, &other.variant);
    let says_more = one.len() > other.len()
        && other.iter().all(|(key, value)| one.get(key) == Some(value))
        && one.keys().all(|key| wanted.contains_key(key));
    says_more || wanted.contains_key("size") && is_smaller(one, other)
}

fn agrees(own: &Variant, wanted: &Variant) -> bool {
    own.iter().all(|(key, value)| wanted.get(key).is_none_or(|given| fits(key, value, given)))
}

/// The value as it is listed, its first word (`540p` of `540p 24fps`), or a size within it.
fn fits(key: &str, listed: &str, given: &str) -> bool {
    let is_within = || {
        let (most, own) = (bound(listed)?, pixels(given)?);
        Some(own.0 <= most.0 && own.1 <= most.1)
    };
    match key {
        _ if listed == given => true,
        "size" => is_within().unwrap_or(false),
        _ => listed.split(' ').next() == Some(given),
    }
}

/// Whether two variants differ by their sizes alone, and the first is the smaller.
fn is_smaller(one: &Variant, other: &Variant) -> bool {
    let area = |variant: &Variant| {
        variant.get("size").and_then(|size| bound(size)).map(|(width, height)| width * height)
    };
    let rest = |variant: &Variant| {
        let mut rest = variant.clone();
        rest.remove("size");
        rest
    };
    area(one).zip(area(other)).is_some_and(|(one, other)| one < other) && rest(one) == rest(other)
}

/// `up to 1024x1024`
fn bound(listed: &str) -> Option<(u64, u64)> {
    pixels(listed.strip_prefix("up to ").unwrap_or(listed))
}

/// `1024x768`
fn pixels(text: &str) -> Option<(u64, u64)> {
    let (width, height) = text.split_once('x')?;
    let side = |text: &str| text.parse::<u32>().ok().map(u64::from);
    Some((side(width)?, side(height)?))
}
