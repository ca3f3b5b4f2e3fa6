//! `bursar apply`: teams, keys, policies and limits as a file says, all of it or nothing.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use bursar_admin::api::{self, AccessFile};
use bursar_admin::{Applied, AppliedKey};
use serde_json::{Value, json};

use crate::commands::key::secrets_json;
use crate::door::Door;
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;

/// More than this is read of no file: it is refused, with its size.
const FILE_BYTES_MAX: u64 = (32 << 20) + 1;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  printf '[teams.research]\\nowner = \"ann\"\\nusers = [\"ann\"]\\n' | bursar apply -f - --dry-run

A file:
  [policy]                            # of everybody
  regions = [\"eu-*\"]

  [teams.research]
  owner = \"ann@example.com\"
  cost_centre = \"4711\"
  projects = [\"atlas\"]
  users = [\"ann\", \"bob\"]
  policy = { models = [\"anthropic\", \"amazon.nova-lite-v1:0\"], routing = \"geo:eu\" }

  [[teams.research.limits]]
  window = \"month\"
  limit = \"500usd\"

  [teams.research.keys.ci]
  project = \"atlas\"
  expires = \"2027-06-30\"
  policy = { max_tokens = 2000 }
  limits = [{ window = \"day\", limit = \"20usd\", on_limit = \"freeze\" }]

  [[limits]]                          # of everybody, or of what is selected
  select = { provider = \"anthropic\" }
  each = \"user\"
  window = \"5m\"
  limit = \"60requests\"

What it does not speak of is left alone; with --prune, ended. Applied again, it changes nothing. A
mistake names its line, and then nothing is applied. New keys' secrets are shown this once.")]
pub(crate) struct Apply {
    /// The file; `-` reads stdin
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Say what would be changed, and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Also end what the file does not speak of
    #[arg(long)]
    prune: bool,
}

impl Apply {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let text = self.text()?;
        let name = self.file.file_name().unwrap_or(self.file.as_os_str()).to_string_lossy();
        let name = if name == "-" { "stdin".to_owned() } else { name.into_owned() };
        let ask = AccessFile { name, text, prune: self.prune, dry_run: self.dry_run };
        let applied = Door::ask_once(settings, &api::APPLY, ask).await?;
        show(&applied, self.dry_run, output)
    }

    fn text(&self) -> Result<String, Failure> {
        let name = self.file.display();
        let cannot =
            |error| Failure::new(Situation::NoFile, format!("cannot read `{name}`: {error}"));
        let mut bytes = Vec::new();
        if self.file.as_os_str() == "-" {
            std::io::stdin().take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(cannot)?;
        } else {
            let file = File::open(&self.file).map_err(cannot)?;
            file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(cannot)?;
        }
        String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count();
            Failure::new(Situation::BadData, format!("{name}:{line}: the file is no UTF-8 text"))
        })
    }
}

fn show(applied: &Applied, dry_run: bool, output: Output) -> Result<(), Failure> {
    if output.json {
        let changed = !dry_run && !applied.steps.is_empty();
        let keys: Vec<Value> = applied.keys.iter().map(key_json).collect();
        let object = json!({"applied": changed, "changes": applied.steps, "keys": keys});
        return Ok(Output::object(&object)?);
    }
    for step in &applied.steps {
        Output::line(format!("{} {}", step.act.sign(), step.what))?;
    }
    for AppliedKey { team, key } in &applied.keys {
        Output::line(format!("\nkey                {} of team {team} ({})", key.name, key.id))?;
        Output::line(format!("secret             {}", key.secret.expose()))?;
        Output::line(format!("access key id      {}", key.access_key_id))?;
        Output::line(format!("secret access key  {}", key.secret_access_key.expose()))?;
    }
    let count = applied.steps.len();
    match (count, dry_run) {
        (0, _) => Output::line("nothing to change")?,
        (_, true) => output.note(format!("{count} to change; nothing was changed")),
        (_, false) => output.note(format!("{count} changed")),
    }
    if !applied.keys.is_empty() {
        output.note("keep the secrets safe: they are not shown again");
    }
    Ok(())
}

fn key_json(AppliedKey { team, key }: &AppliedKey) -> Value {
    let mut object = secrets_json(key);
    object["team"] = team.as_str().into();
    object["name"] = key.name.as_str().into();
    object
}
