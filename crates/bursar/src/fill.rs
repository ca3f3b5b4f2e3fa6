//! A ledger's past, made up: calls over months, as teams would have made them, so that pages and reports
//! can be tried on millions of rows. The same seed, up to the same hour, makes the same calls.
//!
//! What is written goes through the ledger's own door for past calls, and every call says that it is
//! a simulator's. Nothing here is one of the five verbs: nothing is sent.

mod cast;
mod dice;
mod menu;
mod past;
mod rhythm;

use std::time::{Duration, Instant};

use bursar_domain::call::Outcome;
use bursar_domain::catalogue::Catalogue;
use bursar_domain::money::{Cost, Total};
use bursar_domain::price_book::PriceBook;
use bursar_domain::roster::Roster;
use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use bursar_ledger::{Ledger, PastCall, PastEnd};
use indicatif::ProgressBar;
use tokio::task::JoinHandle;

use crate::failure::{Failure, Situation};
use cast::Cast;
use dice::Dice;
use menu::Menu;
use rhythm::Rhythm;

/// Of a thousand calls, so many are followed by one that is refused.
const REFUSED: u64 = 8;
/// Budgets are set so long before the end, by what was spent as long before that.
const BUDGET_DAYS: i64 = 31;

/// What is to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) calls: u64,
    pub(crate) months: u32,
    pub(crate) teams: usize,
    pub(crate) models: usize,
    pub(crate) seed: u64,
    /// The hour before which it ends.
    pub(crate) until: Timestamp,
}

/// What was made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) calls: u64,
    pub(crate) refused: u64,
    pub(crate) succeeded: u64,
    pub(crate) cost: Total,
    pub(crate) took: Duration,
    /// What the ledger grew by, from its first call to its last.
    pub(crate) bytes: u64,
}

/// What is made so far.
struct Filling<'f> {
    ledger: &'f Ledger,
    bar: &'f ProgressBar,
    batch: Vec<PastCall>,
    /// The calls before those, on their way.
    writing: Option<JoinHandle<Result<(), bursar_ledger::Error>>>,
    made: Made,
    /// What each team has spent of late.
    spent: Vec<Total>,
}

/// Fills a ledger.
pub(crate) async fn fill(
    ledger: &Ledger,
    actor: &str,
    (catalogue, prices): (Catalogue, &PriceBook),
    wanted: Wanted,
    bar: &ProgressBar,
) -> Result<Made, Failure> {
    let before = ledger.bytes().await?;
    let started = Instant::now();
    let mut dice = Dice::new(wanted.seed);
    let mut menu = Menu::new((catalogue, prices), wanted.models, wanted.until);
    if menu.items.len() < wanted.models {
        let known = menu.items.len();
        let message = format!("only {known} models are priced by the token");
        return Err(Failure::new(Situation::Usage, message)
            .hint(format!("ask for at most {known}: `--models {known}`")));
    }
    let roster = Roster::from(ledger.access().await?);
    ledger.change(actor, cast::changes(&roster, wanted.teams, &mut dice)).await?;
    let roster = Roster::from(ledger.access().await?);
    let cast = Cast::new(&roster, wanted.teams, menu.items.len(), &mut dice);
    let made =
        Made { calls: 0, refused: 0, succeeded: 0, cost: Total(0), took: Duration::ZERO, bytes: 0 };
    let spent = vec![Total(0); cast.teams.len()];
    let mut filling = Filling { ledger, bar, batch: Vec::new(), writing: None, made, spent };
    filling.hours((&mut menu, &cast), (actor, wanted), &mut dice).await?;
    let mut made = filling.made;
    made.took = started.elapsed();
    made.bytes = ledger.bytes().await?.saturating_sub(before);
    Ok(made)
}

impl Filling<'_> {
    async fn hours(
        &mut self,
        (menu, cast): (&mut Menu<'_>, &Cast),
        (actor, wanted): (&str, Wanted),
        dice: &mut Dice,
    ) -> Result<(), Failure> {
        let budgets_at = wanted.until.0 - BUDGET_DAYS * DAY_MS;
        let mut has_budgets = false;
        let rhythm = Rhythm::new(wanted.calls, wanted.months, wanted.until);
        for (hour, count) in rhythm.hours() {
            if hour.0 <= budgets_at - BUDGET_DAYS * DAY_MS {
                self.spent.fill(Total(0));
            }
            if hour.0 >= budgets_at && !has_budgets {
                has_budgets = true;
                // They count from here on: what waits was before.
                self.flush().await?;
                self.written().await?;
                let budgets = cast::budgets(&cast.teams, &self.spent, dice);
                self.ledger.change(actor, budgets).await?;
            }
            self.hour((menu, cast), (hour, count), dice).await?;
        }
        self.flush().await?;
        self.written().await
    }

    async fn hour(
        &mut self,
        (menu, cast): (&mut Menu<'_>, &Cast),
        (hour, count): (Timestamp, u64),
        dice: &mut Dice,
    ) -> Result<(), Failure> {
        let step = HOUR_MS.unsigned_abs() / count.max(1);
        for number in 0..count {
            let offset = number * step + dice.below(step.max(1));
            let at = Timestamp(hour.0 + i64::try_from(offset).unwrap_or_default());
            let nobody = || Failure::new(Situation::Failed, "nobody is there to call");
            let caller = cast.next(dice).ok_or_else(nobody)?;
            let call = past::call(menu, caller, at, dice).ok_or_else(|| unpriced(at))?;
            if dice.hits(REFUSED) {
                self.made.refused += 1;
                self.put(past::refusal(&call, dice)).await?;
            }
            self.count(caller.team_at, &call);
            self.put(call).await?;
        }
        Ok(())
    }

    fn count(&mut self, team: usize, call: &PastCall) {
        self.made.calls += 1;
        let PastEnd::Settled(settlement) = &call.end else { return };
        self.made.succeeded += u64::from(settlement.ending.outcome == Outcome::Succeeded);
        let cost = i128::from(settlement.bill.cost.map_or(0, Cost::pico));
        self.made.cost.0 += cost;
        if let Some(spent) = self.spent.get_mut(team) {
            spent.0 += cost;
        }
    }

    async fn put(&mut self, call: PastCall) -> Result<(), Failure> {
        self.batch.push(call);
        if self.batch.len() == PastCall::TOGETHER_MAX {
            self.flush().await?;
        }
        Ok(())
    }

    /// Has the ledger write what waits, while more is made up.
    async fn flush(&mut self) -> Result<(), Failure> {
        let batch = std::mem::take(&mut self.batch);
        self.written().await?;
        let ledger = self.ledger.clone();
        self.writing = Some(tokio::spawn(async move { ledger.record_past(batch).await }));
        self.bar.set_position(self.made.calls);
        Ok(())
    }

    /// Waits for what is on its way.
    async fn written(&mut self) -> Result<(), Failure> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        let stopped = |error| Failure::new(Situation::Failed, format!("stopped: {error}"));
        Ok(writing.await.map_err(stopped)??)
    }
}

fn unpriced(at: Timestamp) -> Failure {
    let message = format!("none of the models has a price on {}", at.date());
    Failure::new(Situation::Unpriced, message)
        .hint("ask for fewer months, so that it begins later, or for more models")
}
