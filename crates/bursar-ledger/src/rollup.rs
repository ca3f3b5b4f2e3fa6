//! What one call adds to the roll-ups: its sums, under every hourly and narrow row that counts it.
//!
//! Pages read these sums and never call rows, so a ledger of a million calls reads like one of ten
//! thousand. Histogram buckets cannot be filled in later, so they are kept from the first call.

mod histograms;

use std::collections::BTreeMap;

use bursar_domain::call::{Intent, Operation, Outcome, Settlement};
use bursar_domain::closed_set;
use bursar_domain::model::ModelId;
use bursar_domain::money::{Cost, PICO_PER_MICRO};
use bursar_domain::time::{DAY_MS, HOUR_MS};
use serde::Serialize;
use sqlx::FromRow;

use crate::facts::write_tags;
use histograms::Histograms;

pub(crate) use histograms::{SPEED_BOUNDS, TIME_BOUNDS};

/// Sums of calls, as both roll-ups keep them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, FromRow)]
pub(crate) struct Sums {
    pub(crate) calls: i64,
    pub(crate) succeeded: i64,
    pub(crate) rejected: i64,
    pub(crate) throttled: i64,
    pub(crate) failed: i64,
    pub(crate) cut: i64,
    pub(crate) abandoned: i64,
    pub(crate) refused: i64,
    pub(crate) attempts: i64,
    pub(crate) throttled_attempts: i64,
    pub(crate) input_tokens: i64,
    pub(crate) output_tokens: i64,
    pub(crate) cache_read_tokens: i64,
    pub(crate) cache_write_5m_tokens: i64,
    pub(crate) cache_write_1h_tokens: i64,
    pub(crate) cost_micro: i64,
    pub(crate) cost_rest: i64,
    pub(crate) unpriced: i64,
    pub(crate) estimated: i64,
}

impl Sums {
    /// One call of this outcome, and nothing else.
    pub(crate) fn call(outcome: Outcome) -> Self {
        let mut sums = Self { calls: 1, ..Self::default() };
        *match outcome {
            Outcome::Succeeded => &mut sums.succeeded,
            Outcome::Rejected => &mut sums.rejected,
            Outcome::Throttled => &mut sums.throttled,
            Outcome::Failed => &mut sums.failed,
            Outcome::Cut => &mut sums.cut,
            Outcome::Abandoned => &mut sums.abandoned,
        } += 1;
        sums
    }

    /// One refusal: no call.
    pub(crate) fn refusal() -> Self {
        Self { refused: 1, ..Self::default() }
    }

    /// Adds a cost in whole micro-dollars and the rest, so that SQL can sum both apart.
    pub(crate) fn add_cost(&mut self, cost: Option<Cost>) {
        match cost {
            Some(cost) => {
                self.cost_micro += cost.pico() / PICO_PER_MICRO;
                self.cost_rest += cost.pico() % PICO_PER_MICRO;
            }
            None => self.unpriced += 1,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.zip(other, |mine, theirs| *mine += theirs);
    }

    pub(crate) fn subtract(&mut self, other: &Self) {
        self.zip(other, |mine, theirs| *mine -= theirs);
    }

    fn zip(&mut self, other: &Self, apply: impl Fn(&mut i64, i64)) {
        apply(&mut self.calls, other.calls);
        apply(&mut self.succeeded, other.succeeded);
        apply(&mut self.rejected, other.rejected);
        apply(&mut self.throttled, other.throttled);
        apply(&mut self.failed, other.failed);
        apply(&mut self.cut, other.cut);
        apply(&mut self.abandoned, other.abandoned);
        apply(&mut self.refused, other.refused);
        apply(&mut self.attempts, other.attempts);
        apply(&mut self.throttled_attempts, other.throttled_attempts);
        apply(&mut self.input_tokens, other.input_tokens);
        apply(&mut self.output_tokens, other.output_tokens);
        apply(&mut self.cache_read_tokens, other.cache_read_tokens);
        apply(&mut self.cache_write_5m_tokens, other.cache_write_5m_tokens);
        apply(&mut self.cache_write_1h_tokens, other.cache_write_1h_tokens);
        apply(&mut self.cost_micro, other.cost_micro);
        apply(&mut self.cost_rest, other.cost_rest);
        apply(&mut self.unpriced, other.unpriced);
        apply(&mut self.estimated, other.estimated);
    }
}

/// The key of an hourly row: every dimension. Unknown is the empty text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct HourKey {
    hour_ms: i64,
    shard: i64,
    team: String,
    project: String,
    user_id: String,
    key_id: String,
    tags: String,
    operation: &'static str,
    model: String,
    provider: String,
    region: String,
    served_region: String,
    routing: &'static str,
    tier: &'static str,
    outcome: &'static str,
    price_id: String,
    simulated: bool,
}

closed_set! {
    /// What narrow sums are kept by: one dimension, or two, of each UTC day; those whose name begins
    /// with `hour`, of each hour.
    Grain {
        /// The model.
        Model = "model",
        /// The team.
        Team = "team",
        /// The project.
        Project = "project",
        /// The virtual key.
        Key = "key",
        /// The person.
        User = "user",
        /// The region.
        Region = "region",
        /// The tier.
        Tier = "tier",
        /// The operation.
        Operation = "operation",
        /// The team, and the model as the second value.
        TeamModel = "team_model",
        /// The model, and the price row as the second value.
        Price = "price",
        /// The model and the price row, by hour.
        HourPrice = "hour_price",
        /// The model, by hour.
        HourModel = "hour_model",
        /// The team, by hour.
        HourTeam = "hour_team",
        /// The team and the model, by hour.
        HourTeamModel = "hour_team_model",
    }
}

impl Grain {
    /// How long the time of a row is, in milliseconds.
    #[must_use]
    pub const fn step_ms(self) -> i64 {
        match self {
            Self::HourPrice | Self::HourModel | Self::HourTeam | Self::HourTeamModel => HOUR_MS,
            _ => DAY_MS,
        }
    }

    /// Whether its rows tell how long calls took.
    #[must_use]
    pub const fn is_paced(self) -> bool {
        matches!(self, Self::Model | Self::TeamModel | Self::HourModel | Self::HourTeamModel)
    }

    /// What a row of hours counts under: the value, and the second one.
    fn values(self, key: &HourKey) -> (String, String) {
        let one = |value: &str| (value.to_owned(), String::new());
        match self {
            Self::Model | Self::HourModel => one(&key.model),
            Self::Team | Self::HourTeam => one(&key.team),
            Self::Project => one(&key.project),
            Self::Key => one(&key.key_id),
            Self::User => one(&key.user_id),
            Self::Region => one(&key.region),
            Self::Tier => one(key.tier),
            Self::Operation => one(key.operation),
            Self::TeamModel | Self::HourTeamModel => (key.team.clone(), key.model.clone()),
            Self::Price | Self::HourPrice => (key.model.clone(), key.price_id.clone()),
        }
    }
}

/// The key of a narrow row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct GrainKey {
    grain: String,
    start_ms: i64,
    value: String,
    value2: String,
    count_tokens: bool,
    shard: i64,
}

/// What is added to an hourly row.
#[derive(Debug, Serialize)]
pub(crate) struct HourRow<'a> {
    #[serde(flatten)]
    key: &'a HourKey,
    #[serde(flatten)]
    sums: &'a Sums,
}

/// What is added to a narrow row.
#[derive(Debug, Serialize)]
pub(crate) struct GrainRow<'a> {
    #[serde(flatten)]
    key: &'a GrainKey,
    #[serde(flatten)]
    sums: &'a Sums,
}

/// What is added to a narrow row that tells how long calls took.
#[derive(Debug, Serialize)]
pub(crate) struct PaceRow<'a> {
    // First: a statement looks for each of their sixty buckets in the row, from its beginning.
    #[serde(flatten)]
    histograms: &'a Histograms,
    #[serde(flatten)]
    key: &'a GrainKey,
    #[serde(flatten)]
    sums: &'a Sums,
}

/// Sums to add to the roll-ups, one for each row that they touch.
#[derive(Debug, Default)]
pub(crate) struct Rollup {
    pub(crate) hours: BTreeMap<HourKey, Sums>,
    pub(crate) grains: BTreeMap<GrainKey, Sums>,
    pub(crate) paces: BTreeMap<GrainKey, (Sums, Histograms)>,
}

/// Where sums are added: this process's shard, and the tags that are kept apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rooms {
    pub(crate) shard: i64,
    pub(crate) report_tags: Vec<String>,
}

impl Rollup {
    /// Adds a call, or a correction of one, under the dimensions of `settlement`.
    pub(crate) fn add_call(&mut self, rooms: &Rooms, call: (&Intent, &Settlement), sums: &Sums) {
        let (intent, settlement) = call;
        let model = settlement.model(intent);
        let mut key = hour_key(rooms, intent, model);
        settlement.region(intent).clone_into(&mut key.region);
        key.routing = settlement.routing(intent).as_str();
        key.served_region = settlement.served_region.clone().unwrap_or_default();
        key.tier = settlement.tier.as_str();
        key.outcome = settlement.ending.outcome.as_str();
        key.price_id =
            settlement.bill.price.as_ref().map(|price| price.id.to_string()).unwrap_or_default();
        self.add(rooms, intent, (key, *sums, Histograms::of(intent, settlement)));
    }

    /// The hourly rows, in key order.
    pub(crate) fn hour_rows(&self) -> impl Iterator<Item = HourRow<'_>> {
        self.hours.iter().map(|(key, sums)| HourRow { key, sums })
    }

    /// The narrow rows, in key order.
    pub(crate) fn grain_rows(&self) -> impl Iterator<Item = GrainRow<'_>> {
        self.grains.iter().map(|(key, sums)| GrainRow { key, sums })
    }

    /// Those that tell how long calls took, in key order.
    pub(crate) fn pace_rows(&self) -> impl Iterator<Item = PaceRow<'_>> {
        self.paces.iter().map(|(key, (sums, histograms))| PaceRow { histograms, key, sums })
    }

    /// Counts a refusal.
    pub(crate) fn add_refusal(&mut self, rooms: &Rooms, intent: &Intent) {
        let key = hour_key(rooms, intent, &intent.model);
        self.add(rooms, intent, (key, Sums::refusal(), Histograms::default()));
    }

    fn add(&mut self, rooms: &Rooms, intent: &Intent, entry: (HourKey, Sums, Histograms)) {
        let (hour, sums, histograms) = entry;
        for grain in Grain::ALL {
            let key = GrainKey::new(&hour, grain.to_string(), grain.values(&hour), grain.step_ms());
            if grain.is_paced() {
                let (grain_sums, grain_histograms) = self.paces.entry(key).or_default();
                grain_sums.add(&sums);
                grain_histograms.add(&histograms);
            } else {
                self.grains.entry(key).or_default().add(&sums);
            }
        }
        for tag in &rooms.report_tags {
            let value = intent.attribution.tags.get(tag).cloned().unwrap_or_default();
            let key = GrainKey::new(&hour, format!("tag:{tag}"), (value, String::new()), DAY_MS);
            self.grains.entry(key).or_default().add(&sums);
        }
        self.hours.entry(hour).or_default().add(&sums);
    }
}

impl GrainKey {
    fn new(hour: &HourKey, grain: String, (value, value2): (String, String), step_ms: i64) -> Self {
        Self {
            grain,
            start_ms: hour.hour_ms - hour.hour_ms.rem_euclid(step_ms),
            value,
            value2,
            count_tokens: hour.operation == Operation::CountTokens.as_str(),
            shard: hour.shard,
        }
    }
}

fn hour_key(rooms: &Rooms, intent: &Intent, model: &ModelId) -> HourKey {
    let who = &intent.attribution;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let declared = |tag: &String| rooms.report_tags.contains(tag);
    let tags = who.tags.iter().filter(|(tag, _)| declared(tag));
    HourKey {
        hour_ms: intent.started_at.hour().0,
        shard: rooms.shard,
        team: text(&who.team),
        project: text(&who.project),
        user_id: text(&who.user),
        key_id: text(&who.key),
        tags: write_tags(&tags.map(|(tag, value)| (tag.clone(), value.clone())).collect()),
        operation: intent.operation.as_str(),
        model: model.to_string(),
        provider: model.provider().to_owned(),
        region: intent.region.clone(),
        served_region: String::new(),
        routing: intent.routing.as_str(),
        tier: intent.tier_requested.as_str(),
        outcome: "refused",
        price_id: String::new(),
        simulated: intent.simulated,
    }
}
