//! What the tests say: places to keep a ledger, calls to record, and the audit at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bursar_domain::budget::{Mode, Refusal, WindowId};
use bursar_domain::call::{
    Attempt, AttemptOutcome, Bill, CallId, Ending, Guardrail, Intent, Operation, Outcome, Reach,
    SentTo, Settlement, VersionEvidence,
};
use bursar_domain::identity::Attribution;
use bursar_domain::limit::{Limit, LimitId, OnLimit, Unit};
use bursar_domain::model::ModelId;
use bursar_domain::money::{Cost, Micros, Rate};
use bursar_domain::price::{PriceId, PriceStamp, Rates, Routing, Tier};
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::span::{Span, Zone};
use bursar_domain::time::{Clock, Timestamp};
use bursar_domain::usage::{Meter, Usage};
use sqlx::FromRow;
use tempfile::TempDir;

use super::server;
use crate::statement::Statement;
use crate::{Admission, Admitted, Change, DatabaseUrl, Error, Ledger, OpenOptions};

/// 2026-11-23, ten past ten.
pub(super) const NOW: Timestamp = Timestamp(1_795_428_600_000);

/// Somewhere to keep a ledger, for one test.
pub(super) struct Place {
    pub(super) url: DatabaseUrl,
    pub(super) folder: Option<TempDir>,
}

/// A SQLite file, SQLite in memory, and PostgreSQL.
pub(super) async fn places() -> [Place; 3] {
    [file(), at("sqlite::memory:"), postgres().await]
}

/// The two that outlive their process.
pub(super) async fn durable_places() -> [Place; 2] {
    [file(), postgres().await]
}

pub(super) fn file() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&format!("sqlite:{}", folder.path().join("ledger.db").display()));
    Place { url, folder: Some(folder) }
}

pub(super) async fn postgres() -> Place {
    at(&server::new_database().await)
}

/// A place whose address is known.
pub(super) fn at(address: &str) -> Place {
    Place { url: url(address), folder: None }
}

fn url(text: &str) -> DatabaseUrl {
    DatabaseUrl::parse(text).unwrap()
}

/// A clock that a test moves.
pub(super) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(super) fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::Relaxed);
    }
}

pub(super) fn moving_clock(start: Timestamp) -> (Clock, Hands) {
    let ms = Arc::new(AtomicI64::new(start.0));
    let read = Arc::clone(&ms);
    (Clock::new(move || Timestamp(read.load(Ordering::Relaxed))), Hands(ms))
}

impl Place {
    /// Whether two ledgers that are opened here are one.
    pub(super) fn is_shared(&self) -> bool {
        self.folder.is_some() || self.has_own_clock()
    }

    /// Whether windows are chosen by a clock that the test does not hold.
    pub(super) fn has_own_clock(&self) -> bool {
        matches!(self.url.0, crate::database_url::Place::Postgres(_))
    }

    pub(super) async fn open(&self) -> Ledger {
        self.open_with(|_| {}).await.unwrap()
    }

    pub(super) async fn open_with(
        &self,
        change: impl FnOnce(&mut OpenOptions),
    ) -> Result<Ledger, Error> {
        // Shown only when a test fails: which of the three it was.
        eprintln!("on {}", self.url);
        let mut options = OpenOptions::new(Clock::new(|| NOW));
        options.admission_wait = Duration::ZERO;
        // A loaded machine is not a database that is away.
        options.answer_limit = Duration::from_secs(30);
        change(&mut options);
        Ledger::open(&self.url, options).await
    }
}

impl Ledger {
    /// Ends a case: everything adds up.
    pub(super) async fn end(self) {
        let report = self.audit().await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
        self.close().await.unwrap();
    }

    pub(super) async fn admit(&self, intent: Intent) -> Admitted {
        admitted(self.reserve(intent).await.unwrap())
    }

    /// A whole call: reserved, then settled as `change` says.
    pub(super) async fn call(
        &self,
        intent: Intent,
        change: impl FnOnce(&mut Settlement),
    ) -> CallId {
        let admitted = self.admit(intent).await;
        let id = admitted.id().clone();
        let mut settlement = settlement(admitted.intent());
        change(&mut settlement);
        self.settle(admitted, settlement).await.unwrap();
        id
    }

    /// A whole call that went well.
    pub(super) async fn good_call(&self, intent: Intent) -> CallId {
        self.call(intent, |_| {}).await
    }

    /// Sets a limit of dollars for ever, called `name`, on what [`scope`] says; its one window.
    pub(super) async fn window(&self, name: &str, mode: Mode, limit_micro: i64) -> WindowId {
        self.limit(limit(name, mode, limit_micro)).await
    }

    /// Sets a limit; its window of now.
    pub(super) async fn limit(&self, limit: Limit) -> WindowId {
        let window = limit.place_at("", NOW).window;
        self.change("a test", vec![Change::SetLimit(limit)]).await.unwrap();
        window
    }

    /// A window's held millionths, and spent whole and rest; nothing while it is not made.
    pub(super) async fn balance(&self, window: &WindowId) -> (i64, i64, i64) {
        let row = self.window_row(window).await.unwrap_or_default();
        (row.held_micro, row.spent_micro, row.spent_rest)
    }

    /// How many calls a window has refused, or would have.
    pub(super) async fn refused(&self, window: &WindowId) -> i64 {
        self.window_row(window).await.unwrap_or_default().refused
    }

    /// How many thresholds were told.
    pub(super) async fn thresholds(&self) -> i64 {
        const COUNT: Statement =
            Statement { doing: "count", sql: include_str!("sql/threshold_rows.sql") };
        let row: Option<CountRow> = self.reads.row(COUNT, &[]).await.unwrap();
        row.unwrap().number
    }

    async fn window_row(&self, window: &WindowId) -> Option<WindowRow> {
        const WINDOW: Statement = Statement { doing: "look", sql: include_str!("sql/window.sql") };
        self.reads.row(WINDOW, &[window.0.as_str().into()]).await.unwrap()
    }

    /// Runs one of the tests' own statements.
    pub(super) async fn damage(&self, sql: &'static str) {
        self.reads.run(Statement { doing: "damage", sql }, &[]).await.unwrap();
    }
}

#[derive(FromRow)]
struct CountRow {
    number: i64,
}

#[derive(Default, FromRow)]
struct WindowRow {
    held_micro: i64,
    spent_micro: i64,
    spent_rest: i64,
    refused: i64,
}

/// A limit of dollars for ever, called `name`, on what [`scope`] says.
pub(super) fn limit(name: &str, mode: Mode, limit_micro: i64) -> Limit {
    Limit {
        id: LimitId(name.to_owned()),
        scope: scope(name),
        each: None,
        unit: Unit::Usd,
        span: Span::Total,
        zone: Zone::UTC,
        mode,
        on_limit: OnLimit::Refuse,
        amount: Micros(limit_micro),
    }
}

/// `all`; a facet that [`intent`] has; or the tag of that name, which the test sets to `on`.
pub(super) fn scope(name: &str) -> Scope {
    let facet = match name {
        "all" => return Scope::default(),
        _ => Facet::parse(name).unwrap_or(Facet::Tag(name.to_owned())),
    };
    let value = facet.of(&intent()).unwrap_or("on").to_owned();
    Scope::default().with(facet, &value)
}

/// An intent that is counted by the limits on these tags.
pub(super) fn tagged(tags: &[&str]) -> Intent {
    let mut intent = intent();
    intent.attribution.tags.extend(tags.iter().map(|&tag| (tag.to_owned(), "on".to_owned())));
    intent
}

pub(super) fn refused(admission: Admission) -> Refusal {
    match admission {
        Admission::Refused(refusal) => refusal,
        Admission::Admitted(_) => panic!("admitted"),
    }
}

pub(super) fn admitted(admission: Admission) -> Admitted {
    match admission {
        Admission::Admitted(admitted) => admitted,
        Admission::Refused(refusal) => panic!("refused: {refusal}"),
    }
}

/// An id that no other call of this process has.
pub(super) fn new_id(at: Timestamp) -> CallId {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut random = [7; 10];
    random[2..].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    CallId::new(at, &random)
}

/// A call of at most a cent, with every part that an intent can have.
pub(super) fn intent() -> Intent {
    intent_at(NOW)
}

pub(super) fn intent_at(at: Timestamp) -> Intent {
    Intent {
        id: new_id(at),
        started_at: at,
        attribution: Attribution {
            team: Some("research".into()),
            project: Some("atlas".into()),
            user: Some("ann".into()),
            key: Some("key-1".into()),
            tags: [("env".into(), "prod".into()), ("feature".into(), "search".into())].into(),
            client_session: Some("session-1".into()),
        },
        operation: Operation::ConverseStream,
        model_requested: "claude".into(),
        model: ModelId::parse("anthropic.claude-sonnet-4-5-20250929-v1:0").unwrap(),
        region: "us-east-1".into(),
        routing: Routing::Regional,
        tier_requested: Tier::Standard,
        price: Some(price()),
        ceiling: Some(pico(10_000_000_000)),
        ceiling_tokens: Some(2_000),
        reach: Reach::default(),
        request_hmac: Some("0123abcd".into()),
        simulated: true,
    }
}

/// $3 in and $15 out per million tokens, and four cents an image.
pub(super) fn price() -> PriceStamp {
    PriceStamp {
        id: PriceId("p1".into()),
        rates: Rates {
            input: Some(Rate(3_000_000)),
            output: Some(Rate(15_000_000)),
            cache_read: Some(Rate(300_000)),
            ..Rates::default()
        },
        meters: vec![(Meter("image".into()), Rate(40_000_000_000))],
    }
}

pub(super) fn pico(pico: i64) -> Cost {
    Cost::from_pico(pico).unwrap()
}

/// A good answer to it: 100 tokens in, 20 out, 1,000 from the cache, after one throttled attempt.
pub(super) fn settlement(intent: &Intent) -> Settlement {
    let at = |ms: i64| Timestamp(intent.started_at.0 + ms);
    Settlement {
        id: intent.id.clone(),
        first_token_at: Some(at(700)),
        ended_at: at(1_700),
        chosen: None,
        model_version: "claude-sonnet-4-5-20250929".into(),
        version_evidence: VersionEvidence::Reported,
        served_region: Some("us-west-2".into()),
        tier: Tier::Priority,
        ending: Ending {
            outcome: Outcome::Succeeded,
            client_gone: true,
            http_status: Some(200),
            error_code: None,
            error_message: None,
            stop_reason: Some("end_turn".into()),
        },
        attempts: vec![
            Attempt {
                started_at: at(1),
                ended_at: at(100),
                outcome: AttemptOutcome::Throttled,
                http_status: Some(429),
                error_code: Some("ThrottlingException".into()),
                request_id: Some("request-0".into()),
                sent_to: SentTo::default(),
            },
            Attempt {
                started_at: at(200),
                ended_at: at(1_700),
                outcome: AttemptOutcome::Succeeded,
                http_status: Some(200),
                error_code: None,
                request_id: Some("request-1".into()),
                sent_to: SentTo::default(),
            },
        ],
        bill: Bill {
            usage: Usage { input: 100, output: 20, cache_read: 1_000, ..Usage::default() },
            price: Some(price()),
            cost: Some(pico(900_000_001)),
            estimated: false,
            cost_low: None,
        },
        request_id: Some("request-1".into()),
        guardrail: Guardrail { id: Some("guard".into()), action: Some("NONE".into()) },
    }
}

/// Polls a future once and lets it go: what a timeout or a hung-up client does to it.
pub(super) async fn poll_once<T>(future: &mut (impl Future<Output = T> + Unpin)) -> bool {
    std::future::poll_fn(|context| {
        let polled = std::pin::Pin::new(&mut *future).poll(context);
        std::task::Poll::Ready(polled.is_ready())
    })
    .await
}
