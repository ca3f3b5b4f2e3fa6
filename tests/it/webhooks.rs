//! Signed heads that are posted to a webhook: a real HTTP server, that is away first and then back.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use bursar_core::Hook;
use bursar_domain::entropy::Entropy;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::time::Clock;
use bursar_ledger::{
    Change, DatabaseUrl, Head, HeadDelivery, Ledger, OpenOptions, PublicKey, Sealing, Signer,
    SigningKey, Webhook,
};
use serde_json::{Value, json};

use crate::world::{BOTH, NOVA, World};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// An address that nobody listens at, as long as nobody takes it.
fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

/// Answers each post with the next of these, and the last of them from then on; tells what was
/// posted.
fn serve(address: SocketAddr, answers: &'static [&'static str]) -> Receiver<(String, String)> {
    let listener = TcpListener::bind(address).unwrap();
    let (told, posts) = channel();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let answer = answers[number.min(answers.len() - 1)];
            if told.send(read_post(stream.unwrap(), answer)).is_err() {
                return;
            }
        }
    });
    posts
}

/// The head of a request and its body, which is answered.
fn read_post(mut stream: TcpStream, answer: &str) -> (String, String) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let head = head.to_lowercase();
    let (_, length) = head.split_once("content-length: ").expect("it has a length");
    let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).unwrap();
    (head, String::from_utf8(body).unwrap())
}

/// The head that was posted, which this key signed.
fn posted(posts: &Receiver<(String, String)>, key: &PublicKey) -> Head {
    let (head, body) = posts.recv_timeout(PATIENCE).expect("a head is posted");
    assert!(head.starts_with("post /heads?token=secret http/1.1"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let head: Head = serde_json::from_str(&body).unwrap();
    assert!(key.has_signed(&head), "{body}");
    head
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}/heads?token=secret")
}

/// A world whose heads go to this address, with one call; the public key.
fn world(database: crate::world::Database, address: SocketAddr) -> (World, PublicKey) {
    let world = World::on(database, &[]);
    let key = world.path("key");
    let settings = format!(
        "[ledger]\nsigning_key_file = \"{}\"\nheads_url = \"{}\"\n",
        key.display(),
        url(address)
    );
    let config = world.write("config.toml", &settings);
    let made = world.json(&["ledger", "keygen", "--config", &config]);
    world.bursar(&["converse", "-m", NOVA, "hello"]).exits(0);
    (world, PublicKey::parse(made["public_key"].as_str().unwrap()).unwrap())
}

/// What the doctor says of heads.
fn doctor(world: &World, config: &str) -> Value {
    let ran = world.bursar(&["doctor", "--config", config, "--json"]);
    let report = ran.json();
    let checks = report["findings"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    checks.iter().find(|check| check["check"] == "heads").expect("it looks at heads").clone()
}

#[test]
fn a_head_whose_webhook_is_away_is_told_and_goes_to_it_once_it_is_back() {
    for database in BOTH {
        let address = free_address();
        let (world, key) = world(database, address);
        let config = world.path("config.toml").display().to_string();
        let seal = ["ledger", "seal", "--config", &config, "--json"];
        assert!(doctor(&world, &config)["found"].as_str().unwrap().contains("none was offered"));
        let away = world.bursar(&seal).exits(1);
        let report = away.json();
        assert_eq!(
            (&report["sealed"], &report["webhook"]["taken_block"]),
            (&json!(1), &Value::Null)
        );
        assert!(
            !away.stdout.contains("secret") && !away.stderr.contains("secret"),
            "{}",
            away.stderr
        );
        let found = doctor(&world, &config);
        assert_eq!(found["level"], "warning", "{found:#}");
        assert!(found["found"].as_str().unwrap().contains("it never took one"), "{found:#}");
        // It refuses once, as a server does that is starting.
        let posts = serve(address, &["503 Service Unavailable", "204 No Content"]);
        let back = world.bursar(&seal).exits(0).json();
        assert_eq!((&back["sealed"], &back["webhook"]["taken_block"]), (&json!(0), &json!(1)));
        let heads = [posted(&posts, &key), posted(&posts, &key)];
        assert_eq!(heads.map(|head| head.block), [1, 1]);
        let found = doctor(&world, &config);
        assert_eq!(found["level"], "ok", "{found:#}");
        assert!(found["found"].as_str().unwrap().contains("it took that of block 1"), "{found:#}");
        world.audit();
    }
}

#[test]
fn a_url_that_heads_may_not_go_to_is_refused_before_anything_is_done() {
    let world = World::start();
    for url in ["http://example.com/heads", "https://ann:secret@example.com/", "nonsense"] {
        let config = world.write("bad.toml", &format!("[ledger]\nheads_url = \"{url}\"\n"));
        let ran = world.bursar(&["usage", "--config", &config]).exits(78);
        assert!(ran.stderr.contains("`[ledger] heads_url`"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    }
}

/// A ledger that seals in the background, and offers heads to this address.
async fn sealing(world: &World, address: SocketAddr) -> (Ledger, PublicKey) {
    let key = SigningKey::create(&world.path("key"), &Entropy::system()).unwrap();
    let public = key.public();
    let hook = Arc::new(Hook::new(&url(address)).unwrap());
    let webhook = Webhook::new(Duration::from_millis(10), move |head| {
        let hook = Arc::clone(&hook);
        Box::pin(async move { hook.post(head).await })
    });
    let signer = Some(Signer::new(key, None).with_webhook(Some(webhook)));
    let mut options = OpenOptions::new(Clock::system());
    options.sealing = Some(Sealing { every: Duration::from_millis(10), signer });
    let url = DatabaseUrl::parse(&world.ledger).unwrap();
    (Ledger::open(&url, options).await.unwrap(), public)
}

async fn change(ledger: &Ledger, id: &str) {
    let reason = "a test".to_owned();
    let scope = Scope::default().with(Facet::Team, id);
    let freeze = Change::Freeze { id: id.into(), scope, reason };
    ledger.change("ann", vec![freeze]).await.unwrap();
}

/// Waits until a head was not taken.
async fn failed(ledger: &Ledger) -> HeadDelivery {
    loop {
        match ledger.head_delivery().await.unwrap() {
            Some(delivery) if delivery.failure.is_some() => return delivery,
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_webhook_and_the_last_head_gets_there() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let address = free_address();
        let (ledger, key) = sealing(&world, address).await;
        // Changes go on while nobody takes the heads.
        change(&ledger, "f1").await;
        let delivery = tokio::time::timeout(PATIENCE, failed(&ledger)).await.unwrap();
        assert_eq!(delivery.taken, None);
        let posts = serve(address, &["200 OK"]);
        change(&ledger, "f2").await;
        let mut heads = std::iter::repeat_with(|| posted(&posts, &key).block);
        assert!(heads.any(|block| block >= 2));
        ledger.close().await.unwrap();
    }
}
