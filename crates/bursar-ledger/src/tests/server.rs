//! A PostgreSQL for the tests: the one that `BURSAR_TEST_POSTGRES` names, else a private one that
//! is started once per test process and ends with it, however it ends. Never none.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// Starts a cluster, says so, and stops it when its input ends: that is when the tests do.
const SCRIPT: &str = r#"
set -e
dir=$(mktemp -d "${TMPDIR:-/tmp}/bursar-postgres-XXXXXX")
trap '"$1/pg_ctl" -D "$dir/data" -m immediate stop >"$dir/stop" 2>&1; rm -rf "$dir"' EXIT
"$1/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb" 2>&1 \
    || { cat "$dir/initdb" >&2; exit 1; }
"$1/pg_ctl" -D "$dir/data" -w -l "$dir/log" start >"$dir/start" 2>&1 -o "-p $2 -h 127.0.0.1 \
    -k $dir -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300" \
    || { cat "$dir/log" >&2; exit 1; }
echo ready
cat >"$dir/rest"
"#;

struct Server {
    url: String,
    /// Its input is held open for as long as this process lives.
    _child: Option<Child>,
}

/// The address of a new, empty database.
pub(super) async fn new_database() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = server();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("bursar_test_{}_{number}", std::process::id());
    let options: PgConnectOptions = server.url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let create = include_str!("sql/create_database.sql").replace("the_name", &name);
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let (base, _) = server.url.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        #[expect(
            clippy::disallowed_methods,
            reason = "where the tests' server is, if there is one"
        )]
        let given = std::env::var("BURSAR_TEST_POSTGRES");
        match given {
            Ok(url) => Server { url: url.trim_end_matches('/').to_owned(), _child: None },
            Err(_) => start(),
        }
    })
}

fn start() -> Server {
    let programs = programs().expect(
        "no PostgreSQL to test with: install it (Debian: `apt-get install postgresql`), or set \
         BURSAR_TEST_POSTGRES to the address of a server where databases may be made",
    );
    let port = free_port();
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let mut command = if is_root {
        // PostgreSQL refuses to run as root.
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command.args(["-c", SCRIPT, "sh"]).arg(&programs).arg(port.to_string());
    let mut child = command
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cannot run `sh` to start PostgreSQL");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "ready", "PostgreSQL in {} does not start", programs.display());
    Server { url: format!("postgres://postgres@127.0.0.1:{port}/postgres"), _child: Some(child) }
}

/// The folder of `initdb`, `pg_ctl` and `postgres`: beside the `postgres` of PATH, or Debian's.
fn programs() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "where programs are")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path)
        .filter_map(|folder| fs::canonicalize(folder.join("postgres")).ok())
        .filter_map(|program| program.parent().map(Path::to_owned));
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    on_path.chain(debian.map(|version| version.path().join("bin"))).find(|folder| {
        ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).exists())
    })
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
