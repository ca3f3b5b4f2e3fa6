//! Who asks, of which ledger.

use bursar_domain::entropy::Entropy;
use bursar_domain::time::Clock;
use bursar_ledger::Ledger;

/// The ledger, as one person or script sees it who may change it.
#[derive(Debug, Clone)]
pub struct Admin {
    /// What is changed.
    pub ledger: Ledger,
    /// The time.
    pub clock: Clock,
    /// Randomness, for identities and secrets.
    pub entropy: Entropy,
    /// Who it is, as the audit log names them.
    pub actor: String,
}
