//! The API as a client sees it: a real listener, a real HTTP client, a real ledger. Each case ends
//! with the ledger's own audit.

mod attacks;
mod bad;
mod burns;
mod cases;
mod changes_by_form;
mod colours;
mod endings;
mod exports;
mod gate;
mod hostile;
mod house;
mod live;
mod metrics;
mod papers;
mod referee;
mod reliability;
mod runaways;
mod sees;
mod signs_in;
mod signs_on;
mod spend;
mod states;
mod tokens;

use std::collections::BTreeMap;
use std::net::TcpListener;

use bursar_admin::{Admin, Desk, MasterKeySource, Reload, Reloaded};
use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::entropy::Entropy;
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::Clock;
use bursar_ledger::{DatabaseUrl, Ledger, OpenOptions, Secret};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{Meters, Options, ServeError, Site, serve};

/// A server, and who may ask it.
struct World {
    desk: Desk,
    url: String,
    client: Client,
    /// A key that changes, and one that only reads.
    key: String,
    reader: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

async fn desk() -> Desk {
    let url = DatabaseUrl::parse("sqlite::memory:").unwrap();
    let clock = Clock::system();
    let ledger = Ledger::open(&url, OpenOptions::new(clock.clone())).await.unwrap();
    let actor = "a test".to_owned();
    Desk {
        admin: Admin { ledger, clock, entropy: Entropy::system(), actor },
        catalogue: Catalogue::embedded(),
        prices: PriceBook::embedded_only(),
        names: Names::default(),
        quotas: BTreeMap::new(),
        master: MasterKeySource::Said(Secret::new("0123456789abcdef".repeat(4))),
        region: "us-east-1".to_owned(),
        reload: Some(Reload::new(|| {
            Ok(Reloaded { file: Some("a test's".to_owned()), needs_restart: Vec::new() })
        })),
    }
}

impl World {
    async fn start() -> Self {
        Self::with(Meters::none()).await
    }

    async fn with(meters: Meters) -> Self {
        let desk = desk().await;
        let master = desk.admin.master_key(&desk.master).await.unwrap();
        let mut secrets = Vec::new();
        for (name, read_only) in [("root", false), ("auditor", true)] {
            let made = desk.admin.create_admin_key(&master, name, (read_only, None)).await;
            secrets.push(made.unwrap().secret.expose().to_owned());
        }
        let [key, reader] = secrets.try_into().unwrap();
        let (url, stop, served) = serve_on(Site::new(desk.clone(), meters));
        Self { desk, url, client: Client::new(), key, reader, stop, served }
    }

    /// Asks as who may change everything.
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        self.ask_as(&self.key, (method, path), body).await
    }

    async fn ask_as(
        &self,
        key: &str,
        (method, path): (&str, &str),
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let method: Method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}/api/v1{path}", self.url));
        let request = if key.is_empty() { request } else { request.bearer_auth(key) };
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// What is at a path that is no operation.
    async fn page(&self, path: &str) -> (StatusCode, String) {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
        let report = self.desk.admin.ledger.audit().await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
        self.desk.admin.ledger.close().await.unwrap();
    }
}

/// The fields of a line of a table, with bars between.
fn fields<const N: usize>(line: &str) -> [&str; N] {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    fields.try_into().unwrap_or_else(|_| panic!("{line}"))
}

fn serve_on(site: Site) -> (String, oneshot::Sender<()>, JoinHandle<Result<(), ServeError>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel();
    let stopped = async move { drop(stopped.await) };
    let served = tokio::spawn(serve(listener, (site, Options::default()), stopped));
    (url, stop, served)
}
