//! What one call adds to the roll-ups: its sums, under every hourly and narrow row that counts it.
//!
//! Pages read these sums and never call rows, so a ledger of a million calls reads like one of ten
//! thousand. Histogram buckets cannot be filled in later, so they are kept from the first call.

use std::collections::BTreeMap;

use bursar_domain::call::{Intent, Operation, Outcome, Settlement};
use bursar_domain::closed_set;
use bursar_domain::model::ModelId;
use bursar_domain::money::{Cost, PICO_PER_MICRO};
use bursar_domain::time::{DAY_MS, HOUR_MS};
use serde::Serialize;
use sqlx::FromRow;

use crate::facts::write_tags;

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

/// Counts of calls by how long they took and how fast they answered, by bucket.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Histograms {
    latency: [i64; BUCKETS],
    first_token: [i64; BUCKETS],
    speed: [i64; BUCKETS],
}

impl Histograms {
    fn add(&mut self, other: &Self) {
        let add = |mine: &mut [i64; BUCKETS], theirs: &[i64; BUCKETS]| {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        };
        add(&mut self.latency, &other.latency);
        add(&mut self.first_token, &other.first_token);
        add(&mut self.speed, &other.speed);
    }
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
    pub(crate) grains: BTreeMap<GrainKey, (Sums, Histograms)>,
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
        let grains = grain_keys(rooms, intent, &key);
        self.add(grains, (key, *sums, histograms(intent, settlement)));
    }

    /// The hourly rows, in key order.
    pub(crate) fn hour_rows(&self) -> impl Iterator<Item = HourRow<'_>> {
        self.hours.iter().map(|(key, sums)| HourRow { key, sums })
    }

    /// The narrow rows, in key order.
    pub(crate) fn grain_rows(&self) -> impl Iterator<Item = GrainRow<'_>> {
        self.grains.iter().map(|(key, (sums, histograms))| GrainRow { histograms, key, sums })
    }

    /// Counts a refusal.
    pub(crate) fn add_refusal(&mut self, rooms: &Rooms, intent: &Intent) {
        let key = hour_key(rooms, intent, &intent.model);
        let grains = grain_keys(rooms, intent, &key);
        self.add(grains, (key, Sums::refusal(), Histograms::default()));
    }

    fn add(&mut self, grains: Vec<GrainKey>, entry: (HourKey, Sums, Histograms)) {
        let (key, sums, histograms) = entry;
        self.hours.entry(key).or_default().add(&sums);
        for grain in grains {
            let (grain_sums, grain_histograms) = self.grains.entry(grain).or_default();
            grain_sums.add(&sums);
            grain_histograms.add(&histograms);
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

fn grain_keys(rooms: &Rooms, intent: &Intent, hour: &HourKey) -> Vec<GrainKey> {
    let key = |grain: String, (value, value2), step_ms| GrainKey {
        grain,
        start_ms: hour.hour_ms - hour.hour_ms.rem_euclid(step_ms),
        value,
        value2,
        count_tokens: intent.operation == Operation::CountTokens,
        shard: rooms.shard,
    };
    let fixed = Grain::ALL.iter();
    let fixed = fixed.map(|grain| key(grain.to_string(), grain.values(hour), grain.step_ms()));
    let tags = rooms.report_tags.iter().map(|tag| {
        let value = intent.attribution.tags.get(tag).cloned().unwrap_or_default();
        key(format!("tag:{tag}"), (value, String::new()), DAY_MS)
    });
    fixed.chain(tags).collect()
}

/// Five to a factor of ten; the last has no upper bound.
const BUCKETS: usize = 20;

/// Upper bounds of the buckets but the last, of latency and time to first token in milliseconds.
pub(crate) const TIME_BOUNDS: [i64; BUCKETS - 1] = [
    63, 100, 160, 250, 400, 630, 1_000, 1_600, 2_500, 4_000, 6_300, 10_000, 16_000, 25_000, 40_000,
    63_000, 100_000, 160_000, 250_000,
];

/// The same for speed, in output tokens a second.
pub(crate) const SPEED_BOUNDS: [i64; BUCKETS - 1] =
    [1, 2, 3, 4, 6, 10, 16, 25, 40, 63, 100, 160, 250, 400, 630, 1_000, 1_600, 2_500, 4_000];

/// One count, in the bucket of the value.
fn one(bounds: &[i64; BUCKETS - 1], value: i64) -> [i64; BUCKETS] {
    let bucket = bounds.iter().position(|&bound| value <= bound).unwrap_or(bounds.len());
    std::array::from_fn(|place| i64::from(place == bucket))
}

/// The buckets of a call that succeeded; what did not says nothing about speed.
fn histograms(intent: &Intent, settlement: &Settlement) -> Histograms {
    let mut histograms = Histograms::default();
    if settlement.ending.outcome != Outcome::Succeeded {
        return histograms;
    }
    let ended = settlement.ended_at.0;
    histograms.latency = one(&TIME_BOUNDS, ended.saturating_sub(intent.started_at.0));
    let Some(first) = settlement.first_token_at else { return histograms };
    histograms.first_token = one(&TIME_BOUNDS, first.0.saturating_sub(intent.started_at.0));
    let (tokens, elapsed) =
        (i128::from(settlement.bill.usage.output), ended.saturating_sub(first.0));
    if tokens > 0 && elapsed > 0 {
        let speed = tokens * 1_000 / i128::from(elapsed);
        histograms.speed = one(&SPEED_BOUNDS, i64::try_from(speed).unwrap_or(i64::MAX));
    }
    histograms
}
