//! The admin API beside a gateway, on a listener of its own.

use std::net::{SocketAddr, TcpListener};

use bursar_admin::Desk;
use bursar_dashboard::{Meters, Options, ServeError, Site, serve};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::failure::{Failure, Situation};

/// An admin API that is served.
pub(crate) struct Administration {
    url: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

impl Administration {
    /// Serves what can be asked of a desk.
    pub(crate) fn start(
        address: SocketAddr,
        desk: Desk,
        options: Options,
    ) -> Result<Self, Failure> {
        let cannot = |error: std::io::Error| {
            Failure::new(Situation::Failed, format!("cannot listen on `{address}`: {error}"))
                .hint("another program may have the port; port 0 takes a free one")
        };
        options.check(address).map_err(|error| {
            Failure::from_text(Situation::Usage, &error.to_string())
                .hint("`--allow-remote-admin` allows it")
        })?;
        let listener = TcpListener::bind(address).map_err(cannot)?;
        let url = format!("http://{}", listener.local_addr().map_err(cannot)?);
        let (stop, stopped) = oneshot::channel();
        let site = Site::new(desk, Meters::none());
        let served = tokio::spawn(serve(listener, (site, options), async { drop(stopped.await) }));
        Ok(Self { url, stop, served })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Lets what was begun end.
    pub(crate) async fn stop(self) {
        // It may have ended by itself; then it says why.
        let _ = self.stop.send(());
        match self.served.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("the admin API ended: {error}"),
            Err(error) => tracing::error!("the admin API ended: {error}"),
        }
    }
}
