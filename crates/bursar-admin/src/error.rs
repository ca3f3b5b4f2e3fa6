//! Why something was not changed. Nothing is, then.

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
    /// The ledger failed, or knows better.
    #[error(transparent)]
    Ledger(#[from] bursar_ledger::Error),
}
