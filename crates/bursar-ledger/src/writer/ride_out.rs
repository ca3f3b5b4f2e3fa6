//! The writer without its ledger: it answers at once, and looks twice a second for the return.

use std::time::Duration;

use bursar_domain::time::Clock;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Closers, Store, Writer, take_closers};
use crate::Error;
use crate::queue::Job;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Tasks that are taken at a time.
const TAKEN_MAX: usize = 256;

impl Writer {
    /// Whether an error says that the ledger is away, not that something is wrong with a task.
    pub(super) fn is_away(&self, error: &Error) -> bool {
        match error {
            Error::Unreachable { .. } | Error::Unwritable { .. } | Error::Full { .. } => true,
            // On PostgreSQL, limits changed too often under a reservation.
            Error::Locked => matches!(self.store, Store::Sqlite(_)),
            _ => false,
        }
    }

    /// Goes on without the ledger. `again` when the part may have been written all the same.
    pub(super) async fn leave(&mut self, part: Vec<Job>, (cause, again): (Error, bool)) {
        if !self.away.is_away() {
            let by_heart = match &self.store {
                Store::Sqlite(store) => store.by_heart(),
                Store::Postgres(store) => store.by_heart(),
            };
            self.away.begin(cause, by_heart);
        }
        self.away.take(part, again, self.clock.now()).await;
    }

    /// Answers whoever asks until the ledger is back; false when it was closed before.
    pub(super) async fn ride_out(
        &mut self,
        tasks: &mut UnboundedReceiver<Job>,
        closers: &mut Closers,
    ) -> bool {
        let Self { store, away, clock, waiting, .. } = self;
        away.take(waiting.end(), false, clock.now()).await;
        let back = come_back(store, clock);
        tokio::pin!(back);
        let mut jobs = Vec::new();
        loop {
            let tell_at = away.tell_at();
            tokio::select! {
                biased;
                number = tasks.recv_many(&mut jobs, TAKEN_MAX) => {
                    if number == 0 {
                        return false;
                    }
                    take_closers(&mut jobs, tasks, closers);
                    away.take(std::mem::take(&mut jobs), false, clock.now()).await;
                }
                () = &mut back => break,
                () = sleep_until(tell_at.unwrap_or_else(Instant::now)), if tell_at.is_some() => {
                    away.tell_late();
                }
            }
        }
        away.end().await;
        true
    }

    /// Reads the limits again that calls would be admitted by without the ledger: who is idle must
    /// not go by what was changed long ago.
    pub(super) async fn refresh(&mut self) {
        if !self.away.is_refresh_due() {
            return;
        }
        let read = match &mut self.store {
            Store::Sqlite(store) => store.refresh().await,
            Store::Postgres(store) => store.refresh().await,
        };
        match read {
            Err(error) if self.is_away(&error) => self.leave(Vec::new(), (error, false)).await,
            Err(error) => tracing::warn!("cannot read the limits: {error}"),
            Ok(()) => {}
        }
    }

    /// Writes a group of what was kept meanwhile.
    pub(super) async fn catch_up(&mut self) {
        if self.away.is_away() {
            return;
        }
        if self.away.has_spooled() {
            // What is kept besides may be the end of a call that is still in there.
            return self.drain().await;
        }
        let jobs = self.away.due_jobs(self.group_max());
        self.write(jobs).await;
    }

    /// Writes all that was kept, before the end; gives up what cannot be written.
    pub(super) async fn catch_up_wholly(&mut self) {
        if self.away.is_away() && look(&mut self.store, &self.clock).await.is_ok() {
            self.away.end().await;
        }
        while !self.away.is_away() && self.away.has_kept() {
            self.catch_up().await;
        }
        if !self.away.is_away() {
            let doubts = self.away.last_doubts();
            self.write(doubts).await;
        }
        self.away.give_up();
    }
}

/// Ends when the ledger takes writes again.
async fn come_back(store: &mut Store, clock: &Clock) {
    loop {
        sleep(PAUSE).await;
        match look(store, clock).await {
            Ok(()) => return,
            Err(error) => tracing::debug!("the ledger is still away: {}", error.problem()),
        }
    }
}

async fn look(store: &mut Store, clock: &Clock) -> Result<(), Error> {
    match store {
        Store::Sqlite(store) => store.probe(clock.now()).await,
        Store::Postgres(store) => store.probe().await,
    }
}
