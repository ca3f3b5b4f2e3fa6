//! The listener, and its end. HTTP/1.1 alone: who wants TLS puts a proxy in front, or tunnels.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::DefaultHeaders;
use actix_web::{App, HttpServer, web};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};

use crate::pipe::FILES_MAX;
use crate::site::{Mounted, Site, answer};

/// How it listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether it may be reached from other machines, unencrypted.
    pub beyond_loopback: bool,
}

/// Why it does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It would be reached from other machines, and nobody has said that it may.
    #[error(
        "the admin API would be reached from other machines at `{address}`, unencrypted\n\
         hint: listen on 127.0.0.1 and put a proxy with TLS in front"
    )]
    BeyondLoopback {
        /// Where.
        address: SocketAddr,
    },
    /// The listener failed.
    #[error("the admin API cannot listen: {0}")]
    Listener(#[from] std::io::Error),
}

impl Options {
    /// That it may listen at an address.
    ///
    /// # Errors
    /// [`ServeError::BeyondLoopback`].
    pub fn check(self, address: SocketAddr) -> Result<(), ServeError> {
        if self.beyond_loopback || address.ip().is_loopback() {
            return Ok(());
        }
        Err(ServeError::BeyondLoopback { address })
    }
}

/// Two threads: what is asked here waits for the ledger, not for a core.
const WORKERS: usize = 2;
/// More at once are left waiting by the system.
const CONNECTIONS_MAX: usize = 256;
/// A request's head has to have come by then.
const HEAD_WAIT: Duration = Duration::from_secs(10);
/// An idle connection is kept so long.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// What runs at the end has so long, in seconds.
const STOP_WAIT: u64 = 10;

/// Serves a site until `stop` ends, then lets what was begun end.
///
/// # Errors
/// [`ServeError::BeyondLoopback`] before anything is served; or a listener that failed.
pub async fn serve(
    listener: TcpListener,
    (site, options): (Site, Options),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    options.check(listener.local_addr()?)?;
    let files = Arc::new(Semaphore::new(FILES_MAX));
    let (end, ending) = watch::channel(false);
    let mounted = Mounted { site: Arc::new(site), runtime: Handle::current(), files, ending };
    let mounted = web::Data::new(mounted);
    let app = move || {
        let headers = DefaultHeaders::new()
            .add(("x-content-type-options", "nosniff"))
            .add(("content-security-policy", "default-src 'none'; frame-ancestors 'none'"))
            .add(("referrer-policy", "no-referrer"));
        App::new().app_data(mounted.clone()).wrap(headers).default_service(web::to(answer))
    };
    let server = HttpServer::new(app)
        .workers(WORKERS)
        .max_connections(CONNECTIONS_MAX / WORKERS)
        .client_request_timeout(HEAD_WAIT)
        .keep_alive(KEEP_ALIVE)
        .tcp_nodelay(true)
        .shutdown_timeout(STOP_WAIT)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    let stopping = tokio::spawn(async move {
        stop.await;
        end.send_replace(true);
        handle.stop(true).await;
    });
    let ended = server.await;
    stopping.abort();
    Ok(ended?)
}
