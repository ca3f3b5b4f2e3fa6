//! Where randomness comes from: a value that is passed in, so that tests can hold it.

use std::fmt;
use std::sync::Arc;

/// A source of random bytes, for call ids and for the jitter between attempts.
#[derive(Clone)]
pub struct Entropy(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Entropy {
    /// A source that asks `fill`.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// The operating system's generator.
    ///
    /// # Panics
    /// When the operating system has none: nothing secret may be made then.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|bytes| {
            if let Err(error) = getrandom::fill(bytes) {
                panic!("the operating system's random generator failed: {error}");
            }
        })
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }

    /// A number from 0 to `most`, evenly enough for jitter.
    #[must_use]
    pub fn up_to(&self, most: u64) -> u64 {
        let random = u128::from(u64::from_le_bytes(self.bytes()));
        let scaled = (random * (u128::from(most) + 1)) >> 64;
        u64::try_from(scaled).unwrap_or(most)
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_reaches_both_ends_and_never_passes_them() {
        assert_eq!(Entropy::new(|bytes| bytes.fill(0)).up_to(500), 0);
        assert_eq!(Entropy::new(|bytes| bytes.fill(0xff)).up_to(500), 500);
        assert_eq!(Entropy::new(|bytes| bytes.fill(0xff)).up_to(u64::MAX), u64::MAX);
    }
}
