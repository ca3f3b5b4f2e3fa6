//! Heads: the last block's number, time and hash, signed with Ed25519, one JSON object a line. Who
//! has a head and the public key can check the ledger without trusting whoever keeps it.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bursar_domain::entropy::Entropy;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::{BlockRow, Webhook};
use crate::Error;
use crate::owner::file_error;

/// What a head's signature is over, before its fields.
const ABOUT: &str = "bursar head 1";

/// A signed head, as it stands on its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The block's number.
    pub block: i64,
    /// When it was sealed, in milliseconds since 1970.
    pub sealed_ms: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
    /// The signature, in hexadecimal.
    pub signature: String,
}

/// Half of a key pair that stays secret.
pub struct SigningKey(Ed25519KeyPair);

/// Half of a key pair that everybody may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// Signs heads and publishes them. Clones share the key.
#[derive(Debug, Clone)]
pub struct Signer {
    key: Arc<SigningKey>,
    heads_file: Option<PathBuf>,
    webhook: Option<Webhook>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

impl SigningKey {
    /// Makes a key and writes it to a new file that nobody else may read.
    ///
    /// # Errors
    /// [`Error::FileExists`]: a key is never overwritten, or what it signed could not be added to.
    pub fn create(path: &Path, entropy: &Entropy) -> Result<Self, Error> {
        let seed: [u8; 32] = entropy.bytes();
        let key = Self::from_seed(&seed, path)?;
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::FileExists { path: path.to_owned() },
            _ => file_error(path, error),
        })?;
        let written = file.write_all(format!("{}\n", hex::encode(seed)).as_bytes());
        written.and_then(|()| file.sync_all()).map_err(|error| file_error(path, error))?;
        Ok(key)
    }

    /// Reads a key's file: 64 hexadecimal digits.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| file_error(path, error))?;
        let seed = bytes_of(&text).ok_or_else(|| bad_key(path))?;
        Self::from_seed(&seed, path)
    }

    /// The other half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    fn from_seed(seed: &[u8; 32], path: &Path) -> Result<Self, Error> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| bad_key(path))
    }

    fn sign(&self, block: &BlockRow) -> Head {
        let signature = self.0.sign(&message(block.number, block.sealed_ms, &block.hash));
        Head {
            block: block.number,
            sealed_ms: block.sealed_ms,
            hash: block.hash.clone(),
            signature: hex::encode(signature),
        }
    }
}

impl PublicKey {
    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        bytes_of(text).map(Self)
    }

    /// Whether the other half has signed this head.
    #[must_use]
    pub fn has_signed(&self, head: &Head) -> bool {
        let Ok(signature) = hex::decode(&head.signature) else { return false };
        let message = message(head.block, head.sealed_ms, &head.hash);
        UnparsedPublicKey::new(&ED25519, self.0).verify(&message, &signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Signer {
    /// Publishes to the log, and to a file where one is named: each head is a line at its end.
    #[must_use]
    pub fn new(key: SigningKey, heads_file: Option<PathBuf>) -> Self {
        Self { key: Arc::new(key), heads_file, webhook: None }
    }

    /// The same, with a webhook that each head is offered to as well.
    #[must_use]
    pub fn with_webhook(self, webhook: Option<Webhook>) -> Self {
        Self { webhook, ..self }
    }

    pub(super) fn webhook(&self) -> Option<&Webhook> {
        self.webhook.as_ref()
    }

    /// Signs and publishes.
    pub(super) fn publish(&self, block: &BlockRow) -> Result<(), Error> {
        let head = self.key.sign(block);
        let Head { block, sealed_ms, hash, signature } = &head;
        tracing::info!(block, sealed_ms, hash, signature, "sealed");
        if let Some(webhook) = &self.webhook {
            webhook.put(&head);
        }
        let Some(path) = &self.heads_file else { return Ok(()) };
        // Texts and numbers cannot fail to be written.
        let line = serde_json::to_string(&head).unwrap_or_default() + "\n";
        // One write at the end of the file, so that lines of several processes do not mix.
        let file = File::options().create(true).append(true).open(path);
        let written = file.and_then(|mut file| {
            file.write_all(line.as_bytes())?;
            file.sync_data()
        });
        written.map_err(|error| file_error(path, error))
    }
}

fn message(block: i64, sealed_ms: i64, hash: &str) -> Vec<u8> {
    format!("{ABOUT}\n{block}\n{sealed_ms}\n{hash}\n").into_bytes()
}

fn bytes_of(text: &str) -> Option<[u8; 32]> {
    hex::decode(text.trim()).ok()?.try_into().ok()
}

fn bad_key(path: &Path) -> Error {
    Error::BadKey { path: path.to_owned() }
}
