//! Why a call was admitted, refused, or ended as it did: the verdict, the limits that counted it
//! with their figures then, its attempts, and what to do about it.

mod key;

use bursar_domain::advice::{Trouble, advise};
use bursar_domain::call::{Attempt, CallId, Outcome};
use bursar_domain::money::Cost;
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::Timestamp;
use bursar_ledger::{AdmittedBy, CallRow, RefusalRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::write_amount;
use crate::budgets::total;
use crate::{Admin, Error, Figures};

pub use key::{EndedCall, InForceRow, KeyWhy, PolicyOn, RefusalReply};

/// A limit that counted a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitThen {
    /// What it is called.
    pub name: String,
    /// Whose counter it was.
    pub each_value: Option<String>,
    /// How it stood just before the call was admitted. What it had refused by then is not kept.
    #[serde(flatten)]
    pub figures: Figures,
    /// What was held for the call.
    pub asked: String,
    /// What the call has added by now.
    pub added: String,
}

/// A request that was made to Bedrock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttemptReply {
    /// When it was sent.
    pub started_at: String,
    /// How it ended.
    pub outcome: String,
    /// The HTTP status, where one came.
    pub http_status: Option<u16>,
    /// Bedrock's error code, or ours.
    pub error_code: Option<String>,
    /// `x-amzn-RequestId`.
    pub request_id: Option<String>,
    /// The model id that was sent.
    pub model: Option<String>,
    /// The region that it was sent to.
    pub region: Option<String>,
    /// The name of the way there, where the settings have one.
    pub upstream: Option<String>,
}

/// What became of one call, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Why {
    /// The call's id.
    pub id: String,
    /// `refused`, `admitted` while it runs, `undone` when it was never sent, else its outcome.
    pub verdict: String,
    /// A refusal's reason, or the error code that it ended with.
    pub reason: Option<String>,
    /// What was said of it.
    pub message: Option<String>,
    /// When it was taken on, or refused.
    pub at: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// What it cost, in dollars.
    pub cost_usd: Option<String>,
    /// Whether that is a bound, since its usage was never reported.
    pub estimated: bool,
    /// The limits that counted it.
    pub limits: Vec<LimitThen>,
    /// Every request made.
    pub attempts: Vec<AttemptReply>,
    /// What to do about it, the likeliest first; none where nothing is wrong.
    pub remedy: Vec<String>,
}

impl Admin {
    /// What became of a call, by its own id or by Bedrock's request id.
    ///
    /// # Errors
    /// [`Error::UnknownCall`], [`Error::ArchivedCall`], or a ledger that failed.
    pub async fn why(&self, id: &str) -> Result<Why, Error> {
        if let Some(call) = self.call_of(id).await? {
            return self.ended(call).await;
        }
        let unknown = || Error::UnknownCall { id: id.escape_debug().take(60).collect() };
        let call = CallId::parse(id).ok_or_else(unknown)?;
        if let Some(refusal) = self.ledger.refusal(&call).await? {
            return Ok(refused(&call, &refusal));
        }
        if let Some(archive) = self.ledger.archive_of(&call).await? {
            let (month, place) = (archive.month.to_string(), archive.place);
            return Err(Error::ArchivedCall { id: call.to_string(), month, place });
        }
        let hold = self.ledger.open_hold(&call).await?;
        let at = hold.as_ref().map(|hold| hold.started_at);
        let limits = self.ledger.admitted_by(&call, at.unwrap_or(Timestamp(i64::MAX))).await?;
        if hold.is_none() && limits.is_empty() {
            return Err(unknown());
        }
        let verdict = if hold.is_some() { "admitted" } else { "undone" };
        Ok(Why {
            at: at.map(|at| at.to_string()),
            limits: limits.iter().map(LimitThen::of).collect(),
            cost_usd: hold.and_then(|hold| hold.so_far).map(Cost::usd),
            ..Why::bare(&call, verdict)
        })
    }

    async fn ended(&self, call: CallRow) -> Result<Why, Error> {
        let limits = self.ledger.admitted_by(&call.id, call.started_at).await?;
        let attempts = self.ledger.attempts(&call.id).await?;
        Ok(Why {
            reason: call.ending.error_code.clone(),
            message: call.ending.error_message.clone(),
            at: Some(call.started_at.to_string()),
            model: Some(call.model.to_string()),
            cost_usd: call.bill.cost.map(Cost::usd),
            estimated: call.bill.estimated,
            limits: limits.iter().map(LimitThen::of).collect(),
            attempts: attempts.iter().map(AttemptReply::of).collect(),
            remedy: remedy(&call, attempts.len()),
            ..Why::bare(&call.id, call.ending.outcome.as_str())
        })
    }
}

impl Why {
    fn bare(id: &CallId, verdict: &str) -> Self {
        Self {
            id: id.to_string(),
            verdict: verdict.to_owned(),
            reason: None,
            message: None,
            at: None,
            model: None,
            cost_usd: None,
            estimated: false,
            limits: Vec::new(),
            attempts: Vec::new(),
            remedy: Vec::new(),
        }
    }
}

impl LimitThen {
    fn of(by: &AdmittedBy) -> Self {
        let each_value = Some(by.then.each_value.clone()).filter(|value| !value.is_empty());
        Self {
            name: by.then.balance.name.clone(),
            each_value,
            figures: Figures::of(&by.then),
            asked: write_amount(total(by.asked)),
            added: write_amount(by.added),
        }
    }
}

impl AttemptReply {
    pub(crate) fn of(attempt: &Attempt) -> Self {
        Self {
            started_at: attempt.started_at.to_string(),
            outcome: attempt.outcome.to_string(),
            http_status: attempt.http_status,
            error_code: attempt.error_code.clone(),
            request_id: attempt.request_id.clone(),
            model: attempt.sent_to.model.clone(),
            region: attempt.sent_to.region.clone(),
            upstream: attempt.sent_to.upstream.clone(),
        }
    }
}

fn refused(id: &CallId, row: &RefusalRow) -> Why {
    let (message, hint) = split(&row.detail);
    Why {
        reason: Some(row.reason.clone()),
        message: Some(message.to_owned()),
        at: Some(row.at().to_string()),
        model: Some(row.model.clone()),
        remedy: hint.map(str::to_owned).into_iter().collect(),
        ..Why::bare(id, "refused")
    }
}

/// A message, and the hint behind it.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once("\nhint: ") {
        Some((message, hint)) => (message, Some(hint)),
        None => (text, None),
    }
}

/// What to do about how a call ended.
fn remedy(call: &CallRow, attempts: usize) -> Vec<String> {
    let ending = &call.ending;
    match ending.outcome {
        Outcome::Succeeded if call.overrun => vec![
            "it cost more than was held for it: `bursar ledger audit` names such calls".to_owned(),
        ],
        Outcome::Succeeded | Outcome::Cut => Vec::new(),
        Outcome::Abandoned => vec![
            "its process ended before it could say what the call cost; what is recorded is the most \
             that it can have been"
                .to_owned(),
        ],
        Outcome::Rejected | Outcome::Throttled | Outcome::Failed => {
            let trouble = Trouble {
                code: ending.error_code.as_deref().unwrap_or_default(),
                status: ending.http_status,
                message: ending.error_message.as_deref().unwrap_or_default(),
                operation: Some(call.operation),
                model: None,
                region: &call.region,
                attempts,
                body_bytes: 0,
                at: call.ended_at,
            };
            advise(&trouble, &PriceBook::embedded_only()).next
        }
    }
}
