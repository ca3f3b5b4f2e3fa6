//! What a page asks of the roll-ups: sums by day or hour and by one dimension, of a part of it. A page
//! reads so many rows and no more; what would take more is refused, never cut short.

use bursar_domain::closed_set;
use bursar_domain::time::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use super::Counters;
use crate::copy::row::CopiedRow;
use crate::rollup::{Grain, SPEED_BOUNDS, Sums, TIME_BOUNDS};
use crate::statement::{Statement, Value, bulk};
use crate::{Error, Ledger};

const GRAIN: Statement =
    Statement { doing: "sum a grain", sql: include_str!("../../queries/slice_grain.sql") };
const GRAIN_OF: Statement =
    Statement { doing: "sum a grain", sql: include_str!("../../queries/slice_grain_of.sql") };
const HOURS: Statement =
    Statement { doing: "sum hours", sql: include_str!("../../queries/slice_hours.sql") };
const PACES: Statement = Statement {
    doing: "read how long calls took",
    sql: include_str!("../../queries/slice_paces.sql"),
};

closed_set! {
    /// What the widest sums, of hours, can be told apart by.
    HourBy {
        /// The model.
        Model = "model",
        /// The team.
        Team = "team",
        /// The project.
        Project = "project",
        /// The person.
        User = "user",
        /// The virtual key.
        Key = "key",
        /// The region.
        Region = "region",
        /// The tier.
        Tier = "tier",
        /// The operation.
        Operation = "operation",
        /// The report tags, as a JSON object of keys and values.
        Tags = "tags",
        /// The price row; empty for calls without a price.
        Price = "price",
    }
}

/// Narrow sums, of whole UTC days or hours as their grain says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrainSlice {
    /// By what.
    pub grain: Grain,
    /// From this day or hour on.
    pub since: Timestamp,
    /// Before this day or hour.
    pub until: Timestamp,
    /// Of these values alone; `None` for all.
    pub values: Option<Vec<String>>,
    /// Of this second value alone.
    pub second: Option<String>,
    /// Each so many milliseconds are a row of their own, counted back from the end: whole days or hours.
    /// `None` for one row of all the time.
    pub step_ms: Option<i64>,
}

/// The widest sums, of whole hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourSlice {
    /// By what.
    pub by: HourBy,
    /// By what within that, as the second value.
    pub then: Option<HourBy>,
    /// From this hour on.
    pub since: Timestamp,
    /// Before this hour.
    pub until: Timestamp,
    /// Of this team alone.
    pub team: Option<String>,
    /// Of this person alone.
    pub user: Option<String>,
    /// Of this model alone.
    pub model: Option<String>,
    /// Each so many milliseconds are a row of their own, as in a [`GrainSlice`].
    pub step_ms: Option<i64>,
}

/// One row of a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceRow {
    /// The beginning of its step, where those are rows of their own. The first may begin before what
    /// was asked for.
    pub at: Option<Timestamp>,
    /// The value; empty for calls without one.
    pub value: String,
    /// The second value.
    pub second: String,
    /// The sums.
    pub counters: Counters,
}

/// How long calls took that succeeded: how many fell into each bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paces {
    /// The value.
    pub value: String,
    /// The second value.
    pub second: String,
    /// From the call's start to its end, in milliseconds.
    pub latency: Buckets,
    /// From its start to the first token, in milliseconds.
    pub first_token: Buckets,
    /// Output tokens a second.
    pub speed: Buckets,
}

/// Counts by upper bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    bounds: &'static [i64; 19],
    counts: [i64; 20],
}

#[derive(Debug, FromRow)]
struct Row {
    at_ms: i64,
    value: String,
    value2: String,
    rows_read: i64,
    #[sqlx(flatten)]
    sums: Sums,
}

#[derive(Debug, Serialize)]
struct Asked<'a> {
    start_ms: i64,
    value: &'a str,
}

/// Every value, where a statement is asked for days and values.
const EVERY: &str = "*";

impl Ledger {
    /// A page reads so many rows of sums at most.
    pub const PAGE_ROWS_MAX: i64 = 20_000;

    /// Narrow sums.
    ///
    /// # Errors
    /// [`Error::TooMuch`], or a database that failed.
    pub async fn grains(&self, slice: &GrainSlice) -> Result<Vec<SliceRow>, Error> {
        let (grain, second) = (slice.grain.as_str(), slice.second.as_deref().unwrap_or_default());
        let (step, most) = (step(slice.step_ms), (Self::PAGE_ROWS_MAX + 1).into());
        let rows: Vec<Row> = match &slice.values {
            None => {
                let (since, until) = (slice.since.0.into(), slice.until.0.into());
                let values = [grain.into(), since, until, step, second.into(), most];
                self.reads.rows(GRAIN, &values).await?
            }
            Some(of) => {
                let asked = asked(slice, of)?;
                let until = slice.until.0.into();
                let values = [grain.into(), asked, until, step, second.into(), most];
                self.reads.rows(GRAIN_OF, &values).await?
            }
        };
        told(rows, slice.step_ms.is_some())
    }

    /// Sums of hours.
    ///
    /// # Errors
    /// [`Error::TooMuch`], or a database that failed.
    pub async fn hours(&self, slice: &HourSlice) -> Result<Vec<SliceRow>, Error> {
        let text = |text: &Option<String>| Value::from(text.as_deref().unwrap_or_default());
        let values = [
            slice.by.as_str().into(),
            slice.since.0.into(),
            slice.until.0.into(),
            step(slice.step_ms),
            text(&slice.team),
            text(&slice.user),
            text(&slice.model),
            (Self::PAGE_ROWS_MAX + 1).into(),
            slice.then.map_or("", HourBy::as_str).into(),
        ];
        told(self.reads.rows(HOURS, &values).await?, slice.step_ms.is_some())
    }

    /// How long calls took, by value, over all the time.
    ///
    /// # Errors
    /// [`Error::TooMuch`], or a database that failed.
    pub async fn paces(&self, slice: &GrainSlice) -> Result<Vec<Paces>, Error> {
        let every = [EVERY.to_owned()];
        let asked = asked(slice, slice.values.as_deref().unwrap_or(&every))?;
        let values = [slice.grain.as_str().into(), asked, (Self::PAGE_ROWS_MAX + 1).into()];
        let rows: Vec<CopiedRow> = self.reads.rows(PACES, &values).await?;
        let read: i64 = rows.iter().map(|row| row.number("rows_read")).sum();
        within(read)?;
        Ok(rows.iter().map(paces).collect())
    }
}

/// The times and values that are asked for, each pair an object.
fn asked(slice: &GrainSlice, of: &[String]) -> Result<Value, Error> {
    let step = slice.grain.step_ms();
    let count = usize::try_from((slice.until.0 - slice.since.0) / step).unwrap_or_default();
    within(i64::try_from(count.saturating_mul(of.len())).unwrap_or(i64::MAX))?;
    let starts = (0..).map(|number| slice.since.0 + number * step).take(count);
    bulk(starts.flat_map(|start_ms| of.iter().map(move |value| Asked { start_ms, value })))
}

/// As statements take it: 0 for none.
fn step(ms: Option<i64>) -> Value {
    ms.unwrap_or_default().into()
}

fn within(rows: i64) -> Result<(), Error> {
    if rows > Ledger::PAGE_ROWS_MAX {
        return Err(Error::TooMuch { most: Ledger::PAGE_ROWS_MAX });
    }
    Ok(())
}

fn told(rows: Vec<Row>, by_time: bool) -> Result<Vec<SliceRow>, Error> {
    within(rows.iter().map(|row| row.rows_read).sum())?;
    let told = rows.into_iter().map(|row| SliceRow {
        at: by_time.then_some(Timestamp(row.at_ms)),
        value: row.value,
        second: row.value2,
        counters: row.sums.into(),
    });
    Ok(told.collect())
}

fn paces(row: &CopiedRow) -> Paces {
    let buckets = |measure: &str, bounds: &'static [i64; 19]| Buckets {
        bounds,
        counts: std::array::from_fn(|place| row.number(&format!("{measure}_{place:02}"))),
    };
    Paces {
        value: row.text("value").to_owned(),
        second: row.text("value2").to_owned(),
        latency: buckets("latency", &TIME_BOUNDS),
        first_token: buckets("first_token", &TIME_BOUNDS),
        speed: buckets("speed", &SPEED_BOUNDS),
    }
}

impl Buckets {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.counts.iter().sum()
    }

    /// The upper bound of the bucket that the `percent`th of a hundred falls into; `None` where there
    /// are none. The last bucket has no bound, and is told by that below it.
    #[must_use]
    pub fn quantile(&self, percent: i64) -> Option<i64> {
        let count = self.count();
        let place = (count * percent + 99) / 100;
        let mut before = 0;
        let bucket = self.counts.iter().position(|one| {
            before += one;
            before >= place
        })?;
        (count > 0).then(|| self.bounds[bucket.min(self.bounds.len() - 1)])
    }
}
