//! Metered calls by many tasks at a time, and what they came to.
//!
//! Each call carries a mark, through the simulator's list and the ledger's row, by which the check
//! finds both ends of it again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bursar_core::{Bursar, Error, Invocation, Pricing, Reply, cut_pair};
use bursar_domain::identity::Attribution;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::books::Books;
use crate::client::Client;
use crate::dice::Dice;
use crate::ended::{Ended, Settled};
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

/// Who makes the calls: this process itself, or the gateways whose client it is.
enum Way {
    Core(Box<Bursar>),
    Gateways(Client),
}

struct Caller {
    way: Way,
    pricing: Pricing,
    job: Calls,
    shape: Shape,
    next: AtomicU64,
    tally: Mutex<Tally>,
}

pub(crate) async fn run(job: Calls) -> Outcome<()> {
    let mut orders = orders::listen();
    let way = match Client::new(&job)? {
        Some(client) => Way::Gateways(client),
        None => Way::Core(Box::new(station::open(&job).await?)),
    };
    let pricing = station::pricing();
    let shape = Shape::new(&job, &pricing)?;
    let acknowledged = job.acknowledged.as_ref().map(std::fs::File::create).transpose()?;
    let tally = Mutex::new(Tally::keeping(acknowledged));
    let caller = Arc::new(Caller { way, pricing, shape, next: AtomicU64::new(0), tally, job });
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
    if let Way::Core(bursar) = &caller.way {
        bursar.ledger.clone().close().await?;
    }
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
        caller.one((task, n / caller.job.repeat.max(1)), &mut dice).await?;
        if caller.job.pause_ms > 0 {
            sleep(Duration::from_millis(caller.job.pause_ms)).await;
        }
    }
}

impl Caller {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn one(&self, (task, n): (u64, u64), dice: &mut Dice) -> Outcome<()> {
        let mark = format!("{}-{n}", self.job.name);
        let mut request = self.shape.request(n, &mark, &self.pricing)?;
        request.idempotency_key = self.job.key.as_ref().map(|key| format!("{key}-{n}"));
        let start = Instant::now();
        let patience = Duration::from_millis(self.job.held_patience_ms);
        loop {
            let ended = match &self.way {
                Way::Core(bursar) => self.make(bursar, &mark, request.clone(), dice).await,
                Way::Gateways(client) => self.ask((client, task), &mark, &request, dice).await,
            };
            if ended.is_held() && start.elapsed() < patience {
                sleep(HELD_PAUSE).await;
                continue;
            }
            self.tally().take(ended, start.elapsed());
            return Ok(());
        }
    }

    /// Has a gateway make the call.
    async fn ask(
        &self,
        (client, task): (&Client, u64),
        mark: &str,
        request: &Invocation,
        dice: &mut Dice,
    ) -> Ended {
        let leaves_at = match self.job.leaving {
            Leaving::MidReply => Some(dice.between(1, LEAVES_AT_BYTE)),
            Leaving::Never | Leaving::Anywhere => None,
        };
        let asking = client.call(task, mark, request, leaves_at);
        if self.job.leaving != Leaving::Anywhere {
            return asking.await;
        }
        timeout(storm::patience(dice), asking).await.unwrap_or(Ended::Left)
    }

    /// Makes the call here.
    async fn make(
        &self,
        bursar: &Bursar,
        mark: &str,
        request: Invocation,
        dice: &mut Dice,
    ) -> Ended {
        let who = Attribution {
            team: self.job.team.clone(),
            client_session: Some(mark.to_owned()),
            ..Attribution::default()
        };
        let ended = match self.job.leaving {
            Leaving::Anywhere => storm::one(bursar, who, request, dice).await,
            Leaving::MidReply => leave(bursar, who, request, dice.between(0, LEAVES_AT_BYTE)).await,
            Leaving::Never => stay(bursar, who, request).await,
        };
        ended.unwrap_or_else(Ended::from)
    }
}

async fn stay(bursar: &Bursar, who: Attribution, request: Invocation) -> Result<Ended, Error> {
    let (_cutter, signal) = cut_pair();
    let receipt = bursar.invoke(who, request, signal).await?.settled().await?;
    Ok(Ended::Settled(Settled::from(&receipt)))
}

async fn leave(
    bursar: &Bursar,
    who: Attribution,
    request: Invocation,
    at_byte: u64,
) -> Result<Ended, Error> {
    let (_cutter, signal) = cut_pair();
    read_some(bursar.invoke(who, request, signal).await?, at_byte).await;
    Ok(Ended::Left)
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
