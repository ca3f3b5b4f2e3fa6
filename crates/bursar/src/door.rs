//! Where the commands ask that set limits, give access and look things up: the ledger itself, or a
//! server that has it open.

mod remote;

use bursar_admin::{Desk, Route};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::settings::Settings;
use crate::wiring;

pub(crate) use remote::Remote;

/// One of the two.
pub(crate) enum Door {
    /// A ledger that this process has opened.
    Ledger(Box<Desk>),
    /// A server's admin API.
    Server(Box<Remote>),
}

impl Door {
    /// Opens the ledger, or gets ready to ask the server that is named.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        match &settings.server {
            Some(server) => Ok(Self::Server(Box::new(Remote::new(server)?))),
            None => Ok(Self::Ledger(Box::new(wiring::open_desk(settings).await?))),
        }
    }

    /// Asks.
    pub(crate) async fn ask<Ask: Serialize, Reply: DeserializeOwned>(
        &self,
        route: &Route<Ask, Reply>,
        ask: Ask,
    ) -> Result<Reply, Failure> {
        match self {
            Self::Ledger(desk) => Ok(route.ask(desk, ask).await?),
            Self::Server(server) => server.ask(route, &ask).await,
        }
    }

    /// The same, and nothing more afterwards: a ledger is closed, whatever the answer.
    pub(crate) async fn ask_once<Ask: Serialize, Reply: DeserializeOwned>(
        settings: &Settings,
        route: &Route<Ask, Reply>,
        ask: Ask,
    ) -> Result<Reply, Failure> {
        let door = Self::open(settings).await?;
        let reply = door.ask(route, ask).await;
        door.close().await?;
        reply
    }

    /// Lets the ledger go.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        match self {
            Self::Ledger(desk) => Ok(desk.admin.ledger.close().await?),
            Self::Server(_) => Ok(()),
        }
    }
}
