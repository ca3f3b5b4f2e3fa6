//! Who calls: teams, each with projects, users and keys, and what each key is used for.
//!
//! Keys are made without a secret that anybody has: nobody can call with them.

use bursar_domain::access::Key;
use bursar_domain::budget::Mode;
use bursar_domain::limit::{Limit, LimitId, OnLimit, Unit};
use bursar_domain::money::{Micros, PICO_PER_MICRO, Total};
use bursar_domain::price::Tier;
use bursar_domain::roster::Roster;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::span::{Span, Zone};
use bursar_ledger::{AccessChange, Change, KeyChange, KeyTerms};

use super::dice::Dice;

const TEAMS: [&str; 20] = [
    "research",
    "search",
    "support",
    "billing",
    "catalogue",
    "checkout",
    "claims",
    "data",
    "docs",
    "fraud",
    "growth",
    "legal",
    "logistics",
    "marketing",
    "mobile",
    "payments",
    "platform",
    "risk",
    "sales",
    "translation",
];
const PEOPLE: [&str; 24] = [
    "ann", "bob", "carla", "dmitri", "eve", "farid", "gita", "hans", "ines", "jun", "kofi", "lena",
    "mateo", "nadia", "omar", "priya", "quentin", "rosa", "sven", "tomoko", "uma", "viktor", "wei",
    "yara",
];
const WORK: [&str; 8] =
    ["assistant", "batch", "classify", "drafts", "extract", "index", "review", "summaries"];
const ENVIRONMENTS: [&str; 4] = ["prod", "prod", "staging", "dev"];

/// Keys of a team.
const KEYS: usize = 3;

/// A key, and what it is used for.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// The team's place in the list of teams.
    pub(super) team_at: usize,
    pub(super) team: String,
    pub(super) project: Option<String>,
    pub(super) key: String,
    /// Those who call with it; a service has nobody.
    pub(super) people: Vec<String>,
    pub(super) env: &'static str,
    pub(super) feature: &'static str,
    pub(super) tier: Tier,
    pub(super) streams: bool,
    /// The models that it calls most, by their places on the menu.
    pub(super) models: [usize; 3],
}

/// All who call, and how much each does.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) teams: Vec<String>,
    callers: Vec<Caller>,
    /// Up to each caller, how many of all calls are theirs and those before.
    shares: Vec<u64>,
}

/// The name of the n-th team.
fn team_name(n: usize) -> String {
    let name = TEAMS[n % TEAMS.len()];
    if n < TEAMS.len() { name.to_owned() } else { format!("{name}-{}", n / TEAMS.len() + 1) }
}

/// What makes the teams that are not there yet.
pub(super) fn changes(roster: &Roster, teams: usize, dice: &mut Dice) -> Vec<Change> {
    let mut changes = Vec::new();
    for name in (0..teams).map(team_name) {
        let id = format!("team_{}", dice.digits());
        let (owner, people) = (dice.place(PEOPLE.len()), 3 + dice.place(5));
        let projects = [WORK[dice.place(WORK.len())], WORK[dice.place(WORK.len())]];
        let parts = parts(&id, &name, (owner, people, projects), dice);
        if roster.team(&name).is_none() {
            let owner = Some(format!("{}@example.com", PEOPLE[owner]));
            let cost_centre = Some(format!("CC-{}", 1_000 + dice.below(9_000)));
            changes.push(AccessChange::CreateTeam { id, name, owner, cost_centre });
            changes.extend(parts);
        }
    }
    changes.into_iter().map(Change::Access).collect()
}

fn parts(
    team: &str,
    name: &str,
    (first, people, projects): (usize, usize, [&str; 2]),
    dice: &mut Dice,
) -> Vec<AccessChange> {
    let of = |project: &str, n: usize| format!("{name} {project} {}", n + 1);
    let projects: Vec<String> = projects.iter().zip(0..).map(|(it, n)| of(it, n)).collect();
    let mut parts: Vec<AccessChange> = Vec::new();
    for name in &projects {
        let (id, team, name) = (format!("proj_{}", dice.digits()), team.to_owned(), name.clone());
        parts.push(AccessChange::CreateProject { id, team, name });
    }
    for n in 0..people {
        let name = PEOPLE[(first + n) % PEOPLE.len()].to_owned();
        let (id, team) = (format!("user_{}", dice.digits()), team.to_owned());
        parts.push(AccessChange::AddMember { id, team, name });
    }
    for n in 0..KEYS {
        // The last one is for the team's people.
        let project = projects.get(n).cloned();
        parts.push(AccessChange::Key(KeyChange::Create {
            id: format!("key_{}", dice.digits()),
            team: team.to_owned(),
            name: ["service", "jobs", "people"][n % KEYS].to_owned(),
            terms: KeyTerms { project, user: None, expires_at: None },
            secret_hmac: (0..4).map(|_| dice.digits()).collect(),
        }));
    }
    parts
}

impl Cast {
    /// Of teams that are there.
    pub(super) fn new(roster: &Roster, teams: usize, models: usize, dice: &mut Dice) -> Self {
        let mut cast = Self { teams: Vec::new(), callers: Vec::new(), shares: Vec::new() };
        let mut all = 0;
        for (team_at, name) in (0..teams).map(team_name).enumerate() {
            let Some(team) = roster.team(&name) else { continue };
            let people: Vec<String> =
                roster.members_of(&team.id).map(|member| member.name.clone()).collect();
            for (n, key) in roster.keys_of(&team.id).enumerate() {
                let at = cast.callers.len();
                let models = [at % models, dice.place(models), dice.place(models)];
                cast.callers.push(caller((team_at, &name), (key, &people), models, dice));
                // A few call much, many call little.
                all += 100_000 / (team_at as u64 + 3) + 4_000 / (n as u64 + 1) + dice.below(3_000);
                cast.shares.push(all);
            }
            cast.teams.push(name);
        }
        cast
    }

    /// Who calls next.
    pub(super) fn next(&self, dice: &mut Dice) -> Option<&Caller> {
        let place = dice.below(self.shares.last().copied().unwrap_or_default());
        self.callers.get(self.shares.partition_point(|share| *share <= place))
    }
}

fn caller(
    (team_at, team): (usize, &str),
    (key, people): (&Key, &[String]),
    models: [usize; 3],
    dice: &mut Dice,
) -> Caller {
    Caller {
        team_at,
        team: team.to_owned(),
        project: key.project.clone(),
        key: key.id.clone(),
        people: if key.project.is_none() { people.to_vec() } else { Vec::new() },
        env: ENVIRONMENTS[dice.place(ENVIRONMENTS.len())],
        feature: WORK[dice.place(WORK.len())],
        tier: tier(dice),
        streams: dice.hits(600),
        models,
    }
}

fn tier(dice: &mut Dice) -> Tier {
    match dice.below(100) {
        0..6 => Tier::Priority,
        6..14 => Tier::Flex,
        _ => Tier::Standard,
    }
}

/// A budget by the month for every team, half as much again as what it spent in the last one.
pub(super) fn budgets(teams: &[String], spent: &[Total], dice: &mut Dice) -> Vec<Change> {
    let spent = spent.iter().copied().chain(std::iter::repeat(Total(0)));
    let budgets = teams.iter().zip(spent).zip(0_usize..).map(|((team, spent), n)| {
        let micros = spent.0 / i128::from(PICO_PER_MICRO) * 3 / 2;
        // In whole dollars, and never none.
        let dollars = i64::try_from(micros / 1_000_000).unwrap_or(i64::MAX / 2_000_000) + 10;
        Change::SetLimit(Limit {
            id: LimitId(format!("limit_{}", dice.digits())),
            scope: Scope::default().with(Facet::Team, team),
            each: None,
            unit: Unit::Usd,
            span: Span::Month,
            zone: Zone::UTC,
            mode: if n % 2 == 0 { Mode::Hard } else { Mode::Soft },
            on_limit: OnLimit::Refuse,
            amount: Micros(dollars.saturating_mul(1_000_000)),
        })
    });
    budgets.collect()
}
