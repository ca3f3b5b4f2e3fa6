//! Who calls: whose a virtual key is, from what the ledger's processes know by heart.
//!
//! What a key may do is not judged here: limits, policies and freezes are the reservation's.

use bursar_domain::identity::Attribution;
use bursar_ledger::{Proven, Secret};

use crate::{Bursar, Error};

/// Who asks whether it is well does not wait for long.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);

/// Somebody who has proved to have a virtual key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// Whom the key's calls are recorded under.
    pub attribution: Attribution,
}

/// Whose an access key id is. Nothing is proved before a signature is verified with the secret.
#[derive(Debug, Clone)]
pub struct Signer {
    /// Who it is, once that has been proved.
    pub caller: Caller,
    /// What its requests are signed with.
    pub secret: Secret,
}

impl Bursar {
    /// Who has this bearer secret; `None` for one that is wrong, revoked or expired, and no word
    /// about which.
    ///
    /// # Errors
    /// When nothing is known of the ledger's keys, and it does not answer.
    pub async fn identify(&self, bearer: &str) -> Result<Option<Caller>, Error> {
        let Some(master) = &self.master_key else { return Ok(None) };
        let found = self.ledger.holder_of_bearer(master, bearer, self.clock.now()).await?;
        Ok(found.map(|proven| Caller::new(&proven)))
    }

    /// Whose an access key id is; `None` for one that is unknown, revoked or expired.
    ///
    /// # Errors
    /// As [`Bursar::identify`].
    pub async fn signer(&self, access_key_id: &str) -> Result<Option<Signer>, Error> {
        let Some(master) = &self.master_key else { return Ok(None) };
        let found = self.ledger.holder_of_pair(master, access_key_id, self.clock.now()).await?;
        Ok(found.map(|(proven, secret)| Signer { caller: Caller::new(&proven), secret }))
    }
}

impl Bursar {
    /// Whether the ledger answers, within half a second.
    pub async fn ledger_answers(&self) -> bool {
        let asked = self.ledger.window_time(self.clock.now());
        matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(_)))
    }
}

impl Caller {
    fn new(proven: &Proven) -> Self {
        let holder = &proven.holder;
        let attribution = Attribution {
            team: Some(holder.team.clone()),
            project: holder.key.project.clone(),
            user: holder.key.user.clone(),
            key: Some(holder.key.id.clone()),
            ..Attribution::default()
        };
        Self { attribution }
    }
}
