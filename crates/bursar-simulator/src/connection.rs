//! One client's connection: served until it ends, the simulator stops, or a fault resets it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

/// How long a request's head may take to come, and a connection lie idle before it: longer than
/// clients keep idle connections, so that none is closed as it is used again.
const HEAD_TIMEOUT: Duration = Duration::from_mins(2);
/// The most requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 1_024;

/// What a request's handler knows of its connection: how to reset it.
#[derive(Debug, Clone)]
pub(crate) struct Connection(Arc<Notify>);

impl Connection {
    /// Of the connection that `reset` resets.
    pub(crate) const fn new(reset: Arc<Notify>) -> Self {
        Self(reset)
    }

    /// Resets the connection. Never returns: the caller is dropped with it.
    pub(crate) async fn reset(&self) {
        self.0.notify_one();
        std::future::pending::<()>().await;
    }
}

/// Serves one connection. A client that misbehaves ends its own connection and nothing else.
pub(crate) async fn serve(
    socket: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    stopping: watch::Receiver<bool>,
) {
    let Ok((socket, second)) = double(socket) else { return };
    let is_reset = match tls {
        None => answer(socket, router, stopping).await,
        Some(tls) => match tokio::time::timeout(HEAD_TIMEOUT, tls.accept(socket)).await {
            Ok(Ok(socket)) => answer(socket, router, stopping).await,
            Ok(Err(error)) => {
                tracing::debug!(%error, "no TLS");
                false
            }
            Err(_) => false,
        },
    };
    if is_reset {
        // Closing with a linger of zero sends RST instead of FIN. The first handle is closed
        // already, with what it had not yet sent.
        let _ = second.set_zero_linger();
    }
}

/// Answers what comes on a connection until it ends; returns whether it is to be reset.
async fn answer(
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) -> bool {
    let reset = Arc::new(Notify::new());
    let connection = Connection::new(Arc::clone(&reset));
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(connection.clone());
        router.clone().call(request.map(Body::new))
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS_MAX);
    let mut served = pin!(builder.serve_connection(TokioIo::new(socket), service));
    tokio::select! {
        ended = served.as_mut() => {
            if let Err(error) = ended {
                tracing::debug!(%error, "connection ended");
            }
            false
        }
        () = reset.notified() => true,
        () = stopped(&mut stopping) => {
            served.as_mut().graceful_shutdown();
            let _ = served.await;
            false
        }
    }
}

/// Returns when the simulator is told to stop, or is gone.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// Two handles of one socket: one to be served, one to set its linger when that has been dropped.
fn double(socket: TcpStream) -> std::io::Result<(TcpStream, TcpStream)> {
    socket.set_nodelay(true)?;
    let socket = socket.into_std()?;
    let second = socket.try_clone()?;
    Ok((TcpStream::from_std(socket)?, TcpStream::from_std(second)?))
}
