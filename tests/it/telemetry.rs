//! OpenTelemetry: what a collector receives of a gateway's calls, and what calls notice of a collector
//! that is away.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::world::{NOVA, World};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What was posted: the head, in lower case, and the message.
type Post = (String, Vec<u8>);

/// A collector that takes everything.
fn collect() -> (String, Receiver<Post>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (told, posts) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let told = told.clone();
            thread::spawn(move || serve(stream.unwrap(), &told));
        }
    });
    (url, posts)
}

/// Answers a connection's requests until it, or the test, has ended.
fn serve(mut stream: TcpStream, told: &Sender<Post>) {
    while let Some(post) = read(&stream) {
        // Told before it is answered: who has its answer has been told of.
        if told.send(post).is_err() {
            return;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}

/// The next request of a connection, which its sender has not gone on from.
fn read(stream: &TcpStream) -> Option<Post> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let (_, length) = head.split_once("content-length: ").expect("it has a length");
    let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Some((head, body))
}

/// A gateway whose telemetry goes to a collector.
struct Gateway {
    child: Child,
    url: String,
    admin: String,
    key: String,
    world: World,
}

impl Gateway {
    fn start(collector: &str) -> Self {
        let world = World::start();
        world.json(&["team", "create", "research"]);
        let key = world.json(&["key", "create", "--team", "research"]);
        let mut child = world
            .command()
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
            .env("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k%201")
            .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
            .env("OTEL_BSP_SCHEDULE_DELAY", "20")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = |start: &str| {
            lines.next().unwrap().unwrap().strip_prefix(start).expect("it says where").to_owned()
        };
        let (url, admin) = (line("listening on "), line("admin on "));
        let key = key["secret"].as_str().unwrap().to_owned();
        Self { child, url, admin, key, world }
    }

    fn ask(&self, operation: &str, words: &str, more: &[&str]) -> String {
        let body = format!(
            r#"{{"messages":[{{"role":"user","content":[{{"text":"a canary in the prompt"}}]}}],
                "requestMetadata":{{"bursar-sim":"{words}"}}}}"#
        );
        let url = format!("{}/model/{NOVA}/{operation}", self.url);
        let key = format!("authorization: Bearer {}", self.key);
        let mut command = Command::new("curl");
        command.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", &key, "-d", &body]);
        let ran = command.args(more).arg(&url).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    }

    fn metrics(&self) -> String {
        let ran = Command::new("curl").args(["-s", &format!("{}/metrics", self.admin)]).output();
        String::from_utf8(ran.unwrap().stdout).unwrap()
    }

    /// Asks it to stop, and gives back its world once it has.
    fn stop(mut self) -> World {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        self.world
    }
}

/// The spans and the points of histograms, by metric, that were posted; until the gateway had ended.
fn received(posts: &Receiver<Post>) -> (Vec<Span>, Vec<(String, HistogramDataPoint)>) {
    let (mut spans, mut points) = (Vec::new(), Vec::new());
    for (head, body) in posts.try_iter() {
        assert!(head.contains("content-type: application/x-protobuf"), "{head}");
        assert!(head.contains("api-key: k 1"), "{head}");
        assert!(!String::from_utf8_lossy(&body).contains("canary"), "no prompt leaves");
        if head.starts_with("post /v1/traces ") {
            let message = ExportTraceServiceRequest::decode(&*body).unwrap();
            for of_process in message.resource_spans {
                let resource = of_process.resource.unwrap();
                assert_eq!(text(&resource.attributes, "service.name"), "bursar");
                assert_eq!(text(&resource.attributes, "deployment.environment.name"), "test");
                spans.extend(of_process.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        } else {
            assert!(head.starts_with("post /v1/metrics "), "{head}");
            // Sums are since the start: the last message has all of them.
            points = read_points(&body);
        }
    }
    (spans, points)
}

/// The points of a message's histograms, each with its metric's name.
fn read_points(body: &[u8]) -> Vec<(String, HistogramDataPoint)> {
    let message = ExportMetricsServiceRequest::decode(body).unwrap();
    let scopes = message.resource_metrics.into_iter().flat_map(|of| of.scope_metrics);
    let mut points = Vec::new();
    for metric in scopes.flat_map(|scope| scope.metrics) {
        let Some(Data::Histogram(histogram)) = metric.data else { panic!("{metric:?}") };
        let own = histogram.data_points.into_iter();
        points.extend(own.map(|point| (metric.name.clone(), point)));
    }
    points
}

fn value<'a>(pairs: &'a [KeyValue], key: &str) -> &'a Value {
    let pair = pairs.iter().find(|pair| pair.key == key);
    let pair = pair.unwrap_or_else(|| panic!("no {key} in {pairs:#?}"));
    pair.value.as_ref().unwrap().value.as_ref().unwrap()
}

fn text<'a>(pairs: &'a [KeyValue], key: &str) -> &'a str {
    match value(pairs, key) {
        Value::StringValue(text) => text,
        other => panic!("{key}: {other:?}"),
    }
}

fn number(pairs: &[KeyValue], key: &str) -> i64 {
    match value(pairs, key) {
        Value::IntValue(number) => *number,
        other => panic!("{key}: {other:?}"),
    }
}

fn of_call<'a>(spans: &'a [Span], id: &str) -> &'a Span {
    spans.iter().find(|span| text(&span.attributes, "bursar.call.id") == id).expect("it has a span")
}

/// Whether a span says of its call what the ledger says.
fn assert_tells(span: &Span, call: &serde_json::Value, outcome: &str) {
    let said = &span.attributes;
    assert_eq!(text(said, "bursar.outcome"), outcome);
    assert_eq!(text(said, "bursar.team"), "research");
    assert_eq!(text(said, "bursar.cost.usd"), call["cost_usd"].as_str().unwrap());
    assert_eq!(text(said, "aws.request_id"), call["request_id"].as_str().unwrap());
    assert_eq!(text(said, "gen_ai.provider.name"), "aws.bedrock");
    assert_eq!(text(said, "gen_ai.request.model"), NOVA);
    assert_eq!(span.name, format!("chat {NOVA}"));
    assert_eq!(number(said, "gen_ai.usage.output_tokens"), call["output_tokens"].as_i64().unwrap());
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    let trace = u128::from_be_bytes(span.trace_id[..].try_into().unwrap());
    let is_call = format!("{trace:032x}") == call["id"].as_str().unwrap().replace('-', "");
    assert_eq!(span.parent_span_id.is_empty(), is_call, "a root's trace has the call's id");
}

#[test]
fn a_collector_receives_a_span_and_the_sums_of_every_call() {
    let (collector, posts) = collect();
    let gateway = Gateway::start(&collector);
    let parent = format!("traceparent: {PARENT}");
    let plain = "input=374 output=44 cache-read=7";
    assert_eq!(gateway.ask("converse", plain, &["-H", &parent]), "200");
    assert_eq!(gateway.ask("converse-stream", "input=12 output=30", &[]), "200");
    assert_eq!(gateway.ask("converse", "fault=throttle", &[]), "429");
    let unsampled = format!("traceparent: {}", PARENT.replace("-01", "-00"));
    assert_eq!(gateway.ask("converse", "input=1 output=1", &["-H", &unsampled]), "200");
    let world = gateway.stop();
    let (spans, points) = received(&posts);
    let calls = world.calls();
    assert_eq!((calls.len(), spans.len()), (4, 3), "the fourth's caller keeps no trace of it");
    for call in &calls {
        let (id, outcome) = (call["id"].as_str().unwrap(), call["outcome"].as_str().unwrap());
        if call["output_tokens"] == 1 {
            continue;
        }
        assert_tells(of_call(&spans, id), call, outcome);
    }
    let plain =
        spans.iter().find(|span| !span.parent_span_id.is_empty()).expect("one has a parent");
    assert_eq!(plain.trace_id[..3], [0x4b, 0xf9, 0x2f]);
    assert_eq!(plain.parent_span_id[..2], [0x00, 0xf0]);
    assert_eq!(number(&plain.attributes, "gen_ai.usage.input_tokens"), 381, "cached ones too");
    assert_eq!(number(&plain.attributes, "gen_ai.usage.cache_read.input_tokens"), 7);
    assert!(matches!(value(&plain.attributes, "gen_ai.response.finish_reasons"),
        Value::ArrayValue(list) if matches!(&list.values[..],
            [AnyValue { value: Some(Value::StringValue(stop)) }] if stop == "end_turn")));
    let is_stream =
        |span: &&Span| span.attributes.iter().any(|pair| pair.key == "gen_ai.request.stream");
    let streamed: Vec<_> = spans.iter().filter(is_stream).collect();
    assert_eq!(streamed.len(), 1);
    assert!(matches!(
        value(&streamed[0].attributes, "gen_ai.response.time_to_first_chunk"),
        Value::DoubleValue(first) if *first >= 0.0
    ));
    let failed: Vec<_> = spans.iter().filter(|span| span.status.is_some()).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(text(&failed[0].attributes, "error.type"), "ThrottlingException");
    let of = |name: &'static str| {
        points.iter().filter(move |(known, _)| known == name).map(|(_, point)| point)
    };
    let durations: Vec<(u64, bool)> = of("gen_ai.client.operation.duration")
        .map(|point| (point.count, point.attributes.iter().any(|pair| pair.key == "error.type")))
        .collect();
    assert_eq!(durations.len(), 2);
    assert!(durations.contains(&(3, false)) && durations.contains(&(1, true)), "{durations:?}");
    let tokens: Vec<(&str, Option<f64>)> = of("gen_ai.client.token.usage")
        .map(|point| (text(&point.attributes, "gen_ai.token.type"), point.sum))
        .collect();
    assert!(tokens.contains(&("input", Some(394.0))), "{tokens:?}");
    assert!(tokens.contains(&("output", Some(75.0))), "{tokens:?}");
    assert_eq!(
        of("gen_ai.client.operation.time_to_first_chunk").map(|point| point.count).sum::<u64>(),
        1
    );
    world.audit();
}

#[test]
fn calls_notice_nothing_of_a_collector_that_is_away_and_what_it_missed_is_counted() {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let gateway = Gateway::start(&format!("http://{free}"));
    for _ in 0..3 {
        assert_eq!(gateway.ask("converse", "output=5", &[]), "200");
    }
    let dropped = r#"bursar_otlp_spans_total{result="dropped"} 3"#;
    let begun = std::time::Instant::now();
    while !gateway.metrics().contains(dropped) {
        assert!(begun.elapsed() < PATIENCE, "{}", gateway.metrics());
        thread::yield_now();
    }
    assert!(gateway.metrics().contains(r#"bursar_otlp_spans_total{result="exported"} 0"#));
    gateway.stop().audit();
}

#[test]
fn an_endpoint_that_is_none_is_told_at_the_start() {
    let world = World::start();
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:pass@collector"),
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
    ] {
        let mut command = world.command();
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1").env(name, value);
        let ran = command.args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
        assert_eq!(ran.status.code(), Some(78), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}
