//! Who asks, of which ledger.

use bursar_domain::entropy::Entropy;
use bursar_domain::time::Clock;
use bursar_ledger::{Ledger, Secret};

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

/// Letters of which identities are made: none that are taken for another.
const ID_LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// So many of them: eighty bits.
const ID_LETTERS_COUNT: usize = 16;

impl Admin {
    /// A new identity, `KIND_…`.
    pub(crate) fn new_id(&self, kind: &str) -> String {
        format!("{kind}_{}", self.letters::<ID_LETTERS_COUNT>())
    }

    /// A token of 256 random bits, in hexadecimal digits.
    #[must_use]
    pub fn new_token(&self) -> Secret {
        Secret::new(hex::encode(self.entropy.bytes::<32>()))
    }

    /// Letters by chance, five bits each.
    pub(crate) fn letters<const N: usize>(&self) -> String {
        let bytes: [u8; N] = self.entropy.bytes();
        bytes.iter().map(|byte| char::from(ID_LETTERS[usize::from(byte % 32)])).collect()
    }
}
