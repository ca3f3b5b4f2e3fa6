//! Who may sign in where people look: made, listed, disabled, and given a link to set a password by.

use bursar_domain::access::Access;
use bursar_domain::closed_set;
use bursar_domain::time::{DAY_MS, Timestamp};
use bursar_ledger::{Account, AccountChange, Change, MasterKey, NewLink, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calls::bad_word;
use crate::keys::bind;
use crate::teams::{checked_name, known_team, unknown};
use crate::{Admin, Error, passwords};

closed_set! {
    /// What somebody who signs in may see and change.
    Role {
        /// Everything.
        Admin = "admin",
        /// Sees everything, and changes nothing.
        Finance = "finance",
        /// Sees one team, and changes its keys and its budgets below the team's own.
        Lead = "lead",
        /// Sees what it has used itself.
        Member = "member",
    }
}

/// So long a link is of use.
const LINK_MS: i64 = DAY_MS;
/// Where a link leads, before its token.
const LINK_PATH: &str = "/link/";

/// Somebody who is to sign in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewUser {
    /// By which they sign in. A member's is also that under which the team's calls name them.
    pub name: String,
    /// `admin`, `finance`, `lead` or `member`.
    pub role: String,
    /// The team of a lead or a member, by name or id.
    pub team: Option<String>,
    /// Their password; where nothing is said, a link to set it by is in the reply.
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret>,
}

/// Somebody who may sign in, and a link that is shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MadeUser {
    /// Their identity.
    pub id: String,
    /// By which they sign in.
    pub name: String,
    /// What they may see and change.
    pub role: String,
    /// The path, where people look, at which they set their password, once.
    #[schema(value_type = Option<String>)]
    pub link: Option<Secret>,
    /// When that is of no use any more.
    pub link_expires_at: Option<String>,
}

/// Somebody who may sign in, as a list shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserRow {
    /// Their identity.
    pub id: String,
    /// By which they sign in.
    pub name: String,
    /// `admin`, `finance`, `lead` or `member`.
    pub role: String,
    /// The name of their team.
    pub team: Option<String>,
    /// `live`, `invited` while no password is set, or `disabled`.
    pub state: String,
    /// The provider that vouches for them; null for who has a password here.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Since when they are there.
    pub created_at: String,
}

impl Admin {
    /// Makes somebody who may sign in.
    ///
    /// # Errors
    /// A name that is none or taken, a role that is none, a team that is missing or too much, a
    /// password that is too short, or a ledger that failed.
    pub async fn create_user(
        &self,
        master: &MasterKey,
        request: NewUser,
    ) -> Result<MadeUser, Error> {
        self.make_user(master, request, false).await
    }

    /// The same where there is nobody yet: an admin.
    ///
    /// # Errors
    /// As [`Admin::create_user`], and where somebody was first.
    pub async fn create_first_user(
        &self,
        master: &MasterKey,
        (name, password): (&str, Secret),
    ) -> Result<MadeUser, Error> {
        let role = Role::Admin.to_string();
        let request = NewUser { name: name.to_owned(), role, team: None, password: Some(password) };
        self.make_user(master, request, true).await
    }

    async fn make_user(
        &self,
        master: &MasterKey,
        request: NewUser,
        is_first: bool,
    ) -> Result<MadeUser, Error> {
        checked_name(&request.name)?;
        let role: Role = request.role.parse().map_err(|error| bad_word("role", &error))?;
        let team = self.team_of(role, request.team.as_deref()).await?;
        if let Some(password) = &request.password {
            passwords::checked(password)?;
        }
        let password_hash = match request.password {
            Some(password) => Some(passwords::hash(password, &self.entropy).await?),
            None => None,
        };
        let link = password_hash.is_none().then(|| self.link(master));
        let account = Account {
            id: self.new_id("acc"),
            name: request.name,
            role: role.to_string(),
            team,
            identity: None,
            password_hash,
            created_at: self.clock.now(),
            disabled_at: None,
        };
        let change = AccountChange::Create {
            account: Box::new(account.clone()),
            link: link.as_ref().map(|(_, link)| link.clone()),
            is_first,
        };
        self.ledger
            .change(&self.actor, vec![Change::Access(bind(master)), Change::Account(change)])
            .await?;
        Ok(made(account, link))
    }

    /// The id of the team of somebody in this role, who needs one or has none.
    pub(crate) async fn team_of(
        &self,
        role: Role,
        team: Option<&str>,
    ) -> Result<Option<String>, Error> {
        match (role, team) {
            (Role::Lead | Role::Member, Some(team)) => {
                Ok(Some(known_team(&self.ledger.access().await?, team)?.id.clone()))
            }
            (Role::Admin | Role::Finance, None) => Ok(None),
            (_, None) => Err(Error::Contradiction {
                said: format!("a {role} is of a team, and none was given"),
                hint: "say which: `--team NAME`".to_owned(),
            }),
            (_, Some(_)) => Err(Error::Contradiction {
                said: format!("the role {role} is of no team, and one was given"),
                hint: "leave the team out, or give the role `lead` or `member`".to_owned(),
            }),
        }
    }

    /// Everybody who may sign in, or might once, by name.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn users(&self) -> Result<Vec<UserRow>, Error> {
        let access = self.ledger.access().await?;
        let accounts = self.ledger.accounts().await?;
        Ok(accounts.iter().map(|account| UserRow::new(&access, account)).collect())
    }

    /// Whether anybody may sign in, or might once.
    ///
    /// # Errors
    /// A ledger that failed.
    pub async fn has_user(&self) -> Result<bool, Error> {
        Ok(!self.ledger.accounts().await?.is_empty())
    }

    /// Lets somebody sign in no more, and ends their sessions; or lets them again.
    ///
    /// # Errors
    /// [`Error::Unknown`], or a ledger that failed.
    pub async fn let_user(&self, named: &str, may: bool) -> Result<UserRow, Error> {
        let id = self.account(named).await?.id;
        let change = AccountChange::Able { id: id.clone(), may };
        self.ledger.change(&self.actor, vec![Change::Account(change)]).await?;
        self.users().await?.into_iter().find(|row| row.id == id).ok_or(Error::Untold)
    }

    /// Takes somebody's password away, ends their sessions, and makes a link to set another by.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Ended`] of who is disabled, or a ledger that failed.
    pub async fn reset_user(&self, master: &MasterKey, named: &str) -> Result<MadeUser, Error> {
        let account = self.account(named).await?;
        if account.disabled_at.is_some() {
            return Err(Error::Ended(format!(
                "the user `{}` is disabled\nhint: `bursar user enable` first",
                account.name
            )));
        }
        if let Some(identity) = &account.identity {
            return Err(Error::Contradiction {
                said: format!("`{}` vouches for the user `{}`", identity.issuer, account.name),
                hint: "their password is set there; `bursar user disable` keeps them out here"
                    .to_owned(),
            });
        }
        let (token, link) = self.link(master);
        let reset = AccountChange::Reset { id: account.id.clone(), link: link.clone() };
        let changes = vec![Change::Access(bind(master)), Change::Account(reset)];
        self.ledger.change(&self.actor, changes).await?;
        Ok(made(account, Some((token, link))))
    }

    async fn account(&self, named: &str) -> Result<Account, Error> {
        let accounts = self.ledger.accounts().await?;
        let is_it = |account: &&Account| account.id == named || account.name == named;
        accounts.iter().find(is_it).cloned().ok_or_else(|| {
            let known = accounts.iter().map(|account| account.name.as_str());
            unknown("user", named, known, "`bursar user create NAME --role ROLE`")
        })
    }

    fn link(&self, master: &MasterKey) -> (Secret, NewLink) {
        let token = self.new_token();
        let expires_at = Timestamp(self.clock.now().0.saturating_add(LINK_MS));
        let link = NewLink { token_hmac: master.link_hash(token.expose()), expires_at };
        (Secret::new(format!("{LINK_PATH}{}", token.expose())), link)
    }
}

fn made(account: Account, link: Option<(Secret, NewLink)>) -> MadeUser {
    let (link, expires_at) = link.map(|(path, link)| (path, link.expires_at.to_string())).unzip();
    let Account { id, name, role, .. } = account;
    MadeUser { id, name, role, link, link_expires_at: expires_at }
}

impl UserRow {
    fn new(access: &Access, account: &Account) -> Self {
        let may_come = account.password_hash.is_some() || account.identity.is_some();
        let state = match &account.disabled_at {
            Some(_) => "disabled",
            None if may_come => "live",
            None => "invited",
        };
        let team = account.team.as_deref().and_then(|id| access.team_name(id));
        Self {
            id: account.id.clone(),
            name: account.name.clone(),
            role: account.role.clone(),
            team: team.map(str::to_owned),
            state: state.to_owned(),
            issuer: account.identity.as_ref().map(|identity| identity.issuer.clone()),
            created_at: account.created_at.to_string(),
        }
    }
}
