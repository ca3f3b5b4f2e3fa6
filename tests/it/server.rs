//! `bursar --server URL`: the same commands, asked of a server, say and do the same.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::thread::JoinHandle;

use bursar_admin::{Admin, Desk, MasterKeySource};
use bursar_dashboard::{Meters, Options, Site, serve};
use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::entropy::Entropy;
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::Clock;
use bursar_ledger::{DatabaseUrl, Ledger, OpenOptions, Secret};
use tokio::sync::oneshot;

use crate::world::{BOTH, Database, NOVA, Ran, World};

const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A server of a world's ledger, in a thread of its own.
struct Server {
    url: String,
    key: String,
    reader: String,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Server {
    fn of(world: &World) -> Self {
        let make = |name: &str, flags: &[&str]| {
            let made =
                local(world, &[&["admin-key", "create", "--name", name, "--json"], flags].concat());
            made.exits(0).json()["secret"].as_str().expect("it is shown").to_owned()
        };
        // As the program calls who uses it here, so that the two can be compared.
        let (key, reader) = (make("cli", &[]), make("auditor", &["--read-only"]));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (stop, stopped) = oneshot::channel();
        let ledger = world.ledger.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime starts").block_on(served(listener, &ledger, stopped));
        });
        Self { url, key, reader, stop, thread }
    }

    fn end(self) {
        self.stop.send(()).expect("it still serves");
        self.thread.join().expect("it ends well");
    }
}

async fn served(listener: TcpListener, ledger: &str, stopped: oneshot::Receiver<()>) {
    let desk = desk(ledger).await;
    let ledger = desk.admin.ledger.clone();
    let site = (Site::new(desk, Meters::none()), Options::default());
    serve(listener, site, async move { drop(stopped.await) }).await.expect("it serves");
    ledger.close().await.expect("it closes");
}

async fn desk(ledger: &str) -> Desk {
    let url = DatabaseUrl::parse(ledger).expect("it is a ledger's address");
    let clock = Clock::system();
    let ledger = Ledger::open(&url, OpenOptions::new(clock.clone())).await.expect("it opens");
    Desk {
        admin: Admin { ledger, clock, entropy: Entropy::system(), actor: "nobody".to_owned() },
        catalogue: Catalogue::embedded(),
        prices: PriceBook::embedded_only(),
        names: Names::default(),
        quotas: BTreeMap::new(),
        master: MasterKeySource::Said(Secret::new(MASTER.to_owned())),
        region: "us-east-1".to_owned(),
        reload: None,
    }
}

fn local(world: &World, arguments: &[&str]) -> Ran {
    let mut command = world.command();
    command.env("BURSAR_MASTER_KEY", MASTER).args(arguments);
    Ran::from(command.output().expect("the program starts"))
}

/// By a server; nothing is known here of the ledger.
fn remote(world: &World, server: &Server, arguments: &[&str]) -> Ran {
    let mut command = world.command();
    command.env_remove("BURSAR_LEDGER").env("BURSAR_ADMIN_KEY", &server.key);
    command.args(["--server", &server.url]).args(arguments);
    Ran::from(command.output().expect("the program starts"))
}

/// What was said, without what is new each time: ids, secrets and times.
fn plain(ran: &Ran) -> (Option<i32>, String, String) {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_+/=-.:".contains(letter);
    let plain = |text: &str| {
        let mut told = String::new();
        for word in text.split_inclusive(|letter| !is_part(letter)) {
            let end = word.char_indices().last().filter(|(_, last)| !is_part(*last));
            let (word, end) = word.split_at(end.map_or(word.len(), |(place, _)| place));
            let ids = ["key_", "team_", "proj_", "user_", "adm_", "BSRK"];
            let digits = word.trim_matches(':');
            let is_time = digits.len() >= 13 && digits.bytes().all(|byte| byte.is_ascii_digit());
            let is_id = ids.iter().any(|id| word.starts_with(id) && word.len() > 10);
            let is_new = word.len() >= 23 || is_time || is_id;
            told.push_str(if is_new { "…" } else { word });
            told.push_str(end);
        }
        // A table is as wide as what stands in it.
        told.split_whitespace()
            .map(|word| word.trim_matches(['-', '─', '═', '╌', '┄', '╴']))
            .collect::<Vec<_>>()
            .join(" ")
    };
    (ran.code, plain(&ran.stdout), plain(&ran.stderr))
}

/// A team with a key, limits, a freeze and calls: one that succeeds, and one that is refused.
fn fill(world: &World) -> String {
    for arguments in [
        &["team", "create", "research", "--owner", "ann"] as &[&str],
        &["team", "project", "add", "research", "atlas"],
        &["team", "user", "add", "research", "ann", "bob"],
        &["key", "create", "--team", "research", "--name", "ci", "--models", "amazon"],
        &["budget", "set", "--team", "research", "--window", "month", "--limit", "50usd"],
        &["budget", "set", "--all", "--each", "user", "--window", "day", "--limit", "9requests"],
        &["budget", "set", "--tag", "env=dev", "--window", "total", "--limit", "0usd"],
        &["freeze", "--session", "s1", "--reason", "it loops"],
        &["streams", "limit", "--all", "--usd", "0.50usd", "--on-repetition", "alarm"],
    ] {
        local(world, arguments).exits(0);
    }
    let ask = ["converse", "-m", NOVA, "hello", "--max-tokens", "50", "--json"];
    let called =
        local(world, &[&ask as &[&str], &["--team", "research", "--user", "ann"]].concat());
    let refused = local(world, &[&ask as &[&str], &["--tag", "env=dev"]].concat()).exits(5);
    let refused = refused.json()["error"]["call"].as_str().expect("it has an id").to_owned();
    let called = called.exits(0).json()["id"].as_str().expect("it has an id").to_owned();
    format!("{called} {refused}")
}

/// What is looked up, and what cannot be.
const READS: &str = "team list
team show research
team show researhc
key list --team research --revoked
key show ci
key show cj
admin-key list
budget list
budget list --team research
budget show --team research --window month
budget show --all --each user
budget show --user ann --window day
budget show --team research --window day
budget show --team research --window mounth
budget forecast
budget check --team research
budget check --team research --fail-at 0.01%
budget check --key ci -m anthropic.claude-haiku-4-5-20251001-v1:0 hello
budget check --tag env=dev -m amazon.nova-lite-v1:0 --max-tokens 500 hello
budget check --session s1 -m amazon.nova-lite-v1:0 hello
freeze --list
why CALLED
why REFUSED
why 0193a5b2-0000-7000-8000-000000000000
why --key ci
streams
streams limit
calls
calls --model amazon.nova-lite-v1:0 --limit 1 --since 1h
calls --id REFUSED
usage
usage --by team --since 7d --compare
usage --by tag:env
ledger changes --limit 5";

#[test]
fn what_is_looked_up_is_the_same_at_the_ledger_and_by_a_server() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let ids = fill(&world);
        let (called, refused) = ids.split_once(' ').expect("there are two");
        let server = Server::of(&world);
        for line in READS.lines() {
            let line = line.replace("CALLED", called).replace("REFUSED", refused);
            let arguments: Vec<&str> = line.split_whitespace().collect();
            let words: &[&[&str]] = &[&[], &["--json"]];
            // As words, once is enough: they are made of what is in the JSON.
            let forms = if database == Database::Sqlite { words } else { &words[1..] };
            for form in forms {
                let arguments = [&arguments as &[&str], form].concat();
                let (here, there) =
                    (local(&world, &arguments), remote(&world, &server, &arguments));
                assert_eq!(
                    (there.code, &there.stdout, &there.stderr),
                    (here.code, &here.stdout, &here.stderr),
                    "{arguments:?}"
                );
            }
        }
        for arguments in [["calls", "--csv"], ["usage", "--csv"]] {
            let (here, there) = (local(&world, &arguments), remote(&world, &server, &arguments));
            assert_eq!((there.code, there.stdout), (here.code, here.stdout), "{arguments:?}");
        }
        let top = remote(&world, &server, &["top", "--once", "--json"]).exits(0).json();
        assert_eq!(top["minutes"].as_array().map(Vec::len), Some(1), "{top}");
        server.end();
        world.audit();
    }
}

#[test]
fn what_is_changed_is_the_same_at_the_ledger_and_by_a_server() {
    let file = "[teams.sales]\nowner = \"bob\"\n[teams.sales.keys.shop]\n";
    let worlds = [World::start(), World::on(Database::Postgres, &[])];
    let server = Server::of(&worlds[1]);
    // The one that is changed here has the same keys.
    local(&worlds[0], &["admin-key", "create", "--name", "cli"]).exits(0);
    local(&worlds[0], &["admin-key", "create", "--name", "auditor", "--read-only"]).exits(0);
    let files = [&worlds[0], &worlds[1]].map(|world| world.write("access.toml", file));
    let changes: &[&[&str]] = &[
        &["team", "create", "research", "--owner", "ann", "--json"],
        &["team", "create", "research"],
        &["team", "create", "a/b"],
        &["team", "set", "research", "--cost-centre", "4711", "--models", "anthropic", "--json"],
        &["team", "project", "add", "research", "atlas", "the moon"],
        &["team", "user", "add", "research", "ann", "--json"],
        &["key", "create", "--team", "research", "--name", "ci", "--expires", "90d", "--json"],
        &["key", "create", "--team", "research", "--name", "ci"],
        &["key", "create", "--team", "research", "--models", "gpt-9"],
        &["key", "set", "ci", "--max-tokens", "500", "--regions", "eu-*"],
        &["key", "rotate", "ci", "--grace", "1h"],
        &["key", "rotate", "ci", "--grace", "soon"],
        &["budget", "set", "--team", "research", "--window", "month", "--limit", "50usd"],
        &["budget", "set", "--team", "nobody", "--window", "month", "--limit", "50usd"],
        &["budget", "set", "--team", "research", "--window", "month", "--limit", "80usd", "--json"],
        &["budget", "end", "--team", "research", "--json"],
        &["budget", "end", "--team", "research"],
        &["freeze", "--team", "research", "--reason", "it loops"],
        &["freeze", "--team", "research", "--reason", ""],
        &["thaw", "--all", "--json"],
        &[
            "streams",
            "limit",
            "--team",
            "research",
            "--usd",
            "0.50usd",
            "--seconds",
            "600",
            "--json",
        ],
        &["streams", "limit", "--team", "research", "--remove"],
        &["streams", "cut", "0193a5b2-0000-7000-8000-000000000000"],
        &["streams", "cut", "--all"],
        &["apply", "-f", "FILE", "--dry-run"],
        &["apply", "-f", "FILE", "--json"],
        &["apply", "-f", "FILE", "--prune"],
        &["key", "revoke", "shop", "--json"],
        &["team", "user", "remove", "sales", "eve"],
        &["team", "end", "sales"],
        &["admin-key", "create", "--name", "terraform", "--json"],
        &["admin-key", "revoke", "terraform"],
        &["admin-key", "revoke", "terraform"],
        &["ledger", "changes", "--limit", "40"],
    ];
    for arguments in changes {
        let with = |file: &str| -> Vec<String> {
            arguments.iter().map(|word| word.replace("FILE", file)).collect()
        };
        let [here, there] = [0, 1].map(|place| with(&files[place]));
        let texts = |arguments: &[String]| -> Vec<String> { arguments.to_vec() };
        let here = local(&worlds[0], &texts(&here).iter().map(String::as_str).collect::<Vec<_>>());
        let there = remote(
            &worlds[1],
            &server,
            &texts(&there).iter().map(String::as_str).collect::<Vec<_>>(),
        );
        assert_eq!(plain(&there), plain(&here), "{arguments:?}");
    }
    server.end();
    worlds.iter().for_each(World::audit);
}

#[test]
fn who_may_not_ask_or_cannot_is_told_why() {
    let world = World::start();
    let server = Server::of(&world);
    let ask = |url: &str, key: Option<&str>, arguments: &[&str]| {
        let mut command = world.command();
        command.env("BURSAR_SERVER", url).args(arguments);
        if let Some(key) = key {
            command.env("BURSAR_ADMIN_KEY", key);
        }
        Ran::from(command.output().expect("the program starts"))
    };
    let (url, key) = (server.url.as_str(), server.key.as_str());
    let none = ask(url, None, &["team", "list"]).exits(4);
    assert!(none.stderr.contains("BURSAR_ADMIN_KEY"), "{}", none.stderr);
    let wrong = ask(url, Some("bsa_wrong"), &["team", "list"]).exits(4);
    assert!(wrong.stderr.contains("is not known"), "{}", wrong.stderr);
    ask(url, Some(&server.reader), &["team", "list"]).exits(0);
    let reader = ask(url, Some(&server.reader), &["team", "create", "a"]).exits(4);
    assert!(reader.stderr.contains("`auditor` only reads"), "{}", reader.stderr);
    let file = world.write("admin.key", &format!("{key}\n"));
    let mut from_file = world.command();
    from_file.env("BURSAR_ADMIN_KEY_FILE", file).args(["--server", url, "team", "list", "--json"]);
    Ran::from(from_file.output().expect("the program starts")).exits(0);
    for local_only in [
        &["converse", "-m", NOVA, "hello"] as &[&str],
        &["ledger", "audit"],
        &["ledger", "migrate"],
        &["ledger", "seal"],
        &["ledger", "backup", "copy.db"],
        &["ledger", "copy", "sqlite:a.db", "sqlite:b.db"],
        &["doctor"],
    ] {
        let refused = ask(url, Some(key), local_only).exits(2);
        assert!(
            refused.stderr.contains("needs the ledger itself"),
            "{local_only:?}: {}",
            refused.stderr
        );
        assert!(refused.stderr.contains("hint: run it where the ledger is"), "{}", refused.stderr);
    }
    for (place, code, said) in [
        ("http://203.0.113.7:4181", 78, "would go unencrypted"),
        ("ftp://127.0.0.1", 78, "is no URL"),
        ("nonsense", 78, "is no URL"),
        ("http://127.0.0.1:1", 10, "cannot ask the server"),
        (world.endpoint.as_str(), 1, "is no answer of Bursar's"),
    ] {
        let failed = ask(place, Some(key), &["team", "list"]).exits(code);
        assert!(failed.stderr.contains(said), "{place}: {}", failed.stderr);
        assert!(!failed.stderr.contains(key), "a key is repeated nowhere: {}", failed.stderr);
    }
    server.end();
    world.audit();
}
