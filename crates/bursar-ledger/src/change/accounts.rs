//! Who may sign in: accounts made, disabled and given passwords, sessions begun and ended. Passwords
//! and tokens are hashes long before they come here.

use bursar_domain::time::Timestamp;
use serde_json::json;

use super::Changed;
use super::access::{taken, unknown};
use super::api_tokens;
use crate::accounts::{accounts_in, link_in};
use crate::statement::{Session, Statement};
use crate::{Account, Error};

const PUT: Statement =
    Statement { doing: "keep an account", sql: include_str!("../../queries/put_account.sql") };
const SET_ROLE: Statement =
    Statement { doing: "keep a role", sql: include_str!("../../queries/set_role.sql") };
const SET_PASSWORD: Statement =
    Statement { doing: "keep a password", sql: include_str!("../../queries/set_password.sql") };
const ABLE: Statement =
    Statement { doing: "disable an account", sql: include_str!("../../queries/able_account.sql") };
const PUT_SESSION: Statement =
    Statement { doing: "begin a session", sql: include_str!("../../queries/put_session.sql") };
const SEE: Statement =
    Statement { doing: "keep up a session", sql: include_str!("../../queries/see_session.sql") };
const END: Statement =
    Statement { doing: "end a session", sql: include_str!("../../queries/end_session.sql") };
const END_ALL: Statement =
    Statement { doing: "end sessions", sql: include_str!("../../queries/end_sessions.sql") };
const END_OLD: Statement = Statement {
    doing: "end old sessions",
    sql: include_str!("../../queries/end_old_sessions.sql"),
};
const PUT_LINK: Statement =
    Statement { doing: "make a link", sql: include_str!("../../queries/put_password_link.sql") };
const END_LINKS: Statement =
    Statement { doing: "end links", sql: include_str!("../../queries/end_password_links.sql") };

/// A link by which a password is set once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The keyed hash of its token.
    pub token_hmac: String,
    /// The first instant at which it is of no use any more.
    pub expires_at: Timestamp,
}

/// A change of who may sign in, or who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountChange {
    /// Makes an account, and perhaps a link for its password. When it was made is the ledger's to
    /// say.
    Create {
        /// The account.
        account: Box<Account>,
        /// The link.
        link: Option<NewLink>,
        /// Whether it is made only where there is no other.
        is_first: bool,
    },
    /// Makes the account of who is vouched for; or gives the one that there is the role and the team
    /// that they have now, which ends its sessions.
    Follow {
        /// The account as it is to be.
        account: Box<Account>,
    },
    /// Ends an account's sessions and API tokens; no line in the audit log where it has none.
    EndSessions {
        /// The account's id.
        id: String,
    },
    /// Takes an account's password away and ends its sessions and API tokens; a link sets another.
    Reset {
        /// The account's id.
        id: String,
        /// The link.
        link: NewLink,
    },
    /// Disables an account, which ends its sessions, API tokens and links; or enables it again.
    Able {
        /// The account's id.
        id: String,
        /// Whether it may sign in.
        may: bool,
    },
    /// Sets a password by a link, which is gone then, with all sessions of the account.
    UseLink {
        /// The keyed hash of the link's token.
        token_hmac: String,
        /// The hash of the password.
        password_hash: String,
    },
    /// Begins a session, in place of one that the same browser had.
    SignIn {
        /// The account's id.
        id: String,
        /// The keyed hash of the new token.
        token_hmac: String,
        /// That of the old one.
        instead_of: Option<String>,
        /// Sessions that began by then, or were last heard of by then, are over.
        over: (Timestamp, Timestamp),
    },
    /// Ends a session.
    SignOut {
        /// The keyed hash of its token.
        token_hmac: String,
        /// The account's id.
        id: String,
    },
    /// Says that a session is in use; no line in the audit log.
    Seen {
        /// The keyed hash of its token.
        token_hmac: String,
    },
}

/// Makes one change.
pub(super) async fn make(
    session: &mut Session<'_>,
    change: &AccountChange,
    now: Timestamp,
) -> Result<Changed, Error> {
    match change {
        AccountChange::Create { account, link, is_first } => {
            create(session, (account, link.as_ref(), *is_first), now).await
        }
        AccountChange::Follow { account } => follow(session, account, now).await,
        AccountChange::EndSessions { id } => {
            let account = known(session, id).await?;
            let ended = session.run(END_ALL, &[id.as_str().into()]).await?
                + api_tokens::end_all(session, id, now).await?;
            Ok(changed("sessions end", &account, ((ended > 0).then(|| shown(&account)), None)))
        }
        AccountChange::Reset { id, link } => {
            let account = known(session, id).await?;
            session.run(SET_PASSWORD, &[id.as_str().into(), None::<&str>.into()]).await?;
            session.run(END_ALL, &[id.as_str().into()]).await?;
            api_tokens::end_all(session, id, now).await?;
            session.run(END_LINKS, &[id.as_str().into()]).await?;
            put_link(session, id, link).await?;
            Ok(changed("user reset", &account, (None, Some(shown(&account)))))
        }
        AccountChange::Able { id, may } => able(session, (id, *may), now).await,
        AccountChange::UseLink { token_hmac, password_hash } => {
            let account = link_in(session, token_hmac, now).await?;
            let id = account.ok_or_else(|| unknown("link", "that was followed"))?;
            let account = known(session, &id).await?;
            session.run(SET_PASSWORD, &[id.as_str().into(), password_hash.as_str().into()]).await?;
            session.run(END_ALL, &[id.as_str().into()]).await?;
            session.run(END_LINKS, &[id.as_str().into()]).await?;
            Ok(changed("user password", &account, (None, Some(shown(&account)))))
        }
        AccountChange::SignIn { id, token_hmac, instead_of, over } => {
            let account = known(session, id).await?;
            session.run(END_OLD, &[over.0.0.into(), over.1.0.into()]).await?;
            if let Some(old) = instead_of {
                session.run(END, &[old.as_str().into()]).await?;
            }
            let values = [token_hmac.as_str().into(), id.as_str().into(), now.0.into()];
            session.run(PUT_SESSION, &values).await?;
            Ok(changed("sign in", &account, (None, Some(shown(&account)))))
        }
        AccountChange::SignOut { token_hmac, id } => {
            let account = known(session, id).await?;
            let ended = session.run(END, &[token_hmac.as_str().into()]).await?;
            Ok(changed("sign out", &account, ((ended > 0).then(|| shown(&account)), None)))
        }
        AccountChange::Seen { token_hmac } => {
            session.run(SEE, &[token_hmac.as_str().into(), now.0.into()]).await?;
            Ok(Changed { action: "seen", subject: String::new(), was: None, becomes: None })
        }
    }
}

async fn create(
    session: &mut Session<'_>,
    (account, link, is_first): (&Account, Option<&NewLink>, bool),
    now: Timestamp,
) -> Result<Changed, Error> {
    let known = accounts_in(session).await?;
    if let Some(first) = known.first().filter(|_| is_first) {
        return Err(taken("user", &first.name));
    }
    let is_known = |other: &Account| {
        let is_same_person = other.identity.is_some() && other.identity == account.identity;
        other.id == account.id || other.name == account.name || is_same_person
    };
    if known.iter().any(is_known) {
        return Err(taken("user", &account.name));
    }
    let values = [
        account.id.as_str().into(),
        account.name.as_str().into(),
        account.role.as_str().into(),
        account.team.as_deref().into(),
        account.password_hash.as_deref().into(),
        now.0.into(),
        account.identity.as_ref().map(|identity| identity.issuer.as_str()).into(),
        account.identity.as_ref().map(|identity| identity.subject.as_str()).into(),
    ];
    session.run(PUT, &values).await?;
    if let Some(link) = link {
        put_link(session, &account.id, link).await?;
    }
    Ok(changed("user create", account, (None, Some(shown(account)))))
}

async fn follow(
    session: &mut Session<'_>,
    account: &Account,
    now: Timestamp,
) -> Result<Changed, Error> {
    let all = accounts_in(session).await?;
    let Some(was) = all.iter().find(|other| other.id == account.id) else {
        return create(session, (account, None, false), now).await;
    };
    if (&was.role, &was.team) == (&account.role, &account.team) {
        return Ok(changed("user role", was, (None, None)));
    }
    let values =
        [was.id.as_str().into(), account.role.as_str().into(), account.team.as_deref().into()];
    session.run(SET_ROLE, &values).await?;
    session.run(END_ALL, &[was.id.as_str().into()]).await?;
    let becomes = Account { role: account.role.clone(), team: account.team.clone(), ..was.clone() };
    Ok(changed("user role", was, (Some(shown(was)), Some(shown(&becomes)))))
}

async fn able(
    session: &mut Session<'_>,
    (id, may): (&str, bool),
    now: Timestamp,
) -> Result<Changed, Error> {
    let account = known(session, id).await?;
    if account.disabled_at.is_none() == may {
        return Ok(changed("user enable", &account, (None, None)));
    }
    let since = (!may).then_some(now);
    session.run(ABLE, &[id.into(), since.map(|at| at.0).into()]).await?;
    if !may {
        session.run(END_ALL, &[id.into()]).await?;
        api_tokens::end_all(session, id, now).await?;
        session.run(END_LINKS, &[id.into()]).await?;
    }
    let action = if may { "user enable" } else { "user disable" };
    let was = shown(&account);
    let becomes = shown(&Account { disabled_at: since, ..account.clone() });
    Ok(changed(action, &account, (Some(was), Some(becomes))))
}

async fn known(session: &mut Session<'_>, id: &str) -> Result<Account, Error> {
    let account = accounts_in(session).await?.into_iter().find(|account| account.id == id);
    account.ok_or_else(|| unknown("user", id))
}

async fn put_link(session: &mut Session<'_>, id: &str, link: &NewLink) -> Result<(), Error> {
    let values = [link.token_hmac.as_str().into(), id.into(), link.expires_at.0.into()];
    session.run(PUT_LINK, &values).await.map(drop)
}

fn changed(
    action: &'static str,
    account: &Account,
    (was, becomes): (Option<String>, Option<String>),
) -> Changed {
    Changed { action, subject: format!("user {}", account.name), was, becomes }
}

/// An account as the list of changes shows it: without any hash.
fn shown(account: &Account) -> String {
    let disabled_ms = account.disabled_at.map(|at| at.0);
    let Account { id, name, role, team, .. } = account;
    let mut shown = json!({
        "id": id, "name": name, "role": role, "team": team, "disabled_ms": disabled_ms,
    });
    if let Some(identity) = &account.identity {
        shown["issuer"] = identity.issuer.as_str().into();
        shown["subject"] = identity.subject.as_str().into();
    }
    shown.to_string()
}
