//! The bearer secret of a virtual key: `bsr_PUBLIC_SECRET`, with a checksum at its end.
//!
//! The public part names the key, so that it is found without searching; the checksum tells a slip
//! from a guess before anything is asked. Neither is secret, and neither proves anything.

use bursar_domain::entropy::Entropy;
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// How every one begins: what a scanner for leaked secrets looks for.
pub const PREFIX: &str = "bsr_";
/// How every secret of the admin API begins: another word, so that neither passes for the other.
const ADMIN_PREFIX: &str = "bsa_";
/// How every API token begins.
const TOKEN_PREFIX: &str = "bst_";
/// How a key's identity begins.
const ID_PREFIX: &str = "key_";
/// How an admin key's identity begins.
const ADMIN_ID_PREFIX: &str = "adm_";
/// How an API token's identity begins.
const TOKEN_ID_PREFIX: &str = "tok_";
/// How an access key id begins.
const ACCESS_PREFIX: &str = "BSRK";
/// Letters of the public part: forty bits, told apart in lower and in upper case.
pub const PUBLIC_LETTERS: usize = 8;
/// Letters of the secret part: 62^43 is just over 2^256.
const SECRET_LETTERS: usize = 43;
/// Letters of the checksum: 62^6 is over 2^32.
const CHECKSUM_LETTERS: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new secret for the key of this identity.
#[must_use]
pub fn new_bearer(key_id: &str, entropy: &Entropy) -> Secret {
    new_secret(format!("{PREFIX}{}_", public_part(key_id)), entropy)
}

/// A new secret for the admin key of this identity.
#[must_use]
pub fn new_admin_bearer(key_id: &str, entropy: &Entropy) -> Secret {
    let public = key_id.strip_prefix(ADMIN_ID_PREFIX).unwrap_or(key_id);
    new_secret(format!("{ADMIN_PREFIX}{public}_"), entropy)
}

/// A new secret for the API token of this identity.
#[must_use]
pub fn new_token_bearer(token_id: &str, entropy: &Entropy) -> Secret {
    let public = token_id.strip_prefix(TOKEN_ID_PREFIX).unwrap_or(token_id);
    new_secret(format!("{TOKEN_PREFIX}{public}_"), entropy)
}

fn new_secret(mut text: String, entropy: &Entropy) -> Secret {
    let fair = std::iter::repeat_with(|| entropy.bytes::<64>()).flatten();
    // Bytes from 248 on would make some letters likelier than others.
    let letters =
        fair.filter(|byte| *byte < 248).map(|byte| char::from(BASE62[usize::from(byte % 62)]));
    text.extend(letters.take(SECRET_LETTERS));
    let sum = checksum(&text);
    text.push_str(&sum);
    Secret::new(text)
}

/// The identity of the key that a secret is for; `None` for what cannot be one.
#[must_use]
pub fn key_id_of(bearer: &str) -> Option<String> {
    id_of(bearer, (PREFIX, ID_PREFIX))
}

/// The same of an admin key.
#[must_use]
pub fn admin_key_id_of(bearer: &str) -> Option<String> {
    id_of(bearer, (ADMIN_PREFIX, ADMIN_ID_PREFIX))
}

/// The same of an API token.
#[must_use]
pub fn token_id_of(bearer: &str) -> Option<String> {
    id_of(bearer, (TOKEN_PREFIX, TOKEN_ID_PREFIX))
}

fn id_of(bearer: &str, (prefix, id_prefix): (&str, &str)) -> Option<String> {
    let (public, secret) = bearer.strip_prefix(prefix)?.split_once('_')?;
    let is_base62 = secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let fits = public.len() == PUBLIC_LETTERS
        && public.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && secret.len() == SECRET_LETTERS + CHECKSUM_LETTERS
        && is_base62;
    let (body, sum) = fits.then(|| bearer.split_at(bearer.len() - CHECKSUM_LETTERS))?;
    (checksum(body) == sum).then(|| format!("{id_prefix}{public}"))
}

/// The access key id of a key's generation: as long as Amazon's own, so that tools take it.
#[must_use]
pub fn access_key_id(key_id: &str, generation: i64) -> String {
    format!("{ACCESS_PREFIX}{}{generation:08}", public_part(key_id).to_ascii_uppercase())
}

/// The identity and generation that an access key id names; `None` for what cannot be one.
#[must_use]
pub fn key_of_access_key_id(text: &str) -> Option<(String, i64)> {
    let rest =
        text.strip_prefix(ACCESS_PREFIX).filter(|rest| rest.is_ascii() && rest.len() == 16)?;
    let (public, generation) = rest.split_at(PUBLIC_LETTERS);
    let is_public = public.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let is_number = generation.bytes().all(|byte| byte.is_ascii_digit());
    let generation = generation.parse().ok().filter(|_| is_public && is_number)?;
    Some((format!("{ID_PREFIX}{}", public.to_ascii_lowercase()), generation))
}

fn public_part(key_id: &str) -> &str {
    key_id.strip_prefix(ID_PREFIX).unwrap_or(key_id)
}

fn checksum(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let mut letters = [b'0'; CHECKSUM_LETTERS];
    for letter in letters.iter_mut().rev() {
        *letter = BASE62[(number % 62) as usize];
        number /= 62;
    }
    letters.iter().map(|letter| char::from(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_names_its_key_and_a_slip_in_it_names_none() {
        let secret = new_bearer("key_abcd2345", &Entropy::system());
        let text = secret.expose();
        assert_eq!(text.len(), 4 + 8 + 1 + 43 + 6, "{text}");
        assert_eq!(key_id_of(text).as_deref(), Some("key_abcd2345"));
        for place in 0..text.len() {
            let mut slip = text.as_bytes().to_vec();
            slip[place] = if slip[place] == b'x' { b'y' } else { b'x' };
            assert_eq!(key_id_of(&String::from_utf8(slip).unwrap()), None, "{place}");
        }
        for other in ["", "bsr_", "bsr__", "bsr_abcd2345_", "sk-abc", &text[..20], "bsr_é_é"] {
            assert_eq!(key_id_of(other), None, "{other}");
        }
        assert!(!format!("{secret:?}").contains(&text[13..]));
    }

    #[test]
    fn a_secret_of_one_kind_names_no_key_of_the_other() {
        let (key, admin) = (
            new_bearer("key_abcd2345", &Entropy::system()),
            new_admin_bearer("adm_abcd2345", &Entropy::system()),
        );
        assert_eq!(admin_key_id_of(admin.expose()).as_deref(), Some("adm_abcd2345"));
        assert_eq!((key_id_of(admin.expose()), admin_key_id_of(key.expose())), (None, None));
        let swapped = admin.expose().replacen(ADMIN_PREFIX, PREFIX, 1);
        assert_eq!(key_id_of(&swapped), None, "the checksum covers the prefix");
    }

    #[test]
    fn no_two_secrets_are_alike() {
        let secrets: std::collections::BTreeSet<String> = (0..1_000)
            .map(|_| new_bearer("key_abcd2345", &Entropy::system()).expose().to_owned())
            .collect();
        assert_eq!(secrets.len(), 1_000);
    }

    #[test]
    fn an_access_key_id_tells_key_and_generation() {
        let id = access_key_id("key_abcd2345", 12);
        assert_eq!(id, "BSRKABCD234500000012");
        assert_eq!(key_of_access_key_id(&id), Some(("key_abcd2345".into(), 12)));
        for other in ["", "AKIAABCD234500000012", "BSRKABCD2345", "BSRKABCD2345000000+2", "BSRKé"]
        {
            assert_eq!(key_of_access_key_id(other), None, "{other}");
        }
    }
}
