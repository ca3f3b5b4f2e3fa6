//! Teams, keys and those who sign in, the audit log and the ledger's health, as far as the viewer sees
//! them; and what of that the viewer may change.

use crate::api::{self, KeyRotation, MakeKey, NewTeam, OneKey};
use crate::attribution::unknown_key;
use crate::{
    ChangePage, ChangeQuery, Error, Health, KeyRow, Made, NewKey, Role, TeamRow, UserRow, View,
};

impl View {
    /// The teams.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn teams(&self) -> Result<Vec<TeamRow>, Error> {
        let mut teams = self.desk.admin.teams().await?;
        if let Some(part) = self.part() {
            teams.retain(|team| team.id == part.team_id);
            let is_theirs = |name: &String| part.user.as_ref().is_none_or(|user| user == name);
            for team in &mut teams {
                team.users.retain(is_theirs);
                team.keys.retain(|key| part.keys.contains(key));
            }
        }
        Ok(teams)
    }

    /// The virtual keys, those that are revoked among them.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn keys(&self) -> Result<Vec<KeyRow>, Error> {
        let mut keys = self.desk.admin.keys(None, true).await?;
        if let Some(part) = self.part() {
            keys.retain(|key| part.keys.contains(&key.id));
        }
        Ok(keys)
    }

    /// Who may sign in; for who sees all of the ledger.
    ///
    /// # Errors
    /// [`Error::NotYours`], or a ledger that failed.
    pub async fn users(&self) -> Result<Vec<UserRow>, Error> {
        self.whole()?;
        self.desk.admin.users().await
    }

    /// Who changed what; for who sees all of the ledger.
    ///
    /// # Errors
    /// [`Error::NotYours`], [`Error::BadWord`] for a part that means nothing, or a ledger that failed.
    pub async fn changes(&self, query: &ChangeQuery) -> Result<ChangePage, Error> {
        self.whole()?;
        self.desk.admin.changes(query).await
    }

    /// How the ledger is; for who sees all of it.
    ///
    /// # Errors
    /// [`Error::NotYours`], or a ledger that failed.
    pub async fn health(&self) -> Result<Health, Error> {
        self.whole()?;
        self.desk.admin.health().await
    }

    /// Makes a team; for an admin.
    ///
    /// # Errors
    /// [`Error::NotYours`], and what making a team refuses.
    pub async fn make_team(&self, team: NewTeam) -> Result<Made, Error> {
        self.may(&[Role::Admin])?;
        api::MAKE_TEAM.ask(&self.desk, team).await
    }

    /// Makes a key; for an admin, and for the team's lead. The team's own policy holds for it, too.
    ///
    /// # Errors
    /// [`Error::NotYours`], [`Error::Unknown`] for another's team, and what making a key refuses.
    pub async fn make_key(&self, key: MakeKey) -> Result<NewKey, Error> {
        self.may(&[Role::Admin, Role::Lead])?;
        self.team(Some(&key.team))?;
        api::MAKE_KEY.ask(&self.desk, key).await
    }

    /// Gives a key another secret; for an admin, and for the team's lead.
    ///
    /// # Errors
    /// [`Error::NotYours`], [`Error::Unknown`] for another's key, and what rotating refuses.
    pub async fn rotate_key(&self, rotation: KeyRotation) -> Result<NewKey, Error> {
        let key = self.own_key(&rotation.key)?;
        api::ROTATE_KEY.ask(&self.desk, KeyRotation { key, ..rotation }).await
    }

    /// Ends a key; for an admin, and for the team's lead.
    ///
    /// # Errors
    /// [`Error::NotYours`], [`Error::Unknown`] for another's key, or a ledger that failed.
    pub async fn revoke_key(&self, named: &str) -> Result<KeyRow, Error> {
        let key = self.own_key(named)?;
        api::REVOKE_KEY.ask(&self.desk, OneKey { key }).await
    }

    /// A key that the viewer may change. Who sees a part names keys by their ids: a name could be
    /// another's.
    fn own_key(&self, named: &str) -> Result<String, Error> {
        self.may(&[Role::Admin, Role::Lead])?;
        let Some(part) = self.part() else { return Ok(named.to_owned()) };
        let own = part.keys.iter().find(|key| *key == named);
        own.cloned().ok_or_else(|| unknown_key(named, part.keys.iter().map(String::as_str)))
    }
}
