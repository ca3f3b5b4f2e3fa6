//! Whom a call on the command line is recorded under.

use std::collections::BTreeMap;

use bursar_admin::Who;
use bursar_domain::identity::Attribution;
use bursar_ledger::Ledger;

use crate::failure::{Failure, Situation};
use crate::settings::Settings;
use crate::wiring;

/// Bedrock's own limit on the metadata of a request.
const METADATA_PAIRS_MAX: usize = 16;

/// Flags that say whom a call is recorded under.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct CallerArgs {
    /// The team that pays
    #[arg(long, value_name = "NAME", env = "BURSAR_TEAM")]
    team: Option<String>,
    /// The project within it
    #[arg(long, value_name = "NAME", env = "BURSAR_PROJECT")]
    project: Option<String>,
    /// The person
    #[arg(long, value_name = "NAME", env = "BURSAR_USER")]
    user: Option<String>,
    /// The virtual key, by its id
    #[arg(long, value_name = "ID", env = "BURSAR_KEY", hide_env_values = true)]
    key: Option<String>,
    /// A label for reports; may be given again
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    tags: Vec<String>,
}

/// The same, with what Bedrock is told.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct AttributionArgs {
    #[command(flatten)]
    pub(crate) caller: CallerArgs,
    /// Metadata that Bedrock copies into its invocation log; may be given again
    #[arg(long = "metadata", value_name = "KEY=VALUE")]
    metadata: Vec<String>,
}

impl CallerArgs {
    /// Checks the labels, before anything is opened; a key given twice is a mistake.
    pub(crate) fn tags(&self) -> Result<BTreeMap<String, String>, Failure> {
        pairs("--tag", &self.tags)
    }

    /// Whom a call with these labels is recorded under, as the ledger knows them.
    pub(crate) async fn attribution(
        &self,
        ledger: &Ledger,
        settings: &Settings,
        tags: BTreeMap<String, String>,
    ) -> Result<Attribution, Failure> {
        // An empty variable says nothing.
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let who = Who {
            team: said(&self.team),
            project: said(&self.project),
            user: said(&self.user),
            key: said(&self.key),
        };
        let known = wiring::admin_of(ledger, settings).attribution(&who).await?;
        Ok(Attribution { tags, ..known })
    }
}

impl AttributionArgs {
    /// Checks the metadata against Bedrock's own bound.
    pub(crate) fn metadata(&self) -> Result<BTreeMap<String, String>, Failure> {
        let metadata = pairs("--metadata", &self.metadata)?;
        if metadata.len() > METADATA_PAIRS_MAX {
            let message = format!("{} pairs of metadata were given", metadata.len());
            let hint = format!("Bedrock takes {METADATA_PAIRS_MAX} at most");
            return Err(Failure::new(Situation::Usage, message).hint(hint));
        }
        Ok(metadata)
    }
}

/// `KEY=VALUE` texts of one flag as a map.
pub(crate) fn pairs(flag: &str, texts: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let refuse = |text: &str, problem: &str| {
        let message = format!("`{flag} {text}` {problem}");
        Err(Failure::new(Situation::Usage, message).hint(format!("write `{flag} KEY=VALUE`")))
    };
    let mut map = BTreeMap::new();
    for text in texts {
        let Some((key, value)) = text.split_once('=') else {
            return refuse(text, "has no `=`");
        };
        if key.is_empty() {
            return refuse(text, "has no key");
        }
        if key.len() > Attribution::TAG_BYTES_MAX || value.len() > Attribution::TAG_BYTES_MAX {
            return refuse(text, "is longer than 256 bytes");
        }
        if map.insert(key.to_owned(), value.to_owned()).is_some() {
            return refuse(text, "gives a key that was given before");
        }
    }
    if map.len() > Attribution::TAGS_MAX {
        let message =
            format!("{} labels were given, more than {}", map.len(), Attribution::TAGS_MAX);
        return Err(Failure::new(Situation::Usage, message));
    }
    Ok(map)
}
