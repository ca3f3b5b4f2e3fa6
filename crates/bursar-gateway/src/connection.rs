//! One client's connection: served until it ends or the gateway stops. A client that misbehaves ends
//! its own connection and nothing else.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use crate::guesses::Peer;

/// The most requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 1_024;
/// How often an HTTP/2 client is asked whether it is still there, and how long it may take to say.
const PING_EVERY: Duration = Duration::from_secs(30);
const PONG_LIMIT: Duration = Duration::from_secs(20);
/// The longest handshake of TLS.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Bytes that wait for a client of HTTP/2 that does not read, for each of its requests.
const SEND_BUFFER_BYTES_MAX: usize = 64 << 10;

/// The bounds of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) head_timeout: Duration,
    pub(crate) head_bytes_max: u32,
}

/// Serves one connection.
pub(crate) async fn serve(
    socket: TcpStream,
    (tls, router): (Option<TlsAcceptor>, Router),
    (limits, stopping): (Limits, watch::Receiver<bool>),
) {
    // Small frames of a stream must not wait for each other.
    if socket.set_nodelay(true).is_err() {
        return;
    }
    let Ok(peer) = socket.peer_addr().map(|peer| Peer(peer.ip())) else { return };
    let router = (router, peer);
    match tls {
        None => answer(socket, router, limits, stopping).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE_LIMIT, tls.accept(socket)).await {
            Ok(Ok(socket)) => answer(socket, router, limits, stopping).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
            Err(_) => tracing::debug!("no TLS in time"),
        },
    }
}

async fn answer(
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    (router, peer): (Router, Peer),
    limits: Limits,
    mut stopping: watch::Receiver<bool>,
) {
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        router.clone().call(request)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(usize::try_from(limits.head_bytes_max).unwrap_or(usize::MAX));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.head_bytes_max)
        .max_concurrent_streams(STREAMS_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PONG_LIMIT);
    let mut served = pin!(builder.serve_connection(TokioIo::new(socket), service));
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stopped(&mut stopping) => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Returns when the gateway is told to stop, or is gone.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
