//! The server: each door speaks HTTP/1.1 and HTTP/2, with prior knowledge or by TLS's word, one
//! task for each connection. What is asked through them is elsewhere.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bursar_core::{Bursar, Running};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::connection::{self, stopped};
use crate::counts::Counts;
use crate::front::Front;
use crate::lobby::Lobby;
use crate::routes;
use crate::settings::Settings;
use crate::tls::Identity;

/// How long to wait when the system has no file handle left for a new connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a stream that is cut at the stop may still write, before its upstream is closed.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long what is cut may take to be settled.
const LAST_ENTRIES: Duration = Duration::from_secs(10);

/// Where clients come in.
#[derive(Debug)]
pub struct Door {
    /// Bound already.
    pub listener: TcpListener,
    /// What it speaks TLS by; plain HTTP without.
    pub tls: Option<Identity>,
}

/// The running front doors. Dropped, they stop without waiting.
#[derive(Debug)]
pub struct Gateway {
    urls: Vec<String>,
    running: Running,
    patience: Duration,
    stopping: watch::Sender<bool>,
    accepting: JoinSet<()>,
    counts: Arc<Counts>,
    lobby: Lobby,
}

impl Gateway {
    /// Serves at every door. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// When a listener has no address; when the doors are private, and one of them can be reached
    /// from other machines.
    pub fn start(doors: Vec<Door>, bursar: Bursar, settings: Settings) -> io::Result<Self> {
        if settings.private.is_some() {
            for door in &doors {
                refuse_remote(door)?;
            }
        }
        let (stopping, stopped) = watch::channel(false);
        let (running, patience) = (bursar.running.clone(), settings.stop_patience);
        let room = Arc::new(Semaphore::new(settings.connections_max));
        let limits = connection::Limits {
            head_timeout: settings.head_timeout,
            head_bytes_max: settings.head_bytes_max,
        };
        let counts = Arc::new(Counts::default());
        let lobby = Lobby::new(Front::new(bursar, settings, Arc::clone(&counts)));
        let router = routes::router(lobby.clone());
        let mut urls = Vec::new();
        let mut accepting = JoinSet::new();
        for door in doors {
            let scheme = if door.tls.is_some() { "https" } else { "http" };
            urls.push(format!("{scheme}://{}", door.listener.local_addr()?));
            let tls = door.tls.map(Identity::acceptor);
            let hall = Hall {
                tls,
                router: router.clone(),
                limits,
                room: Arc::clone(&room),
                counts: Arc::clone(&counts),
                stopping: stopped.clone(),
            };
            accepting.spawn(hall.accept(door.listener));
        }
        Ok(Self { urls, running, patience, stopping, accepting, counts, lobby })
    }

    /// Where each door is, such as `http://127.0.0.1:8080`, in their order.
    #[must_use]
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// What its doors go by.
    #[must_use]
    pub fn lobby(&self) -> Lobby {
        self.lobby.clone()
    }

    /// What it counts of itself.
    #[must_use]
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// Stops: takes no new connection and no new request, lets running calls end for a while, cuts
    /// the rest, and waits until all of them are settled.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        if tokio::time::timeout(self.patience, self.quiet()).await.is_ok() {
            return;
        }
        self.running.cut_all("the gateway stops", false);
        if tokio::time::timeout(LAST_WORDS, self.quiet()).await.is_ok() {
            return;
        }
        self.running.cut_all("the gateway stops", true);
        if tokio::time::timeout(LAST_ENTRIES, self.running.idle()).await.is_err() {
            tracing::warn!(
                "not every call was settled before the stop; the sweep settles the rest"
            );
        }
        self.accepting.shutdown().await;
    }

    /// Until nobody is connected any more and no call runs: not even one whose client has gone.
    async fn quiet(&mut self) {
        while self.accepting.join_next().await.is_some() {}
        self.running.idle().await;
    }
}

/// A token in a path is sent in clear.
fn refuse_remote(door: &Door) -> io::Result<()> {
    let address = door.listener.local_addr()?;
    if address.ip().is_loopback() {
        return Ok(());
    }
    let why = format!("`{address}` can be reached from elsewhere, and the doors are private");
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

/// What a door's connections need.
struct Hall {
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: connection::Limits,
    room: Arc<Semaphore>,
    counts: Arc<Counts>,
    stopping: watch::Receiver<bool>,
}

impl Hall {
    async fn accept(mut self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        while let Some(permit) = self.room().await {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(&mut self.stopping) => break,
            };
            match accepted {
                Ok((socket, _)) => drop(connections.spawn(self.serve(socket, permit))),
                Err(error) => {
                    tracing::warn!(%error, "no connection accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
        drop(listener);
        while connections.join_next().await.is_some() {}
    }

    /// Room for one more connection; `None` at the stop.
    async fn room(&mut self) -> Option<OwnedSemaphorePermit> {
        tokio::select! {
            permit = Arc::clone(&self.room).acquire_owned() => permit.ok(),
            () = stopped(&mut self.stopping) => None,
        }
    }

    fn serve(
        &self,
        socket: TcpStream,
        permit: OwnedSemaphorePermit,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (tls, router) = (self.tls.clone(), self.router.clone());
        let serving =
            connection::serve(socket, (tls, router), (self.limits, self.stopping.clone()));
        let open = self.counts.connect();
        async move {
            serving.await;
            drop((permit, open));
        }
    }
}
