//! A stream of Bedrock's poured into server-sent events, piece by piece as it comes.
//!
//! A client that reads slowly is waited for, and one that goes away changes nothing in what is
//! metered. In a long silence it is told that somebody is still there.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use bursar_wire::anthropic::{MessagesStream, PING};
use bursar_wire::openai::ChatStream;
use bursar_wire::sse::COMMENT;
use bytes::Bytes;
use futures_util::stream;
use tokio::time::timeout;

use crate::exchange::Begun;

/// Who turns frames into events.
#[derive(Debug)]
pub(crate) enum Words {
    Chat(Box<ChatStream>),
    Messages(MessagesStream),
}

/// A stream on its way.
#[derive(Debug)]
struct Pouring {
    words: Words,
    /// The longest silence.
    silence: Duration,
}

type Next = Pin<Box<dyn Future<Output = Result<Option<(Bytes, Begun)>, String>> + Send>>;

/// The body of events.
pub(crate) fn pour(begun: Begun, words: Words, silence: Duration) -> Body {
    let next: Next = Box::pin(begun.next());
    let start = (Pouring { words, silence }, Some(next));
    let pieces = stream::unfold(start, |(mut pouring, next)| async move {
        let (piece, next) = pouring.piece(next?).await;
        Some((Ok::<_, Infallible>(piece), (pouring, next)))
    });
    Body::from_stream(pieces)
}

impl Pouring {
    /// The next piece, and what comes behind it; nothing behind the last.
    async fn piece(&mut self, mut next: Next) -> (Bytes, Option<Next>) {
        loop {
            let came = match timeout(self.silence, next.as_mut()).await {
                Ok(came) => came,
                // Behind the last event nothing is said, only the settlement waited for.
                Err(_) if self.words.is_over() => continue,
                Err(_) => return (Bytes::from_static(self.words.sign_of_life()), Some(next)),
            };
            // An answer that is not whole ends with an error, which is written at its end.
            let Ok(Some((bytes, begun))) = came else {
                return (self.words.finish(), None);
            };
            next = Box::pin(begun.next());
            let piece = self.words.push(&bytes);
            // An empty piece would be no event, only a wake-up.
            if !piece.is_empty() {
                return (piece, Some(next));
            }
        }
    }
}

impl Words {
    fn push(&mut self, bytes: &[u8]) -> Bytes {
        match self {
            Self::Chat(stream) => stream.push(bytes).into(),
            Self::Messages(stream) => stream.push(bytes).into(),
        }
    }

    fn finish(&mut self) -> Bytes {
        match self {
            Self::Chat(stream) => stream.finish().into(),
            Self::Messages(stream) => stream.finish().into(),
        }
    }

    const fn is_over(&self) -> bool {
        match self {
            Self::Chat(stream) => stream.is_over(),
            Self::Messages(stream) => stream.is_over(),
        }
    }

    const fn sign_of_life(&self) -> &'static [u8] {
        match self {
            Self::Chat(_) => COMMENT,
            Self::Messages(_) => PING,
        }
    }
}
