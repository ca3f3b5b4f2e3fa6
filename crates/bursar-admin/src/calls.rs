//! Calls as they are recorded, in pages, and one in full.

mod reply;

use bursar_domain::call::{CallId, Operation, Outcome};
use bursar_domain::closed_set::UnknownWord;
use bursar_domain::time::Timestamp;
use bursar_ledger::{Archive, CallFilter, CallRow, Page};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::shown;
use crate::why::AttemptReply;
use crate::{Admin, Error};

pub use reply::{CallReply, RateReply};

/// So many rows where nobody says.
const ROWS_USUAL: u32 = 20;

/// Which calls are asked for: all of those parts that are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallQuery {
    /// Started at or after: RFC 3339, or a date.
    pub since: Option<String>,
    /// Started before.
    pub until: Option<String>,
    /// The model, by its canonical id.
    pub model: Option<String>,
    /// The team's name.
    pub team: Option<String>,
    /// The person's name.
    pub user: Option<String>,
    /// The virtual key's id.
    pub key: Option<String>,
    /// How it ended.
    pub outcome: Option<String>,
    /// The operation.
    pub operation: Option<String>,
    /// The call itself.
    pub id: Option<String>,
    /// Bedrock's request id.
    pub request_id: Option<String>,
    /// The client's own session.
    pub session: Option<String>,
    /// Rows on a page: 1 to 1000, 20 where nothing is said.
    pub limit: Option<u32>,
    /// Only calls older than this one.
    pub after: Option<String>,
}

/// One page of calls, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallPage {
    /// The calls.
    pub rows: Vec<CallReply>,
    /// What to pass as `after` for the rows behind; null at the end.
    pub next: Option<String>,
    /// Where calls are that were asked for and are archived.
    pub archived: Vec<ArchivePlace>,
}

/// A month whose calls are in a file of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArchivePlace {
    /// The month: `2026-06`.
    pub month: String,
    /// Its archive, a ledger that can be opened.
    pub file: String,
}

/// One call in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallDetail {
    /// The call.
    pub call: CallReply,
    /// Every request made.
    pub attempts: Vec<AttemptReply>,
}

impl Admin {
    /// One page of calls.
    ///
    /// # Errors
    /// [`Error::BadWord`] for a part that means nothing, or a ledger that failed.
    pub async fn calls(&self, query: &CallQuery) -> Result<CallPage, Error> {
        let limit = checked_limit(query.limit, ROWS_USUAL)?;
        let after = query.after.as_deref().map(parse_call_id).transpose()?;
        let filter = query.filter()?;
        let calls = self.ledger.calls(&filter, &Page { after, limit }).await?;
        let archived = self.archives_of(&filter).await?.into_iter().map(ArchivePlace::from);
        let is_full = calls.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let next = calls.last().filter(|_| is_full).map(|call| call.id.to_string());
        let rows = calls.into_iter().map(CallReply::from).collect();
        Ok(CallPage { rows, next, archived: archived.collect() })
    }

    /// The archives that hold calls which were asked for, too.
    async fn archives_of(&self, filter: &CallFilter) -> Result<Vec<Archive>, Error> {
        if let Some(id) = &filter.id {
            return Ok(self.ledger.archive_of(id).await?.into_iter().collect());
        }
        let mut archives = self.ledger.archives().await?;
        archives
            .retain(|archive| !archive.is_here() && archive.overlaps(filter.since, filter.until));
        Ok(archives)
    }

    /// One call, by its own id or by Bedrock's request id.
    ///
    /// # Errors
    /// [`Error::UnknownCall`], or a ledger that failed.
    pub async fn call(&self, id: &str) -> Result<CallDetail, Error> {
        let call = self.call_of(id).await?;
        let call = call.ok_or_else(|| Error::UnknownCall { id: shown(id) })?;
        let attempts = self.ledger.attempts(&call.id).await?;
        let attempts = attempts.iter().map(AttemptReply::of).collect();
        Ok(CallDetail { call: call.into(), attempts })
    }

    pub(crate) async fn call_of(&self, id: &str) -> Result<Option<CallRow>, Error> {
        let page = Page { after: None, limit: 1 };
        let by_id = CallFilter { id: CallId::parse(id), ..CallFilter::default() };
        let found = match by_id.id {
            Some(_) => self.ledger.calls(&by_id, &page).await?.pop(),
            None => None,
        };
        if found.is_some() {
            return Ok(found);
        }
        let by_request = CallFilter { request_id: Some(id.to_owned()), ..CallFilter::default() };
        Ok(self.ledger.calls(&by_request, &page).await?.pop())
    }
}

impl From<Archive> for ArchivePlace {
    fn from(archive: Archive) -> Self {
        Self { month: archive.month.to_string(), file: archive.place }
    }
}

impl CallQuery {
    fn filter(&self) -> Result<CallFilter, Error> {
        let outcome = self.outcome.as_deref().map(str::parse::<Outcome>);
        let operation = self.operation.as_deref().map(str::parse::<Operation>);
        Ok(CallFilter {
            since: parse_time(self.since.as_deref())?,
            until: parse_time(self.until.as_deref())?,
            model: self.model.clone(),
            team: self.team.clone(),
            user: self.user.clone(),
            key: self.key.clone(),
            outcome: outcome.transpose().map_err(|error| bad_word("outcome", &error))?,
            operation: operation.transpose().map_err(|error| bad_word("operation", &error))?,
            request_id: self.request_id.clone(),
            id: self.id.as_deref().map(parse_call_id).transpose()?,
            client_session: self.session.clone(),
        })
    }
}

/// A time, or the first instant of a date.
pub(crate) fn parse_time(text: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else { return Ok(None) };
    let time = Timestamp::parse_rfc3339(text).or_else(|| Timestamp::parse_date(text));
    time.map(Some).ok_or_else(|| Error::BadWord {
        what: "time",
        given: shown(text),
        problem: "there is none such".to_owned(),
        hint: "write `2026-11-01T08:00:00Z`, or `2026-11-01`".to_owned(),
    })
}

/// How many rows, within what one page can have.
pub(crate) fn checked_limit(limit: Option<u32>, usual: u32) -> Result<u32, Error> {
    let limit = limit.unwrap_or(usual);
    if (1..=Page::LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Error::BadWord {
        what: "number of rows",
        given: limit.to_string(),
        problem: "a page has fewer, or more".to_owned(),
        hint: format!("ask for 1 to {}, and for the next page after it", Page::LIMIT_MAX),
    })
}

/// A call's id.
pub(crate) fn parse_call_id(text: &str) -> Result<CallId, Error> {
    CallId::parse(text).ok_or_else(|| Error::BadWord {
        what: "call id",
        given: shown(text),
        problem: "ids look like `019a…-…-…-…-…`".to_owned(),
        hint: "`bursar streams` lists what runs, `bursar calls` what has ended".to_owned(),
    })
}

/// A word of a closed set that is none of it.
pub(crate) fn bad_word(what: &'static str, error: &UnknownWord) -> Error {
    Error::BadWord {
        what,
        given: shown(&error.given),
        problem: "there is none such".to_owned(),
        hint: format!("write `{}`", error.expected.join("`, `")),
    }
}
