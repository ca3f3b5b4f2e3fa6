//! Why a call was admitted, refused, or ended as it did: the verdict, the limits that counted it
//! with their figures then, its attempts, and what to do about it.

use bursar_domain::advice::{Trouble, advise};
use bursar_domain::call::{Attempt, CallId, Outcome};
use bursar_domain::money::Cost;
use bursar_domain::price_book::PriceBook;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::time::Timestamp;
use bursar_ledger::{AdmittedBy, CallFilter, CallRow, Page, RefusalRow};
use serde::Serialize;

use crate::amount::write_amount;
use crate::budgets::total;
use crate::{Admin, BudgetRow, Error, Figures, FreezeRow};

/// So many of a key's last verdicts are told.
const VERDICTS_MAX: u32 = 10;

/// A limit that counted a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptReply {
    /// When it was sent.
    pub started_at: String,
    /// How it ended.
    pub outcome: &'static str,
    /// The HTTP status, where one came.
    pub http_status: Option<u16>,
    /// Bedrock's error code, or ours.
    pub error_code: Option<String>,
    /// `x-amzn-RequestId`.
    pub request_id: Option<String>,
}

/// What became of one call, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// A refusal that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusalReply {
    /// When.
    pub at: String,
    /// The id that the call would have had.
    pub call: Option<String>,
    /// Why, in a word.
    pub reason: String,
    /// What was said of it.
    pub message: String,
    /// The model.
    pub model: String,
}

/// What stands on a key, and what became of its last calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyWhy {
    /// The key's id.
    pub key: String,
    /// Freezes that refuse its calls now.
    pub freezes: Vec<FreezeRow>,
    /// Limits that count its calls, whatever model they are to.
    pub limits: Vec<BudgetRow>,
    /// Its last refusals, the latest first.
    pub refusals: Vec<RefusalReply>,
    /// How its last calls ended, the latest first: id, outcome and error code.
    pub calls: Vec<EndedCall>,
}

/// How a call ended, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndedCall {
    /// The call's id.
    pub id: String,
    /// When it was taken on.
    pub at: String,
    /// How it ended.
    pub outcome: &'static str,
    /// Bedrock's error code, or ours.
    pub error_code: Option<String>,
}

impl Admin {
    /// What became of a call, by its own id or by Bedrock's request id.
    ///
    /// # Errors
    /// [`Error::UnknownCall`], or a ledger that failed.
    pub async fn why(&self, id: &str) -> Result<Why, Error> {
        if let Some(call) = self.call_of(id).await? {
            return self.ended(call).await;
        }
        let unknown = || Error::UnknownCall { id: id.escape_debug().take(60).collect() };
        let call = CallId::parse(id).ok_or_else(unknown)?;
        if let Some(refusal) = self.ledger.refusal(&call).await? {
            return Ok(refused(&call, &refusal));
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

    /// What stands on a key now, and what became of its last calls.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn why_key(&self, key: &str) -> Result<KeyWhy, Error> {
        let (key, who) = self.who_of(key).await?;
        let freezes = self.ledger.freezes().await?;
        let freezes = freezes.iter().filter(|freeze| who.includes(&freeze.scope));
        let filter = CallFilter { key: Some(key.clone()), ..CallFilter::default() };
        let page = Page { after: None, limit: VERDICTS_MAX };
        let calls = self.ledger.calls(&filter, &page).await?;
        let refusals = self.ledger.refusals_of_key(&key, VERDICTS_MAX).await?;
        Ok(KeyWhy {
            key,
            freezes: freezes.map(FreezeRow::from).collect(),
            limits: self.standings_of(&who).await?.iter().map(BudgetRow::of).collect(),
            refusals: refusals.iter().map(RefusalReply::of).collect(),
            calls: calls.iter().map(EndedCall::of).collect(),
        })
    }

    /// A key's id, and all that its calls have in common: what it stands for. One that is not
    /// known may still have been recorded.
    async fn who_of(&self, named: &str) -> Result<(String, Scope), Error> {
        let access = self.ledger.access().await?;
        let Some(key) = access.key(named) else {
            return Ok((named.to_owned(), Scope::default().with(Facet::Key, named)));
        };
        let facets = [
            (Facet::Key, Some(key.id.as_str())),
            (Facet::Team, access.team_name(&key.team)),
            (Facet::Project, key.project.as_deref()),
            (Facet::User, key.user.as_deref()),
        ];
        let facets =
            facets.into_iter().filter_map(|(facet, value)| Some((facet, value?.to_owned())));
        Ok((key.id.clone(), Scope(facets.collect())))
    }

    async fn call_of(&self, id: &str) -> Result<Option<CallRow>, Error> {
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
    fn of(attempt: &Attempt) -> Self {
        Self {
            started_at: attempt.started_at.to_string(),
            outcome: attempt.outcome.as_str(),
            http_status: attempt.http_status,
            error_code: attempt.error_code.clone(),
            request_id: attempt.request_id.clone(),
        }
    }
}

impl RefusalReply {
    fn of(row: &RefusalRow) -> Self {
        Self {
            at: row.at().to_string(),
            call: row.call_id.clone(),
            reason: row.reason.clone(),
            message: split(&row.detail).0.to_owned(),
            model: row.model.clone(),
        }
    }
}

impl EndedCall {
    fn of(call: &CallRow) -> Self {
        Self {
            id: call.id.to_string(),
            at: call.started_at.to_string(),
            outcome: call.ending.outcome.as_str(),
            error_code: call.ending.error_code.clone(),
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
