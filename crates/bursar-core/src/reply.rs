//! What the caller holds: a reply's head, its bytes as they come, and at last its receipt.
//!
//! Only the receiving end. The upstream belongs to the call's own task, so a caller that goes away
//! changes nothing in what is metered.

use std::time::Duration;

use bursar_domain::call::{CallId, SentTo, Settlement};
use bursar_domain::money::{Cost, Micros};
use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::{Error, Lowered};

/// Pieces of a body that wait for a slow caller, at most. Behind them the upstream waits.
const PIECES_WAITING_MAX: usize = 64;

/// The status line and headers as Bedrock sent them.
#[derive(Debug, Clone)]
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    /// The headers, unfiltered.
    pub headers: HeaderMap,
}

/// No attempt brought an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// Our word for what happened: `ConnectFailed`, `FirstByteTimeout` …
    pub code: String,
    /// The causes.
    pub message: String,
}

/// How a call was settled.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// What was recorded.
    pub settlement: Settlement,
    /// What had been held for it.
    pub held: Option<Cost>,
    /// Whether it cost more than was held.
    pub overrun: bool,
}

/// What is set aside for a call, and what that leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hold {
    /// What is held, in whole micro-dollars; `None` when nothing bounds the call.
    pub held: Option<Micros>,
    /// The least that was left then of its hard limits of money; `None` where it has none.
    pub room: Option<Micros>,
}

/// A reply on its way.
#[derive(Debug)]
pub struct Reply {
    /// The call.
    pub id: CallId,
    /// Its head, or why there is none.
    pub head: Result<Head, NoAnswer>,
    /// How much shorter an answer was asked for than the caller did, so that it fits.
    pub lowered: Option<Lowered>,
    /// What is set aside for it.
    pub hold: Hold,
    /// How long Bedrock took to its head, all attempts together.
    pub upstream: Duration,
    /// Where the last attempt went.
    pub sent_to: SentTo,
    body: mpsc::Receiver<Bytes>,
    receipt: oneshot::Receiver<Result<Receipt, Error>>,
}

impl Reply {
    /// The next bytes of the body, as they came; `None` at its end.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.body.recv().await
    }

    /// Reads what is left of the body and waits for the settlement.
    ///
    /// # Errors
    /// What kept the ledger from recording the call.
    pub async fn settled(mut self) -> Result<Receipt, Error> {
        while self.next().await.is_some() {}
        self.receipt.await.unwrap_or(Err(Error::TaskLost))
    }
}

/// The sending end, owned by the call's task.
pub(crate) struct Sink {
    /// What is set aside for the call, once it is admitted.
    pub(crate) hold: Hold,
    /// When it was sent, once it is.
    pub(crate) sent_at: Option<Instant>,
    /// Where its last attempt went.
    pub(crate) sent_to: SentTo,
    head: Option<oneshot::Sender<Result<Started, Error>>>,
    /// `None` once it has ended.
    body: Option<mpsc::Sender<Bytes>>,
    receipt: oneshot::Sender<Result<Receipt, Error>>,
}

struct Started {
    id: CallId,
    hold: Hold,
    upstream: Duration,
    sent_to: SentTo,
    head: Result<Head, NoAnswer>,
}

/// The caller's end before the head has come.
pub(crate) struct Pending {
    head: oneshot::Receiver<Result<Started, Error>>,
    body: mpsc::Receiver<Bytes>,
    receipt: oneshot::Receiver<Result<Receipt, Error>>,
}

pub(crate) fn channel() -> (Sink, Pending) {
    let (head_in, head) = oneshot::channel();
    let (body_in, body) = mpsc::channel(PIECES_WAITING_MAX);
    let (receipt_in, receipt) = oneshot::channel();
    let sink = Sink {
        hold: Hold::default(),
        sent_at: None,
        sent_to: SentTo::default(),
        head: Some(head_in),
        body: Some(body_in),
        receipt: receipt_in,
    };
    (sink, Pending { head, body, receipt })
}

impl Pending {
    pub(crate) async fn begin(self) -> Result<Reply, Error> {
        let Self { head, body, receipt } = self;
        let started = head.await.unwrap_or(Err(Error::TaskLost))?;
        let Started { id, hold, upstream, sent_to, head } = started;
        Ok(Reply { id, head, lowered: None, hold, upstream, sent_to, body, receipt })
    }
}

impl Sink {
    /// Hands the head over. Whether anybody takes it makes no difference.
    pub(crate) fn start(&mut self, id: &CallId, head: Result<Head, NoAnswer>) {
        if let Some(sender) = self.head.take() {
            let upstream = self.sent_at.map_or(Duration::ZERO, |sent| sent.elapsed());
            let sent_to = std::mem::take(&mut self.sent_to);
            let started = Started { id: id.clone(), hold: self.hold, upstream, sent_to, head };
            drop(sender.send(Ok(started)));
        }
    }

    /// Hands bytes over, waiting for a slow caller; false when the caller has gone.
    pub(crate) async fn forward(&self, bytes: Bytes) -> bool {
        match &self.body {
            Some(body) => body.send(bytes).await.is_ok(),
            None => false,
        }
    }

    /// Ends the body; the receipt comes later.
    pub(crate) fn end(&mut self) {
        self.body = None;
    }

    /// Ends the body and hands over how the call was settled, or why it was not made.
    pub(crate) fn finish(self, result: Result<Receipt, Error>) {
        match (self.head, result) {
            (Some(head), Err(error)) => drop(head.send(Err(error))),
            (_, result) => {
                drop(self.body);
                drop(self.receipt.send(result));
            }
        }
    }
}
