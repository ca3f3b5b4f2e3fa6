//! Teams, projects and users, and access as a file.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Nothing, Rows};
use crate::{
    Applied, ApplyRequest, Made, Method, Operation, PolicyEdit, PolicyWords, Route, TeamFacts,
    TeamRow,
};

/// A team to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewTeam {
    /// What its calls are recorded under.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where its costs are booked.
    pub cost_centre: Option<String>,
}

/// One team, by name or id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneTeam {
    /// Its name or id.
    pub team: String,
}

/// What is said anew of a team. What is not said stays; an empty text takes it away.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TeamChange {
    /// Its name or id.
    pub team: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where its costs are booked.
    pub cost_centre: Option<String>,
    /// Whether nothing of what was said before of its policy holds on.
    pub anew: bool,
    /// What its calls may ask for.
    pub policy: PolicyWords,
}

/// A team to be ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TeamEnd {
    /// Its name or id.
    pub team: String,
    /// Also while calls of it are running.
    pub force: bool,
}

/// Projects or users that a team is given.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamNames {
    /// The team's name or id.
    pub team: String,
    /// Their names.
    pub names: Vec<String>,
}

/// One project.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneProject {
    /// Its name or id.
    pub project: String,
}

/// One user of a team.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneUser {
    /// The team's name or id.
    pub team: String,
    /// The user's name or id.
    pub user: String,
}

/// Access as a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessFile {
    /// The file's name, for messages.
    pub name: String,
    /// What it says, in TOML.
    pub text: String,
    /// Whether what it does not speak of is ended.
    pub prune: bool,
    /// Whether the plan is all that is asked for.
    pub dry_run: bool,
}

/// The teams that there are.
pub static TEAMS: Route<Nothing, Rows<TeamRow>> =
    Route::new((Method::Get, "/teams"), "The teams that there are", |desk, Nothing {}| {
        Box::pin(async move { Ok(Rows { rows: desk.admin.teams().await? }) })
    })
    .for_part(|view, Nothing {}| Box::pin(async move { Ok(Rows { rows: view.teams().await? }) }));

/// Makes a team.
pub static MAKE_TEAM: Route<NewTeam, Made> =
    Route::new((Method::Post, "/teams"), "Make a team", |desk, ask| {
        let facts = TeamFacts { owner: ask.owner, cost_centre: ask.cost_centre };
        Box::pin(async move { desk.admin.create_team(&ask.name, facts).await })
    });

/// One team.
pub static TEAM: Route<OneTeam, TeamRow> = Route::new(
    (Method::Get, "/teams/{team}"),
    "One team, with its projects, users and keys",
    |desk, ask: OneTeam| Box::pin(async move { desk.admin.team(&ask.team).await }),
)
.for_part(|view, ask: OneTeam| Box::pin(async move { view.team_row(&ask.team).await }));

/// Says anew what is said of a team.
pub static CHANGE_TEAM: Route<TeamChange, TeamRow> = Route::new(
    (Method::Patch, "/teams/{team}"),
    "Say anew who owns a team, where its costs are booked, and what its calls may ask for",
    |desk, ask| {
        Box::pin(async move {
            let says = ask.policy.policy(&desk.known_models())?;
            let edit = PolicyEdit { anew: ask.anew, says };
            let facts = TeamFacts { owner: ask.owner, cost_centre: ask.cost_centre };
            desk.admin.change_team(&ask.team, facts, edit).await
        })
    },
);

/// Ends a team.
pub static END_TEAM: Route<TeamEnd, Made> = Route::new(
    (Method::Delete, "/teams/{team}"),
    "End a team with its projects, users and keys",
    |desk, ask| Box::pin(async move { desk.admin.end_team(&ask.team, ask.force).await }),
);

/// Gives a team projects.
pub static ADD_PROJECTS: Route<TeamNames, Rows<Made>> = Route::new(
    (Method::Post, "/teams/{team}/projects"),
    "Give a team projects, all or none",
    |desk, ask| {
        Box::pin(
            async move { Ok(Rows { rows: desk.admin.add_projects(&ask.team, &ask.names).await? }) },
        )
    },
);

/// Ends a project.
pub static END_PROJECT: Route<OneProject, Made> =
    Route::new((Method::Delete, "/projects/{project}"), "End a project", |desk, ask| {
        Box::pin(async move { desk.admin.end_project(&ask.project).await })
    });

/// Adds users to a team.
pub static ADD_USERS: Route<TeamNames, Rows<Made>> = Route::new(
    (Method::Post, "/teams/{team}/users"),
    "Add users to a team, all or none",
    |desk, ask| {
        Box::pin(
            async move { Ok(Rows { rows: desk.admin.add_users(&ask.team, &ask.names).await? }) },
        )
    },
);

/// Takes a user out of a team.
pub static END_USER: Route<OneUser, Made> = Route::new(
    (Method::Delete, "/teams/{team}/users/{user}"),
    "Take a user out of a team",
    |desk, ask| Box::pin(async move { desk.admin.end_user(&ask.team, &ask.user).await }),
);

/// Makes access what a file says.
pub static APPLY: Route<AccessFile, Applied> = Route::new(
    (Method::Post, "/apply"),
    "Make teams, keys, policies and limits what a file says, all of it or nothing",
    |desk, ask| {
        Box::pin(async move {
            let AccessFile { name, text, prune, dry_run } = &ask;
            let request = ApplyRequest { name, text, prune: *prune, dry_run: *dry_run };
            desk.admin.apply(&request, &desk.known_models(), &desk.master).await
        })
    },
);

pub(super) fn operations() -> Vec<Operation> {
    vec![
        TEAMS.operation(),
        MAKE_TEAM.operation(),
        TEAM.operation(),
        CHANGE_TEAM.operation(),
        END_TEAM.operation(),
        ADD_PROJECTS.operation(),
        END_PROJECT.operation(),
        ADD_USERS.operation(),
        END_USER.operation(),
        APPLY.operation(),
    ]
}
