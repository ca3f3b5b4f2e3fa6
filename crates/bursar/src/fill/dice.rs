//! Chance that falls the same each time it begins with the same seed, on every machine: whole numbers
//! alone. Nothing secret comes of it.

/// What is thrown: the generator `SplitMix64`.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        let scaled = (u128::from(self.throw()) * u128::from(end)) >> 64;
        u64::try_from(scaled).unwrap_or_default()
    }

    /// True so many times of a thousand.
    pub(super) fn hits(&mut self, of_thousand: u64) -> bool {
        self.below(1_000) < of_thousand
    }

    /// Mostly little more than `least`, now and then up to `2^doublings` times as much.
    pub(super) fn spread(&mut self, least: u64, doublings: u64) -> u64 {
        let most = least << self.below(doublings + 1);
        least + self.below(most)
    }

    /// One of them.
    pub(super) fn one<'i, T>(&mut self, items: &'i [T]) -> Option<&'i T> {
        items.get(self.place(items.len()))
    }

    /// A place in a list of so many.
    pub(super) fn place(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).unwrap_or_default()
    }

    /// Sixteen hexadecimal digits, for an identity.
    pub(super) fn digits(&mut self) -> String {
        format!("{:016x}", self.throw())
    }

    pub(super) fn ten_bytes(&mut self) -> [u8; 10] {
        let (one, other) = (self.throw().to_be_bytes(), self.throw().to_be_bytes());
        std::array::from_fn(|at| if at < 8 { one[at] } else { other[at - 8] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same() {
        let throws = |seed| {
            let mut dice = Dice::new(seed);
            (0..8).map(|_| dice.throw()).collect::<Vec<_>>()
        };
        assert_eq!(throws(7), throws(7));
        assert_ne!(throws(7), throws(8));
        // Of the published generator.
        assert_eq!(Dice::new(1_234_567).throw(), 6_457_827_717_110_365_317);
    }

    #[test]
    fn throws_stay_within_their_bounds() {
        let mut dice = Dice::new(3);
        assert_eq!((dice.below(0), dice.one::<u8>(&[])), (0, None));
        for _ in 0..2_000 {
            assert!(dice.below(7) < 7);
            assert!((5..=5 + (5 << 3)).contains(&dice.spread(5, 3)));
        }
        assert!(!dice.hits(0) && dice.hits(1_000));
    }
}
