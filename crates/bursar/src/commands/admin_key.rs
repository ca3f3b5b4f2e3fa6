//! `bursar admin-key`: keys of the admin API, for people and programs that administer from elsewhere.

use bursar_admin::api::{self, MakeAdminKey, Nothing, OneKey};
use bursar_admin::{AdminKeyRow, NewAdminKey};
use serde_json::json;

use crate::door::Door;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::table;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar admin-key create --name terraform
  bursar admin-key create --name grafana --read-only --expires 365d
  bursar admin-key list
  bursar admin-key revoke terraform

Such a key administers over HTTP: `bursar --server URL` asks with the one in BURSAR_ADMIN_KEY. What
is changed by it is in `bursar ledger changes` under its name. It makes no calls to models: `bursar
key` makes those that do.")]
pub(crate) struct AdminKeyArgs {
    #[command(subcommand)]
    command: AdminKeyCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AdminKeyCommand {
    /// Make a key, and show its secret this once
    Create {
        /// What the list of changes calls who uses it
        #[arg(long)]
        name: String,
        /// It looks, and changes nothing
        #[arg(long)]
        read_only: bool,
        /// When it expires: a date, a time, or `90d` from now
        #[arg(long, value_name = "WHEN")]
        expires: Option<String>,
    },
    /// The keys that there are
    List,
    /// End a key
    Revoke {
        /// Its id or name
        key: String,
    },
}

impl AdminKeyArgs {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        match self.command {
            AdminKeyCommand::Create { name, read_only, expires } => {
                let ask = MakeAdminKey { name, read_only, expires };
                reveal(&Door::ask_once(settings, &api::MAKE_ADMIN_KEY, ask).await?, output)
            }
            AdminKeyCommand::List => {
                let keys = Door::ask_once(settings, &api::ADMIN_KEYS, Nothing {}).await?;
                list(&keys.rows, output)
            }
            AdminKeyCommand::Revoke { key } => {
                let row = Door::ask_once(settings, &api::REVOKE_ADMIN_KEY, OneKey { key }).await?;
                if output.json {
                    return Ok(Output::object(&row)?);
                }
                Ok(Output::line(format!("{} ({}) is {}", row.name, row.id, row.state))?)
            }
        }
    }
}

fn reveal(key: &NewAdminKey, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(Output::object(key)?);
    }
    Output::line(format!("key     {} ({})", key.name, key.id))?;
    Output::line(format!("secret  {}", key.secret.expose()))?;
    output.note("keep it safe: it is not shown again");
    Ok(())
}

fn list(keys: &[AdminKeyRow], output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(Output::object(&json!({"rows": keys}))?);
    }
    if keys.is_empty() {
        output.note("there are no admin keys yet; `bursar admin-key create --name NAME` makes one");
        return Ok(());
    }
    let mut table = table::new(&["name", "id", "may", "state", "expires"]);
    for key in keys {
        table.add_row(vec![
            key.name.clone(),
            key.id.clone(),
            if key.role == "admin" { "change" } else { "read" }.to_owned(),
            key.state.clone(),
            key.expires_at.clone().unwrap_or_else(|| "–".to_owned()),
        ]);
    }
    Ok(Output::line(table.to_string())?)
}
