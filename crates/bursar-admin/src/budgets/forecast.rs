//! How fast a limit is used up, and when it would be empty if that went on. Where there is too
//! little to tell by, it says so, and nothing else.

use bursar_domain::limit::Unit;
use bursar_domain::money::Total;
use bursar_domain::span::Span;
use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use bursar_ledger::{Pace, Standing};
use serde::Serialize;

use super::BudgetRow;
use super::figures::total;
use crate::amount::write_amount;
use crate::{Admin, Error, Selectors};

/// Fewer calls than this tell nothing of the next.
const CALLS_MIN: u64 = 10;
/// A shorter time than this tells nothing of a day, nor less than a tenth of a window of itself.
const ELAPSED_MIN_MS: i64 = HOUR_MS;
const TENTH: i64 = 10;

/// What becomes of a limit if it is used as it was so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outlook", rename_all = "snake_case")]
pub enum Outlook {
    /// More is left than will be used before it begins anew, or within a hundred years.
    Lasts,
    /// It runs out.
    RunsOut {
        /// When, RFC 3339.
        at: String,
    },
    /// Nothing is left.
    Empty,
    /// There is too little to tell by.
    TooLittleKnown {
        /// What there is.
        because: String,
    },
}

/// One counter's burn rate and outlook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// How it stands.
    #[serde(flatten)]
    pub row: BudgetRow,
    /// How many calls have settled in the window.
    pub calls: u64,
    /// What was used a day on average since it began to count; `None` when that is not known.
    pub per_day: Option<String>,
    /// What becomes of it.
    #[serde(flatten)]
    pub outlook: Outlook,
}

impl Admin {
    /// What becomes of the limits on what is selected, if they are used as they were so far.
    ///
    /// # Errors
    /// A selection that makes no sense, or a ledger that failed.
    pub async fn forecast(&self, selectors: &Selectors) -> Result<Vec<Forecast>, Error> {
        let mut standings = self.standings(selectors).await?;
        standings.retain(|standing| standing.limit.unit != Unit::Concurrent);
        let at = self.ledger.window_time(self.clock.now()).await?;
        let paces = self.ledger.pace(&standings).await?;
        let pace = |standing: &Standing| paces.get(&standing.balance.window).copied();
        Ok(standings.iter().map(|standing| Forecast::of(standing, pace(standing), at)).collect())
    }
}

impl Forecast {
    fn of(standing: &Standing, pace: Option<Pace>, at: Timestamp) -> Self {
        let row = BudgetRow::of(standing);
        let Some(pace) = pace else {
            let because = "no call was counted yet".to_owned();
            let outlook = Outlook::TooLittleKnown { because };
            return Self { row, calls: 0, per_day: None, outlook };
        };
        let balance = &standing.balance;
        let elapsed_ms = (at.0 - balance.start.max(pace.since).0).max(1);
        let spent = balance.spent_total();
        let left = total(balance.limit).0 - spent.0;
        let window_ms = balance.end.0.saturating_sub(balance.start.0);
        let per_day = spent.0.saturating_mul(i128::from(DAY_MS)) / i128::from(elapsed_ms);
        let outlook = if left <= 0 {
            Outlook::Empty
        } else if pace.settled < CALLS_MIN || elapsed_ms < ELAPSED_MIN_MS.min(window_ms / TENTH) {
            Outlook::TooLittleKnown { because: little(pace.settled, elapsed_ms) }
        } else {
            runs_out(left, (spent.0, elapsed_ms), (at, balance.end))
        };
        let is_known = !matches!(outlook, Outlook::TooLittleKnown { .. });
        let per_day = is_known.then(|| write_amount(Total(per_day)));
        Self { row, calls: pace.settled, per_day, outlook }
    }
}

/// When what is left is used up, at so much in so many milliseconds.
fn runs_out(
    left: i128,
    (spent, elapsed_ms): (i128, i64),
    (at, end): (Timestamp, Timestamp),
) -> Outlook {
    let ms = left.saturating_mul(i128::from(elapsed_ms)).checked_div(spent);
    let ms = ms.and_then(|ms| i64::try_from(ms).ok()).unwrap_or(i64::MAX);
    let out = Timestamp(at.0.saturating_add(ms));
    let horizon = if end == Span::FOREVER { at.0.saturating_add(36_525 * DAY_MS) } else { end.0 };
    if out.0 >= horizon { Outlook::Lasts } else { Outlook::RunsOut { at: out.to_string() } }
}

fn little(calls: u64, elapsed_ms: i64) -> String {
    let calls = match calls {
        1 => "1 call".to_owned(),
        calls => format!("{calls} calls"),
    };
    format!("only {calls} in {} minutes", elapsed_ms / 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::budget::Mode;
    use bursar_domain::limit::{Limit, LimitId, OnLimit};
    use bursar_domain::money::Micros;
    use bursar_domain::scope::Scope;
    use bursar_domain::span::Zone;

    /// 2026-11-01.
    const START: Timestamp = Timestamp(1_793_491_200_000);

    fn standing(spent: i64) -> Standing {
        let limit = Limit {
            id: LimitId("1".into()),
            scope: Scope::default(),
            each: None,
            unit: Unit::Usd,
            span: Span::Month,
            zone: Zone::UTC,
            mode: Mode::Hard,
            on_limit: OnLimit::Refuse,
            amount: Micros(100_000_000),
        };
        let mut standing = Standing::untouched(&limit, &limit.place_at("", START));
        standing.balance.spent = Micros(spent);
        standing
    }

    fn forecast(spent: i64, settled: u64, days: i64) -> Forecast {
        let pace = Pace { since: START, settled };
        Forecast::of(&standing(spent), Some(pace), Timestamp(START.0 + days * DAY_MS))
    }

    #[test]
    fn a_limit_that_is_half_used_on_the_fifth_day_is_empty_on_the_tenth() {
        let forecast = forecast(50_000_000, 100, 5);
        assert_eq!(forecast.per_day.as_deref(), Some("10"));
        let at = Timestamp(START.0 + 10 * DAY_MS).to_string();
        assert_eq!(forecast.outlook, Outlook::RunsOut { at });
    }

    #[test]
    fn a_limit_that_begins_anew_before_it_is_empty_lasts() {
        assert_eq!(forecast(10_000_000, 100, 5).outlook, Outlook::Lasts);
        assert_eq!(forecast(0, 100, 5).outlook, Outlook::Lasts);
        assert_eq!(forecast(100_000_000, 100, 5).outlook, Outlook::Empty);
    }

    #[test]
    fn a_few_calls_or_a_few_minutes_tell_nothing() {
        let few = forecast(50_000_000, 9, 5);
        let because = "only 9 calls in 7200 minutes".to_owned();
        assert_eq!(few.outlook, Outlook::TooLittleKnown { because });
        assert_eq!(few.per_day, None);
        let early = forecast(1, 1_000, 0);
        assert!(matches!(early.outlook, Outlook::TooLittleKnown { .. }), "{early:?}");
    }

    #[test]
    fn a_limit_that_was_set_within_its_window_counts_from_then() {
        let pace = Pace { since: Timestamp(START.0 + 4 * DAY_MS), settled: 50 };
        let at = Timestamp(START.0 + 5 * DAY_MS);
        let forecast = Forecast::of(&standing(50_000_000), Some(pace), at);
        assert_eq!(forecast.per_day.as_deref(), Some("50"));
    }
}
