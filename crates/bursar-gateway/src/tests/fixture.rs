//! What the tests share: a simulator, a ledger with a team and a key, and a gateway before both.

use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::{
    BehaviorVersion, Credentials as Keys, Region, StalledStreamProtectionConfig, Token,
};
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};
use aws_sdk_bedrockruntime::{Client, Config};
use bursar_admin::{Admin, KeyRequest, LimitWords, NewKey, Selectors, TeamFacts};
use bursar_core::{
    Bedrock, Bursar, Connection, Credentials, Health, Limits, Pricing, Running, Upstreams, Witness,
};
use bursar_domain::catalogue::Catalogue;
use bursar_domain::entropy::Entropy;
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::Clock;
use bursar_ledger::{
    CallFilter, CallRow, DatabaseUrl, Dimension, Ledger, MasterKey, OpenOptions, Page, UsageQuery,
};
use bursar_simulator::{ServedCall, Simulator};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

use crate::{Door, Gateway, Settings};

pub(super) const NOVA: &str = "amazon.nova-lite-v1:0";
pub(super) const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

pub(super) struct World {
    pub(super) simulator: Simulator,
    pub(super) gateway: Gateway,
    pub(super) bursar: Bursar,
    pub(super) admin: Admin,
    pub(super) key: NewKey,
}

pub(super) fn master() -> MasterKey {
    MasterKey::parse(&"0123456789abcdef".repeat(4)).unwrap()
}

/// What a ledger can be kept in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Database {
    Sqlite,
    Postgres,
}

pub(super) const BOTH: [Database; 2] = [Database::Sqlite, Database::Postgres];

impl Database {
    fn url(self) -> String {
        match self {
            Self::Sqlite => "sqlite::memory:".to_owned(),
            Self::Postgres => new_postgres_database(),
        }
    }
}

/// A database of its own on the test server; gone with the server.
fn new_postgres_database() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("gateway_{}_{number}", std::process::id());
    #[expect(clippy::disallowed_methods, reason = "the test server's address comes from outside")]
    let server = std::env::var("BURSAR_TEST_POSTGRES")
        .expect("these tests need PostgreSQL: run them with `cargo xtask test`");
    let made = std::process::Command::new("psql")
        .args([&server, "--quiet", "--command", &format!("CREATE DATABASE {name}")])
        .output()
        .expect("psql is installed beside the server");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (server, _) = server.rsplit_once('/').expect("the address names a database");
    format!("{server}/{name}")
}

impl World {
    pub(super) async fn start() -> Self {
        Self::start_with(Settings::default(), bursar_simulator::Settings::default()).await
    }

    /// With a ledger in a database of that kind.
    pub(super) async fn on(database: Database) -> Self {
        Self::open(&database.url(), Settings::default(), bursar_simulator::Settings::default())
            .await
    }

    pub(super) async fn start_with(
        settings: Settings,
        simulator: bursar_simulator::Settings,
    ) -> Self {
        Self::open(&Database::Sqlite.url(), settings, simulator).await
    }

    async fn open(url: &str, settings: Settings, simulator: bursar_simulator::Settings) -> Self {
        let clock = Clock::system();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let simulator = Simulator::start(listener, simulator, clock.clone()).unwrap();
        let connection = Connection {
            region: Some("us-east-1".to_owned()),
            endpoint: Some(simulator.url()),
            credentials: Credentials::Simulated,
            connect_timeout: Duration::from_secs(3),
        };
        let url = DatabaseUrl::parse(url).unwrap();
        let mut options = OpenOptions::new(clock.clone());
        options.admission_wait = Duration::from_millis(20);
        let ledger = Ledger::open(&url, options).await.unwrap();
        let bursar = Bursar {
            ledger: ledger.clone(),
            bedrock: Bedrock::connect(&connection).await.unwrap(),
            pricing: Pricing {
                catalogue: Catalogue::embedded(),
                prices: PriceBook::embedded_only().into(),
                region: "us-east-1".to_owned(),
                allow_unpriced: false,
                max_tokens_default: None,
            },
            fallbacks: Arc::default(),
            upstreams: Upstreams::default(),
            health: Health::default(),
            limits: Limits { attempts_max: 1, ..Limits::default() },
            clock: clock.clone(),
            entropy: Entropy::system(),
            simulated: true,
            running: Running::default(),
            master_key: Some(master()),
            labels: true,
            witness: Witness::default(),
        };
        let actor = "a test".to_owned();
        let admin = Admin { ledger, clock, entropy: Entropy::system(), actor };
        admin.create_team("research", TeamFacts::default()).await.unwrap();
        let request = KeyRequest { team: "research".to_owned(), ..KeyRequest::default() };
        let key = admin.create_key(&master(), &request).await.unwrap();
        let door = Door { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), tls: None };
        let gateway = Gateway::start(vec![door], bursar.clone(), settings).unwrap();
        Self { simulator, gateway, bursar, admin, key }
    }

    pub(super) fn url(&self) -> &str {
        &self.gateway.urls()[0]
    }

    /// `127.0.0.1:PORT`.
    pub(super) fn address(&self) -> &str {
        self.url().strip_prefix("http://").unwrap()
    }

    /// The SDK's client, signing with the issued pair.
    pub(super) fn sdk(&self) -> Client {
        self.sdk_as(&self.key.access_key_id, self.key.secret_access_key.expose())
    }

    /// It tries three times, as it does when nobody says otherwise.
    pub(super) fn sdk_as(&self, id: &str, secret: &str) -> Client {
        let keys = Keys::new(id, secret, None, None, "test");
        Client::from_conf(self.config().credentials_provider(keys).build())
    }

    pub(super) fn sdk_by_bearer(&self) -> Client {
        let token = Token::new(self.key.secret.expose(), None);
        Client::from_conf(self.config().bearer_token(token).build())
    }

    fn config(&self) -> aws_sdk_bedrockruntime::config::Builder {
        let retry = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(self.url())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(retry)
    }

    /// A plain request with the key as bearer.
    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.post_bare(path).bearer_auth(self.key.secret.expose())
    }

    /// A plain request with no key.
    pub(super) fn post_bare(&self, path: &str) -> RequestBuilder {
        reqwest::Client::new().post(format!("{}{path}", self.url()))
    }

    pub(super) async fn converse(&self, words: &str) -> Response {
        let path = format!("/model/{NOVA}/converse");
        self.post(&path).body(conversation(words).to_string()).send().await.unwrap()
    }

    /// A hard limit for the team, in the words of `bursar budget set`.
    pub(super) async fn limit(&self, window: &str, limit: &str) {
        let team = Selectors { team: Some("research".to_owned()), ..Selectors::default() };
        let words = LimitWords {
            window: window.to_owned(),
            limit: limit.to_owned(),
            ..LimitWords::default()
        };
        self.admin.set_budget(&team, &words).await.unwrap();
    }

    pub(super) fn served(&self) -> Vec<ServedCall> {
        self.simulator.calls()
    }

    pub(super) async fn calls(&self) -> Vec<CallRow> {
        recorded(&self.admin.ledger).await
    }

    /// How many requests were refused before anything was sent.
    pub(super) async fn refused(&self) -> i64 {
        let query =
            UsageQuery { by: Dimension::Team, since: None, until: None, count_tokens: false };
        self.admin.ledger.usage(&query).await.unwrap().total.refused
    }

    /// Stops it all; the books agree.
    pub(super) async fn end(self) {
        self.gateway.stop().await;
        let report = self.admin.ledger.audit().await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
        self.admin.ledger.close().await.unwrap();
        self.simulator.stop().await;
    }
}

/// Every call in a ledger, newest first.
pub(super) async fn recorded(ledger: &Ledger) -> Vec<CallRow> {
    let page = Page { after: None, limit: Page::LIMIT_MAX };
    ledger.calls(&CallFilter::default(), &page).await.unwrap()
}

pub(super) fn user(text: &str) -> Message {
    Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(text.to_owned()))
        .build()
        .unwrap()
}

/// Converse's body with steering words.
pub(super) fn conversation(words: &str) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]});
    if !words.is_empty() {
        body["requestMetadata"] = json!({"bursar-sim": words});
    }
    body
}
