//! Sums for pages, by one dimension and perhaps by time: which roll-up answers, of which part of the
//! ledger. Days where days will do; a person's sums and rarer dimensions come from hours.

use std::collections::BTreeMap;

use bursar_domain::closed_set;
use bursar_domain::time::{DAY_MS, Timestamp};
use bursar_ledger::{Counters, DaySlice, Grain, HourBy, HourSlice, SliceRow};

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
    }
}

/// What sums are asked for. Its ends are whole UTC days, or hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumAsk {
    /// By what.
    pub group: Group,
    /// From then on.
    pub since: Timestamp,
    /// Before then.
    pub until: Timestamp,
    /// Whether hours are asked for, and not days.
    pub is_hourly: bool,
    /// Whether each hour or day is a line of its own.
    pub by_time: bool,
    /// Of this team alone.
    pub team: Option<String>,
    /// Of this model alone.
    pub model: Option<String>,
}

/// The sums of one value, perhaps of one hour or day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumLine {
    /// The hour or day.
    pub at: Option<Timestamp>,
    /// The value; `None` for calls without one.
    pub value: Option<String>,
    /// The sums.
    pub counters: Counters,
}

/// Hours are read of so many days at most.
const HOURLY_DAYS_MAX: i64 = 31;

/// Sums by time and value, each once.
type Lines = BTreeMap<(Option<Timestamp>, String), Counters>;

impl View {
    /// Sums of what the viewer sees.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a team that the viewer does not see, [`Error::Contradiction`] for a
    /// range that is too long for hours, or a ledger that failed or would have to read too much.
    pub async fn sums(&self, ask: &SumAsk) -> Result<Vec<SumLine>, Error> {
        let team = self.team(ask.team.as_deref())?.map(str::to_owned);
        let user = self.part().and_then(|part| part.user.clone());
        let lines = match Source::of(ask, (team.as_deref(), user.is_some())) {
            Source::Hours(by) => self.hourly(ask, by, (team, user)).await?,
            Source::Days(slice) => lines(self.desk.admin.ledger.days(&slice).await?, ask, false),
            Source::Second(slice) => lines(self.desk.admin.ledger.days(&slice).await?, ask, true),
            Source::OfTeam(grain, team) => self.of_team(ask, grain, &team).await?,
        };
        let line = |((at, value), counters): ((Option<Timestamp>, String), Counters)| SumLine {
            at,
            value: Some(value).filter(|value| !value.is_empty()),
            counters,
        };
        Ok(lines.into_iter().map(line).collect())
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
            since: ask.since,
            until: ask.until,
            team,
            user,
            model: ask.model.clone(),
            by_time: ask.by_time,
        };
        let mut rows = self.desk.admin.ledger.hours(&slice).await?;
        if !ask.is_hourly {
            for row in &mut rows {
                row.at = row.at.map(Timestamp::day);
            }
        }
        Ok(lines(rows, ask, false))
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
        let of = |grain, values| day_slice(ask, grain, Some(values));
        let ledger = &self.desk.admin.ledger;
        let mut lines = lines(ledger.days(&of(grain, own.unwrap_or_default())).await?, ask, false);
        let mut rest: BTreeMap<Option<Timestamp>, Counters> = BTreeMap::new();
        for row in ledger.days(&of(Grain::Team, vec![team.to_owned()])).await? {
            rest.entry(row.at).or_default().add(&row.counters);
        }
        for ((at, _), counters) in &lines {
            rest.entry(*at).or_default().subtract(counters);
        }
        rest.retain(|_, counters| *counters != Counters::default());
        lines.extend(rest.into_iter().map(|(at, counters)| ((at, String::new()), counters)));
        Ok(lines)
    }
}

/// Which roll-up answers.
enum Source {
    Hours(HourBy),
    Days(DaySlice),
    /// By the second value of a grain.
    Second(DaySlice),
    /// By something of one team.
    OfTeam(Grain, String),
}

impl Source {
    fn of(ask: &SumAsk, (team, is_person): (Option<&str>, bool)) -> Self {
        let by = match ask.group {
            Group::Model | Group::Provider => HourBy::Model,
            Group::Team => HourBy::Team,
            Group::Project => HourBy::Project,
            Group::Key => HourBy::Key,
            Group::User => HourBy::User,
            Group::Region => HourBy::Region,
            Group::Tier => HourBy::Tier,
            Group::Operation => HourBy::Operation,
        };
        // Daily sums tell no person's calls from others'.
        if ask.is_hourly || is_person {
            return Self::Hours(by);
        }
        let of = |grain, values: Option<&str>| {
            day_slice(ask, grain, values.map(|value| vec![value.to_owned()]))
        };
        let second = |slice: DaySlice| DaySlice { second: ask.model.clone(), ..slice };
        match (ask.group, team, &ask.model) {
            (Group::Model | Group::Provider, Some(team), _) => {
                Self::Second(second(of(Grain::TeamModel, Some(team))))
            }
            (Group::Model | Group::Provider, None, model) => {
                Self::Days(of(Grain::Model, model.as_deref()))
            }
            (Group::Team, team, None) => Self::Days(of(Grain::Team, team)),
            (Group::Team, team, Some(_)) => Self::Days(second(of(Grain::TeamModel, team))),
            (Group::Project, None, None) => Self::Days(of(Grain::Project, None)),
            (Group::Key, None, None) => Self::Days(of(Grain::Key, None)),
            (Group::Project, Some(team), None) => Self::OfTeam(Grain::Project, team.to_owned()),
            (Group::Key, Some(team), None) => Self::OfTeam(Grain::Key, team.to_owned()),
            _ => Self::Hours(by),
        }
    }
}

fn day_slice(ask: &SumAsk, grain: Grain, values: Option<Vec<String>>) -> DaySlice {
    let (since, until) = (ask.since, ask.until);
    DaySlice { grain, since, until, values, second: None, by_time: ask.by_time }
}

fn lines(rows: Vec<SliceRow>, ask: &SumAsk, by_second: bool) -> Lines {
    let mut lines = Lines::new();
    for row in rows {
        let value = if by_second { row.second } else { row.value };
        let value = match ask.group {
            Group::Provider => value.split('.').next().unwrap_or_default().to_owned(),
            _ => value,
        };
        lines.entry((row.at, value)).or_default().add(&row.counters);
    }
    lines
}
