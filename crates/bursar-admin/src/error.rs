//! Why something was not changed. Nothing is, then.

use std::path::PathBuf;

/// What can stand in the way of a change or a look-up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A word that means nothing where it stands.
    #[error("`{given}` is no {what}: {problem}\nhint: {hint}")]
    BadWord {
        /// What should stand there.
        what: &'static str,
        /// The word as it came, short and printable.
        given: String,
        /// What is wrong with it.
        problem: String,
        /// What to write.
        hint: String,
    },
    /// What was asked over HTTP is no such ask.
    #[error("{problem}\nhint: `/openapi.json` says what can be asked, and with which fields")]
    BadAsk {
        /// What is wrong with it.
        problem: String,
    },
    /// The configuration is wrong as it is now.
    #[error("{problem}")]
    NotReloaded {
        /// Where, and what is wrong with it.
        problem: String,
    },
    /// Nothing is served by a configuration here.
    #[error(
        "nothing is served here by a configuration\nhint: ask a gateway's own admin API, or send \
         its process SIGHUP"
    )]
    NothingToReload,
    /// Whom it is about was not said.
    #[error(
        "nothing is selected\nhint: say whom it is about: `--all`, `--team NAME`, `--key ID`, \
         `--model MODEL` …"
    )]
    NothingSelected,
    /// All, and then not all.
    #[error("`--all` and `{some}` were both selected\nhint: all is everything; leave one away")]
    AllAndSome {
        /// The other.
        some: String,
    },
    /// No limit is set on what is asked for.
    #[error("no limit is set on {asked}\nhint: {hint}")]
    NoSuchLimit {
        /// What was asked for, in words.
        asked: String,
        /// What there is.
        hint: String,
    },
    /// Several limits are meant, where one is needed.
    #[error("several limits are set on {asked}: {names}\nhint: say which, with {flag}")]
    SeveralLimits {
        /// What was asked for, in words.
        asked: String,
        /// What they are called.
        names: String,
        /// The flag that tells them apart.
        flag: &'static str,
    },
    /// No call or refusal is recorded under an id.
    #[error(
        "nothing is recorded of `{id}`\nhint: `bursar calls` lists calls; of refusals, the first 60 \
         of a key's minute are kept"
    )]
    UnknownCall {
        /// The id as it came, short and printable.
        id: String,
    },
    /// The call is archived.
    #[error(
        "the call `{id}` of {month} is archived\nhint: ask again with `--ledger sqlite:{place}`"
    )]
    ArchivedCall {
        /// The call.
        id: String,
        /// Its month.
        month: String,
        /// The archive's file.
        place: String,
    },
    /// The ledger did not tell what it changed: a defect of this program.
    #[error("the ledger did not tell what it changed")]
    Untold,
    /// The ledger failed, or knows better.
    #[error(transparent)]
    Ledger(#[from] bursar_ledger::Error),
    /// There is nothing of this name.
    #[error("there is no {what} `{given}`\nhint: {hint}")]
    Unknown {
        /// What was meant: `team`, `project`, `user`, `key`.
        what: &'static str,
        /// The name, short and printable.
        given: String,
        /// The nearest that there is, and what makes one.
        hint: String,
    },
    /// Something in a file makes no sense. Nothing of it was applied.
    #[error("{place}: {problem}\nhint: {hint}")]
    BadFile {
        /// The file and the line: `access.toml:300`.
        place: String,
        /// What is wrong.
        problem: String,
        /// What to write.
        hint: String,
    },
    /// A name that stands for no model.
    #[error("{0}\nhint: {hint}", hint = .0.hint())]
    UnknownModel(Box<bursar_domain::catalogue::UnknownModel>),
    /// A key that is of no use any more.
    #[error("{0}")]
    Ended(String),
    /// There is no master key, and none can be made.
    #[error(
        "there is no master key, which keys hang on\n\
         hint: make one with `openssl rand -base64 32`, keep it safe, and give it to every process \
         in BURSAR_MASTER_KEY or BURSAR_MASTER_KEY_FILE"
    )]
    NoMasterKey,
    /// What was given as the master key is none.
    #[error(
        "{place} holds no master key\n\
         hint: it is 32 random bytes in base64; `openssl rand -base64 32` makes one"
    )]
    BadMasterKey {
        /// The variable, or the file.
        place: String,
    },
    /// The ledger's keys were made with a master key that is gone.
    #[error(
        "the master key `{bound}`, which this ledger's keys were made with, is not at `{}`\n\
         hint: put the file back, or give the key in BURSAR_MASTER_KEY",
        path.display()
    )]
    LostMasterKey {
        /// Where it was looked for.
        path: PathBuf,
        /// Its fingerprint.
        bound: String,
    },
    /// Others may read the master key.
    #[error("others may read the master key `{}`\nhint: `chmod 600` it", path.display())]
    OpenMasterKey {
        /// The file.
        path: PathBuf,
    },
    /// The master key's file cannot be read or made.
    #[error("cannot use the master key `{}`: {source}\nhint: check the path and its permissions", path.display())]
    MasterKeyFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is about more than the role sees.
    #[error(
        "the role {role} does not see this\nhint: an admin does, and can change what you may see"
    )]
    NotYours {
        /// The role.
        role: String,
    },
    /// Two things that were said cannot both be.
    #[error("{said}\nhint: {hint}")]
    Contradiction {
        /// What was said.
        said: String,
        /// What to say instead.
        hint: String,
    },
}

/// The longest part of a foreign text that a message shows, in characters.
const SHOWN_MAX: usize = 60;

/// A foreign text as a message shows it: cut, and with nothing that a terminal obeys. Letters of
/// every script stay as they are; what turns or hides text does not.
pub(crate) fn shown(text: &str) -> String {
    let is_plain =
        |letter: char| letter.is_alphanumeric() || letter.is_ascii_graphic() || letter == ' ';
    let show = |letter: char| match letter {
        letter if is_plain(letter) => letter.to_string(),
        letter => letter.escape_unicode().to_string(),
    };
    let cut: String = text.chars().take(SHOWN_MAX).map(show).collect();
    if text.chars().nth(SHOWN_MAX).is_some() { format!("{cut}…") } else { cut }
}

/// The same of a message that quotes a foreign text, and may be longer.
pub(crate) fn shown_long(text: &str) -> String {
    text.chars().take(5 * SHOWN_MAX).filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_short_and_harmless() {
        assert_eq!(shown("équipe 7"), "équipe 7");
        assert_eq!(shown("a\u{1b}[2J\u{202e}b"), "a\\u{1b}[2J\\u{202e}b");
        assert!(shown(&"x".repeat(10_000)).chars().count() < 70);
    }
}
