//! `bursar serve`: the front doors, until SIGTERM or Ctrl-C.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bursar_core::{Bursar, Connection, Credentials};
use bursar_domain::time::Clock;
use bursar_gateway::{Door, Gateway, Identity};
use bursar_simulator::Simulator;
use tokio::net::TcpListener;

use crate::administration::{AdminArgs, Administration};
use crate::commands::simulate::write_certificate;
use crate::failure::{Failure, Situation};
use crate::log::Level;
use crate::output::Output;
use crate::reload::Reloading;
use crate::settings::Settings;
use crate::telemetry::Telemetry;
use crate::{meters, reload, sole, stop, wiring};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar serve --dev --listen 127.0.0.1:0
  bursar serve --listen 0.0.0.0:8080 --tls-listen 0.0.0.0:8443 --tls-cert chain.pem --tls-key key.pem
  bursar serve --open --listen 127.0.0.1:8080
  bursar serve --dev --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0

Callers need a key, which `bursar key create` makes: as a bearer token, in `x-api-key`, or as the pair
that AWS's own SDKs sign with. The first line on stdout is `listening on http://ADDRESS:PORT`.
With --admin-listen a line `admin on http://ADDRESS:PORT` follows: people look there in a browser (the
first makes an account at the link in the next line; `bursar user` makes more), `bursar --server` asks
there, by a key that `bursar admin-key create` makes, and Prometheus finds `/metrics`. SIGHUP has the configuration
read again. SIGTERM stops it: running calls end or are cut, and all are settled. docs/gateway.md has
all of it.")]
pub(crate) struct Serve {
    /// Where to listen, HTTP/1.1 and HTTP/2 alike; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where to listen for TLS
    #[arg(long, value_name = "ADDRESS:PORT")]
    tls_listen: Option<SocketAddr>,
    /// A certificate that is made at the start, for clients to be told to trust
    #[arg(long, requires = "tls_listen", conflicts_with = "tls_cert")]
    tls_self_signed: bool,
    /// Where to write that certificate as PEM (such as for `AWS_CA_BUNDLE`)
    #[arg(long, value_name = "FILE", requires = "tls_self_signed")]
    tls_certificate_out: Option<PathBuf>,
    /// The chain of certificates, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_listen", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    #[command(flatten)]
    admin: AdminArgs,
    /// Let callers in who have no key, from this machine alone
    #[arg(long)]
    open: bool,
    /// Serve a simulator that is started with it, in place of Bedrock
    #[arg(long)]
    dev: bool,
}

impl Serve {
    pub(crate) async fn run(self, settings: &Settings, log: &Level) -> Result<(), Failure> {
        self.check()?;
        log.set(settings.log_level);
        let provider = if self.admin.is_asked_for() { settings.provider()? } else { None };
        let _sole = sole::lock(settings)?;
        stop::raise_file_limit();
        let told = stop::told();
        let simulator = if self.dev { Some(start_simulator().await?) } else { None };
        let mut bursar = Box::pin(connect(settings, simulator.as_ref())).await?;
        if bursar.master_key.is_none() {
            bursar.master_key = self.master_key(&bursar, settings).await?;
        }
        reload::as_gateway(&mut bursar);
        let telemetry = settings.telemetry()?.map(Telemetry::start);
        if let Some(telemetry) = &telemetry {
            bursar.witness = telemetry.witness();
        }
        let (ledger, running) = (bursar.ledger.clone(), bursar.running.clone());
        let gateway = Gateway::start(self.doors().await?, bursar, self.settings(settings))
            .map_err(|error| Failure::new(Situation::Failed, format!("cannot serve: {error}")))?;
        let desk = wiring::desk_of(&ledger, settings)?;
        let reloading = Reloading::new(settings.clone(), (gateway.lobby(), log.clone()), desk);
        let _at_sighup = stop::at_hangup(Arc::clone(&reloading));
        let (counts, desk) = (gateway.counts(), reloading.desk());
        let spans = telemetry.as_ref().map(Telemetry::counts);
        let meters = meters::of(counts, (running, ledger.clone()), (reloading, spans));
        for url in gateway.urls() {
            Output::line(format!("listening on {url}"))?;
        }
        let administration = self.admin.start(desk, meters, provider).await?;
        if let Some(administration) = &administration {
            Output::line(format!("admin on {}", administration.url()))?;
            if let Some(link) = administration.first_link() {
                Output::line(format!("make the first admin at {}", link.expose()))?;
            }
        }
        if let Some(simulator) = &simulator {
            tracing::info!("calls go to a simulator at {}", simulator.url());
        }
        told.await;
        tracing::info!("stopping: running calls end or are cut");
        tokio::select! {
            () = stopped(gateway, administration) => {}
            () = stop::told() => tracing::warn!("told twice: what runs is left to the sweep"),
        }
        ledger.close().await?;
        if let Some(telemetry) = telemetry {
            telemetry.stop().await;
        }
        if let Some(simulator) = simulator {
            simulator.stop().await;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Failure> {
        let addresses = [Some(self.listen), self.tls_listen];
        let remote = addresses.into_iter().flatten().find(|address| !address.ip().is_loopback());
        if let Some(address) = remote.filter(|_| self.open) {
            let message = format!("`--open` would let anybody who reaches `{address}` spend");
            return Err(Failure::new(Situation::Usage, message)
                .hint("listen on 127.0.0.1, or leave it out and give each caller a key"));
        }
        if self.tls_listen.is_some() && !self.tls_self_signed && self.tls_cert.is_none() {
            return Err(Failure::new(Situation::Usage, "there is no certificate to speak TLS by")
                .hint("give --tls-cert and --tls-key, or --tls-self-signed to try it"));
        }
        Ok(())
    }

    /// What keys hang on, made where there is none yet. Who lets everybody in may do without.
    async fn master_key(
        &self,
        bursar: &Bursar,
        settings: &Settings,
    ) -> Result<Option<bursar_ledger::MasterKey>, Failure> {
        let admin = wiring::admin_of(&bursar.ledger, settings);
        match admin.master_key(&settings.master_key_source()?).await {
            Ok(key) => Ok(Some(key)),
            Err(bursar_admin::Error::NoMasterKey) if self.open => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn doors(&self) -> Result<Vec<Door>, Failure> {
        let mut doors = vec![Door { listener: bind(self.listen).await?, tls: None }];
        if let Some(address) = self.tls_listen {
            let identity = self.identity(address.ip())?;
            if let Some((path, pem)) = self.tls_certificate_out.as_ref().zip(identity.made()) {
                write_certificate(path, pem)?;
            }
            doors.push(Door { listener: bind(address).await?, tls: Some(identity) });
        }
        Ok(doors)
    }

    fn identity(&self, address: IpAddr) -> Result<Identity, Failure> {
        let wrong = |error: bursar_gateway::TlsError| {
            Failure::new(Situation::Configuration, format!("cannot speak TLS: {error}"))
        };
        match self.tls_cert.as_ref().zip(self.tls_key.as_ref()) {
            Some((chain, key)) => Identity::from_pem(&read(chain)?, &read(key)?).map_err(wrong),
            None => Identity::self_signed(address).map_err(wrong),
        }
    }

    fn settings(&self, settings: &Settings) -> bursar_gateway::Settings {
        bursar_gateway::Settings {
            names: settings.names.clone(),
            open: self.open,
            ..bursar_gateway::Settings::default()
        }
    }
}

async fn connect(settings: &Settings, simulator: Option<&Simulator>) -> Result<Bursar, Failure> {
    let Some(simulator) = simulator else {
        return Box::pin(wiring::open(settings)).await;
    };
    let connection = Connection {
        endpoint: Some(simulator.url()),
        credentials: Credentials::Simulated,
        ..settings.connection()
    };
    wiring::open_at(settings, &connection, true).await
}

/// The doors first: what they still serve may be looked at meanwhile.
async fn stopped(gateway: Gateway, administration: Option<Administration>) {
    gateway.stop().await;
    if let Some(administration) = administration {
        administration.stop().await;
    }
}

pub(crate) async fn start_simulator() -> Result<Simulator, Failure> {
    let cannot =
        |error| Failure::new(Situation::Failed, format!("cannot start the simulator: {error}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
    let settings = bursar_simulator::Settings::default();
    Simulator::start(listener, settings, Clock::system()).map_err(cannot)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(Situation::Failed, format!("cannot listen on `{address}`: {error}"))
            .hint("another program may have the port; port 0 takes a free one")
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::new(Situation::NoFile, format!("cannot read `{}`: {error}", path.display()))
    })
}
