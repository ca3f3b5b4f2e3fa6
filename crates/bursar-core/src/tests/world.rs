//! What the tests share: simulators that fail by script, and a metered call before them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::entropy::Entropy;
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelRef;
use bursar_domain::money::Micros;
use bursar_domain::price_book::PriceBook;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::time::Clock;
use bursar_ledger::{CallFilter, CallRow, Change, DatabaseUrl, Ledger, OpenOptions, Page};
use bursar_simulator::{Scenario, Settings, Simulator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _};
use tokio::net::TcpListener;

use crate::{
    Bedrock, Bursar, Connection, Credentials, Health, Invocation, Limits, Pricing, Prompt, Receipt,
    Running, Upstream, Upstreams, cut_pair,
};

pub(super) const LITE: &str = "amazon.nova-lite-v1:0";
pub(super) const PRO: &str = "amazon.nova-pro-v1:0";
pub(super) const MICRO: &str = "amazon.nova-micro-v1:0";
pub(super) const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

/// Where a ledger is.
pub(super) async fn places() -> [String; 2] {
    ["sqlite::memory:".to_owned(), new_database().await]
}

/// The address of a new, empty database on the tests' PostgreSQL.
async fn new_database() -> String {
    #[expect(clippy::disallowed_methods, reason = "the test server's address comes from outside")]
    let server = std::env::var("BURSAR_TEST_POSTGRES")
        .expect("these tests need PostgreSQL: run them with `cargo xtask test`");
    let name = format!("core_test_{}", hex::encode(Entropy::system().bytes::<8>()));
    let options: PgConnectOptions = server.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let create = include_str!("../../../bursar-ledger/src/tests/sql/create_database.sql");
    let create = create.replace("the_name", &name);
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

pub(super) struct World {
    pub(super) simulator: Simulator,
    pub(super) bursar: Bursar,
}

/// What a call came to.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) row: CallRow,
    /// Each attempt: what was sent, where to, and how it ended.
    pub(super) attempts: Vec<(String, String, &'static str)>,
    pub(super) receipt: Receipt,
}

/// A simulator whose models fail as rules say: each a model and the words for it.
pub(super) async fn simulator(rules: &[(&str, &str)]) -> Simulator {
    let rule = |(model, words): &(&str, &str)| {
        format!("[[rule]]\nmodel = \"{model}\"\nwords = \"{words}\"\n")
    };
    let scenario = Scenario::parse(&rules.iter().map(rule).collect::<String>()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Simulator::start(listener, Settings { scenario, ..Settings::default() }, Clock::system())
        .unwrap()
}

pub(super) fn connection(region: &str, endpoint: &str) -> Connection {
    Connection {
        region: Some(region.to_owned()),
        endpoint: Some(endpoint.to_owned()),
        credentials: Credentials::Simulated,
        connect_timeout: Duration::from_secs(3),
    }
}

pub(super) fn model(text: &str) -> ModelRef {
    Catalogue::embedded().resolve(text, &Names::default()).unwrap()
}

/// A request whose answer has twenty tokens in and forty out.
pub(super) fn ask(name: &str, stream: bool) -> Invocation {
    let metadata = [("bursar-sim".to_owned(), "input=20 output=40".to_owned())].into();
    let text = "hello".to_owned();
    let prompt = Prompt { text, max_tokens: Some(100), metadata, ..Prompt::default() };
    Invocation::converse(model(name), &prompt, stream)
}

impl World {
    pub(super) async fn start(place: &str, rules: &[(&str, &str)]) -> Self {
        let simulator = simulator(rules).await;
        let clock = Clock::system();
        let mut options = OpenOptions::new(clock.clone());
        options.admission_wait = Duration::from_millis(20);
        let ledger = Ledger::open(&DatabaseUrl::parse(place).unwrap(), options).await.unwrap();
        let bursar = Bursar {
            ledger,
            bedrock: Bedrock::connect(&connection("us-east-1", &simulator.url())).await.unwrap(),
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
            clock,
            entropy: Entropy::system(),
            simulated: true,
            running: Running::default(),
            master_key: None,
            labels: true,
            witness: crate::Witness::default(),
        };
        Self { simulator, bursar }
    }

    /// Lets some models stand in for one, in order.
    pub(super) fn stand_in(&mut self, name: &str, chain: &[&str]) {
        let models = chain.iter().map(|name| model(name)).collect();
        Arc::make_mut(&mut self.bursar.fallbacks).add(name, &[model(name)], models).unwrap();
    }

    /// Sends calls to these alone: each a region, and where it is.
    pub(super) async fn go_to(&mut self, ways: &[(&str, &str)]) {
        let mut upstreams = Vec::new();
        for ((region, endpoint), priority) in ways.iter().zip(1..) {
            upstreams.push(Upstream {
                name: format!("way-{priority}"),
                priority,
                weight: 1,
                models: Vec::new(),
                teams: BTreeSet::new(),
                bedrock: Bedrock::connect(&connection(region, endpoint)).await.unwrap(),
            });
        }
        self.bursar.upstreams = Upstreams::new(upstreams);
    }

    /// What a call of somebody came to.
    pub(super) async fn call(&self, who: Attribution, invocation: Invocation) -> Made {
        let (_cutter, signal) = cut_pair();
        let reply = self.bursar.invoke(who, invocation, signal).await.unwrap();
        let id = reply.id.clone();
        let receipt = reply.settled().await.unwrap();
        let filter = CallFilter { id: Some(id.clone()), ..CallFilter::default() };
        let page = Page { after: None, limit: 1 };
        let row = self.bursar.ledger.calls(&filter, &page).await.unwrap().remove(0);
        let attempts = self.bursar.ledger.attempts(&id).await.unwrap().into_iter();
        let attempts = attempts.map(|attempt| {
            let place = attempt.sent_to;
            (place.model.unwrap(), place.region.unwrap(), attempt.outcome.as_str())
        });
        Made { row, attempts: attempts.collect(), receipt }
    }

    /// A call of nobody in particular.
    pub(super) async fn ask(&self, name: &str) -> Made {
        self.call(Attribution::default(), ask(name, false)).await
    }

    pub(super) async fn change(&self, change: Change) {
        self.bursar.ledger.change("a test", vec![change]).await.unwrap();
    }

    /// The models that were asked, in order.
    pub(super) fn served(&self) -> Vec<String> {
        self.simulator.calls().into_iter().map(|call| call.model_sent).collect()
    }

    /// The books agree, and nothing is held.
    pub(super) async fn end(self) {
        let report = self.bursar.ledger.audit().await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
        self.bursar.ledger.close().await.unwrap();
        self.simulator.stop().await;
    }
}

impl Made {
    pub(super) fn message(&self) -> &str {
        self.row.ending.error_message.as_deref().unwrap_or_default()
    }

    /// What was held, in whole micro-dollars.
    pub(super) fn held(&self) -> Micros {
        self.row.held.unwrap()
    }
}

pub(super) fn team(name: &str) -> Attribution {
    Attribution { team: Some(name.to_owned()), ..Attribution::default() }
}

pub(super) fn scope(facet: Facet, value: &str) -> Scope {
    Scope::default().with(facet, value)
}
