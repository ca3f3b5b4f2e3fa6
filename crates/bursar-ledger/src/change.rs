//! What people and scripts change: who may call, limits and freezes. Each change is audited, bumps the revision,
//! and so applies to the next admission of every process.
//!
//! Several changes are one transaction: all of them, or none. Who may change what is not decided
//! here.

mod access;
mod accounts;
mod admin_keys;
mod api_tokens;
mod freezes;
mod glass;
mod ink;
mod keys;
mod limits;
mod policies;
mod rows;
mod streams;
mod windows;

use bursar_domain::budget::WindowId;
use bursar_domain::call::CallId;
use bursar_domain::limit::{Limit, LimitId};
use bursar_domain::money::Micros;
use bursar_domain::roster::Roster;
use bursar_domain::scope::Scope;
use bursar_domain::time::Timestamp;
use bursar_domain::watch::StreamLimits;
use serde::Serialize;

use crate::access::access_in;
use crate::queue::{Answer, Task};
use crate::rules::BUMP_REVISION;
use crate::statement::{Session, Statement, bulk};
use crate::{Error, Ledger};
use ink::Ink;
use limits::Limits;

pub use access::AccessChange;
pub use accounts::{AccountChange, NewLink};
pub use admin_keys::AdminKeyChange;
pub use api_tokens::ApiTokenChange;
pub use keys::{KeyChange, KeyTerms};

const INSERT_CHANGES: Statement =
    Statement { doing: "note changes", sql: include_str!("../queries/insert_changes.sql") };

const QUEUE_CHANGES: Statement = Statement {
    doing: "queue changes for their block",
    sql: include_str!("../queries/queue_changes.sql"),
};

/// So many changes are noted by one statement.
const NOTES_MAX: usize = 1_000;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Changes who may call.
    Access(AccessChange),
    /// Makes or ends a key of the admin API.
    AdminKey(AdminKeyChange),
    /// Makes, ends or uses an API token.
    ApiToken(ApiTokenChange),
    /// Changes who may sign in where people look, or signs somebody in or out.
    Account(AccountChange),
    /// Sets a limit. One of the same scope, counter, unit and window is changed, and keeps its
    /// identity and what it has counted; a change of the time zone begins a new window.
    SetLimit(Limit),
    /// Ends a limit. It no longer counts; what it has counted stays.
    EndLimit(LimitId),
    /// Refuses every call of a scope. One that is frozen already stays as it is.
    Freeze {
        /// The freeze's identity.
        id: String,
        /// Whom it is about.
        scope: Scope,
        /// Why.
        reason: String,
    },
    /// Ends every freeze of a scope, and of all that is narrower.
    Thaw {
        /// Whom it is about.
        scope: Scope,
        /// Why; empty when nobody says.
        reason: String,
    },
    /// Sets how far the streams of a scope may go, in place of what was set for it.
    SetStreamLimits {
        /// The identity, where it is new.
        id: String,
        /// Whose streams.
        scope: Scope,
        /// How far.
        limits: StreamLimits,
    },
    /// Ends the limits of a scope's streams.
    EndStreamLimits {
        /// Whose streams.
        scope: Scope,
    },
    /// Wishes open calls cut; whichever process makes them obeys.
    Cut {
        /// The calls.
        calls: Vec<CallId>,
        /// Why.
        reason: String,
    },
    /// Notes what was done to the ledger as a whole, and changes nothing.
    Note {
        /// What was done.
        action: &'static str,
        /// To what.
        subject: String,
        /// By what, or with what.
        becomes: String,
    },
    /// Sets a window's balance to what its journal adds up to.
    RebuildWindow(WindowId),
    /// Notes that calls passed hard limits while the ledger was away, by the break-glass file of a
    /// host; the actor is who wrote it.
    GlassBroken {
        /// Why.
        reason: String,
        /// Until when the file opened them.
        until: Timestamp,
        /// How many calls.
        calls: u64,
        /// The most they can have cost.
        held: Micros,
    },
}

/// What a change did: the thing as it was and as it is now, in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// What was done: `limit set`, `team create`, `key rotate`, `thaw` …
    pub action: &'static str,
    /// To whom or what.
    pub subject: String,
    /// Before; `None` when there was none.
    pub was: Option<String>,
    /// After; `None` when there is none.
    pub becomes: Option<String>,
}

impl Changed {
    /// Whether anything is other than it was.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.was != self.becomes
    }
}

impl Ledger {
    /// Makes changes, all or none, on behalf of `actor`; what each thing was and is.
    ///
    /// # Errors
    /// [`Error::UnknownLimit`], or a database that failed. Nothing is changed then.
    pub async fn change(&self, actor: &str, changes: Vec<Change>) -> Result<Vec<Changed>, Error> {
        let task = Task::Change { actor: actor.to_owned(), changes };
        let answer = self.queue.ask(task).await?;
        // Who makes a change goes by it at once.
        self.keyring.distrust();
        match answer {
            Answer::Changed(made) => Ok(made),
            _ => Err(Error::Closed),
        }
    }
}

/// What is there, read where a change first asks, and kept up to date as changes are made.
#[derive(Debug, Default)]
struct Known {
    roster: Option<Roster>,
    limits: Option<Limits>,
}

impl Known {
    async fn roster(&mut self, ink: &mut Ink<'_, '_>) -> Result<&mut Roster, Error> {
        match &mut self.roster {
            Some(roster) => Ok(roster),
            none => Ok(none.insert(access_in(ink.dry().await?).await?.into())),
        }
    }

    async fn limits(&mut self, ink: &mut Ink<'_, '_>) -> Result<&mut Limits, Error> {
        match &mut self.limits {
            Some(limits) => Ok(limits),
            none => Ok(none.insert(Limits::read(ink.dry().await?).await?)),
        }
    }
}

/// Makes changes within a transaction: in as many steps as there are changes, whatever the number of
/// teams, keys and limits.
pub(crate) async fn make(
    session: &mut Session<'_>,
    (actor, changes): (&str, &[Change]),
    now: Timestamp,
) -> Result<Vec<Changed>, Error> {
    // Also the lock that makes changes wait for each other.
    session.run(BUMP_REVISION, &[]).await?;
    let mut made = Vec::new();
    let mut known = Known::default();
    let mut ink = Ink::new(session);
    for change in changes {
        made.extend(make_one(&mut ink, &mut known, change, (actor, now)).await?);
    }
    let session = ink.dry().await?;
    let notes: Vec<&Changed> = made.iter().filter(|changed| changed.is_change()).collect();
    for notes in notes.chunks(NOTES_MAX) {
        note(session, notes, (actor, now)).await?;
    }
    Ok(made)
}

async fn make_one(
    ink: &mut Ink<'_, '_>,
    known: &mut Known,
    change: &Change,
    (actor, now): (&str, Timestamp),
) -> Result<Vec<Changed>, Error> {
    Ok(match change {
        Change::Access(change) => {
            let roster = known.roster(ink).await?;
            return access::make(ink, roster, change, now).await;
        }
        Change::SetLimit(limit) => {
            let limits = known.limits(ink).await?;
            vec![limits::set(ink, limits, limit, now).await?]
        }
        Change::EndLimit(id) => {
            let limits = known.limits(ink).await?;
            vec![limits::end(ink, limits, id, now).await?]
        }
        other => return make_singly(ink.dry().await?, other, (actor, now)).await,
    })
}

/// Makes a change that stands by itself.
async fn make_singly(
    session: &mut Session<'_>,
    change: &Change,
    (actor, now): (&str, Timestamp),
) -> Result<Vec<Changed>, Error> {
    Ok(match change {
        Change::AdminKey(change) => vec![admin_keys::make(session, change, now).await?],
        Change::ApiToken(change) => vec![api_tokens::make(session, change, now).await?],
        Change::Account(change) => vec![accounts::make(session, change, now).await?],
        Change::Freeze { id, scope, reason } => {
            vec![freezes::freeze(session, (id, scope, reason), (actor, now)).await?]
        }
        Change::Thaw { scope, reason } => {
            freezes::thaw(session, (scope, reason), (actor, now)).await?
        }
        Change::SetStreamLimits { id, scope, limits } => {
            vec![streams::set(session, (id, scope, limits), now).await?]
        }
        Change::EndStreamLimits { scope } => vec![streams::end(session, scope, now).await?],
        Change::Cut { calls, reason } => {
            streams::wish(session, (calls, reason), (actor, now)).await?
        }
        Change::Note { action, subject, becomes } => vec![Changed {
            action,
            subject: subject.clone(),
            was: None,
            becomes: Some(becomes.clone()),
        }],
        Change::RebuildWindow(window) => vec![windows::rebuild(session, window).await?],
        Change::GlassBroken { reason, until, calls, held } => {
            vec![glass::broken(reason, *until, (*calls, *held))]
        }
        // Made where what is known of them is kept.
        Change::Access(_) | Change::SetLimit(_) | Change::EndLimit(_) => Vec::new(),
    })
}

async fn note(
    session: &mut Session<'_>,
    notes: &[&Changed],
    (actor, now): (&str, Timestamp),
) -> Result<(), Error> {
    session.run(INSERT_CHANGES, &[now.0.into(), actor.into(), bulk(notes)?]).await?;
    let count = i64::try_from(notes.len()).unwrap_or(i64::MAX);
    session.run(QUEUE_CHANGES, &[count.into()]).await.map(drop)
}

/// A thing as the list of changes shows it. Texts and numbers cannot fail to be written.
fn json(shown: &impl Serialize) -> String {
    serde_json::to_string(shown).unwrap_or_default()
}
