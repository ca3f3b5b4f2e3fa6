//! Chance that is decided by a seed: the same seed and the same facts give the same value on every
//! machine and in every version. Not for secrets: anybody can compute it.

/// A value being decided: facts are folded in one after another, then it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chance(u64);

impl Chance {
    /// FNV-1a's prime for 64 bits.
    const PRIME: u64 = 0x0000_0100_0000_01b3;

    pub(crate) const fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// With one more fact. A fact ends where it ends: `ab`, `c` is not `a`, `bc`.
    pub(crate) fn with(self, fact: &[u8]) -> Self {
        let folded = fact
            .iter()
            .fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(Self::PRIME));
        Self(mix(folded ^ fact.len() as u64))
    }

    pub(crate) fn with_number(self, number: u64) -> Self {
        self.with(&number.to_le_bytes())
    }

    pub(crate) const fn value(self) -> u64 {
        mix(self.0)
    }

    /// A number below `limit`, which must not be zero.
    pub(crate) const fn below(self, limit: u64) -> u64 {
        self.value() % limit
    }

    /// Whether something that happens `ppm` times in a million happens.
    pub(crate) fn strikes(self, ppm: u32) -> bool {
        self.below(1_000_000) < u64::from(ppm)
    }
}

/// The finaliser of splitmix64: every bit of the input moves every bit of the output.
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_fixed_for_ever() {
        assert_eq!(Chance::new(7).with(b"abc").value(), 0x77bd_408b_7b48_ee3d);
    }

    #[test]
    fn facts_do_not_run_into_each_other() {
        let chance = Chance::new(1);
        assert_ne!(chance.with(b"ab").with(b"c"), chance.with(b"a").with(b"bc"));
        assert_ne!(chance.with(b""), chance);
    }

    #[test]
    fn a_rate_strikes_about_as_often_as_it_says() {
        let chance = Chance::new(3);
        let struck = (0..20_000).filter(|n| chance.with_number(*n).strikes(50_000)).count();
        assert!((900..1100).contains(&struck), "{struck} of 20000 at 5 %");
        assert!(!(0..1000).any(|n| chance.with_number(n).strikes(0)));
        assert!((0..1000).all(|n| chance.with_number(n).strikes(1_000_000)));
    }
}
