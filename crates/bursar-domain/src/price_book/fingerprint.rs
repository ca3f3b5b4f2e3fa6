//! A price row's id: a hash of its key and rates, the same for embedded rows and for the user's.
//!
//! FNV-1a of 64 bits, which is fixed for ever and needs no dependency: ids must not collide by
//! accident, and nobody gains by making two rows collide on purpose.

use std::fmt::Write as _;

use crate::price::{Price, PriceId};
use crate::usage::TokenKind;

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;
/// Stands between fields, and in none of them.
const END: char = '\u{1f}';

impl PriceId {
    /// The id of a row: sixteen hexadecimal digits of its key and rates. Its last day, its note
    /// and its sources are no part of it, so that closing or explaining a row keeps its id.
    #[must_use]
    pub fn of(price: &Price) -> Self {
        Self(format!("{:016x}", fnv1a(canonical(price).as_bytes())))
    }
}

fn canonical(price: &Price) -> String {
    let from = price.effective_from.map_or_else(String::new, |from| from.to_string());
    let context = price.context.above_tokens;
    let mut text = format!(
        "{}{END}{}{END}{}{END}{}{END}{context}{END}{from}{END}",
        price.model, price.region, price.routing, price.tier
    );
    for (name, value) in &price.variant {
        let _ = write!(text, "{name}={value}{END}");
    }
    for &kind in TokenKind::ALL {
        if let Some(rate) = price.rates.of(kind) {
            let _ = write!(text, "{kind}:{}{END}", rate.0);
        }
    }
    for (meter, rate) in &price.meters {
        let _ = write!(text, "{}:{}{END}", meter.0, rate.0);
    }
    text
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::fnv1a;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
