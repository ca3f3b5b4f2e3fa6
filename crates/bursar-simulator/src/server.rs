//! The server: one port that speaks HTTP/1.1 and HTTP/2, with prior knowledge or by TLS's word,
//! one task for each connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bursar_domain::time::Clock;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::calls::ServedCall;
use crate::connection::{self, stopped};
use crate::roles::RoleSession;
use crate::routes;
use crate::service::Service;
use crate::settings::Settings;
use crate::tls;

/// The most connections at once; more wait to be accepted.
const CONNECTIONS_MAX: usize = 4_096;
/// How long running calls may go on after the stop.
const STOP_PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait when the system has no file handle left for a new connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running simulator. Dropped, it stops without waiting.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    /// Of TLS, as PEM.
    certificate: Option<String>,
    service: Arc<Service>,
    stopping: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Simulator {
    /// Serves on a listener that is bound already. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// When the listener has no address, or has one that other machines reach and the settings do
    /// not allow it; or when no certificate could be made.
    pub fn start(listener: TcpListener, settings: Settings, clock: Clock) -> io::Result<Self> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() && !settings.allow_remote {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "`{address}` can be reached from other machines\n\
                     hint: listen on 127.0.0.1, or allow it on purpose"
                ),
            ));
        }
        let identity = settings.tls.then(|| tls::make(address.ip())).transpose()?;
        let (certificate, tls) = identity.unzip();
        let service = Arc::new(Service::new(settings, clock));
        let (stopping, stopped) = watch::channel(false);
        let router = routes::router(Arc::clone(&service));
        let accepting = tokio::spawn(accept(listener, tls, router, stopped));
        Ok(Self { address, certificate, service, stopping, accepting })
    }

    /// Where it listens, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The certificate that a client has to trust, as PEM; `None` without TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// What was served, oldest first; at most as many as the settings keep.
    #[must_use]
    pub fn calls(&self) -> Vec<ServedCall> {
        self.service.calls.after(0).0
    }

    /// The roles that were assumed, oldest first.
    #[must_use]
    pub fn sessions(&self) -> Vec<RoleSession> {
        self.service.sessions.all()
    }

    /// Stops: takes no new connection, lets running calls end for a short time, drops the rest.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        // It cannot fail but by a panic, and then it has stopped too.
        let _ = self.accepting.await;
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&room).acquire_owned() => permit,
            () = stopped(&mut stopping) => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stopping) => break,
        };
        match accepted {
            Ok((socket, _)) => {
                let serving =
                    connection::serve(socket, tls.clone(), router.clone(), stopping.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_PATIENCE, all_ended).await.is_err() {
        connections.shutdown().await;
    }
}
