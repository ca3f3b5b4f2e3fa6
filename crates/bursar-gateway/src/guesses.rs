//! Who tries keys that are none, by address: after a while he is told to wait. A right key is served
//! all the same, since others may share his address; a secret of 256 bits is not found by trying, so
//! what this saves is work and lines of the log.
//!
//! Its memory is bounded: of more addresses than it has room for, those that are quiet are forgotten,
//! and if none is, newcomers are not counted.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Wrong keys in a row before an address is told to wait.
const TRIES_MAX: u32 = 120;
/// How long one of them counts.
const TRY_COUNTS: Duration = Duration::from_secs(1);
/// Addresses that are counted at a time.
const ADDRESSES_MAX: usize = 4_096;

/// Keys that are remembered to have been right, with the address that they came from.
const RIGHT_MAX: usize = 8_192;

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Wrong keys by address, and what was right from there: who shares an address with somebody who
/// guesses is served on.
#[derive(Debug, Default)]
pub(crate) struct Guesses {
    tries: Mutex<HashMap<IpAddr, Tries>>,
    right: RwLock<HashSet<u64>>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Tries {
    counted: u32,
    since: Instant,
}

impl Guesses {
    /// Counts a wrong key; whether there were too many from there.
    pub(crate) fn wrong(&self, Peer(address): Peer, now: Instant) -> bool {
        let address = neighbourhood(address);
        let mut known = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
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

impl Guesses {
    /// Whether nobody looks what this key is: too many wrong ones came from there, and this one was
    /// not right before.
    pub(crate) fn holds_off(&self, peer: Peer, key: impl Hash, now: Instant) -> bool {
        let address = neighbourhood(peer.0);
        let known = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = known.get(&address).is_some_and(|tries| tries.left(now) >= TRIES_MAX);
        drop(known);
        let right = || self.right.read().unwrap_or_else(PoisonError::into_inner);
        is_over && !right().contains(&self.mark(address, key))
    }

    /// Remembers that a key was right.
    pub(crate) fn right(&self, peer: Peer, key: impl Hash) {
        let mark = self.mark(neighbourhood(peer.0), key);
        let known = self.right.read().unwrap_or_else(PoisonError::into_inner).contains(&mark);
        if known {
            return;
        }
        let mut right = self.right.write().unwrap_or_else(PoisonError::into_inner);
        if right.len() >= RIGHT_MAX {
            // Whoever still calls is remembered anew with his next call.
            right.clear();
        }
        right.insert(mark);
    }

    /// What nobody outside this process can foresee, and from which no key can be told.
    fn mark(&self, address: IpAddr, key: impl Hash) -> u64 {
        self.hasher.hash_one((address, key))
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
    fn who_guesses_is_held_off_unless_his_key_was_right_before() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        let (here, there) = (peer("192.0.2.1"), peer("192.0.2.2"));
        guesses.right(here, b"good");
        assert!(!guesses.holds_off(here, b"new", now));
        for _ in 0..TRIES_MAX {
            guesses.wrong(here, now);
        }
        assert!(guesses.holds_off(here, b"new", now));
        assert!(!guesses.holds_off(here, b"good", now));
        assert!(!guesses.holds_off(there, b"new", now), "nobody guessed there");
        assert!(!guesses.holds_off(here, b"new", now + TRY_COUNTS), "one is forgotten");
        for number in 0..2 * RIGHT_MAX {
            guesses.right(here, number.to_be_bytes());
            assert!(guesses.right.read().unwrap().len() <= RIGHT_MAX);
        }
        assert!(guesses.holds_off(here, b"good", now), "it was forgotten to make room");
    }

    #[test]
    fn more_addresses_than_there_is_room_for_take_no_more_room() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        let address =
            |number: usize| Peer(IpAddr::from(u32::try_from(number).unwrap().to_be_bytes()));
        for number in 0..2 * ADDRESSES_MAX {
            assert!(!guesses.wrong(address(number), now));
        }
        let count = || guesses.tries.lock().unwrap().len();
        assert_eq!(count(), ADDRESSES_MAX);
        // Those that were quiet make room.
        assert!(!guesses.wrong(address(3 * ADDRESSES_MAX), now + TRY_COUNTS));
        assert_eq!(count(), 1);
    }
}
