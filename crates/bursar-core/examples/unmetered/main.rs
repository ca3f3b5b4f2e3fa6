//! The gateway without what makes it one: it takes Converse requests as the gateway does, sends them
//! as the gateway does, and gives the reply back. What the gateway is measured against.
//!
//! `unmetered sdk|hand ENDPOINT`: through the AWS SDK, with the very code that captures its bytes,
//! or signed here and sent by hyper. Nobody is asked who he is, nothing is priced, held, counted or
//! recorded; it listens on loopback alone, and is in no release.

#[path = "../../src/capture.rs"]
mod capture;
mod hand;
mod sdk;

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;

use hand::Hand;
use sdk::Sdk;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, Failure>;

/// How a request is signed and sent.
enum Way {
    Sdk(Sdk),
    Hand(Box<Hand>),
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let way = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["sdk", endpoint] => Way::Sdk(Sdk::new(endpoint).await),
        ["hand", endpoint] => Way::Hand(Box::new(Hand::new(endpoint))),
        _ => return Err("usage: unmetered sdk|hand ENDPOINT".into()),
    };
    let way = Arc::new(way);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let way = Arc::clone(&way);
        tokio::spawn(async move {
            let service = service_fn(move |request| serve(Arc::clone(&way), request));
            let server = auto::Builder::new(TokioExecutor::new());
            // A caller that goes away is no news.
            drop(server.serve_connection(TokioIo::new(socket), service).await);
        });
    }
}

async fn serve(way: Arc<Way>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    Ok(pass(&way, request).await.unwrap_or_else(|error| {
        let mut no = Response::new(whole(Bytes::from(error.to_string())));
        *no.status_mut() = StatusCode::BAD_GATEWAY;
        no
    }))
}

async fn pass(way: &Way, request: Request<Incoming>) -> Result<Response<Body>, Failure> {
    let path = bursar_wire::path::parse_path(request.uri().path())?;
    let mut headers = HeaderMap::new();
    if let Some(kind) = request.headers().get("content-type") {
        headers.insert("content-type", kind.clone());
    }
    let body = request.into_body().collect().await?.to_bytes();
    match way {
        Way::Sdk(sdk) => sdk.send(&path.model, body, headers).await,
        Way::Hand(hand) => hand.send(&path.model, body, headers).await,
    }
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(Into::into).boxed_unsync()
}
