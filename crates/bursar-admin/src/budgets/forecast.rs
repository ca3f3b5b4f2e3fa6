//! How fast a limit is used up, and when it would be empty if that went on.
//!
//! By what it counted since it began anew; where that is too young to say, by what its calls used
//! in the days before. Where there is too little to tell by, it says so, and nothing else.

use std::collections::BTreeMap;

use bursar_domain::limit::{LimitId, Unit};
use bursar_domain::money::Total;
use bursar_domain::span::Span;
use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use bursar_ledger::{Habit, Pace, Standing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

/// What a burn rate was told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// What the limit has counted since it last began anew.
    Window,
    /// What its calls have used in the days before, since the window is too young to say.
    RecentDays,
}

/// How much the days differ, and what that leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Band {
    /// How many days were looked at.
    pub days: usize,
    /// What the quietest of them used.
    pub low_per_day: String,
    /// What the busiest used.
    pub high_per_day: String,
    /// When it runs out if every day is as the busiest; null when it lasts even so.
    pub earliest: Option<String>,
    /// When it runs out if every day is as the quietest; null when it lasts then.
    pub latest: Option<String>,
}

/// One counter's burn rate and outlook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Forecast {
    /// How it stands.
    #[serde(flatten)]
    pub row: BudgetRow,
    /// How many calls have settled in the window.
    pub calls: u64,
    /// What `per_day` was told by; `None` when it is not known.
    pub based_on: Option<Basis>,
    /// What is used a day on average; `None` when that is not known.
    pub per_day: Option<String>,
    /// How much whole days differ; `None` where fewer than two are known.
    pub band: Option<Band>,
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
        let mut habits: BTreeMap<&LimitId, Habits> = BTreeMap::new();
        for Standing { limit, .. } in &standings {
            if !habits.contains_key(&limit.id) {
                habits.insert(&limit.id, self.ledger.habits(limit, at).await?);
            }
        }
        let forecast = |standing: &Standing| {
            let pace = paces.get(&standing.balance.window).copied();
            let habit = habits.get(&standing.limit.id).and_then(Option::as_ref);
            let habit = habit.and_then(|habits| habits.get(&standing.each_value));
            Forecast::of(standing, (pace, habit), at)
        };
        Ok(standings.iter().map(forecast).collect())
    }
}

/// By counter; `None` where the roll-ups do not tell.
type Habits = Option<BTreeMap<String, Habit>>;

/// An amount in a time.
#[derive(Debug, Clone, Copy)]
struct Rate {
    used: i128,
    ms: i64,
}

impl Rate {
    fn per_day(self) -> String {
        let ms = i128::from(self.ms.max(1));
        write_amount(Total(self.used.saturating_mul(i128::from(DAY_MS)) / ms))
    }
}

impl Forecast {
    fn of(standing: &Standing, known: (Option<Pace>, Option<&Habit>), at: Timestamp) -> Self {
        let (pace, habit) = known;
        let balance = &standing.balance;
        let left = total(balance.limit).0 - balance.spent_total().0;
        let rate = of_window(standing, pace, at).map(|rate| (Basis::Window, rate));
        let rate = rate.or_else(|little| {
            let rate = habit.and_then(of_days).ok_or(little)?;
            Ok::<_, String>((Basis::RecentDays, rate))
        });
        let outlook = match &rate {
            _ if left <= 0 => Outlook::Empty,
            Ok((_, rate)) => match runs_out(left, *rate, (at, balance.end)) {
                Some(at) => Outlook::RunsOut { at },
                None => Outlook::Lasts,
            },
            Err(because) => Outlook::TooLittleKnown { because: because.clone() },
        };
        Self {
            row: BudgetRow::of(standing),
            calls: pace.map_or(0, |pace| pace.settled),
            based_on: rate.as_ref().ok().map(|(basis, _)| *basis),
            per_day: rate.ok().map(|(_, rate)| rate.per_day()),
            band: habit.and_then(|habit| Band::of(habit, left.max(0), (at, balance.end))),
            outlook,
        }
    }
}

impl Band {
    /// Of whole days; a single one does not differ from anything.
    fn of(habit: &Habit, left: i128, horizon: (Timestamp, Timestamp)) -> Option<Self> {
        let days = (habit.until.0 - habit.since.0) / DAY_MS;
        let days = usize::try_from(days).ok().filter(|days| *days >= 2)?;
        let days = habit.days.get(..days)?;
        let rate = |used: &Total| Rate { used: used.0, ms: DAY_MS };
        let (low, high) = (rate(days.iter().min()?), rate(days.iter().max()?));
        Some(Self {
            days: days.len(),
            low_per_day: low.per_day(),
            high_per_day: high.per_day(),
            earliest: runs_out(left, high, horizon),
            latest: runs_out(left, low, horizon),
        })
    }
}

/// The rate of the window itself, or why it tells none.
fn of_window(standing: &Standing, pace: Option<Pace>, at: Timestamp) -> Result<Rate, String> {
    let balance = &standing.balance;
    let pace = pace.ok_or("no call was counted yet")?;
    let ms = (at.0 - balance.start.max(pace.since).0).max(1);
    let window_ms = balance.end.0.saturating_sub(balance.start.0);
    if pace.settled < CALLS_MIN || ms < ELAPSED_MIN_MS.min(window_ms / TENTH) {
        return Err(little(pace.settled, ms));
    }
    Ok(Rate { used: balance.spent_total().0, ms })
}

/// The rate of the days before, where they tell one.
fn of_days(habit: &Habit) -> Option<Rate> {
    let ms = habit.until.0 - habit.since.0;
    let used = habit.days.iter().fold(0_i128, |used, day| used.saturating_add(day.0));
    (habit.calls >= CALLS_MIN && ms >= ELAPSED_MIN_MS).then_some(Rate { used, ms })
}

/// When what is left is used up at a rate; `None` when that is after it begins anew.
fn runs_out(left: i128, rate: Rate, (at, end): (Timestamp, Timestamp)) -> Option<String> {
    let ms = left.saturating_mul(i128::from(rate.ms)).checked_div(rate.used);
    let ms = ms.and_then(|ms| i64::try_from(ms).ok()).unwrap_or(i64::MAX);
    let out = Timestamp(at.0.saturating_add(ms));
    let horizon = if end == Span::FOREVER { at.0.saturating_add(36_525 * DAY_MS) } else { end.0 };
    (out.0 < horizon).then(|| out.to_string())
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
        Forecast::of(&standing(spent), (Some(pace), None), Timestamp(START.0 + days * DAY_MS))
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
        let forecast = Forecast::of(&standing(50_000_000), (Some(pace), None), at);
        assert_eq!(forecast.per_day.as_deref(), Some("50"));
    }

    const DOLLAR: i128 = 1_000_000_000_000;

    /// Three and a half days before `START`: a dollar, then one, two and three a day.
    fn habit(calls: u64) -> Habit {
        let mut days = [Total(0); Habit::DAYS];
        for (day, dollars) in days.iter_mut().zip([3, 2, 1, 1]) {
            *day = Total(dollars * DOLLAR);
        }
        let since = Timestamp(START.0 - 3 * DAY_MS - 12 * HOUR_MS);
        Habit { since, until: START, calls, days }
    }

    #[test]
    fn a_window_that_is_too_young_is_told_by_the_days_before() {
        let at = Timestamp(START.0 + 60_000);
        let forecast = Forecast::of(&standing(0), (None, Some(&habit(100))), at);
        assert_eq!(forecast.based_on, Some(Basis::RecentDays));
        assert_eq!(forecast.per_day.as_deref(), Some("2"));
        assert_eq!(forecast.outlook, Outlook::Lasts);
        let nearly = Forecast::of(&standing(94_000_000), (None, Some(&habit(100))), at);
        let day = |days: i64| Timestamp(at.0 + days * DAY_MS).to_string();
        assert_eq!(nearly.outlook, Outlook::RunsOut { at: day(3) });
        let band = nearly.band.expect("three whole days are known");
        assert_eq!(
            (band.days, band.low_per_day.as_str(), band.high_per_day.as_str()),
            (3, "1", "3")
        );
        assert_eq!((band.earliest, band.latest), (Some(day(2)), Some(day(6))));
    }

    #[test]
    fn a_window_that_is_old_enough_is_told_by_itself() {
        let pace = Pace { since: START, settled: 100 };
        let at = Timestamp(START.0 + 5 * DAY_MS);
        let forecast = Forecast::of(&standing(50_000_000), (Some(pace), Some(&habit(100))), at);
        assert_eq!(forecast.based_on, Some(Basis::Window));
        assert_eq!(forecast.per_day.as_deref(), Some("10"));
        assert!(forecast.band.is_some());
    }

    #[test]
    fn a_few_calls_in_the_days_before_tell_nothing_either() {
        let forecast = Forecast::of(&standing(0), (None, Some(&habit(9))), START);
        assert_eq!((forecast.based_on, forecast.per_day), (None, None));
        let because = "no call was counted yet".to_owned();
        assert_eq!(forecast.outlook, Outlook::TooLittleKnown { because });
        let hour = Habit { since: START, ..habit(100) };
        let forecast = Forecast::of(&standing(0), (None, Some(&hour)), START);
        assert_eq!((forecast.based_on, forecast.band), (None, None));
    }
}
