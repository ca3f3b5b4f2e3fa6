//! A stream of Bedrock's poured into server-sent events, piece by piece as it comes.
//!
//! A client that reads slowly is waited for, and one that goes away changes nothing in what is
//! metered. In a long silence it is told that somebody is still there.

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

/// The longest silence: well below what proxies and clients take for an end.
const SILENCE: Duration = Duration::from_secs(15);

/// Who turns frames into events.
#[derive(Debug)]
pub(crate) enum Pourer {
    Chat(Box<ChatStream>),
    Messages(Box<MessagesStream>),
}

type Next = Pin<Box<dyn Future<Output = Result<Option<(Bytes, Begun)>, String>> + Send>>;

impl Pourer {
    /// The body of events.
    pub(crate) fn pour(self, begun: Begun) -> Body {
        let next: Next = Box::pin(begun.next());
        let pieces = stream::unfold((self, Some(next)), |(mut pourer, next)| async move {
            let (piece, next) = pourer.piece(next?).await;
            Some((Ok::<_, std::convert::Infallible>(piece), (pourer, next)))
        });
        Body::from_stream(pieces)
    }

    /// The next piece, and what comes behind it; nothing behind the last.
    async fn piece(&mut self, mut next: Next) -> (Bytes, Option<Next>) {
        loop {
            let Ok(came) = timeout(SILENCE, next.as_mut()).await else {
                return (Bytes::from_static(self.sign_of_life()), Some(next));
            };
            // An answer that is not whole ends with an error, which is written at its end.
            let Ok(Some((bytes, begun))) = came else {
                return (self.finish(), None);
            };
            next = Box::pin(begun.next());
            let piece = self.push(&bytes);
            // An empty piece would be no event, only a wake-up.
            if !piece.is_empty() {
                return (piece, Some(next));
            }
        }
    }

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

    const fn sign_of_life(&self) -> &'static [u8] {
        match self {
            Self::Chat(_) => COMMENT,
            Self::Messages(_) => PING,
        }
    }
}
