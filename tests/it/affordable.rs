//! A call that asks for as long an answer as there is room for, while others take that room: between
//! the look at the limit and the hold, by another process, on both databases.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bursar_core::{
    Bedrock, Bursar, Connection, Credentials, Error, Health, Invocation, Limits, Pricing, Reply,
    Running, Upstreams, Witness, cut_pair,
};
use bursar_domain::call::{CallId, Intent, Operation, Reach};
use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::entropy::Entropy;
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelId;
use bursar_domain::money::{Cost, Total};
use bursar_domain::price::{Routing, Tier};
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::Clock;
use bursar_ledger::{Admission, Admitted, DatabaseUrl, Ledger, OpenOptions};
use serde_json::json;

use crate::world::{BOTH, NOVA, World};

/// All that there is, in micro-dollars: room for some two thousand tokens of an answer.
const ROOM_MICRO: i64 = 500;
const MICRO: i64 = 1_000_000;

/// A world whose one limit is that room.
fn world(database: crate::world::Database) -> World {
    let world = World::on(database, &[]);
    let limit = ["budget", "set", "--all", "--window", "total", "--limit", "0.0005usd"];
    world.json(&limit);
    world
}

async fn open_ledger(url: &str) -> Ledger {
    let mut options = OpenOptions::new(Clock::system());
    options.admission_wait = Duration::ZERO;
    Ledger::open(&DatabaseUrl::parse(url).unwrap(), options).await.unwrap()
}

pub(crate) async fn bursar(world: &World, clock: Clock) -> Bursar {
    let connection = Connection {
        region: Some("us-east-1".to_owned()),
        endpoint: Some(world.endpoint.clone()),
        credentials: Credentials::Simulated,
        connect_timeout: Duration::from_secs(5),
    };
    let pricing = Pricing {
        catalogue: Catalogue::embedded(),
        prices: Arc::new(PriceBook::embedded_only()),
        region: "us-east-1".to_owned(),
        allow_unpriced: false,
        max_tokens_default: None,
    };
    Bursar {
        ledger: open_ledger(&world.ledger).await,
        bedrock: Bedrock::connect(&connection).await.unwrap(),
        pricing,
        fallbacks: Arc::default(),
        upstreams: Upstreams::default(),
        health: Health::default(),
        limits: Limits::default(),
        clock,
        entropy: Entropy::system(),
        simulated: true,
        running: Running::default(),
        master_key: None,
        labels: false,
        witness: Witness::default(),
    }
}

/// A greeting, answered by so many tokens at most.
pub(crate) async fn greet(
    bursar: &Bursar,
    tokens_max: u32,
    affordable: bool,
) -> Result<Reply, Error> {
    let body = json!({
        "messages": [{"role": "user", "content": [{"text": "hello"}]}],
        "inferenceConfig": {"maxTokens": tokens_max},
    });
    let invocation = Invocation {
        operation: Operation::Converse,
        model: Catalogue::embedded().resolve(NOVA, &Names::default()).unwrap(),
        headers: std::iter::empty().collect(),
        body: body.to_string().into(),
        idempotency_key: None,
        affordable,
    };
    let (_cutter, cut) = cut_pair();
    bursar.invoke(Attribution::default(), invocation, cut).await
}

/// As long an answer as there is room for, and at most 5,000 tokens of it.
async fn ask(bursar: &Bursar) -> Result<u64, Error> {
    let reply = greet(bursar, 5000, true).await?;
    let lowered = reply.lowered.expect("there is not room for all of it").to;
    reply.settled().await.map(|_| lowered)
}

/// Who takes room, by a process of their own, each time that a call has just looked for it.
#[derive(Clone)]
struct Thief {
    ledger: String,
    amounts: Arc<Mutex<VecDeque<i64>>>,
    loot: Arc<Mutex<Vec<(Ledger, Admitted)>>>,
}

impl Thief {
    fn new(world: &World, amounts: &[i64]) -> Self {
        let amounts = Arc::new(Mutex::new(amounts.iter().copied().collect()));
        Self { ledger: world.ledger.clone(), amounts, loot: Arc::default() }
    }

    /// The time, which a call asks for when it looks for room and again before it takes it.
    fn clock(&self) -> Clock {
        let (thief, reads) = (self.clone(), AtomicUsize::new(0));
        Clock::new(move || {
            if reads.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
                let amount = thief.amounts.lock().unwrap().pop_front();
                let other = thief.clone();
                let take = move || amount.into_iter().for_each(|micro| other.take(micro));
                std::thread::spawn(take).join().unwrap();
            }
            Clock::system().now()
        })
    }

    fn take(&self, micro: i64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let taken = runtime.block_on(async {
            let ledger = open_ledger(&self.ledger).await;
            match ledger.reserve(intent(micro)).await.unwrap() {
                Admission::Admitted(admitted) => (ledger, admitted),
                Admission::Refused(refusal) => panic!("{refusal}"),
            }
        });
        self.loot.lock().unwrap().push(taken);
    }
}

/// A call that may cost so much.
fn intent(micro: i64) -> Intent {
    let now = Clock::system().now();
    Intent {
        id: CallId::new(now, &Entropy::system().bytes()),
        started_at: now,
        attribution: Attribution::default(),
        operation: Operation::Converse,
        model_requested: NOVA.to_owned(),
        model: ModelId::parse(NOVA).unwrap(),
        region: "us-east-1".to_owned(),
        routing: Routing::Regional,
        tier_requested: Tier::Standard,
        price: None,
        ceiling: Cost::from_pico(micro * MICRO),
        ceiling_tokens: None,
        reach: Reach::default(),
        request_hmac: None,
        simulated: true,
    }
}

/// What the limit has counted, spent and held, in pico-dollars: never more than there is.
async fn counted(ledger: &Ledger) -> i128 {
    let limits = ledger.limits().await.unwrap();
    let standings = ledger.standings(&limits, Clock::system().now()).await.unwrap();
    let balance = &standings[0].balance;
    let counted = balance.spent_total().0 + Total::from_halves(balance.held.0, 0).0;
    assert!(counted <= i128::from(ROOM_MICRO * MICRO), "{balance:?}");
    counted
}

#[tokio::test]
async fn room_that_another_takes_first_makes_an_affordable_answer_shorter() {
    for database in BOTH {
        let world = world(database);
        let thief = Thief::new(&world, &[200, 100]);
        let bursar = bursar(&world, thief.clock()).await;
        let lowered = ask(&bursar).await.unwrap();
        assert_eq!(thief.loot.lock().unwrap().len(), 2);
        // Two hundred are left, and a token of the answer costs 0.24 of them.
        assert!((1..=833).contains(&lowered), "{lowered}");
        assert!(counted(&bursar.ledger).await > i128::from(300 * MICRO));
        assert_eq!(world.served().len(), 1);
        assert!(bursar.ledger.audit().await.unwrap().is_clean());
    }
}

#[tokio::test]
async fn an_affordable_answer_whose_room_is_always_taken_is_refused_and_nothing_is_sent() {
    for database in BOTH {
        for takes in [&[100, 100, 100, 100][..], &[500]] {
            let world = world(database);
            let thief = Thief::new(&world, takes);
            let bursar = bursar(&world, thief.clock()).await;
            let refused = ask(&bursar).await.unwrap_err();
            assert!(matches!(refused, Error::Refused(_)), "{refused}");
            let taken: i64 = takes.iter().sum();
            assert_eq!(counted(&bursar.ledger).await, i128::from(taken * MICRO));
            assert!(world.served().is_empty());
            assert!(bursar.ledger.audit().await.unwrap().is_clean());
        }
    }
}

async fn ask_and_count(bursar: Bursar) -> Result<u64, Error> {
    let asked = ask(&bursar).await;
    counted(&bursar.ledger).await;
    asked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_affordable_answers_at_once_share_the_room_and_no_more() {
    for database in BOTH {
        let world = world(database);
        let bursar = bursar(&world, Clock::system()).await;
        let asked: Vec<_> = (0..24).map(|_| tokio::spawn(ask_and_count(bursar.clone()))).collect();
        let mut answered = 0;
        for asked in asked {
            match asked.await.unwrap() {
                Ok(_) => answered += 1,
                Err(error) => assert!(matches!(error, Error::Refused(_)), "{error}"),
            }
        }
        assert!(answered > 0);
        assert_eq!(world.served().len(), answered);
        let report = bursar.ledger.audit().await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
    }
}
