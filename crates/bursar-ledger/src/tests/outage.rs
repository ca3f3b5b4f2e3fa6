//! Ledgers that go away for a while: a PostgreSQL behind a proxy that forwards nothing, and a
//! SQLite file that somebody else keeps locked.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::server;
use super::world::{Place, at, file};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Bytes pass.
    Open,
    /// Nothing passes, as when the server is stopped.
    Stopped,
    /// Connections are cut, and none is taken.
    Gone,
}

/// A place whose ledger can go away.
pub(super) enum Outage {
    Postgres { place: Place, state: watch::Sender<State> },
    Sqlite { place: Place, lock: Option<SqliteConnection> },
}

impl Outage {
    pub(super) async fn both() -> [Self; 2] {
        [Self::postgres().await, Self::Sqlite { place: file(), lock: None }]
    }

    pub(super) async fn postgres() -> Self {
        let address = server::new_database().await;
        let (before, host) = address.split_once('@').unwrap();
        let (host, database) = host.split_once('/').unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, seen) = watch::channel(State::Open);
        tokio::spawn(serve(listener, host.to_owned(), seen));
        Self::Postgres { place: at(&format!("{before}@127.0.0.1:{port}/{database}")), state }
    }

    pub(super) fn place(&self) -> &Place {
        match self {
            Self::Postgres { place, .. } | Self::Sqlite { place, .. } => place,
        }
    }

    pub(super) async fn begin(&mut self) {
        match self {
            Self::Postgres { state, .. } => state.send(State::Stopped).unwrap(),
            Self::Sqlite { place, lock } => {
                let path = place.folder.as_ref().unwrap().path().join("ledger.db");
                *lock = Some(locked(&path).await);
            }
        }
    }

    pub(super) async fn end(&mut self) {
        match self {
            Self::Postgres { state, .. } => state.send(State::Open).unwrap(),
            Self::Sqlite { lock, .. } => lock.take().unwrap().close().await.unwrap(),
        }
    }

    /// Cuts every connection, and takes none.
    pub(super) fn cut(&self) {
        if let Self::Postgres { state, .. } = self {
            state.send(State::Gone).unwrap();
        }
    }
}

/// A connection that keeps the write lock.
async fn locked(path: &Path) -> SqliteConnection {
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    let begin = include_str!("../../queries/sqlite/begin.sql");
    sqlx::raw_sql(begin).execute(&mut connection).await.unwrap();
    connection
}

async fn serve(listener: TcpListener, server: String, state: watch::Receiver<State>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        if *state.borrow() == State::Gone {
            continue;
        }
        let server = TcpStream::connect(&server).await.unwrap();
        let (client_reads, client_writes) = client.into_split();
        let (server_reads, server_writes) = server.into_split();
        tokio::spawn(pass(client_reads, server_writes, state.clone()));
        tokio::spawn(pass(server_reads, client_writes, state.clone()));
    }
}

/// Passes bytes on. What was sent before its sender gave up still arrives when it opens again.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) {
    let mut gone = state.clone();
    let passing = async {
        let mut bytes = vec![0; 1 << 16];
        loop {
            let number = from.read(&mut bytes).await.unwrap_or(0);
            let is_open = state.wait_for(|state| *state != State::Stopped).await.is_ok();
            if number == 0 || !is_open || to.write_all(&bytes[..number]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = passing => {}
        _ = gone.wait_for(|state| *state == State::Gone) => {}
    }
}

/// Looks again and again until something is so.
pub(super) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let looking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let limit = Duration::from_mins(1);
    tokio::time::timeout(limit, looking).await.unwrap_or_else(|_| panic!("never: {what}"));
}
