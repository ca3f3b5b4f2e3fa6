//! Why something was not changed. Nothing is, then.

/// What can stand in the way of a change or a look-up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The ledger failed, or knows better.
    #[error(transparent)]
    Ledger(#[from] bursar_ledger::Error),
}
