//! A metered call: what is known before it is sent, and what is recorded when it has ended.

use std::fmt;

use crate::closed_set;
use crate::identity::Attribution;
use crate::model::{Candidate, ModelId};
use crate::money::Cost;
use crate::price::{PriceStamp, Routing, Tier};
use crate::time::Timestamp;
use crate::usage::Usage;

/// A call's identity: a UUID of version 7, so that ids sort by time. Also the settle token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(String);

impl CallId {
    /// From the time and ten random bytes.
    #[must_use]
    pub fn new(now: Timestamp, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(now.0).unwrap_or_default();
        Self(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid().to_string())
    }

    /// From a text; `None` when it is no UUID.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::try_parse(text).ok().map(|uuid| Self(uuid.to_string()))
    }

    /// The hyphenated lower-case text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

closed_set! {
    /// Bedrock Runtime's operations that are metered.
    Operation {
        /// One answer, the provider's own JSON.
        InvokeModel = "InvokeModel",
        /// The provider's own JSON in chunks.
        InvokeModelWithResponseStream = "InvokeModelWithResponseStream",
        /// One answer, Bedrock's common JSON.
        Converse = "Converse",
        /// Bedrock's common JSON as events.
        ConverseStream = "ConverseStream",
        /// Counts input tokens; free.
        CountTokens = "CountTokens",
        /// Has a guardrail judge a text; billed by its own units.
        ApplyGuardrail = "ApplyGuardrail",
    }
}

impl Operation {
    /// Whether the answer is an event stream.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::InvokeModelWithResponseStream | Self::ConverseStream)
    }

    /// The last segment of the operation's path.
    #[must_use]
    pub const fn path_segment(self) -> &'static str {
        match self {
            Self::InvokeModel => "invoke",
            Self::InvokeModelWithResponseStream => "invoke-with-response-stream",
            Self::Converse => "converse",
            Self::ConverseStream => "converse-stream",
            Self::CountTokens => "count-tokens",
            Self::ApplyGuardrail => "apply",
        }
    }
}

closed_set! {
    /// How a call ended.
    Outcome {
        /// Upstream finished its answer, even if nobody listened any more.
        Succeeded = "succeeded",
        /// Bedrock answered 4xx other than throttling.
        Rejected = "rejected",
        /// Bedrock's last answer was throttling.
        Throttled = "throttled",
        /// 5xx, timeout, mid-stream exception or truncated stream; the error code says which.
        Failed = "failed",
        /// Ended by us after output began.
        Cut = "cut",
        /// Its process died or lost its lease; settled by the sweep.
        Abandoned = "abandoned",
    }
}

closed_set! {
    /// How the version that answered is known.
    VersionEvidence {
        /// Only what was asked for is known.
        Requested = "requested",
        /// A profile or alias was resolved to it.
        Resolved = "resolved",
        /// The response named it.
        Reported = "reported",
    }
}

/// How far a call may reach, for policies to judge. Known when it is admitted, and not kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// The geography of the profile that leads to the model; `None` for the region itself.
    pub geography: Option<String>,
    /// The regions that may serve it; `None` for any, or nobody knows which.
    pub served_in: Option<Vec<String>>,
    /// The models that a prompt router chooses among; empty for everything else.
    pub candidates: Vec<Candidate>,
    /// The most output tokens it may have; `None` when nothing bounds them.
    pub output_tokens: Option<u64>,
    /// Where it may be sent instead, should that fail.
    pub detours: Vec<Detour>,
    /// The region that a detour leaves.
    pub left: Option<String>,
}

/// Where else a call may be sent: another model, or another region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detour {
    /// The model that is dispatched there, priced and recorded.
    pub model: ModelId,
    /// The region the call is made from.
    pub region: String,
    /// How far it reaches from there.
    pub reach: Reach,
    /// The most that it may cost there; `None` when nothing bounds it.
    pub ceiling: Option<Cost>,
    /// The most tokens, in and out; `None` when nothing bounds them.
    pub ceiling_tokens: Option<u64>,
    /// The price expected to apply there.
    pub price: Option<PriceStamp>,
    /// Which of the two price levels the model id is billed at there.
    pub routing: Routing,
    /// Whether it is as good a first way as the one that was asked for: the same model, called from
    /// another region.
    pub leads: bool,
}

/// What is known, and made durable, before Bedrock is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The call's identity.
    pub id: CallId,
    /// When it was taken on.
    pub started_at: Timestamp,
    /// Whom it is recorded under.
    pub attribution: Attribution,
    /// What is asked of Bedrock.
    pub operation: Operation,
    /// The model as the caller wrote it.
    pub model_requested: String,
    /// The model that is dispatched, priced and recorded.
    pub model: ModelId,
    /// The region the call is made from.
    pub region: String,
    /// Which of the two price levels the model id is billed at.
    pub routing: Routing,
    /// The tier that was asked for.
    pub tier_requested: Tier,
    /// The price expected to apply; `None` when unpriced calls are allowed.
    pub price: Option<PriceStamp>,
    /// The most the call may cost; `None` when nothing bounds it.
    pub ceiling: Option<Cost>,
    /// The most tokens, in and out, that it may use; `None` when nothing bounds them.
    pub ceiling_tokens: Option<u64>,
    /// How far it may reach.
    pub reach: Reach,
    /// A keyed hash of the request body.
    pub request_hmac: Option<String>,
    /// Whether the endpoint is a simulator.
    pub simulated: bool,
}

impl Intent {
    /// The same call, were it sent on a detour: for rules to judge.
    #[must_use]
    pub fn taking(&self, detour: &Detour) -> Self {
        let left = Some(self.region.clone()).filter(|region| *region != detour.region);
        Self {
            model: detour.model.clone(),
            region: detour.region.clone(),
            reach: Reach { left, ..detour.reach.clone() },
            ceiling: detour.ceiling,
            ceiling_tokens: detour.ceiling_tokens,
            price: detour.price.clone(),
            routing: detour.routing,
            ..self.clone()
        }
    }

    /// The same call, were it meant to be sent so in the first place.
    #[must_use]
    pub fn led_by(&self, detour: &Detour) -> Self {
        let mut taken = self.taking(detour);
        taken.reach.left = None;
        taken
    }

    /// The same call, holding at least as much as another would.
    #[must_use]
    pub fn covering(&self, other: &Self) -> Self {
        let most = |one: Option<u64>, other: Option<u64>| Some(one?.max(other?));
        Self {
            ceiling: self.ceiling.zip(other.ceiling).map(|(one, other)| one.max(other)),
            ceiling_tokens: most(self.ceiling_tokens, other.ceiling_tokens),
            ..self.clone()
        }
    }
}

closed_set! {
    /// How one attempt at a call ended.
    AttemptOutcome {
        /// It brought the answer.
        Succeeded = "succeeded",
        /// 4xx other than throttling.
        Rejected = "rejected",
        /// Throttled.
        Throttled = "throttled",
        /// 5xx, timeout, broken or truncated answer.
        Failed = "failed",
        /// Never connected: nothing was sent.
        Unsent = "unsent",
    }
}

/// One request to Bedrock within a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When the request was sent.
    pub started_at: Timestamp,
    /// When its answer, or its failure, was known.
    pub ended_at: Timestamp,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The HTTP status, where one came.
    pub http_status: Option<u16>,
    /// Bedrock's error code, or ours.
    pub error_code: Option<String>,
    /// `x-amzn-RequestId`.
    pub request_id: Option<String>,
    /// Where it went.
    pub sent_to: SentTo,
}

/// Where a request went. What is `None` was not kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentTo {
    /// The model id that was dispatched.
    pub model: Option<String>,
    /// The region that it was sent to.
    pub region: Option<String>,
    /// The name that the settings have for the way there, where they have one.
    pub upstream: Option<String>,
}

/// How an answer came and ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// How the call ended.
    pub outcome: Outcome,
    /// Whether the caller had gone before the end.
    pub client_gone: bool,
    /// The last HTTP status.
    pub http_status: Option<u16>,
    /// Bedrock's error code, or ours.
    pub error_code: Option<String>,
    /// Its message, without prompt or answer.
    pub error_message: Option<String>,
    /// Why the model stopped.
    pub stop_reason: Option<String>,
}

/// The guardrail that ran, and what it did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guardrail {
    /// Its id or ARN.
    pub id: Option<String>,
    /// `NONE` or `INTERVENED`.
    pub action: Option<String>,
}

/// What the call owes, and how surely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// What was used.
    pub usage: Usage,
    /// The price that was applied; `None` when unpriced.
    pub price: Option<PriceStamp>,
    /// What it cost; `None` when unpriced.
    pub cost: Option<Cost>,
    /// Whether usage was never reported, so that `cost` is a bound.
    pub estimated: bool,
    /// For an estimate, the least it can have cost.
    pub cost_low: Option<Cost>,
}

/// What answered, where that is not what the intent says: a prompt router chose, or the call took a
/// detour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The model.
    pub model: ModelId,
    /// The price level that it is billed at.
    pub routing: Routing,
    /// The region the call was made from; `None` for that of the intent.
    pub region: Option<String>,
}

/// What is recorded when a call has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The call.
    pub id: CallId,
    /// When the first byte of the answer came.
    pub first_token_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Which model answered, where that was not settled when the call was sent.
    pub chosen: Option<Chosen>,
    /// The model version that answered.
    pub model_version: String,
    /// How that is known.
    pub version_evidence: VersionEvidence,
    /// The region that served it, where known.
    pub served_region: Option<String>,
    /// The tier that served it.
    pub tier: Tier,
    /// How it ended.
    pub ending: Ending,
    /// Every request made, in order.
    pub attempts: Vec<Attempt>,
    /// What it owes.
    pub bill: Bill,
    /// The last `x-amzn-RequestId`.
    pub request_id: Option<String>,
    /// The guardrail, if one ran.
    pub guardrail: Guardrail,
}

impl Settlement {
    /// The model that answered: the chosen one, or that of the intent.
    #[must_use]
    pub fn model<'a>(&'a self, intent: &'a Intent) -> &'a ModelId {
        self.chosen.as_ref().map_or(&intent.model, |chosen| &chosen.model)
    }

    /// The region that the answer was asked from.
    #[must_use]
    pub fn region<'a>(&'a self, intent: &'a Intent) -> &'a str {
        let chosen = self.chosen.as_ref().and_then(|chosen| chosen.region.as_deref());
        chosen.unwrap_or(&intent.region)
    }

    /// The price level of the model that answered.
    #[must_use]
    pub fn routing(&self, intent: &Intent) -> Routing {
        self.chosen.as_ref().map_or(intent.routing, |chosen| chosen.routing)
    }
}
