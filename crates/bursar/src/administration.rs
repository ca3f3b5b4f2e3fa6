//! The dashboard and the admin API beside a gateway, on a listener of their own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use bursar_admin::{Desk, NewUser, Role};
use bursar_dashboard::{Meters, Options, Provider, ServeError, Site, serve};
use bursar_ledger::Secret;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::failure::{Failure, Situation};

/// Flags that say where it listens.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct AdminArgs {
    /// Where to listen for those who look and administer: pages, the API, and metrics
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin_listen: Option<SocketAddr>,
    /// Let it be reached from other machines, unencrypted
    #[arg(long, requires = "admin_listen")]
    allow_remote_admin: bool,
}

impl AdminArgs {
    /// Whether anybody is to look there.
    pub(crate) fn is_asked_for(self) -> bool {
        self.admin_listen.is_some()
    }

    /// Serves it, where that was asked for.
    pub(crate) async fn start(
        self,
        desk: watch::Receiver<Desk>,
        meters: Meters,
        provider: Option<Provider>,
    ) -> Result<Option<Administration>, Failure> {
        let Some(address) = self.admin_listen else { return Ok(None) };
        let options = Options { beyond_loopback: self.allow_remote_admin };
        let admin = desk.borrow().admin.clone();
        let site = Site::following(desk, meters);
        let site = match provider {
            Some(provider) => site.with_provider(provider),
            None => site,
        };
        if admin.has_user().await? {
            return Administration::start(address, site, options).map(Some);
        }
        let (site, path) = site.with_first_link(admin.new_token());
        let first = Some(path);
        Ok(Some(Administration { first, ..Administration::start(address, site, options)? }))
    }
}

/// An admin API that is served.
pub(crate) struct Administration {
    url: String,
    /// The path at which the first admin is made, or a reader comes in.
    first: Option<Secret>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

impl Administration {
    /// Serves what can be asked at a site.
    fn start(address: SocketAddr, site: Site, options: Options) -> Result<Self, Failure> {
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
        let served = tokio::spawn(serve(listener, (site, options), async { drop(stopped.await) }));
        Ok(Self { url, first: None, stop, served })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Serves it on this machine for its reader, who comes in as an admin of this name at the link,
    /// once.
    pub(crate) async fn for_reader(desk: Desk, name: &str) -> Result<Self, Failure> {
        let (admin, password) = (&desk.admin, desk.admin.new_token());
        let master = admin.master_key(&desk.master).await?;
        let request = NewUser {
            name: name.to_owned(),
            role: Role::Admin.to_string(),
            team: None,
            password: Some(password.clone()),
        };
        admin.create_user(&master, request).await?;
        let link = admin.new_token();
        let site = Site::new(desk, Meters::none());
        let path = site.guest_link(link, (name.to_owned(), password));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let served = Self::start(address, site, Options::default())?;
        Ok(Self { first: Some(path), ..served })
    }

    /// The link at which the first admin is made where there is nobody yet, or a reader comes in.
    pub(crate) fn first_link(&self) -> Option<Secret> {
        let path = self.first.as_ref()?;
        Some(Secret::new(format!("{}{}", self.url, path.expose())))
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
