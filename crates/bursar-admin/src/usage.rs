//! What was spent, by one dimension: the ledger's sums as JSON, and read back from it.

use bursar_domain::money::Total;
use bursar_ledger::{Counters, Dimension, UsageQuery, UsageReport, UsageRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::parse_total;
use crate::calls::parse_time;
use crate::error::shown;
use crate::{Admin, Error};

/// The dimensions that are one word.
const DIMENSIONS: [(&str, Dimension); 13] = [
    ("model", Dimension::Model),
    ("provider", Dimension::Provider),
    ("team", Dimension::Team),
    ("project", Dimension::Project),
    ("user", Dimension::User),
    ("key", Dimension::Key),
    ("operation", Dimension::Operation),
    ("outcome", Dimension::Outcome),
    ("region", Dimension::Region),
    ("routing", Dimension::Routing),
    ("tier", Dimension::Tier),
    ("day", Dimension::Day),
    ("hour", Dimension::Hour),
];

/// What is asked of the sums. The range is widened to whole UTC hours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UsageAsk {
    /// What rows are told apart by: `model`, `team`, `day`, `tag:KEY` …; the model where nothing is
    /// said.
    pub by: Option<String>,
    /// Started at or after: RFC 3339, or a date.
    pub since: Option<String>,
    /// Started before.
    pub until: Option<String>,
    /// Whether `CountTokens` calls, which are free, are counted too.
    pub count_tokens: bool,
}

/// Sums over calls. Refusals are no calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageSums {
    /// Calls.
    pub calls: i64,
    /// Calls that succeeded.
    pub succeeded: i64,
    /// Calls that Bedrock rejected.
    pub rejected: i64,
    /// Calls whose last answer was throttling.
    pub throttled: i64,
    /// Calls that failed.
    pub failed: i64,
    /// Calls that were cut.
    pub cut: i64,
    /// Calls whose process died.
    pub abandoned: i64,
    /// Requests that were refused.
    pub refused: i64,
    /// Requests to Bedrock.
    pub attempts: i64,
    /// Requests that were throttled.
    pub throttled_attempts: i64,
    /// Uncached input tokens.
    pub input_tokens: i64,
    /// Output tokens.
    pub output_tokens: i64,
    /// Tokens read from a cache.
    pub cache_read_tokens: i64,
    /// Tokens written to a cache for five minutes.
    pub cache_write_5m_tokens: i64,
    /// Tokens written to a cache for an hour.
    pub cache_write_1h_tokens: i64,
    /// What they cost in dollars, to the pico-dollar; unpriced calls left out.
    pub cost_usd: String,
    /// Calls without a cost.
    pub unpriced: i64,
    /// Calls whose cost is an estimate.
    pub estimated: i64,
}

/// One value, and its sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageLine {
    /// The value; null for calls without one.
    pub value: Option<String>,
    /// The sums.
    #[serde(flatten)]
    pub sums: UsageSums,
}

/// What was spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageReply {
    /// By value, ascending; the row without a value first.
    pub rows: Vec<UsageLine>,
    /// The sum of the rows.
    pub total: UsageSums,
    /// The range as it was read, in whole hours.
    pub since: Option<String>,
    /// Its end, exclusive.
    pub until: Option<String>,
}

impl Admin {
    /// What was spent.
    ///
    /// # Errors
    /// [`Error::BadWord`] for a part that means nothing, or a ledger that failed.
    pub async fn usage(&self, ask: &UsageAsk) -> Result<UsageReply, Error> {
        let query = UsageQuery {
            by: parse_dimension(ask.by.as_deref().unwrap_or("model"))?,
            since: parse_time(ask.since.as_deref())?,
            until: parse_time(ask.until.as_deref())?,
            count_tokens: ask.count_tokens,
        };
        Ok(UsageReply::from(&self.ledger.usage(&query).await?))
    }
}

/// What rows are told apart by, in a word.
///
/// # Errors
/// [`Error::BadWord`] that lists the words there are.
pub fn parse_dimension(text: &str) -> Result<Dimension, Error> {
    let tag = || text.strip_prefix("tag:").filter(|key| !key.is_empty());
    let named = DIMENSIONS.into_iter().find(|(word, _)| *word == text);
    let named = named.map(|(_, dimension)| dimension);
    named.or_else(|| tag().map(|key| Dimension::Tag(key.to_owned()))).ok_or_else(|| {
        let words: Vec<&str> = DIMENSIONS.iter().map(|(word, _)| *word).collect();
        Error::BadWord {
            what: "dimension",
            given: shown(text),
            problem: "there is none such".to_owned(),
            hint: format!("write `{}` or `tag:KEY`", words.join("`, `")),
        }
    })
}

/// The word of a dimension.
#[must_use]
pub fn dimension_word(dimension: &Dimension) -> String {
    if let Dimension::Tag(key) = dimension {
        return format!("tag:{key}");
    }
    let word = DIMENSIONS.iter().find(|(_, known)| known == dimension);
    word.map(|(word, _)| (*word).to_owned()).unwrap_or_default()
}

impl From<&UsageReport> for UsageReply {
    fn from(report: &UsageReport) -> Self {
        let line = |row: &UsageRow| UsageLine {
            value: row.value.clone(),
            sums: UsageSums::from(&row.counters),
        };
        Self {
            rows: report.rows.iter().map(line).collect(),
            total: UsageSums::from(&report.total),
            since: report.since.map(|since| since.to_string()),
            until: report.until.map(|until| until.to_string()),
        }
    }
}

impl UsageReply {
    /// The report that it tells of; `None` for figures that are none.
    #[must_use]
    pub fn report(self) -> Option<UsageReport> {
        let time = |text: Option<String>| parse_time(text.as_deref()).ok();
        let row =
            |line: UsageLine| Some(UsageRow { value: line.value, counters: line.sums.counters()? });
        Some(UsageReport {
            rows: self.rows.into_iter().map(row).collect::<Option<_>>()?,
            total: self.total.counters()?,
            since: time(self.since)?,
            until: time(self.until)?,
        })
    }
}

impl From<&Counters> for UsageSums {
    fn from(counters: &Counters) -> Self {
        Self {
            calls: counters.calls,
            succeeded: counters.succeeded,
            rejected: counters.rejected,
            throttled: counters.throttled,
            failed: counters.failed,
            cut: counters.cut,
            abandoned: counters.abandoned,
            refused: counters.refused,
            attempts: counters.attempts,
            throttled_attempts: counters.throttled_attempts,
            input_tokens: counters.input_tokens,
            output_tokens: counters.output_tokens,
            cache_read_tokens: counters.cache_read_tokens,
            cache_write_5m_tokens: counters.cache_write_5m_tokens,
            cache_write_1h_tokens: counters.cache_write_1h_tokens,
            cost_usd: counters.cost.usd(),
            unpriced: counters.unpriced,
            estimated: counters.estimated,
        }
    }
}

impl UsageSums {
    fn counters(&self) -> Option<Counters> {
        Some(Counters {
            calls: self.calls,
            succeeded: self.succeeded,
            rejected: self.rejected,
            throttled: self.throttled,
            failed: self.failed,
            cut: self.cut,
            abandoned: self.abandoned,
            refused: self.refused,
            attempts: self.attempts,
            throttled_attempts: self.throttled_attempts,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cache_read_tokens: self.cache_read_tokens,
            cache_write_5m_tokens: self.cache_write_5m_tokens,
            cache_write_1h_tokens: self.cache_write_1h_tokens,
            cost: parse_total(&self.cost_usd).map(Total)?,
            unpriced: self.unpriced,
            estimated: self.estimated,
        })
    }
}
