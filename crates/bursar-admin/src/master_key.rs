//! The one master key: what the hashes and derived secrets of virtual keys hang on.
//!
//! Nothing is ever used as two things: each use derives a key of its own, by its label. The ledger
//! knows the fingerprint alone. Where the key comes from is said by whoever reads the settings.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::{Admin, Error};

/// What a master key is, in bytes.
const KEY_BYTES: usize = 32;
/// A file with more than this holds something else.
const FILE_BYTES_MAX: u64 = 4_096;
const FINGERPRINT: &str = "bursar fingerprint v1";
const KEY_HASH: &str = "bursar key hash v1";
const SIGV4_SECRET: &str = "bursar sigv4 secret v1";

/// Where the master key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterKeySource {
    /// It was said, in base64 or hexadecimal digits.
    Said(Secret),
    /// A file holds it, and has to be there.
    File(PathBuf),
    /// A file beside the ledger, made when it is first needed.
    Beside(PathBuf),
    /// Nobody said one, and the ledger is no file to lie beside.
    Nowhere,
}

/// The master key. Its fingerprint is all that is ever shown of it.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({})", self.fingerprint())
    }
}

impl MasterKey {
    /// From a text of 32 bytes in base64 or hexadecimal digits; `None` when it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = if text.len() == 2 * KEY_BYTES {
            Zeroizing::new(hex::decode(text).ok()?)
        } else {
            Zeroizing::new(STANDARD.decode(text).ok()?)
        };
        let bytes: [u8; KEY_BYTES] = bytes.as_slice().try_into().ok()?;
        // What a template leaves in its place is no key.
        let is_filler = bytes.iter().all(|byte| *byte == bytes[0]);
        (!is_filler).then(|| Self(Zeroizing::new(bytes)))
    }

    /// What tells it from others.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(&self.derive(FINGERPRINT, &[])[..8])
    }

    /// The hash of a bearer secret that the ledger keeps.
    pub(crate) fn hash(&self, bearer: &str) -> [u8; 32] {
        let key = self.derive(KEY_HASH, &[]);
        mac(&key, &Sha256::digest(bearer.as_bytes()))
    }

    /// The secret access key of a virtual key's generation. Derived, so that nothing is kept of it.
    #[must_use]
    pub fn sigv4_secret(&self, key_id: &str, generation: i64) -> Secret {
        let bytes = self.derive(SIGV4_SECRET, &[key_id, &generation.to_string()]);
        // Thirty bytes are forty letters, as long as Amazon's own.
        Secret::new(STANDARD.encode(&bytes[..30]))
    }

    fn derive(&self, label: &str, of: &[&str]) -> Zeroizing<[u8; 32]> {
        let mut derived = Zeroizing::new([0; 32]);
        let mut info = label.to_owned();
        for part in of {
            info.push('\0');
            info.push_str(part);
        }
        // 32 bytes are within what this can give, which is 255 times as much.
        if Hkdf::<Sha256>::new(None, self.0.as_slice())
            .expand(info.as_bytes(), derived.as_mut_slice())
            .is_err()
        {
            unreachable!("a digest's length can be expanded to");
        }
        derived
    }
}

fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else {
        unreachable!("a key of any length will do");
    };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

impl Admin {
    /// The master key that this ledger is bound to, or shall be. A file beside the ledger is made
    /// when there is none and the ledger is not bound yet.
    pub async fn master_key(&self, source: &MasterKeySource) -> Result<MasterKey, Error> {
        let bound = self.ledger.master_key().await?;
        let key = match source {
            MasterKeySource::Said(text) => MasterKey::parse(text.expose())
                .ok_or(Error::BadMasterKey { place: "BURSAR_MASTER_KEY".into() })?,
            MasterKeySource::File(path) => read(path)?,
            MasterKeySource::Beside(path) if path.exists() => {
                check_private(path)?;
                read(path)?
            }
            MasterKeySource::Beside(path) => match bound {
                None => self.make(path)?,
                Some(bound) => {
                    return Err(Error::LostMasterKey { path: path.clone(), bound });
                }
            },
            MasterKeySource::Nowhere => return Err(Error::NoMasterKey),
        };
        match bound {
            Some(bound) if bound != key.fingerprint() => {
                let given = key.fingerprint();
                Err(bursar_ledger::Error::OtherMasterKey { bound, given }.into())
            }
            _ => Ok(key),
        }
    }

    /// Makes the file whole, and under its name only then; where another process was first, its key
    /// is taken.
    fn make(&self, path: &Path) -> Result<MasterKey, Error> {
        let bytes = Zeroizing::new(self.entropy.bytes::<KEY_BYTES>());
        let text = Zeroizing::new(format!("{}\n", STANDARD.encode(bytes.as_slice())));
        let own = path.with_extension(self.new_id("new"));
        let failed = |source| Error::MasterKeyFile { path: path.to_owned(), source };
        let made = private_file(&own)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| std::fs::hard_link(&own, path));
        drop(std::fs::remove_file(&own));
        match made {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(failed(error)),
            _ => read(path),
        }
    }
}

fn read(path: &Path) -> Result<MasterKey, Error> {
    let failed = |source| Error::MasterKeyFile { path: path.to_owned(), source };
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    MasterKey::parse(&text).ok_or_else(|| Error::BadMasterKey { place: path.display().to_string() })
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<File> {
    std::fs::OpenOptions::new().write(true).create_new(true).open(path)
}

/// That nobody else may read the file.
#[cfg(unix)]
fn check_private(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |source| Error::MasterKeyFile { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::OpenMasterKey { path: path.to_owned() });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<(), Error> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> MasterKey {
        MasterKey::parse(text).unwrap()
    }

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn a_key_is_32_bytes_in_base64_or_hex_and_nothing_else() {
        let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
        assert_eq!(key(HEX).fingerprint(), key(base64).fingerprint());
        for text in ["", "secret", &HEX[1..], &"0".repeat(64), "AAAAAAAAAAAAAAAAAAAAAA=="] {
            assert!(MasterKey::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn every_use_and_every_generation_has_a_key_of_its_own() {
        let key = key(HEX);
        let secrets = [
            key.sigv4_secret("key_a", 1),
            key.sigv4_secret("key_a", 2),
            key.sigv4_secret("key_b", 1),
            // Parts that would read the same if they were only put together.
            key.sigv4_secret("key_a\u{0}1", 1),
        ];
        for (number, secret) in secrets.iter().enumerate() {
            assert_eq!(secret.expose().len(), 40);
            assert!(!secrets[..number].contains(secret));
        }
        assert_eq!(key.sigv4_secret("key_a", 1), secrets[0]);
        assert_ne!(key.hash("bsr_x"), key.hash("bsr_y"));
        assert!(!format!("{key:?}").contains(&HEX[..16]));
    }
}
