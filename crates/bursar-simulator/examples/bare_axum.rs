//! An axum server that answers every request with so many bytes: what the simulator's speed is
//! measured against.
//!
//! `bare_axum BYTES`. It reads the request's body, as any handler of a POST does, and knows nothing
//! of Bedrock: no path is looked at, nothing is signed, counted, composed or recorded.

use axum::Router;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bytes = std::env::args().nth(1).ok_or("usage: bare_axum BYTES")?;
    let reply = Bytes::from("x".repeat(bytes.parse()?));
    let answer = move |_: Bytes| {
        let reply = reply.clone();
        async move { ([(CONTENT_TYPE, "application/json")], reply).into_response() }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().fallback(answer)).await?;
    Ok(())
}
