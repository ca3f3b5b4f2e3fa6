//! Signing in and out, and who a session's token stands for. Tokens are 256 random bits; the ledger
//! keeps keyed hashes of them.

use bursar_domain::time::{HOUR_MS, Timestamp};
use bursar_ledger::{Account, AccountChange, Change, MasterKey, Secret, Session};

use crate::{Admin, Error, Role, Sight, Viewer, passwords};

/// A session that nobody has used for so long is over.
const IDLE_MS: i64 = HOUR_MS / 2;
/// No session is longer.
const LIFE_MS: i64 = 12 * HOUR_MS;
/// That a session is in use is written down no more often: each time, every process looks whether
/// the rules have changed.
const SEEN_MS: i64 = 5 * 60_000;

impl Admin {
    /// Signs somebody in, in place of what the same browser was signed in as: a new token, or `None`
    /// where name and password are not those of somebody who may. How long that takes does not tell
    /// which of the two was wrong.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn sign_in(
        &self,
        master: &MasterKey,
        (name, password): (&str, Secret),
        old: Option<&Secret>,
    ) -> Result<Option<Secret>, Error> {
        let accounts = self.ledger.accounts().await?;
        let may = |account: &&Account| account.name == name && account.disabled_at.is_none();
        let account = accounts.iter().find(may);
        let hash = account.and_then(|account| account.password_hash.clone());
        let fits = passwords::fits(password, hash).await?;
        match account.filter(|_| fits) {
            Some(account) => self.begin(master, (account, Vec::new()), old).await.map(Some),
            None => Ok(None),
        }
    }

    /// Begins a session for who has proved who they are, once these changes are made.
    pub(crate) async fn begin(
        &self,
        master: &MasterKey,
        (account, mut changes): (&Account, Vec<Change>),
        old: Option<&Secret>,
    ) -> Result<Secret, Error> {
        let token = self.new_token();
        let now = self.clock.now().0;
        let change = AccountChange::SignIn {
            id: account.id.clone(),
            token_hmac: master.session_hash(token.expose()),
            instead_of: old.map(|old| master.session_hash(old.expose())),
            over: (Timestamp(now - LIFE_MS), Timestamp(now - IDLE_MS)),
        };
        changes.push(Change::Account(change));
        self.ledger.change(&account.name, changes).await?;
        Ok(token)
    }

    /// Who a session's token stands for; `None` for one that is unknown, ended or over.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn viewer(
        &self,
        master: &MasterKey,
        token: &Secret,
    ) -> Result<Option<Viewer>, Error> {
        let token_hmac = master.session_hash(token.expose());
        let Some(session) = self.live_session(&token_hmac).await? else { return Ok(None) };
        if self.clock.now().0 - session.seen_at.0 >= SEEN_MS {
            let seen = Change::Account(AccountChange::Seen { token_hmac });
            // Who only looks is answered by a ledger that cannot be written just now; the session ends
            // earlier, then.
            drop(self.ledger.change(&session.name, vec![seen]).await);
        }
        self.seen_by(session).await.map(Some)
    }

    /// Who a session's token still stands for, where asking is no use of the session: a page that
    /// keeps itself fresh does not keep anybody signed in.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn watcher(
        &self,
        master: &MasterKey,
        token: &Secret,
    ) -> Result<Option<Viewer>, Error> {
        match self.live_session(&master.session_hash(token.expose())).await? {
            Some(session) => self.seen_by(session).await.map(Some),
            None => Ok(None),
        }
    }

    /// A session that is not over.
    async fn live_session(&self, token_hmac: &str) -> Result<Option<Session>, Error> {
        let now = self.clock.now().0;
        let is_live = |session: &Session| {
            now - session.begun_at.0 < LIFE_MS && now - session.seen_at.0 < IDLE_MS
        };
        Ok(self.ledger.session(token_hmac).await?.filter(is_live))
    }

    pub(crate) async fn seen_by(&self, session: Session) -> Result<Viewer, Error> {
        // A role that this program does not know sees nothing.
        let role: Role = session.role.parse().map_err(|_| Error::Untold)?;
        let sight = match role {
            Role::Admin | Role::Finance => Sight::Everything,
            Role::Lead | Role::Member => {
                let id = session.team.ok_or(Error::Untold)?;
                let access = self.ledger.access().await?;
                let team = access.team_name(&id).ok_or(Error::Untold)?.to_owned();
                let user = (role == Role::Member).then(|| session.name.clone());
                Sight::of(&access, (id, team), user)
            }
        };
        Ok(Viewer { account: session.account, name: session.name, role, sight })
    }

    /// Ends a session.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn sign_out(
        &self,
        master: &MasterKey,
        (viewer, token): (&Viewer, &Secret),
    ) -> Result<(), Error> {
        let token_hmac = master.session_hash(token.expose());
        let out = AccountChange::SignOut { token_hmac, id: viewer.account.clone() };
        self.ledger.change(&viewer.name, vec![Change::Account(out)]).await.map(drop)?;
        Ok(())
    }

    /// The name of whoever can set their password by this link; `None` for one that is of no use.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn name_of_link(
        &self,
        master: &MasterKey,
        token: &str,
    ) -> Result<Option<String>, Error> {
        let hash = master.link_hash(token);
        let Some(id) = self.ledger.password_link(&hash, self.clock.now()).await? else {
            return Ok(None);
        };
        let accounts = self.ledger.accounts().await?;
        Ok(accounts.into_iter().find(|account| account.id == id).map(|account| account.name))
    }

    /// Sets a password by a link, which is of no use any more then; whose it is, or `None` where the
    /// link is of no use.
    ///
    /// # Errors
    /// A password that is too short, or a ledger that failed.
    pub async fn use_link(
        &self,
        master: &MasterKey,
        (token, password): (&str, Secret),
    ) -> Result<Option<String>, Error> {
        passwords::checked(&password)?;
        let Some(name) = self.name_of_link(master, token).await? else { return Ok(None) };
        let token_hmac = master.link_hash(token);
        let password_hash = passwords::hash(password, &self.entropy).await?;
        let change = AccountChange::UseLink { token_hmac, password_hash };
        match self.ledger.change(&name, vec![Change::Account(change)]).await {
            // Somebody was faster.
            Err(bursar_ledger::Error::UnknownAccess { .. }) => Ok(None),
            used => used.map(|_| Some(name)).map_err(Error::from),
        }
    }
}
