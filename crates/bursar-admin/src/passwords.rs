//! Passwords: how long one has to be, its argon2id hash, and whether one is right. All of it costs
//! memory and time on purpose, so it is done aside from what answers requests.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use bursar_domain::entropy::Entropy;
use bursar_ledger::Secret;

use crate::Error;

/// ASVS 5.0, 6.2.9: long rather than odd.
const CHARACTERS_MIN: usize = 15;
/// Longer ones would only cost time.
const BYTES_MAX: usize = 1_024;
const SALT_BYTES: usize = 16;

/// Checks a password that is to be given.
pub(crate) fn checked(password: &Secret) -> Result<(), Error> {
    let text = password.expose();
    let characters = text.chars().count();
    let said = if characters < CHARACTERS_MIN {
        format!("the password has {characters} characters")
    } else if text.len() > BYTES_MAX {
        format!("the password has {} bytes", text.len())
    } else {
        return Ok(());
    };
    let hint = format!("take {CHARACTERS_MIN} characters or more, at most {BYTES_MAX} bytes");
    Err(Error::Contradiction { said, hint })
}

/// The hash of a password that the ledger keeps: 19 MiB, two passes, one lane, as OWASP asks for.
pub(crate) async fn hash(password: Secret, entropy: &Entropy) -> Result<String, Error> {
    let salt: [u8; SALT_BYTES] = entropy.bytes();
    aside(move || {
        let hash = Argon2::default().hash_password_with_salt(password.expose().as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|_| Error::Untold)
    })
    .await?
}

/// Whether a password has this hash. Where there is none, the answer takes as long.
pub(crate) async fn fits(password: Secret, hash: Option<String>) -> Result<bool, Error> {
    aside(move || {
        let password = password.expose().as_bytes();
        // What is longer than any password could not be set; what it would cost is not spent.
        let password = password.get(..BYTES_MAX + 1).unwrap_or(password);
        let Some(hash) = hash else {
            drop(Argon2::default().hash_password_with_salt(password, &[0; SALT_BYTES]));
            return false;
        };
        Argon2::default().verify_password(password, hash.as_str()).is_ok()
    })
    .await
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Untold)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_and_fits_its_password_alone() {
        let entropy = Entropy::system();
        let hash = super::hash(secret("correct horse battery"), &entropy).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let again = super::hash(secret("correct horse battery"), &entropy).await.unwrap();
        assert_ne!(hash, again, "each has a salt of its own");
        for (password, expected) in
            [("correct horse battery", true), ("correct horse batterz", false), ("", false)]
        {
            let fits = fits(secret(password), Some(hash.clone())).await.unwrap();
            assert_eq!(fits, expected, "{password}");
        }
        assert!(!fits(secret("correct horse battery"), None).await.unwrap());
        let broken = Some("$argon2id$v=19$nonsense".to_owned());
        assert!(!fits(secret("correct horse battery"), broken).await.unwrap());
    }

    #[test]
    fn a_short_password_and_one_without_end_are_refused_and_not_repeated() {
        for (text, count) in [("", "0 characters"), ("fourteen chars", "14 characters")] {
            let said = checked(&secret(text)).unwrap_err().to_string();
            assert!(said.contains(count) && said.contains("15 characters or more"), "{said}");
            assert!(text.is_empty() || !said.contains(text), "{said}");
        }
        let long = "x".repeat(10_000);
        assert!(checked(&secret(&long)).unwrap_err().to_string().len() < 200);
        // Letters count, not bytes.
        assert!(checked(&secret("ééééééééééééééé")).is_ok());
    }
}
