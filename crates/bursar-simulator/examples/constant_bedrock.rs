//! Answers every Converse with one reply, at once: an upstream that is not what limits a proxy.
//!
//! It reads the request and looks at nothing of it. Whatever asks for anything but a model gets a
//! 404, so that nobody takes it for the simulator.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

const REPLY: &str = r#"{"metrics":{"latencyMs":318},"output":{"message":{"content":[{"text":"Sunlight is white, which is all colours at once. Air scatters the short waves of blue far more than the long waves of red, so that blue comes to your eyes from every part of the sky, and what is left of the sun looks a little yellow."}],"role":"assistant"}},"stopReason":"end_turn","usage":{"inputTokens":7,"outputTokens":54,"serverToolUsage":{},"totalTokens":61}}"#;
/// Bedrock's are as long; what is told apart by them is not looked at here.
const REQUEST_ID: &str = "8b4e2f10-3c5d-4a6b-9e7f-0123456789ab";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(async move {
            let connection = http1::Builder::new();
            // A caller that goes away is no news.
            let served = connection.serve_connection(TokioIo::new(socket), service_fn(answer));
            drop(served.await);
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_model = request.uri().path().starts_with("/model/");
    let is_whole = request.into_body().collect().await.is_ok();
    let mut response = Response::new(Full::new(Bytes::from_static(REPLY.as_bytes())));
    let headers = response.headers_mut();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    headers.insert("x-amzn-requestid", http::HeaderValue::from_static(REQUEST_ID));
    if !is_model || !is_whole {
        *response.status_mut() = StatusCode::NOT_FOUND;
        *response.body_mut() = Full::default();
    }
    Ok(response)
}
