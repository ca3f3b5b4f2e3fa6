//! Sums for pages, by one dimension and perhaps by time: which roll-up answers, of which part of the
//! ledger. Narrow sums where those will do; a person's, and those of rarer dimensions by the hour or
//! within a team, come from the widest.

use std::collections::BTreeMap;

use bursar_domain::closed_set;
use bursar_domain::time::{DAY_MS, Timestamp};
use bursar_ledger::{Counters, Grain, GrainSlice, HourBy, HourSlice, SliceRow};

use crate::{Error, Sight, View};

closed_set! {
    /// What sums are told apart by.
    Group {
        /// The model.
        Model = "model",
        /// The model's provider.
        Provider = "provider",
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
        /// One report tag's value.
        Tag = "tag",
    }
}

/// What sums are asked for. Its ends are whole UTC days, or hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumAsk {
    /// By what.
    pub group: Group,
    /// By what within that.
    pub then: Option<Group>,
    /// Which tag, where either is [`Group::Tag`].
    pub tag: Option<String>,
    /// From then on.
    pub since: Timestamp,
    /// Before then.
    pub until: Timestamp,
    /// Whether hours are asked for, and not days.
    pub is_hourly: bool,
    /// Each so many milliseconds are a line of their own, counted back from the end: whole hours or
    /// days. `None` for one of all the time.
    pub step_ms: Option<i64>,
    /// Of this team alone.
    pub team: Option<String>,
    /// Of this model alone.
    pub model: Option<String>,
}

/// The sums of one value, perhaps of one hour or day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumLine {
    /// The beginning of its step.
    pub at: Option<Timestamp>,
    /// The value; `None` for calls without one.
    pub value: Option<String>,
    /// The value within that, where one is asked for.
    pub second: Option<String>,
    /// The sums.
    pub counters: Counters,
}

/// Hours are read of so many days at most.
const HOURLY_DAYS_MAX: i64 = 31;

/// Sums by time, value and the value within it, each once.
type Lines = BTreeMap<(Option<Timestamp>, String, String), Counters>;

impl View {
    /// Sums of what the viewer sees.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a team that the viewer does not see, [`Error::Contradiction`] for a
    /// range that is too long for hours, or a ledger that failed or would have to read too much.
    pub async fn sums(&self, ask: &SumAsk) -> Result<Vec<SumLine>, Error> {
        let is_by_tag = ask.group == Group::Tag || ask.then == Some(Group::Tag);
        if is_by_tag && ask.tag.is_none() {
            return Err(Error::Contradiction {
                said: "these sums are by a tag, and it was not said by which".to_owned(),
                hint: "name one of those that `[tags] report` declares".to_owned(),
            });
        }
        let team = self.team(ask.team.as_deref())?.map(str::to_owned);
        let user = self.part().and_then(|part| part.user.clone());
        let lines = match Source::of(ask, (team.as_deref(), user.is_some())) {
            Source::Hours(by) => self.hourly(ask, by, (team, user)).await?,
            Source::Grain(slice, order) => {
                lines(self.desk.admin.ledger.grains(&slice).await?, ask, order)
            }
            Source::OfTeam(grain, team) => self.of_team(ask, grain, &team).await?,
        };
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let lines = lines.into_iter().map(|((at, value, second), counters)| SumLine {
            at,
            value: some(value),
            second: some(second),
            counters,
        });
        Ok(lines.collect())
    }

    async fn hourly(
        &self,
        ask: &SumAsk,
        by: HourBy,
        (team, user): (Option<String>, Option<String>),
    ) -> Result<Lines, Error> {
        if ask.until.0 - ask.since.0 > HOURLY_DAYS_MAX * DAY_MS {
            return Err(Error::Contradiction {
                said: format!("these sums are of hours, and of {HOURLY_DAYS_MAX} days at most"),
                hint: "choose a shorter range, or another grouping".to_owned(),
            });
        }
        let slice = HourSlice {
            by,
            then: ask.then.map(hour_by),
            since: ask.since,
            until: ask.until,
            team,
            user,
            model: ask.model.clone(),
            step_ms: ask.step_ms,
        };
        Ok(lines(self.desk.admin.ledger.hours(&slice).await?, ask, Order::Both))
    }

    /// By key or project within one team: those that are its own, and what is left of the team's
    /// sums as calls without one.
    async fn of_team(&self, ask: &SumAsk, grain: Grain, team: &str) -> Result<Lines, Error> {
        let access = self.desk.admin.ledger.access().await?;
        let id = access.teams.iter().rfind(|known| known.name == team).map(|team| team.id.clone());
        let sight = Sight::of(&access, (id.unwrap_or_default(), team.to_owned()), None);
        let own = sight.part().map(|part| match grain {
            Grain::Key => part.keys.clone(),
            _ => part.projects.clone(),
        });
        let of = |grain, values| grain_slice(ask, grain, Some(values));
        let ledger = &self.desk.admin.ledger;
        let own = ledger.grains(&of(grain, own.unwrap_or_default())).await?;
        let mut lines = lines(own, ask, Order::First);
        let mut rest: BTreeMap<Option<Timestamp>, Counters> = BTreeMap::new();
        for row in ledger.grains(&of(Grain::Team, vec![team.to_owned()])).await? {
            rest.entry(row.at).or_default().add(&row.counters);
        }
        for ((at, ..), counters) in &lines {
            rest.entry(*at).or_default().subtract(counters);
        }
        rest.retain(|_, counters| *counters != Counters::default());
        let rest = rest.into_iter();
        lines.extend(rest.map(|(at, counters)| ((at, String::new(), String::new()), counters)));
        Ok(lines)
    }
}

/// Which roll-up answers.
enum Source {
    Hours(HourBy),
    Grain(GrainSlice, Order),
    /// By something of one team.
    OfTeam(Grain, String),
}

/// Which of a row's two values are asked for, in which order.
#[derive(Debug, Clone, Copy)]
enum Order {
    First,
    Second,
    Both,
    Swapped,
}

/// The hourly dimension of a group. A provider is its models'.
const fn hour_by(group: Group) -> HourBy {
    match group {
        Group::Model | Group::Provider => HourBy::Model,
        Group::Team => HourBy::Team,
        Group::Project => HourBy::Project,
        Group::Key => HourBy::Key,
        Group::User => HourBy::User,
        Group::Region => HourBy::Region,
        Group::Tier => HourBy::Tier,
        Group::Operation => HourBy::Operation,
        Group::Tag => HourBy::Tags,
    }
}

impl Source {
    fn of(ask: &SumAsk, (team, is_person): (Option<&str>, bool)) -> Self {
        let wide = Self::Hours(hour_by(ask.group));
        // Narrow sums tell no person's calls from others'.
        if is_person {
            return wide;
        }
        let [of_model, of_team, of_both] = if ask.is_hourly {
            [Grain::HourModel, Grain::HourTeam, Grain::HourTeamModel]
        } else {
            [Grain::Model, Grain::Team, Grain::TeamModel]
        };
        let of = |grain, values: Option<&str>| {
            grain_slice(ask, grain, values.map(|value| vec![value.to_owned()]))
        };
        let both = || GrainSlice { second: ask.model.clone(), ..of(of_both, team) };
        if let Some(then) = ask.then {
            return match (ask.group, then) {
                (Group::Team, Group::Model | Group::Provider) => Self::Grain(both(), Order::Both),
                (Group::Model | Group::Provider, Group::Team) => {
                    Self::Grain(both(), Order::Swapped)
                }
                _ => wide,
            };
        }
        let first = |slice| Self::Grain(slice, Order::First);
        match (ask.group, team, &ask.model) {
            (Group::Model | Group::Provider, Some(_), _) => Self::Grain(both(), Order::Second),
            (Group::Model | Group::Provider, None, model) => first(of(of_model, model.as_deref())),
            (Group::Team, team, None) => first(of(of_team, team)),
            (Group::Team, _, Some(_)) => first(both()),
            _ if ask.is_hourly => wide,
            (Group::Project, Some(team), None) => Self::OfTeam(Grain::Project, team.to_owned()),
            (Group::Key, Some(team), None) => Self::OfTeam(Grain::Key, team.to_owned()),
            (group, None, None) => daily(group).map_or(wide, |grain| first(of(grain, None))),
            _ => wide,
        }
    }
}

/// The daily sums by a group alone.
const fn daily(group: Group) -> Option<Grain> {
    Some(match group {
        Group::Model | Group::Provider => Grain::Model,
        Group::Team => Grain::Team,
        Group::Project => Grain::Project,
        Group::Key => Grain::Key,
        Group::User => Grain::User,
        Group::Region => Grain::Region,
        Group::Tier => Grain::Tier,
        Group::Operation => Grain::Operation,
        Group::Tag => return None,
    })
}

fn grain_slice(ask: &SumAsk, grain: Grain, values: Option<Vec<String>>) -> GrainSlice {
    let (since, until) = (ask.since, ask.until);
    GrainSlice { grain, since, until, values, second: None, step_ms: ask.step_ms }
}

fn lines(rows: Vec<SliceRow>, ask: &SumAsk, order: Order) -> Lines {
    let mut lines = Lines::new();
    for SliceRow { at, value, second, counters } in rows {
        let (value, second) = match order {
            Order::First => (value, String::new()),
            Order::Second => (second, String::new()),
            Order::Both => (value, second),
            Order::Swapped => (second, value),
        };
        let value = named(ask.group, value, ask.tag.as_deref());
        let second = ask.then.map(|then| named(then, second, ask.tag.as_deref()));
        let key = (at, value, second.unwrap_or_default());
        lines.entry(key).or_default().add(&counters);
    }
    lines
}

/// A value as people know it: a model's provider, a tag of several.
fn named(group: Group, value: String, tag: Option<&str>) -> String {
    match group {
        Group::Provider => value.split('.').next().unwrap_or_default().to_owned(),
        Group::Tag => {
            let tags: Option<BTreeMap<String, String>> = serde_json::from_str(&value).ok();
            tags.and_then(|mut tags| tags.remove(tag?)).unwrap_or_default()
        }
        _ => value,
    }
}
