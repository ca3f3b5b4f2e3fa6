//! Whether a text says the same thing again and again: a loop that a model does not leave.
//!
//! A passage counts as repeated when it follows on itself, byte by byte. It is found by a rolling
//! hash and followed in a ring of a few kilobytes, at a cost that does not grow with the text. What
//! only looks alike, such as a list whose numbers go up, is not found.

use std::fmt;

/// The longest passage that is found, in bytes: about a page.
const PASSAGE_MAX: usize = 4096;
/// Bytes that have to agree before a passage is followed.
const WINDOW: usize = 16;
/// A window is remembered at every so many bytes, and looked up at each.
const ANCHOR_EVERY: u64 = 16;
/// Remembered windows: as many as anchors in the longest passage, four times over, so that few of
/// them push each other out.
const ANCHORS: usize = 1024;
/// A passage of a sentence or more is repeated when it is said this often …
const TIMES_MIN: u64 = 5;
/// … and that is this many bytes: five equal rows of a table are no loop.
const BYTES_MIN: u64 = 1_000;
/// Shorter passages are rules, blanks and zeroes first: they have to fill a page.
const SENTENCE_BYTES: u64 = 40;
const SHORT_BYTES_MIN: u64 = 4_000;
/// An odd factor whose powers spread well.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// What was said again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated {
    /// The passage's length.
    pub passage_bytes: u64,
    /// How often it came, one after the other.
    pub times: u64,
}

impl fmt::Display for Repeated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a passage of {} bytes came {} times", self.passage_bytes, self.times)
    }
}

/// The latest text, and what of it is being said again.
#[derive(Clone)]
pub(super) struct Repeats {
    ring: Box<[u8; PASSAGE_MAX]>,
    /// Bytes taken in all.
    taken: u64,
    /// Of the last [`WINDOW`] bytes.
    hash: u64,
    /// Of a window: its hash and where it ended.
    anchors: Box<[(u64, u64); ANCHORS]>,
    /// The passage's length that is followed, and how many bytes agree so far.
    followed: Option<(u64, u64)>,
}

impl fmt::Debug for Repeats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text itself is nobody's to print.
        f.debug_struct("Repeats").field("taken", &self.taken).finish_non_exhaustive()
    }
}

impl Repeats {
    pub(super) fn new() -> Self {
        Self {
            ring: Box::new([0; PASSAGE_MAX]),
            taken: 0,
            hash: 0,
            anchors: Box::new([(0, 0); ANCHORS]),
            followed: None,
        }
    }

    /// Takes the next bytes; what is repeated at their end, or within them.
    pub(super) fn push(&mut self, text: &[u8]) -> Option<Repeated> {
        let mut found = None;
        for &byte in text {
            self.take(byte);
            found = self.repeated().or(found);
        }
        found
    }

    fn take(&mut self, byte: u8) {
        let agrees = |(length, _): &(u64, u64)| self.ring[place(self.taken - length)] == byte;
        let length = self.followed.filter(agrees);
        let out = if self.taken < WINDOW as u64 {
            0
        } else {
            self.ring[place(self.taken - WINDOW as u64)]
        };
        self.ring[place(self.taken)] = byte;
        self.taken += 1;
        self.hash = roll(self.hash, byte, out);
        self.followed = length.map(|(length, agreed)| (length, agreed + 1));
        if self.followed.is_none() {
            self.followed = self.known();
        }
        if self.taken.is_multiple_of(ANCHOR_EVERY) {
            self.anchors[slot(self.hash)] = (self.hash, self.taken);
        }
    }

    /// How far back the last window came before.
    fn known(&self) -> Option<(u64, u64)> {
        let (hash, ended) = self.anchors[slot(self.hash)];
        let length = self.taken - ended;
        let is_usable = ended > 0 && hash == self.hash && length <= PASSAGE_MAX as u64;
        is_usable.then_some((length, WINDOW as u64))
    }

    fn repeated(&self) -> Option<Repeated> {
        let (length, agreed) = self.followed?;
        // The first time agrees with nothing before it.
        let bytes = length + agreed;
        let enough = if length < SENTENCE_BYTES { SHORT_BYTES_MIN } else { BYTES_MIN };
        let times = bytes / length;
        (bytes >= enough && times >= TIMES_MIN).then_some(Repeated { passage_bytes: length, times })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "only the low bits are meant")]
const fn place(position: u64) -> usize {
    position as usize % PASSAGE_MAX
}

const fn slot(hash: u64) -> usize {
    (hash.wrapping_mul(FACTOR) >> 54) as usize
}

/// A window's hash with one more byte, and without the one that leaves it.
const fn roll(hash: u64, new: u8, old: u8) -> u64 {
    let gone = (old as u64).wrapping_mul(WINDOW_FACTOR);
    hash.wrapping_mul(FACTOR).wrapping_add(new as u64).wrapping_sub(gone)
}

/// What a byte is multiplied by when it leaves the window.
const WINDOW_FACTOR: u64 = {
    let (mut factor, mut step) = (1_u64, 0);
    while step < WINDOW {
        factor = factor.wrapping_mul(FACTOR);
        step += 1;
    }
    factor
};
