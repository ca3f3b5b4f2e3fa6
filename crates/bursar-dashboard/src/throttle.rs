//! How often somebody may try to sign in: ten wrong passwords for a name from an address, a hundred
//! from an address for any name, in a quarter of an hour. Nobody is locked out from elsewhere.
//!
//! Bounded: what is remembered is a count and a time for some thousands of pairs.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use bursar_domain::time::Timestamp;

/// Wrong tries count for so long.
const SPAN_MS: i64 = 15 * 60_000;
const OF_ONE_NAME: u32 = 10;
const OF_ONE_PLACE: u32 = 100;
/// Remembered at most; the oldest are forgotten first.
const REMEMBERED_MAX: usize = 4_096;

/// Who tries: an address, and the name it tries, or any.
type Tried = (IpAddr, Option<u64>);

/// Wrong tries that count still.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<Tried, (Timestamp, u32)>>);

impl Throttle {
    /// How many seconds to wait before the next try, if any. A right password ahead of that is not
    /// looked at either.
    pub(crate) fn wait(&self, from: IpAddr, name: &str, now: Timestamp) -> Option<i64> {
        let known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let [one, any] = tried(from, name);
        let waits =
            [(one, OF_ONE_NAME), (any, OF_ONE_PLACE)].into_iter().filter_map(|(who, most)| {
                let (since, count) = known.get(&who)?;
                let left = since.0 + SPAN_MS - now.0;
                (*count >= most && left > 0).then_some((left + 999) / 1_000)
            });
        waits.max()
    }

    /// Remembers a wrong try.
    pub(crate) fn wrong(&self, from: IpAddr, name: &str, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for who in tried(from, name) {
            if known.len() >= REMEMBERED_MAX && !known.contains_key(&who) {
                forget(&mut known, now);
            }
            let (since, count) = known.entry(who).or_insert((now, 0));
            if since.0 + SPAN_MS <= now.0 {
                (*since, *count) = (now, 0);
            }
            *count = count.saturating_add(1);
        }
    }

    /// Forgets the wrong tries of who was right in the end.
    pub(crate) fn right(&self, from: IpAddr, name: &str) {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let [one, any] = tried(from, name);
        known.remove(&one);
        if let Some((_, count)) = known.get_mut(&any) {
            *count = count.saturating_sub(1);
        }
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Makes room: what counts no more goes, or else the older half.
fn forget(known: &mut HashMap<Tried, (Timestamp, u32)>, now: Timestamp) {
    known.retain(|_, (since, _)| since.0 + SPAN_MS > now.0);
    if known.len() >= REMEMBERED_MAX {
        let mut times: Vec<Timestamp> = known.values().map(|(since, _)| *since).collect();
        times.sort_unstable();
        let middle = times[times.len() / 2];
        known.retain(|_, (since, _)| *since > middle);
    }
}

/// What a try counts for: of an IPv6 address, its network counts, of which one host has many.
fn tried(from: IpAddr, name: &str) -> [Tried; 2] {
    let place = match from.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::from(u128::from(address).wrapping_shr(64).wrapping_shl(64).to_be_bytes())
        }
        v4 @ IpAddr::V4(_) => v4,
    };
    // Only the hash is kept: a name that is tried may be a password in the wrong field.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    [(place, Some(hash)), (place, None)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_428_600_000);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ten_wrong_tries_are_enough_and_hinder_nobody_else() {
        let throttle = Throttle::default();
        let (here, there) = (address("192.0.2.1"), address("192.0.2.2"));
        for _ in 0..OF_ONE_NAME {
            assert_eq!(throttle.wait(here, "ann", NOW), None);
            throttle.wrong(here, "ann", NOW);
        }
        assert_eq!(throttle.wait(here, "ann", NOW), Some(900));
        assert_eq!(throttle.wait(here, "bob", NOW), None);
        assert_eq!(throttle.wait(there, "ann", NOW), None);
        assert_eq!(throttle.wait(here, "ann", Timestamp(NOW.0 + SPAN_MS)), None);
        throttle.right(here, "ann");
        assert_eq!(throttle.wait(here, "ann", NOW), None);
    }

    #[test]
    fn one_password_for_a_thousand_names_is_stopped_too_and_so_is_a_network_of_addresses() {
        let throttle = Throttle::default();
        for number in 0..OF_ONE_PLACE {
            let from = address(&format!("2001:db8::{number:x}"));
            assert_eq!(throttle.wait(from, &format!("user {number}"), NOW), None);
            throttle.wrong(from, &format!("user {number}"), NOW);
        }
        assert!(throttle.wait(address("2001:db8::ffff"), "another", NOW).is_some());
        assert_eq!(throttle.wait(address("2001:db8:0:1::1"), "another", NOW), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..20_000_u32 {
            let from = IpAddr::from(number.to_be_bytes());
            throttle.wrong(from, "ann", Timestamp(NOW.0 + i64::from(number)));
            assert!(throttle.remembered() <= REMEMBERED_MAX + 1, "{number}");
        }
        assert!(throttle.remembered() > 100);
    }
}
