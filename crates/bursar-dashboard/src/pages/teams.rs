//! Teams and their keys: who there is, and for who may, making a team, and making, rotating and ending
//! keys. A secret is shown this once.

use bursar_admin::api::{KeyRotation, MakeKey, NewTeam};
use bursar_admin::{KeyRow, NewKey, Role, TeamRow, View};
use bursar_domain::span::Zone;
use bursar_ledger::Secret;

use super::calls::time;
use super::{ALL, Done, Page, Visit};
use crate::content::{Ask, Block, Content, Field};
use crate::form::Form;
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

pub(super) static PAGE: Page = Page {
    path: "/teams",
    label: Some("Teams and keys"),
    title: "Teams and keys",
    roles: ALL,
    picks: &[],
    show: |visit| Box::pin(show(visit)),
    act: Some(|visit, form| Box::pin(act(visit, form))),
};

/// How long a rotated key's old secret is of use.
const GRACE: &str = "24h";

async fn show(visit: Visit) -> Result<Content, Problem> {
    content(&visit.view, visit.filters.zone, Vec::new()).await
}

async fn content(view: &View, zone: Zone, first: Vec<Block>) -> Result<Content, Problem> {
    let (teams, keys) = (view.teams().await?, view.keys().await?);
    let mut blocks = first;
    blocks.push(Block::Sheet(team_sheet(&teams, zone)));
    blocks.push(Block::Sheet(key_sheet(&keys, zone)));
    if view.viewer().sight.part().is_none() {
        blocks.push(Block::Sheet(user_sheet(view, zone).await?));
    }
    let ask = |what, title: &str, button, fields| {
        Block::Form(Ask { title: title.to_owned(), what, button, fields })
    };
    if view.viewer().role == Role::Admin {
        let fields = vec![
            Field::empty("name", "Name"),
            Field::empty("owner", "Owner"),
            Field::empty("cost_centre", "Cost centre"),
        ];
        blocks.push(ask("team", "Make a team", "Make the team", fields));
    }
    if matches!(view.viewer().role, Role::Admin | Role::Lead) {
        let team = view.viewer().sight.part().map(|part| part.team.clone()).unwrap_or_default();
        let fields = vec![
            Field { value: team, ..Field::empty("team", "Team") },
            Field::empty("name", "Name"),
            Field::empty("user", "User"),
            Field::empty("project", "Project"),
            Field::empty("expires", "Expires, such as 90d"),
        ];
        blocks.push(ask("key", "Make a key", "Make the key", fields));
        let key = || vec![Field::empty("key", "Key, by its id")];
        blocks.push(ask("rotate", "Give a key another secret", "Rotate the key", key()));
        blocks.push(ask("revoke", "End a key", "End the key", key()));
    }
    Ok(Content { blocks, ..Content::default() })
}

fn team_sheet(teams: &[TeamRow], zone: Zone) -> Sheet {
    let row = |team: &TeamRow| {
        let link = format!("/spend?team={}", crate::filters::escaped(&team.name));
        vec![
            Cell::text(&team.name).leads(link),
            Cell::text(&team.id),
            Cell::maybe(team.owner.as_deref()),
            Cell::maybe(team.cost_centre.as_deref()),
            Cell::text(team.projects.join(", ")),
            Cell::text(team.users.join(", ")),
            Cell::figure(team.keys.len().to_string(), team.keys.len()),
            time(&team.created_at, zone),
        ]
    };
    Sheet {
        word: "teams",
        title: "Teams".to_owned(),
        columns: vec![
            ("team", Fill::Words),
            ("id", Fill::Words),
            ("owner", Fill::Words),
            ("cost centre", Fill::Words),
            ("projects", Fill::Words),
            ("users", Fill::Words),
            ("keys", Fill::Figures),
            ("since", Fill::Words),
        ],
        rows: teams.iter().map(row).collect(),
        empty:
            "There is no team yet. `bursar team create NAME` makes one, and so does the form above."
                .to_owned(),
        next: None,
    }
}

fn key_sheet(keys: &[KeyRow], zone: Zone) -> Sheet {
    let row = |key: &KeyRow| {
        let when = |at: &Option<String>| match at {
            Some(at) => time(at, zone),
            None => Cell::text("–"),
        };
        let link = format!("/calls?key={}", crate::filters::escaped(&key.id));
        vec![
            Cell::text(&key.name).leads(link),
            Cell::text(&key.id),
            Cell::text(&key.team),
            Cell::maybe(key.project.as_deref()),
            Cell::maybe(key.user.as_deref()),
            Cell::text(&key.state),
            time(&key.created_at, zone),
            when(&key.expires_at),
            when(&key.revoked_at),
        ]
    };
    let columns = ["key", "id", "team", "project", "user", "state", "since", "expires", "ended"];
    Sheet {
        word: "keys",
        title: "Keys".to_owned(),
        columns: columns.map(|label| (label, Fill::Words)).to_vec(),
        rows: keys.iter().map(row).collect(),
        empty: "There is no key yet. `bursar key create --team NAME` makes one.".to_owned(),
        next: None,
    }
}

async fn user_sheet(view: &View, zone: Zone) -> Result<Sheet, Problem> {
    let rows = view.users().await?.into_iter().map(|user| {
        vec![
            Cell::text(user.name),
            Cell::text(user.role),
            Cell::maybe(user.team.as_deref()),
            Cell::text(user.state),
            time(&user.created_at, zone),
        ]
    });
    let columns = ["name", "role", "team", "state", "since"];
    Ok(Sheet {
        word: "users",
        title: "Who may sign in".to_owned(),
        columns: columns.map(|label| (label, Fill::Words)).to_vec(),
        rows: rows.collect(),
        empty: "Nobody may.".to_owned(),
        next: None,
    })
}

async fn act(visit: Visit, form: Form) -> Result<Done, Problem> {
    let Visit { view, filters, .. } = visit;
    let said = |name: &str| Some(form.text(name).trim()).filter(|text| !text.is_empty());
    let text = |name: &str| said(name).map(str::to_owned);
    let needed = |name: &str| said(name).unwrap_or_default().to_owned();
    let again = || Done::Go(PAGE.path.to_owned());
    match form.text("do") {
        "team" => {
            let owner = text("owner");
            let team = NewTeam { name: needed("name"), owner, cost_centre: text("cost_centre") };
            view.make_team(team).await?;
            Ok(again())
        }
        "key" => {
            let key = MakeKey {
                team: needed("team"),
                name: text("name"),
                user: text("user"),
                project: text("project"),
                expires: text("expires"),
                ..MakeKey::default()
            };
            let made = view.make_key(key).await?;
            Ok(Done::Show(content(&view, filters.zone, secrets(&made)).await?))
        }
        "rotate" => {
            let rotation = KeyRotation { key: needed("key"), grace: GRACE.to_owned() };
            let made = view.rotate_key(rotation).await?;
            Ok(Done::Show(content(&view, filters.zone, secrets(&made)).await?))
        }
        "revoke" => {
            view.revoke_key(&needed("key")).await?;
            Ok(again())
        }
        other => {
            Err(Problem::usage(format!("`{}` cannot be done here", crate::filters::shown(other))))
        }
    }
}

/// A key's secrets, with lines that are ready to paste.
fn secrets(key: &NewKey) -> Vec<Block> {
    let bearer = key.secret.expose();
    let pair = format!(
        "export AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}",
        key.access_key_id,
        key.secret_access_key.expose()
    );
    let lines = format!("export AWS_BEARER_TOKEN_BEDROCK={bearer}");
    vec![
        Block::Note(format!(
            "The key {} ({}). AWS's SDKs ask here when AWS_ENDPOINT_URL_BEDROCK_RUNTIME names the \
             gateway, by either of these.",
            key.name, key.id
        )),
        Block::Secret("As a bearer token".to_owned(), Secret::new(lines)),
        Block::Secret("As a pair that signs".to_owned(), Secret::new(pair)),
    ]
}
