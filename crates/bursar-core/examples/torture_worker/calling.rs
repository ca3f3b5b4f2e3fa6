//! Metered calls by many tasks at a time, and what they came to.
//!
//! Each call carries a mark, through the simulator's list and the ledger's row, by which the check
//! finds both ends of it again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bursar_core::{Bursar, Error, Invocation, Receipt, Reply, cut_pair};
use bursar_domain::budget::{Refusal, RefusalReason};
use bursar_domain::call::CallId;
use bursar_domain::identity::Attribution;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::books::Books;
use crate::dice::Dice;
use crate::job::{Calls, Leaving};
use crate::orders::{self, Orders};
use crate::shape::Shape;
use crate::tally::Tally;
use crate::{Outcome, say, station, storm};

/// How often a process says how far it is.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// Between two tries of a call that was refused for what is held.
const HELD_PAUSE: Duration = Duration::from_millis(20);
/// The most bytes that a caller reads who leaves within the answer.
const LEAVES_AT_BYTE: u64 = 2_000;
/// How long what callers left behind may take to settle.
const SETTLES_BY: Duration = Duration::from_mins(1);

/// How a call ended for its caller.
pub(crate) enum Ended {
    /// It was settled, and the caller saw it.
    Settled(Box<Receipt>),
    /// The ledger alone was asked, and said that it keeps the call.
    Acknowledged(CallId),
    /// The caller did not stay.
    Left,
    /// The ledger alone was asked, and refused.
    Refused(Box<Refusal>),
}

struct Caller {
    bursar: Bursar,
    job: Calls,
    shape: Shape,
    next: AtomicU64,
    tally: Mutex<Tally>,
}

pub(crate) async fn run(job: Calls) -> Outcome<()> {
    let mut orders = orders::listen();
    let bursar = station::open(&job).await?;
    let shape = Shape::new(&job, &bursar.pricing)?;
    let acknowledged = job.acknowledged.as_ref().map(std::fs::File::create).transpose()?;
    let tally = Mutex::new(Tally::keeping(acknowledged));
    let caller = Arc::new(Caller { bursar, shape, next: AtomicU64::new(0), tally, job });
    say(&json!({"at": "ready"}));
    orders.work().await;
    let progress = tokio::spawn(tell(Arc::clone(&caller)));
    let tasks: Vec<_> = (0..caller.job.tasks)
        .map(|task| tokio::spawn(work(Arc::clone(&caller), task, orders.clone())))
        .collect();
    for task in tasks {
        task.await??;
    }
    progress.abort();
    if caller.job.leaving != Leaving::Never {
        let books = Books::open(&caller.job.ledger).await?;
        books.wait_for_no_hold(SETTLES_BY).await?;
    }
    let told = caller.tally().to_json();
    caller.bursar.ledger.clone().close().await?;
    say(&json!({"at": "done", "tally": told}));
    Ok(())
}

async fn tell(caller: Arc<Caller>) {
    loop {
        sleep(PROGRESS_EVERY).await;
        let told = caller.tally().to_json();
        say(&json!({"at": "progress", "tally": told}));
    }
}

async fn work(caller: Arc<Caller>, task: u64, orders: Orders) -> Outcome<()> {
    let mut dice = Dice::new(caller.job.seed ^ 0x7a5c, task);
    let calls = caller.job.count.unwrap_or(u64::MAX);
    loop {
        let n = caller.next.fetch_add(1, Ordering::Relaxed);
        let is_over = caller.job.until_spent && caller.tally().has_spent();
        if n >= calls || is_over || orders.is_stopped() {
            return Ok(());
        }
        caller.one(n / caller.job.repeat.max(1), &mut dice).await?;
        if caller.job.pause_ms > 0 {
            sleep(Duration::from_millis(caller.job.pause_ms)).await;
        }
    }
}

impl Caller {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn one(&self, n: u64, dice: &mut Dice) -> Outcome<()> {
        let mark = format!("{}-{n}", self.job.name);
        let mut request = self.shape.request(n, &mark, &self.bursar.pricing)?;
        request.idempotency_key = self.job.key.as_ref().map(|key| format!("{key}-{n}"));
        let who = Attribution {
            team: self.job.team.clone(),
            client_session: Some(mark),
            ..Attribution::default()
        };
        let start = Instant::now();
        let patience = Duration::from_millis(self.job.held_patience_ms);
        loop {
            let ended = match self.job.leaving {
                Leaving::Anywhere => {
                    storm::one(&self.bursar, who.clone(), request.clone(), dice).await
                }
                _ => self.call(who.clone(), request.clone(), dice).await,
            };
            let mut tally = self.tally();
            match ended {
                Ok(Ended::Settled(receipt)) => tally.settled(&receipt),
                Ok(Ended::Acknowledged(id)) => tally.acknowledge(&id),
                Ok(Ended::Left) => tally.left(),
                Ok(Ended::Refused(refusal)) => tally.refused(&refusal, start.elapsed()),
                Err(Error::Refused(no))
                    if no.refusal.reason() == RefusalReason::Held && start.elapsed() < patience =>
                {
                    drop(tally);
                    sleep(HELD_PAUSE).await;
                    continue;
                }
                Err(Error::Repeated { repeat }) => tally.repeated(&repeat),
                Err(Error::Refused(no)) => tally.refused(&no.refusal, start.elapsed()),
                Err(error) => tally.failed(&error, start.elapsed()),
            }
            return Ok(());
        }
    }

    async fn call(
        &self,
        who: Attribution,
        request: Invocation,
        dice: &mut Dice,
    ) -> Result<Ended, Error> {
        let (_cutter, signal) = cut_pair();
        let reply = self.bursar.invoke(who, request, signal).await?;
        if self.job.leaving == Leaving::Never {
            return reply.settled().await.map(|receipt| Ended::Settled(Box::new(receipt)));
        }
        read_some(reply, dice.between(0, LEAVES_AT_BYTE)).await;
        Ok(Ended::Left)
    }
}

/// Reads so many bytes, or as many as there are, and goes.
async fn read_some(mut reply: Reply, bytes: u64) {
    let mut read = 0;
    while read < bytes {
        match reply.next().await {
            Some(piece) => read += piece.len() as u64,
            None => return,
        }
    }
}
