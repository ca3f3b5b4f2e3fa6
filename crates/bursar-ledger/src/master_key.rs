//! The one master key: what the hashes and derived secrets of virtual keys hang on.
//!
//! Nothing is ever used as two things: each use derives a key of its own, by its label. The ledger
//! keeps the fingerprint alone. Where the key lies is known to whoever reads the settings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bursar_domain::entropy::Entropy;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// What a master key is, in bytes.
const KEY_BYTES: usize = 32;
const FINGERPRINT: &str = "bursar fingerprint v1";
const ADMIN_KEY_HASH: &str = "bursar admin key hash v1";
const API_TOKEN_HASH: &str = "bursar API token hash v1";
const FORM_TOKEN: &str = "bursar form token v1";
const KEY_HASH: &str = "bursar key hash v1";
const LINK_HASH: &str = "bursar password link hash v1";
const SESSION_HASH: &str = "bursar session hash v1";
const SIGN_ON: &str = "bursar sign-on v1";
const SIGV4_SECRET: &str = "bursar sigv4 secret v1";
const REQUEST_HASH: &str = "bursar request hash v1";

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

    /// A new one, as the text that [`MasterKey::parse`] reads.
    #[must_use]
    pub fn new_text(entropy: &Entropy) -> Secret {
        let bytes = Zeroizing::new(entropy.bytes::<KEY_BYTES>());
        Secret::new(STANDARD.encode(bytes.as_slice()))
    }

    /// What tells it from others.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(&self.derive(FINGERPRINT, &[])[..8])
    }

    /// The hash of a bearer secret that the ledger keeps.
    #[must_use]
    pub fn hash(&self, bearer: &str) -> [u8; 32] {
        let key = self.derive(KEY_HASH, &[]);
        mac(&key, &Sha256::digest(bearer.as_bytes()))
    }

    /// The hash of an admin key's secret that the ledger keeps.
    #[must_use]
    pub fn admin_hash(&self, bearer: &str) -> [u8; 32] {
        let key = self.derive(ADMIN_KEY_HASH, &[]);
        mac(&key, &Sha256::digest(bearer.as_bytes()))
    }

    /// The hash of an API token's secret that the ledger keeps.
    #[must_use]
    pub fn token_hash(&self, bearer: &str) -> [u8; 32] {
        let key = self.derive(API_TOKEN_HASH, &[]);
        mac(&key, &Sha256::digest(bearer.as_bytes()))
    }

    /// The hash of a session's token that the ledger keeps, in hexadecimal digits.
    #[must_use]
    pub fn session_hash(&self, token: &str) -> String {
        hex::encode(mac(&self.derive(SESSION_HASH, &[]), token.as_bytes()))
    }

    /// The same of the token of a link by which a password is set.
    #[must_use]
    pub fn link_hash(&self, token: &str) -> String {
        hex::encode(mac(&self.derive(LINK_HASH, &[]), token.as_bytes()))
    }

    /// What a form carries to show that it was made for this session.
    #[must_use]
    pub fn form_token(&self, session: &str) -> String {
        hex::encode(mac(&self.derive(FORM_TOKEN, &[]), session.as_bytes()))
    }

    /// What one sign-on is told from others by, for one purpose of several, in hexadecimal digits.
    #[must_use]
    pub fn sign_on(&self, purpose: &str, of: &str) -> String {
        hex::encode(mac(&self.derive(SIGN_ON, &[purpose]), of.as_bytes()))
    }

    /// The keyed hash of a request's body, in hexadecimal digits: tells whether two requests are the
    /// same, and nothing about either to whoever has not the key.
    #[must_use]
    pub fn request_hash(&self, body: &[u8]) -> String {
        hex::encode(mac(&self.derive(REQUEST_HASH, &[]), body))
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
        assert_ne!(key.request_hash(b"{}"), key.request_hash(b"{ }"));
        assert_ne!(key.session_hash("x"), key.link_hash("x"));
        assert_ne!(key.session_hash("x"), key.form_token("x"));
        assert_ne!(key.request_hash(b"bsr_x"), hex::encode(key.hash("bsr_x")));
        assert!(!format!("{key:?}").contains(&HEX[..16]));
    }
}
