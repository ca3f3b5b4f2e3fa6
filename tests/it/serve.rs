//! `bursar serve` as its operator sees it: where it listens, who may come in, how it stops.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::gateway::Gateway;
use crate::world::{BOTH, NOVA, World};

/// Starts it, and reads where it listens.
pub(crate) fn serve(world: &World, more: &[&str]) -> (Child, String) {
    let mut process = world
        .command()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let stdout = process.stdout.as_mut().expect("its stdout is piped");
    BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
    let address = line.trim().strip_prefix("listening on http://").expect("it listens").to_owned();
    (process, address)
}

/// What a plain request is answered.
fn ask(address: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .expect("it is there");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it answers");
    reply
}

fn converse(address: &str) -> String {
    converse_with(address, NOVA)
}

/// What a call to a model is answered.
pub(crate) fn converse_with(address: &str, model: &str) -> String {
    let body = r#"{"messages":[{"role":"user","content":[{"text":"Hello"}]}]}"#;
    ask(address, "POST", &format!("/model/{model}/converse"), body)
}

fn tell_to_stop(process: &Child) {
    let told = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
    assert!(told.expect("kill runs").success());
}

pub(crate) fn terminate(mut process: Child) {
    tell_to_stop(&process);
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
}

#[test]
fn it_serves_stops_at_sigterm_and_leaves_everything_settled_on_both_databases() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let (process, address) = serve(&world, &["--open"]);
        assert!(converse(&address).starts_with("HTTP/1.1 200"));
        for path in ["/", "/healthz", "/version"] {
            assert!(ask(&address, "GET", path, "").starts_with("HTTP/1.1 200"), "{path}");
        }
        assert!(ask(&address, "GET", "/readyz", "").contains(r#""status":"ok""#));
        terminate(process);
        assert!(TcpStream::connect(&address).is_err(), "nobody listens any more");
        assert_eq!(world.only_call()["outcome"], "succeeded");
        world.audit();
    }
}

#[test]
fn told_twice_it_waits_for_nobody_and_the_sweep_settles_what_ran() {
    let world = World::start();
    let (mut process, address) = serve(&world, &["--open"]);
    let body = r#"{"messages":[{"role":"user","content":[{"text":"Hello"}]}],
        "requestMetadata":{"bursar-sim":"output=4000 gap-ms=200"}}"#;
    let mut stream = TcpStream::connect(&address).expect("it listens");
    let length = body.len();
    write!(
        stream,
        "POST /model/{NOVA}/converse-stream HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .expect("it is there");
    stream.read_exact(&mut [0; 12]).expect("the stream begins");
    tell_to_stop(&process);
    // It has heard that once it takes nobody in any more.
    while TcpStream::connect(&address).is_ok() {
        std::thread::yield_now();
    }
    tell_to_stop(&process);
    assert_eq!(process.wait().expect("it ends").code(), Some(0));
    let call = world.only_call();
    assert_eq!((&call["outcome"], &call["estimated"]), (&"abandoned".into(), &true.into()));
    assert_eq!(call["cost_usd"], call["held_usd"]);
    world.audit();
}

#[test]
fn a_second_gateway_on_one_file_is_refused_and_on_a_server_it_is_not() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let (first, _) = serve(&world, &["--open"]);
        if database == crate::world::Database::Sqlite {
            let second = world.bursar(&["serve", "--open", "--listen", "127.0.0.1:0"]).exits(10);
            assert!(second.stderr.contains("another gateway serves"), "{}", second.stderr);
        } else {
            let (second, address) = serve(&world, &["--open"]);
            assert!(converse(&address).starts_with("HTTP/1.1 200"));
            terminate(second);
        }
        terminate(first);
        // The right goes with the process.
        let (again, _) = serve(&world, &["--open"]);
        terminate(again);
    }
}

#[test]
fn nobody_is_let_in_without_a_key_and_everybody_only_from_this_machine() {
    let world = World::start();
    let (process, address) = serve(&world, &[]);
    let refused = converse(&address);
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    assert!(refused.contains("bursar key create"), "{refused}");
    terminate(process);
    assert!(world.served().is_empty());
    let remote = ["serve", "--open", "--listen", "0.0.0.0:0"];
    let refused = world.bursar(&remote).exits(2);
    assert!(refused.stderr.contains("would let anybody"), "{}", refused.stderr);
    let keyless =
        world.bursar(&["serve", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"]);
    assert!(keyless.exits(2).stderr.contains("no certificate"));
}

#[test]
fn dev_brings_its_own_simulator() {
    let world = World::start();
    let (process, address) = serve(&world, &["--dev", "--open"]);
    assert!(converse(&address).starts_with("HTTP/1.1 200"));
    terminate(process);
    assert!(world.served().is_empty(), "the world's own was not asked");
    let call = world.only_call();
    assert_eq!((&call["outcome"], &call["simulated"]), (&"succeeded".into(), &true.into()));
}

#[test]
fn certificates_from_files_are_used_and_what_is_none_is_refused() {
    let world = World::start();
    let not = world.write("not.pem", "no certificate");
    let tls = ["serve", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"];
    let refused = world.bursar(&[&tls[..], &["--tls-cert", &not, "--tls-key", &not]].concat());
    assert!(refused.exits(78).stderr.contains("no certificate"));
    let missing = ["--tls-cert", "/nowhere/a.pem", "--tls-key", "/nowhere/b.pem"];
    world.bursar(&[&tls[..], &missing].concat()).exits(66);
}

#[test]
fn the_log_has_a_line_for_each_call_and_each_refusal_and_no_secret_or_prompt() {
    let mut gateway = Gateway::start();
    let secret = gateway.open["secret"].as_str().expect("a key has a secret").to_owned();
    let address = gateway.url.strip_prefix("http://").expect("it is plain").to_owned();
    let canary = "a-canary-in-the-prompt";
    let send = |key: &str| {
        let body =
            format!(r#"{{"messages":[{{"role":"user","content":[{{"text":"{canary}"}}]}}]}}"#);
        let mut stream = TcpStream::connect(&address).expect("it listens");
        let length = body.len();
        write!(
            stream,
            "POST /model/{NOVA}/converse HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: Bearer {key}\r\nuser-agent: {canary}\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .expect("it is there");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("it answers");
        reply
    };
    assert!(send(&secret).starts_with("HTTP/1.1 200"));
    assert!(send(&format!("{}x", &secret[..secret.len() - 1])).starts_with("HTTP/1.1 403"));
    gateway.stop();
    let (calls, refused) = (gateway.log("bursar::call"), gateway.log("bursar::refused"));
    assert_eq!((calls.len(), refused.len()), (1, 1));
    let row = gateway.world.only_call();
    for name in ["id", "team", "key", "model", "outcome", "cost_usd"] {
        assert_eq!(calls[0][name], row[name], "{name}");
    }
    assert_eq!(refused[0]["status"], 403);
    let text = std::fs::read_to_string(gateway.world.path("gateway.log")).expect("it has a log");
    assert!(!text.contains(canary) && !text.contains(&secret[..30]), "{text}");
}

#[test]
fn nothing_that_a_stolen_ledger_holds_of_a_key_opens_a_door() {
    let gateway = Gateway::start();
    let address = gateway.url.strip_prefix("http://").expect("it is plain");
    let stolen = gateway.world.path("stolen.db").display().to_string();
    gateway.world.bursar(&["ledger", "backup", &stolen]).exits(0);
    let bytes = std::fs::read(&stolen).expect("it is there");
    let text = String::from_utf8_lossy(&bytes);
    let of_key = |name: &str| gateway.open[name].as_str().expect("a key has it");
    assert!(text.contains(of_key("id")), "the copy has the key's row");
    for secret in ["secret", "secret_access_key"] {
        assert!(!text.contains(of_key(secret)), "{secret}");
    }
    // Whatever in there looks like a secret is tried.
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-+/=".contains(letter);
    let words = text.split(|letter| !is_part(letter));
    let words: std::collections::BTreeSet<&str> =
        words.filter(|word| (32..200).contains(&word.len())).collect();
    assert!(!words.is_empty());
    let public = of_key("secret").rsplit_once('_').expect("it has a public part").0;
    for word in words.into_iter().take(60) {
        for key in [word.to_owned(), format!("{public}_{word}")] {
            let header = format!("authorization: Bearer {key}\r\ncontent-length: 2\r\n\r\n{{}}");
            let mut stream = TcpStream::connect(address).expect("it listens");
            let head = format!("POST /model/{NOVA}/converse HTTP/1.1\r\nhost: x\r\n");
            write!(stream, "{head}connection: close\r\n{header}").expect("it is there");
            let mut reply = String::new();
            stream.read_to_string(&mut reply).expect("it answers");
            assert!(reply.starts_with("HTTP/1.1 4") && !reply.contains("400 "), "{reply}");
        }
    }
    assert!(gateway.world.served().is_empty());
}
