//! The connection under the calls: HTTP/2, misbehaving clients, slow readers, stopping.

use bursar_domain::call::Operation;
use bursar_wire::path::encode_path;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fixture::*;
use crate::Simulator;

async fn connect(simulator: &Simulator) -> TcpStream {
    TcpStream::connect(simulator.url().trim_start_matches("http://")).await.unwrap()
}

fn raw_request(words: &str) -> String {
    let (path, body) =
        (encode_path(NOVA, Operation::ConverseStream), conversation(words).to_string());
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer key\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn http_2_with_prior_knowledge_is_spoken_on_the_same_port() {
    let simulator = start().await;
    let socket = TokioIo::new(connect(&simulator).await);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), socket).await.unwrap();
    tokio::spawn(connection);
    let url = simulator.url() + &encode_path(NOVA, Operation::ConverseStream);
    let request = http::Request::post(url)
        .header("authorization", "Bearer key")
        .body(Full::new(Bytes::from(conversation("output=9").to_string())))
        .unwrap();
    let reply = sender.send_request(request).await.unwrap();
    assert_eq!((reply.status().as_u16(), reply.version()), (200, http::Version::HTTP_2));
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    let mut decoder = bursar_wire::frame::FrameDecoder::new();
    decoder.push(&bytes);
    let mut frames = 0;
    while decoder.next().unwrap().is_some() {
        frames += 1;
    }
    assert_eq!(frames, 9 + 4);
    assert_eq!(converse(&simulator, NOVA, &conversation("")).await["stopReason"], "end_turn");
}

#[tokio::test]
async fn bytes_that_are_no_http_end_their_own_connection_only() {
    let simulator = start().await;
    for bytes in [b"\x00\xff\x00\xff garbage\r\n\r\n".as_slice(), b"GET / HTTP/9.9\r\n\r\n"] {
        let mut socket = connect(&simulator).await;
        socket.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer).await;
    }
    assert_eq!(converse(&simulator, NOVA, &conversation("")).await["stopReason"], "end_turn");
}

#[tokio::test]
async fn stopping_lets_a_short_call_end_and_drops_a_stalled_one() {
    let simulator = start().await;
    let mut stalled = connect(&simulator).await;
    stalled.write_all(raw_request("fault=stall after=1").as_bytes()).await.unwrap();
    stalled.readable().await.unwrap();
    let mut short = connect(&simulator).await;
    short.write_all(raw_request("output=4 gap-ms=20").as_bytes()).await.unwrap();
    short.readable().await.unwrap();
    let address = simulator.url();
    simulator.stop().await;
    let mut answer = Vec::new();
    short.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(b"0\r\n\r\n"), "the short call came to its end");
    let mut rest = Vec::new();
    let _ = stalled.read_to_end(&mut rest).await;
    assert!(!rest.ends_with(b"0\r\n\r\n"));
    assert!(TcpStream::connect(address.trim_start_matches("http://")).await.is_err());
}
