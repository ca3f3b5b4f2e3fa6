//! Signing in by another's word: somebody whom a provider vouches for, by the identity that it gives
//! them. Whether its word is to be believed was found out before; no network is known here.

use bursar_ledger::{Account, AccountChange, Change, ForeignIdentity, MasterKey, Secret};

use crate::keys::bind;
use crate::teams::checked_name;
use crate::{Admin, Error, Role};

/// Somebody for whom a provider vouches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOn {
    /// Who they are to the provider: what tells them from everybody else.
    pub identity: ForeignIdentity,
    /// What they are called here from their first time on.
    pub name: String,
    /// What they may see and change now.
    pub role: Role,
    /// The team of a lead or a member, by name or id.
    pub team: Option<String>,
}

impl Admin {
    /// Signs somebody in, in place of what the same browser was signed in as, with the role and the
    /// team that they have now: a new token, or `None` where an admin has disabled them. Whoever comes
    /// for the first time gets an account.
    ///
    /// # Errors
    /// A name that is none or another's, a team that is missing or too much, or a ledger that failed.
    pub async fn sign_on(
        &self,
        master: &MasterKey,
        person: &SignOn,
        old: Option<&Secret>,
    ) -> Result<Option<Secret>, Error> {
        let team = self.team_of(person.role, person.team.as_deref()).await?;
        let account = match self.of_identity(&person.identity).await? {
            Some(account) if account.disabled_at.is_some() => return Ok(None),
            Some(account) => Account { role: person.role.to_string(), team, ..account },
            None => {
                checked_name(&person.name)?;
                Account {
                    id: self.new_id("acc"),
                    name: person.name.clone(),
                    role: person.role.to_string(),
                    team,
                    identity: Some(person.identity.clone()),
                    password_hash: None,
                    created_at: self.clock.now(),
                    disabled_at: None,
                }
            }
        };
        let follow = AccountChange::Follow { account: Box::new(account.clone()) };
        let first = vec![Change::Access(bind(master)), Change::Account(follow)];
        self.begin(master, (&account, first), old).await.map(Some)
    }

    /// Ends the sessions of whom a provider gives no role any more, if they have an account.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn turn_away(&self, identity: &ForeignIdentity) -> Result<(), Error> {
        let Some(account) = self.of_identity(identity).await? else { return Ok(()) };
        let end = Change::Account(AccountChange::EndSessions { id: account.id });
        self.ledger.change(&account.name, vec![end]).await?;
        Ok(())
    }

    async fn of_identity(&self, identity: &ForeignIdentity) -> Result<Option<Account>, Error> {
        let accounts = self.ledger.accounts().await?;
        Ok(accounts.into_iter().find(|account| account.identity.as_ref() == Some(identity)))
    }
}
