//! Who has which key, by heart: a call is told from another's without asking the database.
//!
//! What is known is of one revision, and whether that is the ledger's own is asked once a second at
//! most. What a key may do is not judged here: whoever admits the call reads its own rules.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bursar_domain::access::Key;
use bursar_domain::policy::ended_key;
use bursar_domain::time::Timestamp;
use sqlx::FromRow;
use subtle::ConstantTimeEq;
use tokio::time::{Instant, timeout};

use crate::access::{holders_in, holders_of};
use crate::bearer::{key_id_of, key_of_access_key_id};
use crate::master_key::MasterKey;
use crate::rules::{News, SETTINGS, Settings, last_change};
use crate::secret::Secret;
use crate::statement::{Session, Statement, failed};
use crate::{Error, Ledger};

pub(crate) const SECRETS: Statement = Statement {
    doing: "read the secrets of keys",
    sql: include_str!("../queries/live_key_secrets.sql"),
};

pub(crate) const SECRETS_BY_KEY: Statement = Statement {
    doing: "read the secrets of keys",
    sql: include_str!("../queries/secrets_by_key.sql"),
};

/// A change of keys is known to everybody within two seconds: this, and one to spare.
const FRESH: Duration = Duration::from_secs(1);
/// A key that is not known may have just been made. Who guesses at keys asks no more often.
const FRESH_FOR_STRANGERS: Duration = Duration::from_millis(100);
/// How long a call waits for the ledger to say that nothing has changed.
const ANSWER_LIMIT: Duration = Duration::from_millis(500);
/// The same where something has: a hundred thousand keys take a second or two to read.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// What proves that a caller has a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeySecret {
    generation: i64,
    /// The keyed hash of the bearer secret.
    hash: [u8; 32],
    /// The first instant at which it is of no use any more.
    expires_at: Option<Timestamp>,
}

/// A key that is not revoked, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The key.
    pub key: Key,
    /// The team's name.
    pub team: String,
    pub(crate) secrets: Vec<KeySecret>,
}

/// Who has proved to have a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The key, and whose it is.
    pub holder: Arc<Holder>,
    /// Which of the key's secrets it was, from 1.
    pub generation: i64,
}

#[derive(Debug, FromRow)]
pub(crate) struct SecretRow {
    pub(crate) key_id: String,
    generation: i64,
    secret_hmac: String,
    expires_ms: Option<i64>,
}

impl SecretRow {
    /// `None` for what is no hash: it proves nothing, and takes nobody else's key away.
    pub(crate) fn secret(&self) -> Option<KeySecret> {
        let mut hash = [0; 32];
        if hex::decode_to_slice(&self.secret_hmac, &mut hash).is_err() {
            tracing::error!(key = self.key_id, "the row of a key's secret holds no hash");
            return None;
        }
        let expires_at = self.expires_ms.map(Timestamp);
        Some(KeySecret { generation: self.generation, hash, expires_at })
    }
}

/// What a process knows by heart. Clones of a ledger share it.
#[derive(Debug, Default)]
pub(crate) struct Keyring {
    known: Mutex<Known>,
    /// One asks; the others go by what is known.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Default)]
struct Known {
    ring: Option<Arc<Ring>>,
    asked: Option<Instant>,
}

#[derive(Debug)]
struct Ring {
    revision: i64,
    /// The number of the last change that is in it.
    last_change: i64,
    holders: HashMap<String, Arc<Holder>>,
}

impl Known {
    /// What is known, where that is new enough for somebody who has this key.
    fn fresh(&self, key: &str) -> Option<Arc<Ring>> {
        let ring = self.ring.as_ref()?;
        let limit = if ring.holders.contains_key(key) { FRESH } else { FRESH_FOR_STRANGERS };
        let is_fresh = self.asked.is_some_and(|asked| asked.elapsed() < limit);
        is_fresh.then(|| Arc::clone(ring))
    }
}

impl Keyring {
    /// Makes the next who asks look whether it is still so.
    pub(crate) fn distrust(&self) {
        self.known().asked = None;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Whoever panicked left it whole: each change of it is one step.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    /// Who has this bearer secret; `None` for one that is wrong, revoked or expired, and no word
    /// about which.
    pub async fn holder_of_bearer(
        &self,
        master: &MasterKey,
        bearer: &str,
        now: Timestamp,
    ) -> Result<Option<Proven>, Error> {
        let Some(id) = key_id_of(bearer) else { return Ok(None) };
        // First, so that an unknown key takes as long as a known one.
        let hash = master.hash(bearer);
        let Some(holder) = self.holder(&id, now).await? else { return Ok(None) };
        // How long this takes does not depend on where they differ.
        let is_same = |secret: &&KeySecret| bool::from(secret.hash.ct_eq(&hash));
        let secret = holder.live_secrets(now).find(is_same);
        Ok(secret
            .map(|secret| secret.generation)
            .map(|generation| Proven { holder: Arc::clone(&holder), generation }))
    }

    /// Whose an access key id is, and the secret that its requests are signed with; `None` for one
    /// that is unknown, revoked or expired. Nothing is proved before a signature is verified.
    pub async fn holder_of_pair(
        &self,
        master: &MasterKey,
        access_key_id: &str,
        now: Timestamp,
    ) -> Result<Option<(Proven, Secret)>, Error> {
        let Some((id, generation)) = key_of_access_key_id(access_key_id) else { return Ok(None) };
        let secret = master.sigv4_secret(&id, generation);
        let Some(holder) = self.holder(&id, now).await? else { return Ok(None) };
        let is_live = holder.live_secrets(now).any(|live| live.generation == generation);
        Ok(is_live.then_some((Proven { holder, generation }, secret)))
    }

    async fn holder(&self, id: &str, now: Timestamp) -> Result<Option<Arc<Holder>>, Error> {
        let ring = self.ring(id).await?;
        let holder = ring.holders.get(id).filter(|holder| ended_key(&holder.key, now).is_none());
        Ok(holder.cloned())
    }

    /// What is known by heart, read anew where it is not of the ledger's revision. While the ledger
    /// is away, what was known last stands: who may call then is the limits' to say.
    async fn ring(&self, key: &str) -> Result<Arc<Ring>, Error> {
        let known = self.keyring.known().clone();
        if let Some(ring) = known.fresh(key) {
            return Ok(ring);
        }
        let _turn = match (known.ring, self.keyring.asking.try_lock()) {
            (_, Ok(turn)) => turn,
            (Some(ring), Err(_)) if ring.holders.contains_key(key) => return Ok(ring),
            (_, Err(_)) => self.keyring.asking.lock().await,
        };
        let known = self.keyring.known().clone();
        if let Some(ring) = known.fresh(key) {
            return Ok(ring);
        }
        let read = self.read_ring(known.ring.as_ref()).await;
        let ring = match (read, known.ring) {
            (Ok(ring), _) => ring,
            (Err(error), None) => return Err(error),
            (Err(error), Some(ring)) => {
                tracing::debug!("the keys are as they were known last: {error}");
                ring
            }
        };
        *self.keyring.known() =
            Known { ring: Some(Arc::clone(&ring)), asked: Some(Instant::now()) };
        Ok(ring)
    }

    async fn read_ring(&self, known: Option<&Arc<Ring>>) -> Result<Arc<Ring>, Error> {
        // Before what is read: that is at least as new.
        let settings = within(ANSWER_LIMIT, self.reads.rows(SETTINGS, &[])).await?;
        let revision = Settings::read(settings).revision;
        if let Some(ring) = known.filter(|ring| ring.revision == revision) {
            return Ok(Arc::clone(ring));
        }
        let known = known.filter(|ring| ring.revision < revision);
        within(READ_LIMIT, self.new_ring(known, revision)).await.map(Arc::new)
    }

    /// What is in the ledger by now: by what has changed, where that is little.
    async fn new_ring(&self, known: Option<&Arc<Ring>>, revision: i64) -> Result<Ring, Error> {
        let mut session = Session::Pool(&self.reads);
        let by_id = |holder: Holder| (holder.key.id.clone(), Arc::new(holder));
        if let Some(ring) = known
            && let Some(news) = News::after(&mut session, ring.last_change).await?
        {
            let mut holders = ring.holders.clone();
            holders.retain(|id, _| !news.keys.contains(id));
            if !news.keys.is_empty() {
                let changed = holders_of(&mut session, &news.keys).await?;
                holders.extend(changed.into_iter().map(by_id));
            }
            return Ok(Ring { revision, last_change: news.last, holders });
        }
        let last_change = last_change(&mut session).await?;
        let holders = holders_in(&mut session).await?.into_iter().map(by_id).collect();
        Ok(Ring { revision, last_change, holders })
    }
}

/// An answer that comes in time.
async fn within<T>(
    limit: Duration,
    reading: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match timeout(limit, reading).await {
        Ok(read) => read,
        Err(_) => Err(failed("read the keys", sqlx::Error::PoolTimedOut)),
    }
}

impl Holder {
    fn live_secrets(&self, now: Timestamp) -> impl Iterator<Item = &KeySecret> {
        self.secrets.iter().filter(move |secret| secret.expires_at.is_none_or(|end| now < end))
    }
}
