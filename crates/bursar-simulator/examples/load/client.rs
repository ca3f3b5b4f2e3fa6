//! One connection that asks, and what it asks.
//!
//! Nothing is checked but the status, so that the work is the server's.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

use crate::Failure;

const MODEL: &str = "amazon.nova-lite-v1:0";
/// Between the keys that are used one after the other: a prime, so that all come up, and those of
/// one batch do not lie side by side in the ledger.
const KEY_STRIDE: usize = 7_919;

/// What is asked of whom, again and again.
pub(crate) struct Question {
    address: String,
    path: String,
    body: Bytes,
    authorizations: Vec<HeaderValue>,
    asked: AtomicUsize,
}

impl Question {
    /// A stream where `words` steer one, else a plain call; with a made-up key where there is none.
    pub(crate) fn new(address: &str, words: &str, keys: Option<&str>) -> Result<Self, Failure> {
        let question = [json!({"role": "user", "content": [{"text": "Why is the sky blue?"}]})];
        let mut body = json!({"messages": question, "inferenceConfig": {"maxTokens": 1_000}});
        if !words.is_empty() {
            body["requestMetadata"] = json!({"bursar-sim": words});
        }
        let operation = if words.is_empty() { "converse" } else { "converse-stream" };
        let keys = keys.unwrap_or("load").lines();
        let authorizations = keys
            .map(|key| HeaderValue::try_from(format!("Bearer {key}")))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            address: address.to_owned(),
            path: format!("/model/{MODEL}/{operation}"),
            body: Bytes::from(body.to_string()),
            authorizations,
            asked: AtomicUsize::new(0),
        })
    }

    fn request(&self) -> Result<Request<Full<Bytes>>, Failure> {
        let turn = self.asked.fetch_add(1, Ordering::Relaxed).wrapping_mul(KEY_STRIDE);
        let key = self.authorizations.get(turn % self.authorizations.len().max(1));
        let request = Request::post(&self.path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("authorization", key.ok_or("there is no key in the file")?)
            .body(Full::new(self.body.clone()))?;
        Ok(request)
    }
}

/// A connection that is kept.
pub(crate) struct Client(SendRequest<Full<Bytes>>);

impl Client {
    pub(crate) async fn connect(question: &Question) -> Result<Self, Failure> {
        let socket = TcpStream::connect(&question.address).await?;
        socket.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
        // It ends with its sender; what goes wrong in it is told to whoever reads its answer.
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Asks, and waits for the head of the answer.
    pub(crate) async fn ask(&mut self, question: &Question) -> Result<Incoming, Failure> {
        self.0.ready().await?;
        let reply = self.0.send_request(question.request()?).await?;
        let status = reply.status();
        if !status.is_success() {
            let body = reply.into_body().collect().await?.to_bytes();
            return Err(format!("status {status}: {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(reply.into_body())
    }
}

/// The next piece of a body.
pub(crate) async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Failure> {
    while let Some(piece) = body.frame().await {
        if let Ok(piece) = piece?.into_data() {
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

/// The bytes and the frames of a body.
pub(crate) async fn read(mut body: Incoming) -> Result<(u64, u64), Failure> {
    let (mut bytes, mut counter) = (0, FrameCounter::default());
    while let Some(piece) = next(&mut body).await? {
        bytes += piece.len() as u64;
        counter.take(&piece);
    }
    Ok((bytes, counter.frames))
}

/// Counts messages by their stated lengths. Of plain bodies it counts nothing that makes sense.
#[derive(Debug, Default)]
struct FrameCounter {
    frames: u64,
    /// The part that has come of the next message's length.
    prelude: Vec<u8>,
    /// Bytes of the current message that are still to come.
    left: usize,
}

impl FrameCounter {
    fn take(&mut self, mut piece: &[u8]) {
        while let Some((byte, rest)) = piece.split_first() {
            if self.left > 0 {
                let (taken, rest) = piece.split_at(self.left.min(piece.len()));
                self.left -= taken.len();
                piece = rest;
                continue;
            }
            piece = rest;
            self.prelude.push(*byte);
            if let Ok(length) = <[u8; 4]>::try_from(self.prelude.as_slice()) {
                self.frames += 1;
                self.left = (u32::from_be_bytes(length) as usize).saturating_sub(4);
                self.prelude.clear();
            }
        }
    }
}
