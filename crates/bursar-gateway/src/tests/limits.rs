//! Bounds on what comes in: bodies, heads, silences. Each is refused without a call being made.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fixture::*;
use crate::Settings;

/// Sends these bytes, and reads what is answered until the end of the connection.
pub(super) async fn raw(world: &World, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(world.address()).await.unwrap();
    // It may be closed before all of it is taken.
    drop(socket.write_all(bytes).await);
    let mut answer = Vec::new();
    drop(socket.read_to_end(&mut answer).await);
    String::from_utf8_lossy(&answer).into_owned()
}

async fn small() -> World {
    let settings = Settings {
        body_bytes_max: 10_000,
        body_idle: Duration::from_millis(100),
        head_timeout: Duration::from_millis(200),
        ..Settings::default()
    };
    World::start_with(settings, bursar_simulator::Settings::default()).await
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_it_says_so_or_not() {
    let world = small().await;
    let path = format!("/model/{NOVA}/converse");
    let key = world.key.secret.expose();
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n");
    // Said, and never sent: it is not waited for.
    let said = raw(&world, format!("{head}content-length: 10001\r\n\r\n").as_bytes()).await;
    assert!(said.starts_with("HTTP/1.1 413"), "{said}");
    assert!(said.contains("ValidationException"), "{said}");
    let chunk = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
    let long = format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n");
    let unsaid = raw(&world, long.as_bytes()).await;
    assert!(unsaid.starts_with("HTTP/1.1 413"), "{unsaid}");
    assert!(world.served().is_empty());
    world.end().await;
}

#[tokio::test]
async fn who_sends_slowly_or_not_at_all_is_not_waited_for() {
    let world = small().await;
    let key = world.key.secret.expose();
    let head = format!(
        "POST /model/{NOVA}/converse HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
    );
    let half = raw(&world, format!("{head}content-length: 100\r\n\r\n{{").as_bytes()).await;
    assert!(half.starts_with("HTTP/1.1 400") && half.contains("in time"), "{half}");
    // A head that never ends.
    let headless = raw(&world, head.as_bytes()).await;
    assert!(headless.is_empty() || headless.starts_with("HTTP/1.1 408"), "{headless}");
    assert!(world.served().is_empty());
    world.end().await;
}

#[tokio::test]
async fn a_stranger_is_not_read_from() {
    let world = small().await;
    // The body is promised and never sent: the answer does not wait for it.
    let head =
        format!("POST /model/{NOVA}/converse HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n");
    let answer = raw(&world, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    world.end().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_or_smuggles_a_second_request_is_no_request() {
    let world = small().await;
    let path = format!("/model/{NOVA}/converse");
    let key = world.key.secret.expose();
    let body = conversation("").to_string();
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n");
    let length = body.len();
    let huge = "x".repeat(100_000);
    let many: Vec<String> = (0..500).map(|number| format!("x-{number}: y\r\n")).collect();
    let many = many.concat();
    for bytes in [
        format!("{head}x-huge: {huge}\r\ncontent-length: {length}\r\n\r\n{body}"),
        format!("{head}{many}content-length: {length}\r\n\r\n{body}"),
        format!("{head}content-length: {length}\r\ncontent-length: 1\r\n\r\n{body}"),
        format!("{head}content-length: +{length}\r\n\r\n{body}"),
        format!("{head}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n"),
        format!("{head}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        format!("{head} folded: a\r\ncontent-length: {length}\r\n\r\n{body}"),
        format!("{head}x y: a\r\ncontent-length: {length}\r\n\r\n{body}"),
        format!("{head}content-length : {length}\r\n\r\n{body}"),
    ] {
        let answer = raw(&world, bytes.as_bytes()).await;
        let status = answer.split(' ').nth(1).unwrap_or("closed").to_owned();
        let is_no = ["400", "403", "413", "431", "closed"].contains(&status.as_str());
        assert!(is_no, "{status} to {bytes:.200}");
        assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
    }
    assert!(world.served().is_empty());
    world.end().await;
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let world = World::start().await;
    for encoding in ["gzip", "deflate", "br", "zstd", "identity, gzip"] {
        let asked = world.post(&format!("/model/{NOVA}/converse"));
        let asked = asked.header("content-encoding", encoding).body(vec![0x1f, 0x8b]);
        assert_eq!(asked.send().await.unwrap().status(), 400, "{encoding}");
    }
    assert!(world.served().is_empty());
    world.end().await;
}

#[tokio::test]
async fn bodies_that_do_not_fit_into_memory_together_are_told_to_come_back() {
    let settings = Settings {
        bodies_bytes_max: 1 << 20,
        room_patience: Duration::from_millis(50),
        ..Settings::default()
    };
    let world = World::start_with(settings, bursar_simulator::Settings::default()).await;
    let key = world.key.secret.expose();
    // It promises all that there is room for, and keeps its sender waiting.
    let mut greedy = TcpStream::connect(world.address()).await.unwrap();
    let head = format!(
        "POST /model/{NOVA}/converse HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
         content-length: 1048576\r\nexpect: 100-continue\r\n\r\n"
    );
    greedy.write_all(head.as_bytes()).await.unwrap();
    let mut told = [0; 21];
    greedy.read_exact(&mut told).await.unwrap();
    assert!(told.starts_with(b"HTTP/1.1 100"), "its body is being read");
    let other = world.converse("").await;
    assert_eq!(
        (other.status().as_u16(), &other.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    drop(greedy);
    while world.converse("").await.status() != 200 {}
    world.end().await;
}

#[tokio::test]
async fn connections_over_the_limit_wait_for_one_to_end() {
    let settings = Settings { connections_max: 1, ..Settings::default() };
    let world = World::start_with(settings, bursar_simulator::Settings::default()).await;
    let mut first = TcpStream::connect(world.address()).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    first.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let mut second = TcpStream::connect(world.address()).await.unwrap();
    let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    second.write_all(ask).await.unwrap();
    let early =
        tokio::time::timeout(Duration::from_millis(100), second.read_exact(&mut head)).await;
    assert!(early.is_err(), "it is answered although there is no room");
    drop(first);
    second.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    drop(second);
    world.end().await;
}
