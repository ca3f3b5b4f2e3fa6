//! Reading usage: which roll-up answers which part of the range, and how the parts are joined.

use std::collections::BTreeMap;
use std::ops::Range;

use bursar_domain::call::Outcome;
use bursar_domain::money::Cost;
use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use sqlx::FromRow;

use super::{Dimension, UsageQuery, UsageReport, UsageRow};
use crate::facts::read_tags;
use crate::rollup::Sums;
use crate::rules::{SETTINGS, Settings};
use crate::statement::{Statement, Value};
use crate::{Error, Ledger};

const HOURS: Statement =
    Statement { doing: "sum hours", sql: include_str!("../../queries/usage_hours.sql") };
const DAYS: Statement =
    Statement { doing: "sum days", sql: include_str!("../../queries/usage_grain.sql") };
const TAGGED_CALLS: Statement =
    Statement { doing: "sum tagged calls", sql: include_str!("../../queries/tagged_calls.sql") };

/// The end of a range without one: the last whole day that milliseconds can name, so that adding
/// an hour to it does not overflow.
const FOR_EVER_MS: i64 = (i64::MAX / DAY_MS - 1) * DAY_MS;

/// Sums by value. The empty value is the one that is not known.
type ByValue = BTreeMap<String, Sums>;

#[derive(Debug, FromRow)]
struct ValueRow {
    value: String,
    #[sqlx(flatten)]
    sums: Sums,
}

#[derive(Debug, FromRow)]
struct TaggedRow {
    started_ms: i64,
    call_id: String,
    tag_value: String,
    outcome: String,
    attempts: i64,
    throttled_attempts: i64,
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_write_5m_tokens: i64,
    cache_write_1h_tokens: i64,
    cost_pico: Option<i64>,
    estimated: bool,
}

impl Ledger {
    /// Sums by one dimension, each value of which has a row, and their total.
    ///
    /// Reads roll-ups, so it takes as long for a million calls as for ten thousand; but a tag that
    /// was not a report tag throughout the range is summed from its calls, page by page.
    pub async fn usage(&self, query: &UsageQuery) -> Result<UsageReport, Error> {
        let range = whole_hours(query.since, query.until);
        let sums = match &query.by {
            Dimension::Tag(tag) => self.by_tag(tag, &range, query.count_tokens).await?,
            by => match grain(by) {
                Some(grain) => {
                    let is_day = *by == Dimension::Day;
                    self.by_grain(grain, is_day, &range, query.count_tokens).await?
                }
                None => self.by_hours(dimension(by), &range, query.count_tokens).await?,
            },
        };
        let mut total = Sums::default();
        for sums in sums.values() {
            total.add(sums);
        }
        let rows = name(&query.by, sums);
        Ok(UsageReport {
            rows: rows.map(|(value, sums)| UsageRow { value, counters: sums.into() }).collect(),
            total: total.into(),
            since: query.since.map(|_| Timestamp(range.start)),
            until: query.until.map(|_| Timestamp(range.end)),
        })
    }

    async fn by_hours(
        &self,
        dimension: &str,
        range: &Range<i64>,
        count_tokens: bool,
    ) -> Result<ByValue, Error> {
        let mut sums = ByValue::new();
        if range.is_empty() {
            return Ok(sums);
        }
        let values: [Value; 4] =
            [dimension.into(), range.start.into(), range.end.into(), Value::Bool(count_tokens)];
        let rows: Vec<ValueRow> = self.reads.rows(HOURS, &values).await?;
        add_rows(&mut sums, rows);
        Ok(sums)
    }

    /// Whole days from the daily roll-up of a grain, the edges from the hourly one.
    async fn by_grain(
        &self,
        grain: &str,
        is_day: bool,
        range: &Range<i64>,
        count_tokens: bool,
    ) -> Result<ByValue, Error> {
        let (before, days, after) = split_days(range);
        let mut sums = ByValue::new();
        if !days.is_empty() {
            let values: [Value; 5] = [
                grain.into(),
                days.start.into(),
                days.end.into(),
                Value::Bool(is_day),
                Value::Bool(count_tokens),
            ];
            let rows: Vec<ValueRow> = self.reads.rows(DAYS, &values).await?;
            add_rows(&mut sums, rows);
        }
        for edge in [before, after] {
            let (hourly, tag) = match grain.strip_prefix("tag:") {
                Some(tag) => ("tags", Some(tag)),
                None if is_day => ("hour", None),
                None => (grain, None),
            };
            for (value, edge_sums) in self.by_hours(hourly, &edge, count_tokens).await? {
                let value = match tag {
                    Some(tag) => tag_value(&value, tag)?,
                    None if is_day => day_of(&value)?,
                    None => value,
                };
                sums.entry(value).or_default().add(&edge_sums);
            }
        }
        Ok(sums)
    }

    async fn by_tag(
        &self,
        tag: &str,
        range: &Range<i64>,
        count_tokens: bool,
    ) -> Result<ByValue, Error> {
        let settings = Settings::read(self.reads.rows(SETTINGS, &[]).await?);
        let is_declared = |(known, since): &(String, i64)| known == tag && *since <= range.start;
        if settings.report_tags.iter().any(is_declared) {
            return self.by_grain(&format!("tag:{tag}"), false, range, count_tokens).await;
        }
        self.by_calls(tag, range, count_tokens).await
    }

    /// Sums the calls that have the tag; those without it are what is left of all calls.
    async fn by_calls(
        &self,
        tag: &str,
        range: &Range<i64>,
        count_tokens: bool,
    ) -> Result<ByValue, Error> {
        let (since, until) = (Timestamp(range.start), Timestamp(range.end));
        for archive in self.archives().await? {
            if !archive.is_here() && archive.overlaps(Some(since), Some(until)) {
                let month = archive.month.to_string();
                return Err(Error::Archived { month, place: archive.place });
            }
        }
        let mut sums = ByValue::new();
        let mut rest = Sums::default();
        let all = self.by_grain("model", false, range, count_tokens).await?;
        for sums in all.values() {
            rest.add(sums);
        }
        let mut after = (i64::MIN, String::new());
        loop {
            let values: [Value; 6] = [
                tag.into(),
                range.start.into(),
                range.end.into(),
                after.0.into(),
                after.1.as_str().into(),
                Value::Bool(count_tokens),
            ];
            let rows: Vec<TaggedRow> = self.reads.rows(TAGGED_CALLS, &values).await?;
            let Some(last) = rows.last() else { break };
            after = (last.started_ms, last.call_id.clone());
            for row in &rows {
                let call = row.sums()?;
                rest.subtract(&call);
                sums.entry(row.tag_value.clone()).or_default().add(&call);
            }
        }
        if rest != Sums::default() {
            sums.entry(String::new()).or_default().add(&rest);
        }
        Ok(sums)
    }
}

impl TaggedRow {
    fn sums(&self) -> Result<Sums, Error> {
        let bad = |column| Error::Inconsistent { table: "call", column, row: self.call_id.clone() };
        let outcome: Outcome = self.outcome.parse().map_err(|_| bad("outcome"))?;
        let mut sums = Sums {
            attempts: self.attempts,
            throttled_attempts: self.throttled_attempts,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cache_read_tokens: self.cache_read_tokens,
            cache_write_5m_tokens: self.cache_write_5m_tokens,
            cache_write_1h_tokens: self.cache_write_1h_tokens,
            estimated: i64::from(self.estimated),
            ..Sums::call(outcome)
        };
        let cost = self.cost_pico.map(|pico| Cost::from_pico(pico).ok_or_else(|| bad("cost_pico")));
        sums.add_cost(cost.transpose()?);
        Ok(sums)
    }
}

fn add_rows(sums: &mut ByValue, rows: Vec<ValueRow>) {
    for row in rows {
        sums.entry(row.value).or_default().add(&row.sums);
    }
}

/// The range in whole hours, outwards.
fn whole_hours(since: Option<Timestamp>, until: Option<Timestamp>) -> Range<i64> {
    let start = since.map_or(0, |since| since.hour().0.max(0));
    let end = until.map_or(FOR_EVER_MS, |until| {
        let hour = until.hour();
        if hour == until { hour.0 } else { hour.0.saturating_add(HOUR_MS) }
    });
    start..end.min(FOR_EVER_MS)
}

/// The hours before the first whole day, the whole days, and the hours after the last.
fn split_days(range: &Range<i64>) -> (Range<i64>, Range<i64>, Range<i64>) {
    let first = range.start.div_euclid(DAY_MS) + i64::from(range.start.rem_euclid(DAY_MS) > 0);
    let (first, last) = (first * DAY_MS, range.end.div_euclid(DAY_MS) * DAY_MS);
    if first > last {
        return (range.clone(), 0..0, 0..0);
    }
    (range.start..first, first..last, last..range.end)
}

/// The daily roll-up that answers a dimension, if one does.
fn grain(by: &Dimension) -> Option<&'static str> {
    match by {
        Dimension::Model | Dimension::Provider | Dimension::Day => Some("model"),
        Dimension::Team => Some("team"),
        Dimension::Project => Some("project"),
        Dimension::Key => Some("key"),
        _ => None,
    }
}

/// The dimension's name in the hourly roll-up's statement.
fn dimension(by: &Dimension) -> &'static str {
    match by {
        Dimension::Model => "model",
        Dimension::Provider => "provider",
        Dimension::Team => "team",
        Dimension::Project => "project",
        Dimension::User => "user",
        Dimension::Key => "key",
        Dimension::Operation => "operation",
        Dimension::Outcome => "outcome",
        Dimension::Region => "region",
        Dimension::Routing => "routing",
        Dimension::Tier => "tier",
        Dimension::Day | Dimension::Hour => "hour",
        Dimension::Tag(_) => "tags",
    }
}

/// The values as people know them: a provider is a model's first part, a time is written out.
fn name(by: &Dimension, sums: ByValue) -> impl Iterator<Item = (Option<String>, Sums)> {
    let mut named: BTreeMap<Option<String>, Sums> = BTreeMap::new();
    for (value, sums) in sums {
        let time = || value.parse().map(Timestamp).unwrap_or_default();
        let value = match by {
            Dimension::Day => time().date(),
            Dimension::Hour => time().to_string(),
            Dimension::Provider => value.split('.').next().unwrap_or_default().to_owned(),
            _ => value,
        };
        named.entry(Some(value).filter(|value| !value.is_empty())).or_default().add(&sums);
    }
    named.into_iter()
}

fn tag_value(tags: &str, tag: &str) -> Result<String, Error> {
    let bad = || Error::Inconsistent { table: "usage_hour", column: "tags", row: tags.to_owned() };
    Ok(read_tags(tags).ok_or_else(bad)?.remove(tag).unwrap_or_default())
}

fn day_of(hour: &str) -> Result<String, Error> {
    let bad =
        |_| Error::Inconsistent { table: "usage_hour", column: "hour_ms", row: hour.to_owned() };
    Ok(Timestamp(hour.parse().map_err(bad)?).day().0.to_string())
}
