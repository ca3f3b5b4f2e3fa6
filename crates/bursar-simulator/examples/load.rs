//! A load for the simulator, or for any server that answers Converse: plain calls, streams whose
//! frames are counted, and streams that are held open.
//!
//! `load converse URL REQUESTS`, `load frames URL STREAMS`: prints one JSON object with the seconds
//! that it took and what came. `load hold URL STREAMS`: says `open` once every stream has begun,
//! and holds them until stdin ends.

use std::error::Error;
use std::time::Instant;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;

/// As many as a busy test suite has; each sends its next request when its last is answered.
const CONNECTIONS: u64 = 64;
const MODEL: &str = "amazon.nova-lite-v1:0";
/// What one of many streams says: every token is a piece, and a frame.
const LONG: &str = "output=1000 pieces=1000";
/// A usual answer, whose second frame nobody waits for.
const HELD: &str = "output=500 gap-ms=600000";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, url, count] = arguments.as_slice() else {
        return Err("usage: load converse|frames|hold URL COUNT".into());
    };
    let address = url.strip_prefix("http://").ok_or("the URL begins with `http://`")?.to_owned();
    let count: u64 = count.parse()?;
    match what.as_str() {
        "converse" => report(&run(&address, count, "converse", "").await?),
        "frames" => report(&run(&address, count, "converse-stream", LONG).await?),
        "hold" => return hold(&address, count).await,
        _ => return Err(format!("`{what}` is no load").into()),
    }
    Ok(())
}

/// What a load brought.
#[derive(Debug, Default)]
struct Brought {
    seconds: f64,
    /// Of all bodies.
    bytes: u64,
    /// Event-stream messages; of plain bodies, nothing that makes sense.
    frames: u64,
}

fn report(brought: &Brought) {
    let Brought { seconds, bytes, frames } = brought;
    println!("{}", json!({"seconds": seconds, "bytes": bytes, "frames": frames}));
}

/// Asks so many times over all connections, and reads every answer to its end.
async fn run(
    address: &str,
    count: u64,
    operation: &'static str,
    words: &'static str,
) -> Result<Brought, Failure> {
    let connections = CONNECTIONS.min(count.max(1));
    let mut ready = Vec::new();
    for _ in 0..connections {
        ready.push(connect(address).await?);
    }
    let start = Instant::now();
    let mut running = JoinSet::new();
    for (mut sender, number) in ready.into_iter().zip(0..) {
        let share = count / connections + u64::from(number < count % connections);
        running.spawn(async move {
            let mut brought = Brought::default();
            for _ in 0..share {
                let body = ask(&mut sender, operation, words).await?;
                let (bytes, frames) = read(body).await?;
                brought.bytes += bytes;
                brought.frames += frames;
            }
            Ok::<_, Failure>(brought)
        });
    }
    let mut all = Brought::default();
    while let Some(brought) = running.join_next().await {
        let brought = brought??;
        all.bytes += brought.bytes;
        all.frames += brought.frames;
    }
    Ok(Brought { seconds: start.elapsed().as_secs_f64(), ..all })
}

/// Begins so many streams, each on a connection of its own, and holds them.
async fn hold(address: &str, count: u64) -> Result<(), Failure> {
    let mut held = Vec::new();
    for _ in 0..count {
        let mut sender = connect(address).await?;
        let mut body = ask(&mut sender, "converse-stream", HELD).await?;
        body.frame().await.ok_or("a stream ended before it began")??;
        held.push((sender, body));
    }
    println!("open");
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    drop(held);
    Ok(())
}

async fn connect(address: &str) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    // It ends with its sender; what goes wrong in it is told to whoever reads its answer.
    tokio::spawn(connection);
    Ok(sender)
}

async fn ask(
    sender: &mut SendRequest<Full<Bytes>>,
    operation: &str,
    words: &str,
) -> Result<Incoming, Failure> {
    let question = [json!({"role": "user", "content": [{"text": "Why is the sky blue?"}]})];
    let mut body = json!({"messages": question});
    if !words.is_empty() {
        body["requestMetadata"] = json!({"bursar-sim": words});
    }
    let request = Request::post(format!("/model/{MODEL}/{operation}"))
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("authorization", "Bearer load")
        .body(Full::new(Bytes::from(body.to_string())))?;
    sender.ready().await?;
    let reply = sender.send_request(request).await?;
    if !reply.status().is_success() {
        return Err(format!("status {}", reply.status()).into());
    }
    Ok(reply.into_body())
}

/// The bytes and the frames of a body.
async fn read(mut body: Incoming) -> Result<(u64, u64), Failure> {
    let (mut bytes, mut counter) = (0, FrameCounter::default());
    while let Some(piece) = body.frame().await {
        if let Ok(piece) = piece?.into_data() {
            bytes += piece.len() as u64;
            counter.take(&piece);
        }
    }
    Ok((bytes, counter.frames))
}

/// Counts messages by their stated lengths. It checks nothing, so that the work is the server's.
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
