//! `bursar key`: virtual keys, which stand for a team and are given to programs and people.

use bursar_admin::api::{self, KeyChange, KeyRotation, MakeKey, OneKey, WhichKeys};
use bursar_admin::{KeyRow, NewKey, PolicyRow, PolicyWords};
use serde_json::json;

use crate::door::Door;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::table;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar key create --team research --name ci --models anthropic --max-tokens 2000 --expires 90d
  bursar key rotate ci --grace 24h
  bursar key list

A key's secrets are shown when they are made, and never again: the ledger keeps hashes, which are of
no use without the master key. That is BURSAR_MASTER_KEY, or BURSAR_MASTER_KEY_FILE, or a file beside
a SQLite ledger, made when the first key is. Rotation keeps a key's identity, limits and history.")]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeyCommand {
    /// Make a key, and show its secrets this once
    #[command(after_help = "Examples:
  bursar key create --team research
  bursar key create --team research --name eu --regions 'eu-*' --routing geo:eu --json

Without --routing, --regions also bounds where a cross-region profile may have a call served.")]
    Create(Create),
    /// The keys that there are
    List {
        /// Only those of this team
        #[arg(long, value_name = "NAME")]
        team: Option<String>,
        /// Also those that are revoked
        #[arg(long)]
        revoked: bool,
    },
    /// One key, with what it may ask for
    Show {
        /// Its id or name
        key: String,
    },
    /// Give a key other secrets, and show them this once; its identity stays
    Rotate {
        /// Its id or name
        key: String,
        /// How long the old ones are of use: `30m`, `24h`, `7d`
        #[arg(long, value_name = "SPAN", default_value = "24h")]
        grace: String,
    },
    /// Change what a key's calls may ask for
    #[command(after_help = "Examples:
  bursar key set ci --models anthropic,amazon --max-tokens 1000
  bursar key set ci --anew

What is not said stays as it is, unless it is said anew.")]
    Set {
        /// Its id or name
        key: String,
        #[command(flatten)]
        policy: PolicyEditArgs,
    },
    /// End a key and all its secrets
    Revoke {
        /// Its id or name
        key: String,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// The team that it stands for
    #[arg(long, value_name = "NAME")]
    team: String,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// The project that its calls belong to
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// The user that its calls belong to
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    policy: PolicyArgs,
    /// When it expires: a date, a time, or `90d` from now
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
}

/// Flags that say what calls may ask for.
#[derive(Debug, Clone, Default, clap::Args)]
struct PolicyArgs {
    /// The models that may be called: a provider, a family, an id or an alias, with commas between
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    models: Vec<String>,
    /// The regions, as patterns: `eu-*`, with commas between
    #[arg(long, value_name = "PATTERNS", value_delimiter = ',')]
    regions: Vec<String>,
    /// How far a call may be routed: `in-region`, `geo:eu` or `global`
    #[arg(long, value_name = "HOW")]
    routing: Option<String>,
    /// The most tokens that a call may generate
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_tokens: Option<u64>,
}

impl PolicyArgs {
    fn words(self) -> PolicyWords {
        let Self { models, regions, routing, max_tokens } = self;
        PolicyWords { models, regions, routing, max_tokens }
    }
}

/// The same, over what was said before.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PolicyEditArgs {
    #[command(flatten)]
    says: PolicyArgs,
    /// Let nothing hold on that was said before of what calls may ask for
    #[arg(long)]
    anew: bool,
}

impl PolicyEditArgs {
    /// Whether nothing that was said before holds on, and what is said now.
    pub(crate) fn words(self) -> (bool, PolicyWords) {
        (self.anew, self.says.words())
    }
}

impl KeyArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let door = Door::open(settings).await?;
        let done = run(self.command, &door, output).await;
        door.close().await?;
        done
    }
}

async fn run(command: KeyCommand, door: &Door, output: Output) -> Result<(), Failure> {
    match command {
        KeyCommand::Create(create) => {
            reveal(&door.ask(&api::MAKE_KEY, create.ask()).await?, output)
        }
        KeyCommand::List { team, revoked } => {
            list(&door.ask(&api::KEYS, WhichKeys { team, revoked }).await?.rows, output)
        }
        KeyCommand::Show { key } => show(&door.ask(&api::KEY, OneKey { key }).await?, output),
        KeyCommand::Rotate { key, grace } => {
            reveal(&door.ask(&api::ROTATE_KEY, KeyRotation { key, grace }).await?, output)
        }
        KeyCommand::Set { key, policy } => {
            let (anew, policy) = policy.words();
            show(&door.ask(&api::CHANGE_KEY, KeyChange { key, anew, policy }).await?, output)
        }
        KeyCommand::Revoke { key } => {
            show(&door.ask(&api::REVOKE_KEY, OneKey { key }).await?, output)
        }
    }
}

impl Create {
    fn ask(self) -> MakeKey {
        let Self { team, name, project, user, policy, expires } = self;
        MakeKey { team, name, project, user, expires, policy: policy.words() }
    }
}

/// The one time that the secrets are shown.
pub(crate) fn secrets_json(key: &NewKey) -> serde_json::Value {
    json!({
        "id": key.id,
        "secret": key.secret.expose(),
        "access_key_id": key.access_key_id,
        "secret_access_key": key.secret_access_key.expose(),
    })
}

fn reveal(key: &NewKey, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(Output::object(&secrets_json(key))?);
    }
    Output::line(format!("key                {} ({})", key.name, key.id))?;
    Output::line(format!("secret             {}", key.secret.expose()))?;
    Output::line(format!("access key id      {}", key.access_key_id))?;
    Output::line(format!("secret access key  {}", key.secret_access_key.expose()))?;
    output.note("keep them safe: they are not shown again");
    Ok(())
}

fn list(keys: &[KeyRow], output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(Output::object(&json!({"rows": keys}))?);
    }
    if keys.is_empty() {
        output.note("there are no keys yet; `bursar key create --team NAME` makes one");
        return Ok(());
    }
    let mut table = table::new(&["team", "name", "id", "state", "for", "expires"]);
    for key in keys {
        let whom = [&key.project, &key.user].into_iter().flatten().cloned().collect::<Vec<_>>();
        table.add_row(vec![
            key.team.clone(),
            key.name.clone(),
            key.id.clone(),
            key.state.clone(),
            if whom.is_empty() { "–".to_owned() } else { whom.join(", ") },
            key.expires_at.clone().unwrap_or_else(|| "–".to_owned()),
        ]);
    }
    Ok(Output::line(table.to_string())?)
}

fn show(key: &KeyRow, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(Output::object(key)?);
    }
    let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    Output::line(format!("key      {} ({}), {}", key.name, key.id, key.state))?;
    Output::line(format!("team     {}", key.team))?;
    Output::line(format!("project  {}", said(&key.project)))?;
    Output::line(format!("user     {}", said(&key.user)))?;
    Output::line(format!("secrets  {} so far", key.generation))?;
    Output::line(format!("expires  {}", said(&key.expires_at)))?;
    Ok(Output::line(format!("may ask  {}", allowed(&key.policy)))?)
}

/// What a policy allows, in a line.
pub(crate) fn allowed(policy: &PolicyRow) -> String {
    let PolicyRow { models, regions, routing, max_tokens } = policy;
    let mut parts = Vec::new();
    if !models.is_empty() {
        parts.push(format!("models {}", models.join(", ")));
    }
    if !regions.is_empty() {
        parts.push(format!("regions {}", regions.join(", ")));
    }
    parts.extend(routing.as_ref().map(|routing| format!("routing {routing}")));
    parts.extend(max_tokens.map(|most| format!("up to {most} tokens an answer")));
    if parts.is_empty() { "anything".to_owned() } else { parts.join("; ") }
}
