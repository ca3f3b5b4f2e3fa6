//! `bursar team`: who pays, what for, and who is in it.

use bursar_admin::api::{
    self, NewTeam, Nothing, OneProject, OneTeam, OneUser, TeamChange, TeamEnd, TeamNames,
};
use bursar_admin::{Made, TeamRow};
use serde_json::json;

use crate::commands::key::{PolicyEditArgs, allowed};
use crate::door::Door;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::table;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar team create research --owner ann@example.com --cost-centre 4711
  bursar team project add research atlas
  bursar team user add research ann bob
  bursar team list

What calls are recorded under is the name, and it never changes. A call says whose it is with --team,
--project, --user or --key. What one will cost: `bursar estimate`; what they did: `bursar usage`.")]
pub(crate) struct TeamArgs {
    #[command(subcommand)]
    command: TeamCommand,
}

#[derive(Debug, clap::Subcommand)]
enum TeamCommand {
    /// Make a team
    #[command(after_help = "Examples:
  bursar team create research
  bursar team create sales --owner bob@example.com --cost-centre 0815 --json")]
    Create {
        /// What its calls are recorded under
        name: String,
        #[command(flatten)]
        facts: FactsArgs,
    },
    /// The teams that there are
    List,
    /// One team, with its projects, users and keys
    Show {
        /// Its name or id
        team: String,
    },
    /// Say anew who owns a team, where its costs are booked, and what its calls may ask for
    #[command(after_help = "Examples:
  bursar team set research --owner eve@example.com
  bursar team set research --cost-centre ''
  bursar team set research --models anthropic --regions 'eu-*' --max-tokens 4000

What is not said stays as it is. An empty owner or cost centre takes away what was said, --anew what
its calls may ask for. What was said before stays known.")]
    Set {
        /// Its name or id
        team: String,
        #[command(flatten)]
        facts: FactsArgs,
        #[command(flatten)]
        policy: PolicyEditArgs,
    },
    /// End a team with its projects, users and keys; what it has called stays recorded
    End {
        /// Its name or id
        team: String,
        /// Also while calls of it are running
        #[arg(long)]
        force: bool,
    },
    /// Add and end projects
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Add and remove users
    #[command(subcommand)]
    User(UserCommand),
}

#[derive(Debug, clap::Subcommand)]
enum ProjectCommand {
    /// Give a team projects
    Add {
        /// The team's name or id
        team: String,
        /// What calls are recorded under; no two teams have projects of one name
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// End a project
    End {
        /// Its name or id
        project: String,
    },
}

#[derive(Debug, clap::Subcommand)]
enum UserCommand {
    /// Add users to a team
    Add {
        /// The team's name or id
        team: String,
        /// What calls are recorded under
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Take a user out of a team
    Remove {
        /// The team's name or id
        team: String,
        /// The user's name or id
        user: String,
    },
}

#[derive(Debug, clap::Args)]
struct FactsArgs {
    /// Who answers for it
    #[arg(long, value_name = "WHO")]
    owner: Option<String>,
    /// Where its costs are booked
    #[arg(long, value_name = "CODE")]
    cost_centre: Option<String>,
}

impl TeamArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let door = Door::open(settings).await?;
        let done = run(self.command, &door, output).await;
        door.close().await?;
        done
    }
}

async fn run(command: TeamCommand, door: &Door, output: Output) -> Result<(), Failure> {
    match command {
        TeamCommand::Create { name, facts: FactsArgs { owner, cost_centre } } => {
            let made = door.ask(&api::MAKE_TEAM, NewTeam { name, owner, cost_centre }).await?;
            tell(&[made], "made the team", output)
        }
        TeamCommand::List => list(&door.ask(&api::TEAMS, Nothing {}).await?.rows, output),
        TeamCommand::Show { team } => show(&door.ask(&api::TEAM, OneTeam { team }).await?, output),
        TeamCommand::Set { team, facts: FactsArgs { owner, cost_centre }, policy } => {
            let (anew, policy) = policy.words();
            let ask = TeamChange { team, owner, cost_centre, anew, policy };
            show(&door.ask(&api::CHANGE_TEAM, ask).await?, output)
        }
        TeamCommand::End { team, force } => {
            let ended = door.ask(&api::END_TEAM, TeamEnd { team, force }).await?;
            tell(&[ended], "ended the team", output)
        }
        TeamCommand::Project(ProjectCommand::Add { team, names }) => {
            let made = door.ask(&api::ADD_PROJECTS, TeamNames { team, names }).await?;
            tell(&made.rows, "made the project", output)
        }
        TeamCommand::Project(ProjectCommand::End { project }) => {
            let ended = door.ask(&api::END_PROJECT, OneProject { project }).await?;
            tell(&[ended], "ended the project", output)
        }
        TeamCommand::User(UserCommand::Add { team, names }) => {
            let made = door.ask(&api::ADD_USERS, TeamNames { team, names }).await?;
            tell(&made.rows, "added the user", output)
        }
        TeamCommand::User(UserCommand::Remove { team, user }) => {
            let ended = door.ask(&api::END_USER, OneUser { team, user }).await?;
            tell(&[ended], "removed the user", output)
        }
    }
}

/// What was done to each; of one thing an object, of several a list.
fn tell(done: &[Made], act: &str, output: Output) -> Result<(), Failure> {
    match done {
        [one] if output.json => Output::object(one)?,
        several if output.json => Output::object(&json!({"rows": several}))?,
        several => {
            for Made { id, name } in several {
                Output::line(format!("{act} `{name}` ({id})"))?;
            }
        }
    }
    Ok(())
}

fn list(teams: &[TeamRow], output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(Output::object(&json!({"rows": teams}))?);
    }
    if teams.is_empty() {
        output.note("there are no teams yet; `bursar team create NAME` makes one");
        return Ok(());
    }
    let mut table =
        table::new(&["team", "owner", "cost centre", ">projects", ">users", ">keys", "id"]);
    for team in teams {
        let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
        table.add_row(vec![
            team.name.clone().into(),
            said(&team.owner).into(),
            said(&team.cost_centre).into(),
            table::figure(team.projects.len()),
            table::figure(team.users.len()),
            table::figure(team.keys.len()),
            team.id.clone().into(),
        ]);
    }
    Ok(Output::line(table.to_string())?)
}

fn show(team: &TeamRow, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(Output::object(team)?);
    }
    let several =
        |texts: &[String]| if texts.is_empty() { "–".to_owned() } else { texts.join(", ") };
    let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    Output::line(format!("team         {} ({})", team.name, team.id))?;
    Output::line(format!("owner        {}", said(&team.owner)))?;
    Output::line(format!("cost centre  {}", said(&team.cost_centre)))?;
    Output::line(format!("projects     {}", several(&team.projects)))?;
    Output::line(format!("users        {}", several(&team.users)))?;
    Output::line(format!("keys         {}", several(&team.keys)))?;
    Output::line(format!("may ask      {}", allowed(&team.policy)))?;
    Ok(Output::line(format!("since        {}", team.created_at))?)
}
