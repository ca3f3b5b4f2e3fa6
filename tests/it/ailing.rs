//! The dashboard on a ledger that ails while it is served: locked by somebody else, migrated by a newer
//! program, or away. What can be shown is shown, and the rest is a page that says what is wrong and how to
//! go on.

use std::io::{BufRead, BufReader};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::administration::Served;
use crate::clients::place;
use crate::page_rows::{curl, links, open, program, psql, serve, sign_up};
use crate::world::{BOTH, Database, NOVA, World};

/// What a newer program may have done: it needs the ledger for itself, and took a table away.
const NEWER: [&str; 2] =
    ["UPDATE ledger_meta SET version = 999, serves_from = 999", "DROP TABLE usage_grain"];
/// Runs statements on a SQLite file.
const RUN: &str = "
import sqlite3, sys
ledger = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    ledger.execute(statement)
";
/// Keeps a SQLite file locked until its stdin ends.
const LOCK: &str = "
import sqlite3, sys
ledger = sqlite3.connect(sys.argv[1], isolation_level=None)
ledger.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
sys.stdin.read()
ledger.execute('ROLLBACK')
";

fn python(world: &World, script: &str) -> Command {
    let file = world.ledger.strip_prefix("sqlite:").expect("it is a file");
    let mut python = Command::new(place("BURSAR_TEST_PYTHON"));
    python.args(["-c", script, file]);
    python
}

/// Runs statements behind the program's back.
fn run(world: &World, statements: &[&str]) {
    if world.ledger.starts_with("sqlite:") {
        let ran = python(world, RUN).args(statements).status();
        assert!(ran.expect("Python runs").success());
        return;
    }
    for statement in statements {
        psql(world, statement);
    }
}

/// Serves the ledger of a world in which a call was made and somebody has signed in; every page of the
/// list.
fn served(world: &World) -> (Served, Vec<String>) {
    world.bursar(&["converse", "-m", NOVA, "hello"]).exits(0);
    sign_up(world);
    let served = serve(world);
    let pages = links(&open(world, &served, "/"));
    assert!(pages.len() > 10, "{pages:?}");
    (served, pages)
}

/// Opens pages, all at once: each with its status.
fn look(world: &World, served: &Served, pages: &[String]) -> Vec<(String, u16, String)> {
    // Without writing the cookies, which the others read.
    let (jar, with_status) = (world.path("cookies"), ["-s", "-w", "\n%{http_code}", "-b"]);
    let one = |path: &String| {
        let mut curl = Command::new("curl");
        curl.args(with_status).arg(&jar).arg(format!("{}{path}", served.admin));
        let page = curl.output().expect("curl runs").stdout;
        let page = String::from_utf8(page).expect("a page is UTF-8");
        let (page, status) = page.rsplit_once('\n').expect("it ends with its status");
        (path.clone(), status.parse().expect("a status"), page.replace("&#96;", "`"))
    };
    thread::scope(|scope| {
        let asked: Vec<_> = pages.iter().map(|path| scope.spawn(move || one(path))).collect();
        asked.into_iter().map(|page| page.join().expect("curl runs")).collect()
    })
}

/// That a page says what is wrong, and how to go on.
#[track_caller]
fn says((path, status, page): &(String, u16, String), words: &[&str]) {
    assert_eq!(*status, 503, "{path}: {page}");
    assert_eq!(page.matches("<h1>").count(), 1, "{path}: {page}");
    for words in words.iter().chain(&["The ledger does not answer", "Load it again in a moment"]) {
        assert!(page.contains(words), "{path} does not say {words}: {page}");
    }
}

#[track_caller]
fn are_shown(pages: &[(String, u16, String)]) {
    for (path, status, page) in pages {
        assert_eq!(*status, 200, "{path}: {page}");
    }
}

/// Sends the form that sets a limit.
fn set_limit(world: &World, served: &Served) -> (String, u16, String) {
    let url = format!("{}/budgets", served.admin);
    let page = curl(world, &[&url]);
    let (_, token) = page.split_once("name=\"form_token\" value=\"").expect("it has a form");
    let token = token.split('"').next().expect("it ends");
    let form = format!("form_token={token}&do=set&model={NOVA}&window=day&limit=5usd");
    let answer = curl(world, &["-d", &form, &url]);
    let (page, status) = answer.rsplit_once('\n').expect("it ends with its status");
    ("/budgets".to_owned(), status.parse().expect("a status"), page.to_owned())
}

/// Locks a ledger's file, as another program would that writes for long.
fn lock(world: &World) -> Child {
    let mut python = python(world, LOCK);
    let mut child =
        python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python runs");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("it is piped")).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "locked");
    child
}

#[test]
fn a_locked_ledger_is_read_as_ever_and_what_would_change_it_is_told_so() {
    let world = World::start();
    let (served, pages) = served(&world);
    // Beyond the time after which looking is written down.
    run(&world, &["UPDATE session SET seen_ms = seen_ms - 600000"]);
    let mut holder = lock(&world);
    are_shown(&look(&world, &served, &pages[..1]));
    drop(holder.stdin.take());
    assert!(holder.wait().expect("it ends").success());
    are_shown(&look(&world, &served, &pages[..1]));
    let mut holder = lock(&world);
    are_shown(&look(&world, &served, &pages));
    let refused = set_limit(&world, &served);
    says(&refused, &["locked by another process", "try again, or end that process"]);
    drop(holder.stdin.take());
    assert!(holder.wait().expect("it ends").success());
    // For a moment it may still be taken to be away.
    let mut tries = std::iter::repeat_with(|| set_limit(&world, &served)).take(500);
    assert!(tries.any(|(_, status, _)| status == 303));
    served.stop();
    world.audit();
}

#[test]
fn a_ledger_that_a_newer_program_takes_over_is_told_as_such_and_not_served_again() {
    for database in BOTH {
        let world = World::on(database, &[]);
        let (served, pages) = served(&world);
        run(&world, &NEWER);
        let mut told = 0;
        for page in look(&world, &served, &pages) {
            if page.1 != 200 {
                says(&page, &["usage_grain", "a newer program may have migrated it meanwhile"]);
                told += 1;
            }
        }
        assert!((3..pages.len()).contains(&told), "{told} of {}", pages.len());
        served.stop();
        let again = program(&world, &["serve", "--open", "--admin-listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .output()
            .expect("the program starts");
        let said = String::from_utf8_lossy(&again.stderr).into_owned();
        assert_eq!(again.status.code(), Some(10), "{said}");
        assert!(said.contains("use a newer `bursar`"), "{said}");
    }
}

/// What stands between the program and its PostgreSQL, and can go away.
struct Way {
    port: u16,
    server: String,
    is_open: Arc<AtomicBool>,
    ends: Arc<Mutex<Vec<TcpStream>>>,
    listening: Option<JoinHandle<()>>,
}

impl Way {
    /// Opens a way to where a ledger is, by which the world goes from now on.
    fn before(world: &mut World) -> Self {
        let (who, rest) = world.ledger.split_once('@').expect("it names who asks");
        let (server, database) = rest.split_once('/').expect("it names a database");
        let (is_open, ends) = Default::default();
        let mut way = Self { port: 0, server: server.to_owned(), is_open, ends, listening: None };
        way.open();
        world.ledger = format!("{who}@127.0.0.1:{}/{database}", way.port);
        way
    }

    /// Listens, where it did before.
    fn open(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).expect("the port is free");
        self.port = listener.local_addr().expect("it listens").port();
        self.is_open.store(true, Ordering::SeqCst);
        let (server, is_open, ends) =
            (self.server.clone(), Arc::clone(&self.is_open), Arc::clone(&self.ends));
        self.listening = Some(thread::spawn(move || {
            let comes = listener.incoming();
            for client in comes.take_while(|_| is_open.load(Ordering::SeqCst)) {
                let client = client.expect("somebody comes");
                let server = TcpStream::connect(&server).expect("the server is there");
                ends.lock().expect("nobody panics").extend(joined(&client, &server));
            }
        }));
    }

    /// Cuts what is open, and takes nobody in: the port refuses.
    fn close(&mut self) {
        self.is_open.store(false, Ordering::SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        self.listening.take().expect("it listened").join().expect("it ends");
        for end in self.ends.lock().expect("nobody panics").drain(..) {
            // It may be gone already.
            drop(end.shutdown(Shutdown::Both));
        }
    }
}

/// Passes bytes on, both ways; both ends.
fn joined(client: &TcpStream, server: &TcpStream) -> [TcpStream; 2] {
    let other = |stream: &TcpStream| stream.try_clone().expect("there is room for one more");
    for (mut from, mut to) in [(other(client), other(server)), (other(server), other(client))] {
        thread::spawn(move || {
            // However it ends: the other way ends with it.
            drop(std::io::copy(&mut from, &mut to));
            drop(to.shutdown(Shutdown::Both));
        });
    }
    [other(client), other(server)]
}

#[test]
fn a_ledger_that_is_away_is_told_on_every_page_until_it_is_back() {
    let mut world = World::on(Database::Postgres, &[]);
    let mut way = Way::before(&mut world);
    let (served, mut pages) = served(&world);
    pages.push("/login".to_owned());
    are_shown(&look(&world, &served, &pages));
    way.close();
    for page in look(&world, &served, &pages) {
        says(&page, &["the database cannot be reached", "check the address and that it runs"]);
    }
    let ready = curl(&world, &[&format!("{}/readyz", served.admin)]);
    assert!(ready.contains("degraded") && ready.ends_with("\n200"), "{ready}");
    way.open();
    are_shown(&look(&world, &served, &pages));
    served.stop();
    world.audit();
    way.close();
}
