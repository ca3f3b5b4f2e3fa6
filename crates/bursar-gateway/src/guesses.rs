//! Who tries keys that are none, by address: after a while he is told to wait. A right key is served
//! all the same, since others may share his address; a secret of 256 bits is not found by trying, so
//! what this saves is work and lines of the log.
//!
//! Its memory is bounded: of more addresses than it has room for, those that are quiet are forgotten,
//! and if none is, newcomers are not counted.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong keys in a row before an address is told to wait.
const TRIES_MAX: u32 = 120;
/// How long one of them counts.
const TRY_COUNTS: Duration = Duration::from_secs(1);
/// Addresses that are counted at a time.
const ADDRESSES_MAX: usize = 4_096;

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Wrong keys by address.
#[derive(Debug, Default)]
pub(crate) struct Guesses(Mutex<HashMap<IpAddr, Tries>>);

#[derive(Debug)]
struct Tries {
    counted: u32,
    since: Instant,
}

impl Guesses {
    /// Counts a wrong key; whether there were too many from there.
    pub(crate) fn wrong(&self, Peer(address): Peer, now: Instant) -> bool {
        let address = neighbourhood(address);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(&address) && known.len() >= ADDRESSES_MAX {
            known.retain(|_, tries| tries.left(now) > 0);
            if known.len() >= ADDRESSES_MAX {
                return false;
            }
        }
        let tries = known.entry(address).or_insert(Tries { counted: 0, since: now });
        let left = tries.left(now);
        // Past the most, nothing is added: who stops is let in again as soon as anybody.
        *tries = Tries { counted: (left + 1).min(TRIES_MAX), since: now };
        left >= TRIES_MAX
    }
}

impl Tries {
    /// How many of them still count.
    fn left(&self, now: Instant) -> u32 {
        let quiet = now.saturating_duration_since(self.since).as_secs() / TRY_COUNTS.as_secs();
        self.counted.saturating_sub(u32::try_from(quiet).unwrap_or(u32::MAX))
    }
}

/// Who has one address of IPv6 has all of its /64.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        Peer(text.parse().unwrap())
    }

    #[test]
    fn too_many_wrong_keys_are_too_many_until_it_was_quiet_and_only_from_there() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        for _ in 0..TRIES_MAX {
            assert!(!guesses.wrong(peer("2001:db8::1"), now));
        }
        assert!(guesses.wrong(peer("2001:db8::2"), now), "the same neighbourhood");
        assert!(!guesses.wrong(peer("2001:db8:0:1::1"), now));
        let later = now + TRY_COUNTS;
        assert!(!guesses.wrong(peer("2001:db8::1"), later), "one is forgotten");
        assert!(guesses.wrong(peer("2001:db8::1"), later), "and one only");
    }

    #[test]
    fn more_addresses_than_there_is_room_for_take_no_more_room() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        let address =
            |number: usize| Peer(IpAddr::from(u32::try_from(number).unwrap().to_be_bytes()));
        for number in 0..2 * ADDRESSES_MAX {
            assert!(!guesses.wrong(address(number), now));
        }
        let count = || guesses.0.lock().unwrap().len();
        assert_eq!(count(), ADDRESSES_MAX);
        // Those that were quiet make room.
        assert!(!guesses.wrong(address(3 * ADDRESSES_MAX), now + TRY_COUNTS));
        assert_eq!(count(), 1);
    }
}
