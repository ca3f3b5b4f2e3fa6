//! What the demo leaves running when somebody stays: the dashboard, a simulator, a gateway before it, two
//! teams with a key and a budget each, one of which is soon used up, and a third whose streams go on.

use std::net::Ipv4Addr;

use bursar_admin::{Admin, KeyRequest, LimitWords, NewKey, Selectors, TeamFacts};
use bursar_core::{Connection, Credentials};
use bursar_gateway::{Door, Gateway};
use bursar_ledger::{Ledger, MasterKey};
use bursar_simulator::Simulator;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::administration::Administration;
use crate::agents::Agents;
use crate::commands::key::secrets_json;
use crate::commands::serve::start_simulator;
use crate::failure::{Failure, Situation};
use crate::output::BOLD;
use crate::settings::Settings;
use crate::{backdrop, paste, wiring};

/// A team, its window, what it may spend in that, and what that is for.
const TEAMS: [(&str, &str, &str, &str); 2] = [
    ("shop", "month", "5usd", "room for a lot"),
    ("lab", "total", "0.002usd", "room for a few calls, then refused"),
];

/// As whom its reader looks.
const READER: &str = "demo";

/// What runs.
pub(crate) struct Showroom {
    gateway: Gateway,
    simulator: Simulator,
    ledger: Ledger,
    keys: Vec<NewKey>,
    dashboard: Administration,
    /// By whom its reader comes in.
    reader: String,
    admin: Admin,
    agents: Agents,
    /// How many calls before the demo's own are made up.
    made_up: Option<u64>,
}

impl Showroom {
    /// Opens it, on the demo's own ledger. Its simulator has none of the demo's faults. A ledger that
    /// was new gets a past; one that was kept has its own.
    pub(crate) async fn open(settings: &Settings, is_new: bool) -> Result<Self, Failure> {
        let simulator = start_simulator().await?;
        let connection = Connection {
            region: Some("us-east-1".to_owned()),
            endpoint: Some(simulator.url()),
            credentials: Credentials::Simulated,
            ..settings.connection()
        };
        let mut bursar = wiring::open_at(settings, &connection, true).await?;
        let ledger = bursar.ledger.clone();
        let admin = wiring::admin_of(&ledger, settings);
        let made_up = if is_new {
            Some(Box::pin(backdrop::paint(&ledger, settings, admin.clock.now())).await?)
        } else {
            None
        };
        let master = admin.master_key(&settings.master_key_source()?).await?;
        let mut keys = Vec::new();
        for (team, window, limit, _) in TEAMS {
            keys.push(furnish(&admin, &master, team, (window, limit)).await?);
        }
        bursar.master_key = Some(master);
        bursar.limits.attempts_max = 1;
        let cannot = |error| Failure::new(Situation::Failed, format!("cannot serve: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
        let doors = bursar_gateway::Settings {
            names: settings.names.clone(),
            ..bursar_gateway::Settings::default()
        };
        let reader = reader(&admin).await?;
        let desk = wiring::desk_of(&ledger, settings)?;
        let dashboard = Administration::for_reader(desk, &reader).await?;
        let agents = Agents::start(&bursar, settings, &admin).await?;
        let gateway = Gateway::start(vec![Door { listener, tls: None }], bursar, doors);
        let gateway = gateway.map_err(cannot)?;
        Ok(Self { gateway, simulator, ledger, keys, dashboard, reader, admin, agents, made_up })
    }

    /// For people: where they look, and how they come in.
    pub(crate) fn dashboard(&self) -> Vec<String> {
        let link = self.dashboard.first_link();
        let link = link.as_ref().map_or("", |link| link.expose());
        let mut lines = vec![
            format!("\n{BOLD}The dashboard is on {}{BOLD:#}", self.dashboard.url()),
            format!("come in as an admin, once, at {link}"),
        ];
        lines.extend(self.made_up.map(|calls| {
            format!("before these calls it shows two months of {calls} others, which are made up")
        }));
        lines
    }

    fn url(&self) -> &str {
        self.gateway.urls().first().map_or("", String::as_str)
    }

    /// For people: where it listens, who may call, and what to paste.
    pub(crate) fn lines(&self) -> Vec<String> {
        let url = self.url();
        let mut lines = self.dashboard();
        lines.push(format!("\nlistening on {url}"));
        for ((team, window, limit, what), key) in TEAMS.iter().zip(&self.keys) {
            let every = if *window == "total" { "in all" } else { "a month" };
            lines.push(format!("\n{BOLD}Team `{team}`, {limit} {every}: {what}{BOLD:#}"));
            let pasted = paste::lines(url, key).into_iter();
            lines.extend(pasted.map(|(client, line)| format!("# {client}\n{line}")));
        }
        lines.push("\nPaste any of these into another terminal. Ctrl-C ends it all.".to_owned());
        lines
    }

    /// The same for programs.
    pub(crate) fn as_json(&self) -> Value {
        let url = self.url();
        let teams = TEAMS.iter().zip(&self.keys).map(|((team, window, limit, _), key)| {
            let lines: serde_json::Map<String, Value> = paste::lines(url, key)
                .into_iter()
                .map(|(client, line)| (client.to_owned(), line.into()))
                .collect();
            let key = secrets_json(key);
            json!({"team": team, "window": window, "limit": limit, "key": key, "lines": lines})
        });
        let link = self.dashboard.first_link();
        let dashboard = json!({"url": self.dashboard.url(), "link": link});
        let teams = teams.collect::<Vec<_>>();
        json!({"url": url, "teams": teams, "dashboard": dashboard, "made_up": self.made_up})
    }

    /// Serves until it is told to stop; every call is settled then.
    pub(crate) async fn until(self, told: impl Future<Output = ()>) -> Result<(), Failure> {
        told.await;
        self.agents.stop().await?;
        self.gateway.stop().await;
        self.dashboard.stop().await;
        // Nobody knows the password; in a ledger that is kept, nobody should have to wonder.
        self.admin.let_user(&self.reader, false).await?;
        self.ledger.close().await?;
        self.simulator.stop().await;
        Ok(())
    }
}

/// A name that nobody has yet: a ledger that is kept knows the readers of earlier demos.
async fn reader(admin: &Admin) -> Result<String, Failure> {
    let users = admin.users().await?;
    let earlier = users.iter().filter(|user| user.name.starts_with(READER)).count();
    Ok(if earlier == 0 { READER.to_owned() } else { format!("{READER}-{}", earlier + 1) })
}

/// A team's budget, the team before it where there is none yet, and a key.
async fn furnish(
    admin: &Admin,
    master: &MasterKey,
    team: &str,
    (window, limit): (&str, &str),
) -> Result<NewKey, Failure> {
    if admin.teams().await?.iter().all(|row| row.name != team) {
        admin.create_team(team, TeamFacts::default()).await?;
    }
    let whose = Selectors { team: Some(team.to_owned()), ..Selectors::default() };
    let words =
        LimitWords { window: window.to_owned(), limit: limit.to_owned(), ..LimitWords::default() };
    admin.set_budget(&whose, &words).await?;
    let request = KeyRequest { team: team.to_owned(), ..KeyRequest::default() };
    Ok(admin.create_key(master, &request).await?)
}
