//! Running calls: what there is, what they may come to, and who is to be cut.
//!
//! Whichever process makes a call obeys a wish to cut it; what became of a wish is read back.

mod limits;

use bursar_domain::call::CallId;
use bursar_domain::money::{Cost, Total};
use bursar_domain::time::Timestamp;
use bursar_domain::watch::StreamLimits;
use bursar_ledger::{
    CallFilter, Change, Changed, Checkpoint, OPEN_CALLS_MAX, OpenCall, Page, StreamRule,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calls::parse_call_id;
use crate::error::shown;
use crate::teams::known_team;
use crate::{Admin, Error, Selectors};

pub use limits::{StreamLimitChange, StreamLimitWords};

/// The longest reason for a cut, in bytes: it goes to every client, in one frame.
const REASON_BYTES_MAX: usize = 500;

/// A call that runs, of whichever process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunningCall {
    /// The call.
    pub id: String,
    /// How long it has run.
    pub age_ms: i64,
    /// Whether its answer is streamed.
    pub is_stream: bool,
    /// Whose it is.
    pub team: Option<String>,
    /// The person's name, where it is known.
    pub user: Option<String>,
    /// The id of the virtual key that it came by.
    pub key: Option<String>,
    /// The model, by its canonical id.
    pub model: String,
    /// Output tokens so far, at least; null until the first checkpoint.
    pub output_tokens: Option<u64>,
    /// Output tokens a second so far, from the call's first moment to its last checkpoint.
    pub tokens_per_second: Option<u64>,
    /// What it has cost so far, at least, in dollars.
    pub cost_usd: Option<String>,
    /// What is held for it.
    pub held_usd: Option<String>,
    /// How much of that is left.
    pub room_usd: Option<String>,
    /// When the figures are of.
    pub checkpoint_at: Option<String>,
    /// The process that makes it.
    pub owner: String,
    /// Why its client's stream was cut, where its upstream is still being read.
    pub cut_code: Option<String>,
    /// Who wants it cut.
    pub cut_wished_by: Option<String>,
}

/// Which running calls are to be cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CutRequest {
    /// Every one.
    pub all: bool,
    /// Those of a team.
    pub team: Option<String>,
    /// Those of these ids.
    pub ids: Vec<String>,
    /// Why; it is told to the clients.
    pub reason: String,
}

/// What became of a wish to cut a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CutState {
    /// Its client was told, and its row says so or will.
    Cut,
    /// It ended by itself before.
    AlreadyEnded,
    /// It runs on: the process that makes it has not obeyed yet.
    NoAnswer,
    /// No call of this id is known.
    Unknown,
}

/// A call that was wished cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CutResult {
    /// The call.
    pub id: String,
    /// What became of it.
    pub state: CutState,
}

/// How far the streams of a scope may go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamLimitRow {
    /// Whose streams, in words.
    pub scope: String,
    /// The most they may cost, in dollars.
    pub money_usd: Option<String>,
    /// The most output tokens.
    pub output_tokens: Option<u64>,
    /// The longest they may run.
    pub seconds: Option<u64>,
    /// The longest they may be silent.
    pub idle_seconds: Option<u64>,
    /// What becomes of repetition.
    pub on_repetition: String,
    /// What becomes of the upstream.
    pub on_cut: String,
}

impl Admin {
    /// The calls that run now, oldest first.
    pub async fn running_calls(&self) -> Result<Vec<RunningCall>, Error> {
        let now = self.clock.now();
        Ok(self.open_calls().await?.iter().map(|call| running(call, now)).collect())
    }

    /// Wishes calls cut; those that are open. What becomes of them is [`Admin::cut_results`]'s.
    ///
    /// # Errors
    /// [`Error::BadWord`] for an id that is none or a reason that is too long, [`Error::Unknown`]
    /// for a team that there is not, [`Error::NothingSelected`] when nobody was named.
    pub async fn cut(&self, request: &CutRequest) -> Result<Vec<CallId>, Error> {
        let reason = checked_reason(&request.reason)?;
        let named = request.ids.iter().map(|id| parse_call_id(id));
        let mut calls = named.collect::<Result<Vec<_>, Error>>()?;
        if calls.is_empty() && !request.all && request.team.is_none() {
            return Err(Error::NothingSelected);
        }
        if request.all || request.team.is_some() {
            let open = self.open_calls().await?;
            let team = self.recorded_team(request.team.as_deref(), &open).await?;
            let is_meant = |call: &&OpenCall| request.all || call.intent.attribution.team == team;
            calls.extend(open.iter().filter(is_meant).map(|call| call.intent.id.clone()));
        }
        calls.sort_unstable();
        calls.dedup();
        if !calls.is_empty() {
            let change = Change::Cut { calls: calls.clone(), reason };
            self.ledger.change(&self.actor, vec![change]).await?;
        }
        Ok(calls)
    }

    /// What has become of calls that were wished cut.
    pub async fn cut_results(&self, calls: &[CallId]) -> Result<Vec<CutResult>, Error> {
        let open = self.open_calls().await?;
        let mut results = Vec::with_capacity(calls.len());
        for id in calls {
            let state = match open.iter().find(|call| call.intent.id == *id) {
                Some(OpenCall { checkpoint: Some(known), .. }) if known.cut_code.is_some() => {
                    CutState::Cut
                }
                Some(_) => CutState::NoAnswer,
                None => self.ended_state(id).await?,
            };
            results.push(CutResult { id: id.to_string(), state });
        }
        Ok(results)
    }

    /// The same of calls that are named by their ids.
    pub async fn cut_results_of(&self, ids: &[String]) -> Result<Vec<CutResult>, Error> {
        let calls = ids.iter().map(|id| parse_call_id(id)).collect::<Result<Vec<_>, _>>()?;
        self.cut_results(&calls).await
    }

    /// Sets how far the streams of a scope may go, in place of what was set for it; with nothing
    /// but [`StreamLimits::NONE`], ends that.
    pub async fn limit_streams(
        &self,
        selectors: &Selectors,
        limits: StreamLimits,
    ) -> Result<Changed, Error> {
        let scope = selectors.scope()?;
        let change = if limits == StreamLimits::NONE {
            Change::EndStreamLimits { scope }
        } else {
            let id = CallId::new(self.clock.now(), &self.entropy.bytes()).to_string();
            Change::SetStreamLimits { id, scope, limits }
        };
        let mut changed = self.ledger.change(&self.actor, vec![change]).await?;
        changed.pop().ok_or(Error::Ledger(bursar_ledger::Error::Closed))
    }

    /// How far streams may go.
    pub async fn stream_limits(&self) -> Result<Vec<StreamLimitRow>, Error> {
        Ok(self.ledger.stream_rules().await?.iter().map(limit_row).collect())
    }

    async fn ended_state(&self, id: &CallId) -> Result<CutState, Error> {
        let filter = CallFilter { id: Some(id.clone()), ..CallFilter::default() };
        let rows = self.ledger.calls(&filter, &Page { after: None, limit: 1 }).await?;
        Ok(match rows.first() {
            None => CutState::Unknown,
            Some(row) if row.ending.outcome == bursar_domain::call::Outcome::Cut => CutState::Cut,
            Some(_) => CutState::AlreadyEnded,
        })
    }

    /// The name that a team's calls are recorded under. One that has ended may have calls that run.
    async fn recorded_team(
        &self,
        named: Option<&str>,
        open: &[OpenCall],
    ) -> Result<Option<String>, Error> {
        let Some(named) = named else { return Ok(None) };
        if open.iter().any(|call| call.intent.attribution.team.as_deref() == Some(named)) {
            return Ok(Some(named.to_owned()));
        }
        let access = self.ledger.access().await?;
        Ok(Some(known_team(&access, named)?.name.clone()))
    }

    async fn open_calls(&self) -> Result<Vec<OpenCall>, Error> {
        let mut calls: Vec<OpenCall> = Vec::new();
        loop {
            let after = calls.last().map(|call| call.intent.id.clone());
            let page = self.ledger.open_calls(after.as_ref()).await?;
            let is_last = page.len() < OPEN_CALLS_MAX;
            calls.extend(page);
            if is_last {
                return Ok(calls);
            }
        }
    }
}

fn running(call: &OpenCall, now: Timestamp) -> RunningCall {
    let known = call.checkpoint.as_ref();
    let cost = known.and_then(|known| known.cost);
    let held = call.held.and_then(bursar_domain::money::Micros::cost);
    // A bill above the hold leaves no room, not a negative one.
    let left = |held: Cost| {
        let left = held.pico() - cost.map_or(0, Cost::pico);
        Total(i128::from(left.max(0))).usd()
    };
    RunningCall {
        id: call.intent.id.to_string(),
        age_ms: (now.0 - call.intent.started_at.0).max(0),
        is_stream: call.intent.operation.is_stream(),
        team: call.intent.attribution.team.clone(),
        user: call.intent.attribution.user.clone(),
        key: call.intent.attribution.key.clone(),
        model: call.intent.model.to_string(),
        output_tokens: known.map(|known| known.output_tokens),
        tokens_per_second: known.and_then(|known| pace(known, call.intent.started_at)),
        cost_usd: cost.map(Cost::usd),
        held_usd: held.map(Cost::usd),
        room_usd: held.map(left),
        checkpoint_at: known.map(|known| known.at.to_string()),
        owner: call.owner.clone(),
        cut_code: known.and_then(|known| known.cut_code.clone()),
        cut_wished_by: call.wish.as_ref().map(|wish| wish.by.clone()),
    }
}

/// Whole tokens a second; nothing where no time has passed.
fn pace(known: &Checkpoint, started_at: Timestamp) -> Option<u64> {
    let ms = u64::try_from(known.at.0 - started_at.0).ok()?;
    known.output_tokens.checked_mul(1_000)?.checked_div(ms)
}

fn limit_row(rule: &StreamRule) -> StreamLimitRow {
    let limits = &rule.limits;
    StreamLimitRow {
        scope: rule.scope.to_string(),
        money_usd: limits.money.and_then(bursar_domain::money::Micros::cost).map(Cost::usd),
        output_tokens: limits.output_tokens,
        seconds: limits.seconds,
        idle_seconds: limits.idle_seconds,
        on_repetition: limits.on_repetition.to_string(),
        on_cut: limits.on_cut.to_string(),
    }
}

/// What clients are told: one line, and not a long one.
fn checked_reason(reason: &str) -> Result<String, Error> {
    let problem = if reason.len() > REASON_BYTES_MAX {
        format!("it is longer than {REASON_BYTES_MAX} bytes")
    } else if reason.chars().any(char::is_control) {
        "it has control characters".to_owned()
    } else {
        return Ok(reason.to_owned());
    };
    Err(Error::BadWord {
        what: "reason",
        given: shown(reason),
        problem,
        hint: "say it in one short line".to_owned(),
    })
}
