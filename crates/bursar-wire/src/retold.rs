//! One stream's frames on their way into another dialect: as they come, up to the last, and nothing
//! behind it. A stream that breaks off is told as an error, never as an end.

use crate::error::WireError;
use crate::frame::{Frame, FrameDecoder, FrameKind};
use crate::problem::{Problem, ProblemKind};

/// What comes next of a stream.
#[derive(Debug)]
pub(crate) enum Next<'f> {
    /// An event, by its type, with its payload.
    Event(&'f str, &'f [u8]),
    /// Why nothing more comes.
    Broken(Problem),
}

impl<'f> Next<'f> {
    fn of(frame: &'f Frame) -> Self {
        match (&frame.kind, WireError::from_frame(frame)) {
            (FrameKind::Event(name), _) => Self::Event(name, &frame.payload),
            (_, Some(error)) => Self::Broken(Problem::from(&error)),
            (_, None) => Self::Broken(Problem::new(ProblemKind::Broken, "an unknown frame")),
        }
    }
}

/// A stream that is told again in other words.
#[derive(Debug, Default)]
pub(crate) struct Retold {
    decoder: FrameDecoder,
    is_over: bool,
}

impl Retold {
    /// Takes the next bytes. `tell` is given what they hold, and says whether that was the last.
    pub(crate) fn push(&mut self, bytes: &[u8], mut tell: impl FnMut(Next<'_>) -> bool) {
        if self.is_over {
            return;
        }
        self.decoder.push(bytes);
        while !self.is_over {
            let is_last = match self.decoder.next() {
                Ok(Some(frame)) => tell(Next::of(&frame)),
                Ok(None) => return,
                Err(why) => tell(Next::Broken(Problem::new(ProblemKind::Broken, why.to_string()))),
            };
            self.is_over = is_last;
        }
    }

    /// The stream has ended: if nobody has said so, it broke off.
    pub(crate) fn finish(&mut self, tell: impl FnOnce(Next<'_>) -> bool) {
        if !self.is_over {
            let why = "the answer broke off before its end";
            self.is_over = tell(Next::Broken(Problem::new(ProblemKind::Broken, why)));
        }
    }

    /// Whether the last has been told.
    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }
}
