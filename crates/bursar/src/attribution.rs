//! Whom a call on the command line is recorded under.

use std::collections::BTreeMap;

use bursar_domain::identity::Attribution;

use crate::failure::{Failure, Situation};

/// Bedrock's own limit on the metadata of a request.
const METADATA_PAIRS_MAX: usize = 16;

/// Flags that say whom a call is recorded under.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct AttributionArgs {
    /// A label for reports; may be given again
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    tags: Vec<String>,
    /// Metadata that Bedrock copies into its invocation log; may be given again
    #[arg(long = "metadata", value_name = "KEY=VALUE")]
    metadata: Vec<String>,
}

impl AttributionArgs {
    /// Checks the labels; a key given twice is a mistake.
    pub(crate) fn attribution(&self) -> Result<Attribution, Failure> {
        Ok(Attribution { tags: pairs("--tag", &self.tags)?, ..Attribution::default() })
    }

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
