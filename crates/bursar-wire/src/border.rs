//! Where frames end in bytes that come in pieces, without reading what is in them.
//!
//! Whoever passes a stream on, and may have to put a frame of its own behind it, can only do so
//! between two frames.

use bytes::{Buf, BytesMut};

use crate::frame::{HEADERS_BYTES_MAX, PAYLOAD_BYTES_MAX};

/// A frame with neither headers nor payload.
const FRAME_BYTES_MIN: usize = 16;
const FRAME_BYTES_MAX: usize = FRAME_BYTES_MIN + HEADERS_BYTES_MAX + PAYLOAD_BYTES_MAX;

/// Takes a stream's bytes and gives them back frame by frame, unchanged.
#[derive(Debug, Default)]
pub struct Borders {
    buffer: BytesMut,
    /// Behind a length that no frame can have, no border is found any more.
    is_lost: bool,
}

impl Borders {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame; `None` until more bytes have come. What is behind a length that no
    /// frame can have is given back as it comes.
    #[expect(
        clippy::should_implement_trait,
        reason = "`None` means `not yet`; an iterator's adapters would take it for the end"
    )]
    pub fn next(&mut self) -> Option<BytesMut> {
        if !self.is_lost {
            let mut prelude = self.buffer.get(..4)?;
            let length = prelude.get_u32() as usize;
            if (FRAME_BYTES_MIN..=FRAME_BYTES_MAX).contains(&length) {
                return (self.buffer.len() >= length).then(|| self.buffer.split_to(length));
            }
            self.is_lost = true;
        }
        (!self.buffer.is_empty()).then(|| self.buffer.split())
    }

    /// What is left: the beginning of a frame whose end has not come.
    pub fn rest(&mut self) -> BytesMut {
        self.buffer.split()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Frame;
    use proptest::prelude::*;

    fn frames() -> Vec<Vec<u8>> {
        let frame = |text: &str| Frame::event("chunk", text.to_owned()).encode().unwrap().to_vec();
        ["", "{}", "a longer payload", &"x".repeat(70_000)].map(frame).to_vec()
    }

    #[test]
    fn a_length_that_no_frame_has_lets_all_behind_it_pass() {
        let mut borders = Borders::default();
        borders.push(&frames()[1]);
        borders.push(&[0, 0, 0, 3, 7]);
        assert_eq!(borders.next().unwrap(), frames()[1]);
        assert_eq!(borders.next().unwrap(), [0, 0, 0, 3, 7][..]);
        borders.push(b"and so on");
        assert_eq!(borders.next().unwrap(), b"and so on"[..]);
        assert_eq!(borders.next(), None);
    }

    proptest! {
        #[test]
        fn every_frame_comes_back_whole_however_its_bytes_come(size in 1..5_000_usize) {
            let whole = frames().concat();
            let (mut borders, mut found) = (Borders::default(), Vec::new());
            for piece in whole.chunks(size) {
                borders.push(piece);
                found.extend(std::iter::from_fn(|| borders.next()).map(|frame| frame.to_vec()));
            }
            prop_assert_eq!(found, frames());
            prop_assert!(borders.rest().is_empty());
        }

        #[test]
        fn no_byte_is_lost_or_changed(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let (mut borders, mut back) = (Borders::default(), Vec::new());
            for piece in bytes.chunks(7) {
                borders.push(piece);
                while let Some(frame) = borders.next() {
                    back.extend_from_slice(&frame);
                }
            }
            back.extend_from_slice(&borders.rest());
            prop_assert_eq!(back, bytes);
        }
    }
}
