//! Cut streams against the simulator: what the caller receives, and what the ledger keeps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_bedrockruntime::config::{BehaviorVersion, Credentials as Keys, Region};
use aws_sdk_bedrockruntime::types::error::{ConverseStreamOutputError, ResponseStreamError};
use aws_sdk_bedrockruntime::{Client, Config};
use bursar_domain::call::{Outcome, Settlement};
use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::entropy::Entropy;
use bursar_domain::identity::Attribution;
use bursar_domain::money::Micros;
use bursar_domain::price_book::PriceBook;
use bursar_domain::scope::Scope;
use bursar_domain::time::{Clock, Timestamp};
use bursar_domain::watch::{OnCut, StreamLimits};
use bursar_ledger::{Change, DatabaseUrl, Ledger, OpenOptions};
use bursar_simulator::{Settings, Simulator};
use bursar_wire::frame::{FrameDecoder, FrameKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{
    Bedrock, Bursar, Connection, Credentials, Health, Invocation, Limits, Pricing, Prompt, Receipt,
    Running, Upstreams, Witness, cut_pair,
};

const NOVA: &str = "amazon.nova-lite-v1:0";
const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
/// Forty tokens, a millisecond between two of them.
const FORTY: &str = "input=20 output=40 gap-ms=1";
/// An answer that no test waits for.
const ENDLESS: &str = "input=20 output=4000 gap-ms=50";

struct World {
    simulator: Simulator,
    bursar: Bursar,
}

/// What the caller has received, and how the call was settled.
struct Cut {
    bytes: Vec<u8>,
    receipt: Receipt,
}

impl Cut {
    fn settlement(&self) -> &Settlement {
        &self.receipt.settlement
    }

    fn code(&self) -> &str {
        self.settlement().ending.error_code.as_deref().unwrap_or_default()
    }

    fn message(&self) -> &str {
        self.settlement().ending.error_message.as_deref().unwrap_or_default()
    }

    /// The names of the frames; each is whole.
    fn frames(&self) -> Vec<String> {
        let mut decoder = FrameDecoder::new();
        decoder.push(&self.bytes);
        let mut names = Vec::new();
        while let Some(frame) = decoder.next().unwrap() {
            names.push(match frame.kind {
                FrameKind::Event(name) | FrameKind::Exception(name) => name,
                FrameKind::Error { code, .. } => code,
            });
        }
        assert!(!decoder.is_inside_frame(), "the stream ends inside a frame");
        names
    }

    fn pieces(&self) -> usize {
        self.frames().iter().filter(|name| *name == "contentBlockDelta").count()
    }
}

impl World {
    async fn start(limits: StreamLimits, drain: Duration) -> Self {
        let time = Timestamp::parse_date("2026-11-01").unwrap();
        let clock = Clock::new(move || time);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let simulator = Simulator::start(listener, Settings::default(), clock.clone()).unwrap();
        let connection = Connection {
            region: Some("us-east-1".to_owned()),
            endpoint: Some(simulator.url()),
            credentials: Credentials::Simulated,
            connect_timeout: Duration::from_secs(3),
        };
        let url = DatabaseUrl::parse("sqlite::memory:").unwrap();
        let bursar = Bursar {
            ledger: Ledger::open(&url, OpenOptions::new(clock.clone())).await.unwrap(),
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
            limits: Limits { streams: limits, drain, ..Limits::default() },
            clock,
            entropy: Entropy::system(),
            simulated: true,
            running: Running::default(),
            master_key: None,
            labels: false,
            witness: Witness::default(),
        };
        Self { simulator, bursar }
    }

    async fn converse(&self, words: &str) -> Cut {
        self.run(invocation(NOVA, words)).await
    }

    async fn run(&self, invocation: Invocation) -> Cut {
        let (_cutter, signal) = cut_pair();
        let caller = Attribution::default();
        let mut reply = self.bursar.invoke(caller, invocation, signal).await.unwrap();
        let mut bytes = Vec::new();
        while let Some(piece) = reply.next().await {
            bytes.extend_from_slice(&piece);
        }
        Cut { bytes, receipt: reply.settled().await.unwrap() }
    }

    /// The books agree, and nothing is open.
    async fn end(self) {
        let report = self.bursar.ledger.audit().await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
        assert_eq!(report.holds, 0);
    }
}

fn invocation(model: &str, words: &str) -> Invocation {
    let model = Catalogue::embedded().resolve(model, &Names::default()).unwrap();
    let prompt = prompt(words);
    Invocation::converse(model, &prompt, true)
}

fn prompt(words: &str) -> Prompt {
    Prompt {
        text: "a question that is long enough to be asked".to_owned(),
        max_tokens: Some(4_000),
        metadata: BTreeMap::from([("bursar-sim".to_owned(), words.to_owned())]),
        ..Prompt::default()
    }
}

fn tokens(limit: u64) -> StreamLimits {
    StreamLimits { output_tokens: Some(limit), ..StreamLimits::NONE }
}

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_stream_that_is_drained_is_billed_exactly_and_its_caller_told() {
    let world = World::start(tokens(10), MINUTE).await;
    let cut = world.converse(FORTY).await;
    assert_eq!((cut.settlement().ending.outcome, cut.code()), (Outcome::Cut, "StreamTokenLimit"));
    assert_eq!(cut.pieces(), 10, "{:?}", cut.frames());
    assert_eq!(cut.frames().last().unwrap(), "modelStreamErrorException");
    let bill = &cut.settlement().bill;
    let served = &world.simulator.calls()[0];
    assert_eq!((&bill.usage, bill.estimated), (&served.usage, false));
    assert_eq!((bill.usage.output, served.ended.as_deref()), (40, Some("complete")));
    assert!(cut.message().contains("limit of 10 output tokens"), "{}", cut.message());
    assert!(cut.message().contains("of 40 output tokens, as reported, about 30 were withheld"));
    world.end().await;
}

#[tokio::test]
async fn a_stream_that_is_dropped_is_billed_at_its_hold_with_what_was_seen_as_the_least() {
    let limits = StreamLimits { on_cut: OnCut::Drop, ..tokens(10) };
    let world = World::start(limits, MINUTE).await;
    let cut = world.converse(ENDLESS).await;
    assert_eq!((cut.settlement().ending.outcome, cut.code()), (Outcome::Cut, "StreamTokenLimit"));
    assert_eq!(cut.frames().last().unwrap(), "modelStreamErrorException");
    let bill = &cut.settlement().bill;
    assert!(bill.estimated);
    assert_eq!(bill.cost, cut.receipt.held);
    assert!(bill.cost_low.is_some() && bill.cost_low < bill.cost);
    assert!(cut.message().ends_with("so its bill is a bound"), "{}", cut.message());
    world.end().await;
}

#[tokio::test]
async fn a_drain_ends_in_time_and_then_the_bill_is_a_bound() {
    let world = World::start(tokens(3), Duration::from_millis(50)).await;
    let cut = world.converse(ENDLESS).await;
    assert_eq!((cut.settlement().ending.outcome, cut.code()), (Outcome::Cut, "StreamTokenLimit"));
    assert_eq!(cut.frames().last().unwrap(), "modelStreamErrorException");
    assert!(cut.settlement().bill.estimated);
    world.end().await;
}

#[tokio::test]
async fn money_time_and_silence_cut_too() {
    let none = StreamLimits::NONE;
    let cases = [
        (StreamLimits { money: Some(Micros(3)), ..none }, FORTY, "StreamMoneyLimit"),
        (StreamLimits { seconds: Some(1), ..none }, ENDLESS, "StreamTimeLimit"),
        (
            StreamLimits { idle_seconds: Some(1), ..none },
            "input=20 output=40 fault=stall after=5",
            "StreamIdleLimit",
        ),
    ];
    for (limits, words, code) in cases {
        let world = World::start(limits, Duration::from_millis(200)).await;
        let cut = world.converse(words).await;
        assert_eq!((cut.settlement().ending.outcome, cut.code()), (Outcome::Cut, code));
        assert_eq!(cut.frames().last().unwrap(), "modelStreamErrorException", "{code}");
        world.end().await;
    }
}

#[tokio::test]
async fn what_keeps_to_its_limits_passes_unchanged() {
    let limits = StreamLimits { seconds: Some(60), idle_seconds: Some(60), ..tokens(40) };
    let world = World::start(limits, MINUTE).await;
    let whole = world.converse(FORTY).await;
    assert_eq!(whole.settlement().ending.outcome, Outcome::Succeeded);
    assert_eq!((whole.pieces(), whole.frames().last().unwrap().as_str()), (40, "metadata"));
    world.end().await;
}

#[tokio::test]
async fn limits_of_the_ledger_apply_and_the_strictest_counts() {
    let world = World::start(tokens(20), MINUTE).await;
    let scope = Scope::default();
    let change = Change::SetStreamLimits { id: "a".to_owned(), scope, limits: tokens(5) };
    world.bursar.ledger.change("a test", vec![change]).await.unwrap();
    assert_eq!(world.converse(FORTY).await.pieces(), 5);
    let scope = Scope::default();
    let change = Change::SetStreamLimits { id: "a".to_owned(), scope, limits: tokens(30) };
    world.bursar.ledger.change("a test", vec![change]).await.unwrap();
    assert_eq!(world.converse(FORTY).await.pieces(), 20);
    world.end().await;
}

#[tokio::test]
async fn a_wish_of_somebody_else_cuts_a_running_stream_and_says_who() {
    let world = World::start(StreamLimits::NONE, Duration::from_millis(50)).await;
    let (_cutter, signal) = cut_pair();
    let invocation = invocation(NOVA, ENDLESS);
    let mut reply = world.bursar.invoke(Attribution::default(), invocation, signal).await.unwrap();
    assert!(reply.next().await.is_some());
    let reason = "a loop in the agent".to_owned();
    let wish = Change::Cut { calls: vec![reply.id.clone()], reason };
    world.bursar.ledger.change("cli:ann", vec![wish]).await.unwrap();
    let receipt = reply.settled().await.unwrap();
    let ending = &receipt.settlement.ending;
    assert_eq!(ending.outcome, Outcome::Cut);
    assert_eq!(ending.error_code.as_deref(), Some(crate::CUT_BY_OPERATOR));
    let message = ending.error_message.as_deref().unwrap();
    assert!(message.starts_with("cut by cli:ann: a loop in the agent"), "{message}");
    world.end().await;
}

#[tokio::test]
async fn a_caller_that_goes_away_is_drained_or_dropped_as_the_limits_say() {
    for (on_cut, drain, outcome, code) in [
        (OnCut::Drain, MINUTE, Outcome::Succeeded, None),
        (OnCut::Drop, MINUTE, Outcome::Cut, Some("ClientGone")),
        (OnCut::Drain, Duration::ZERO, Outcome::Cut, Some("ClientGone")),
    ] {
        let limits = StreamLimits { on_cut, ..StreamLimits::NONE };
        let world = World::start(limits, drain).await;
        let (_cutter, signal) = cut_pair();
        let words = "input=20 output=300 gap-ms=2";
        let invocation = invocation(NOVA, words);
        let reply = world.bursar.invoke(Attribution::default(), invocation, signal).await.unwrap();
        let id = reply.id.clone();
        drop(reply);
        let row = recorded(&world.bursar.ledger, &id).await;
        assert_eq!((row.ending.outcome, row.ending.error_code.as_deref()), (outcome, code));
        assert!(row.ending.client_gone);
        let is_exact = outcome == Outcome::Succeeded;
        assert_eq!(row.bill.estimated, !is_exact);
        assert!(!is_exact || row.bill.usage == world.simulator.calls()[0].usage);
        world.end().await;
    }
}

/// The row of a call that nobody waits for, once it is there.
async fn recorded(ledger: &Ledger, id: &bursar_domain::call::CallId) -> bursar_ledger::CallRow {
    let filter = bursar_ledger::CallFilter { id: Some(id.clone()), ..Default::default() };
    loop {
        let page = bursar_ledger::Page { after: None, limit: 1 };
        if let Some(row) = ledger.calls(&filter, &page).await.unwrap().pop() {
            return row;
        }
        tokio::task::yield_now().await;
    }
}

/// Serves the bytes as a stream of Bedrock's, for the SDK to read.
async fn serve(bytes: Vec<u8>) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        // Whoever tries again would be let in, and find nothing: it would be another error.
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 65_536];
        let _ = stream.read(&mut request).await.unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n\
             content-length: {}\r\n\r\n",
            bytes.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
    });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Keys::new("AKIAEXAMPLE", "secret", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

#[tokio::test]
async fn the_sdk_surfaces_the_cut_of_converse_with_its_figures_and_the_calls_id() {
    let world = World::start(tokens(7), MINUTE).await;
    let cut = world.converse(FORTY).await;
    let client = serve(cut.bytes.clone()).await;
    let mut reply = client.converse_stream().model_id(NOVA).send().await.unwrap();
    let (mut deltas, mut error) = (0, None);
    while error.is_none() {
        match reply.stream.recv().await {
            Ok(Some(event)) => deltas += usize::from(event.is_content_block_delta()),
            Ok(None) => panic!("a silent end"),
            Err(told) => error = Some(told.into_service_error()),
        }
    }
    let Some(ConverseStreamOutputError::ModelStreamErrorException(told)) = error else {
        panic!("{error:?}");
    };
    let message = told.message().unwrap();
    assert_eq!(deltas, 7);
    assert!(message.contains("limit of 7 output tokens is reached"), "{message}");
    assert!(message.contains(cut.settlement().id.as_str()), "{message}");
    world.end().await;
}

#[tokio::test]
async fn the_sdk_surfaces_the_cut_of_a_providers_own_stream() {
    let world = World::start(tokens(7), MINUTE).await;
    let model = Catalogue::embedded().resolve(HAIKU, &Names::default()).unwrap();
    let cut = world.run(Invocation::invoke(model, &prompt(FORTY), true).unwrap()).await;
    assert_eq!((cut.code(), cut.settlement().bill.estimated), ("StreamTokenLimit", false));
    let client = serve(cut.bytes.clone()).await;
    let asked = client.invoke_model_with_response_stream().model_id(HAIKU);
    let mut reply = asked.send().await.unwrap();
    let told = loop {
        match reply.body.recv().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a silent end"),
            Err(told) => break told.into_service_error(),
        }
    };
    assert!(matches!(told, ResponseStreamError::ModelStreamErrorException(_)), "{told:?}");
    world.end().await;
}
