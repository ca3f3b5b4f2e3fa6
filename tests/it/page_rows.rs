//! What the dashboard's pages read of a ledger: a bounded number of rows, as PostgreSQL counts them.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::administration::Served;
use crate::world::{Database, World};

const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What a page may read, and what a process that begins and somebody who signs in read besides.
const ROWS_MOST: i64 = 20_000 + 1_000;
/// More than twice as many calls, over a year, so that a page that looks at all of them is found out.
const FILL: [&str; 12] = [
    "ledger", "fill", "--calls", "48000", "--months", "12", "--teams", "6", "--models", "8",
    "--seed", "3",
];
/// What every session has read, once all of them have ended: rows of tables, and entries of indexes.
const READ: &str = "SELECT (SELECT SUM(seq_tup_read) FROM pg_stat_user_tables)
    + (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes)";
const OTHERS: &str = "SELECT COUNT(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'";

pub(crate) fn psql(world: &World, sql: &str) -> String {
    let psql = Command::new("psql").args([&world.ledger, "-Atc", sql]).output();
    String::from_utf8(psql.expect("psql is installed").stdout).expect("it is a text")
}

fn number(world: &World, sql: &str) -> i64 {
    let told = psql(world, sql);
    told.trim().parse().unwrap_or_else(|_| panic!("no number: {told:?}"))
}

/// What was read so far. A session tells what it has read before it is gone.
fn read_so_far(world: &World) -> i64 {
    while number(world, OTHERS) > 0 {}
    number(world, READ)
}

pub(crate) fn curl(world: &World, arguments: &[&str]) -> String {
    let jar = world.path("cookies");
    let jar = jar.to_str().expect("its name is UTF-8");
    let always = ["-s", "-b", jar, "-c", jar, "-w", "\n%{http_code}"];
    let ran = Command::new("curl").args(always).args(arguments).output().expect("curl runs");
    String::from_utf8(ran.stdout).expect("a page is UTF-8")
}

/// The program, which knows the key that sessions hang on.
pub(crate) fn program(world: &World, arguments: &[&str]) -> Command {
    let mut command = world.command();
    command.env("BURSAR_MASTER_KEY", MASTER).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

pub(crate) fn sign_up(world: &World) {
    let mut create = program(world, &["user", "create", "ann", "--role", "admin"]);
    let mut child = create.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("its stdin is piped");
    stdin.write_all(b"correct horse battery\n").expect("it reads");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}

pub(crate) fn serve(world: &World) -> Served {
    let flags = ["serve", "--open", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let mut child = program(world, &flags).spawn().expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its stdout is piped")).lines();
    let mut line = |start: &str| {
        let line = lines.next().expect("it says where").expect("it is a text");
        line.strip_prefix(start).unwrap_or_else(|| panic!("{line}")).to_owned()
    };
    let (gateway, admin) = (line("listening on "), line("admin on "));
    Served { child, gateway, admin }
}

/// Signs in, and opens a page.
pub(crate) fn open(world: &World, served: &Served, path: &str) -> String {
    let form = "username=ann&password=correct+horse+battery";
    let signed_in = curl(world, &["-d", form, &format!("{}/login", served.admin)]);
    assert!(signed_in.ends_with("\n303"), "{signed_in}");
    let page = curl(world, &[&format!("{}{path}", served.admin)]);
    assert!(page.ends_with("\n200"), "{path}: {page:.2000}");
    page
}

/// Where a page leads, each once, without what it picks.
pub(crate) fn links(page: &str) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    for link in page.split("href=\"/").skip(1).filter_map(|rest| rest.split('"').next()) {
        let link = format!("/{}", link.split(['?', '#']).next().unwrap_or_default());
        let is_page =
            !link.starts_with("/assets") && !link.starts_with("/api") && link != "/logout";
        if is_page && !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

#[test]
fn no_page_reads_more_than_twenty_thousand_rows() {
    let world = World::on(Database::Postgres, &[]);
    world.json(&FILL);
    // As the server does by itself before long; its plans are then those of a ledger in use.
    psql(&world, "ANALYZE");
    sign_up(&world);
    let served = serve(&world);
    let mut paths = links(&open(&world, &served, "/"));
    for more in ["/calls", "/models"] {
        let named = links(&open(&world, &served, more));
        paths.extend(named.into_iter().find(|link| link.starts_with(&format!("{more}/"))));
    }
    served.stop();
    assert!(paths.len() > 10, "{paths:?}");
    // What there is none of, over a year, is looked for the longest.
    let picks =
        ["team=nobody", "key=key_none", "user=nobody", "model=no.such", "outcome=abandoned"];
    paths.extend(picks.map(|pick| format!("/calls?{pick}&range=365d")));
    paths.extend(["/", "/spend", "/models", "/versions"].map(|path| format!("{path}?range=365d")));
    for path in paths {
        let before = read_so_far(&world);
        let served = serve(&world);
        open(&world, &served, &path);
        served.stop();
        let read = read_so_far(&world) - before;
        assert!(read > 0, "{path}: what is read is not counted");
        assert!(read <= ROWS_MOST, "{path} reads {read} rows");
    }
}
