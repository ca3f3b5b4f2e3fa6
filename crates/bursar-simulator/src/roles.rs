//! Roles that were assumed: what STS takes and refuses, and the keys that it gives out. Bounded: the
//! oldest make room.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use bursar_domain::time::Timestamp;
use bursar_wire::error::WireError;

use crate::control_plane::ACCOUNT;
use crate::settings::Credentials;
use crate::sts::Form;

/// The most sessions that are kept.
const SESSIONS_MAX: usize = 10_000;
/// The most tags of a session.
const TAGS_MAX: usize = 50;
/// How long a session lasts, in seconds, unless it is asked for another time.
const SECONDS: i64 = 3_600;

/// A role that somebody has assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSession {
    /// The role.
    pub role_arn: String,
    /// The name that its caller gave to it.
    pub session_name: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The id of the key that it was given.
    pub access_key_id: String,
    /// When the key ends.
    pub expires_at: Timestamp,
    pub(crate) secret: String,
    pub(crate) token: String,
}

impl RoleSession {
    /// Who its calls are made by, as AWS names it.
    #[must_use]
    pub fn arn(&self) -> String {
        let role = self.role_arn.rsplit('/').next().unwrap_or_default();
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{}", self.session_name)
    }
}

/// Every session that was given out.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<List>);

#[derive(Debug, Default)]
struct List {
    sessions: VecDeque<RoleSession>,
    count: u64,
}

impl Sessions {
    /// Gives out a session as it is asked for, where STS would.
    pub(crate) fn assume(
        &self,
        form: &Form,
        denied: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<RoleSession, WireError> {
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        let (role_arn, session_name) = (field("RoleArn"), field("RoleSessionName"));
        check_arn(&role_arn)?;
        check_text("RoleSessionName", &session_name, (2, 64), |letter| {
            letter.is_ascii_alphanumeric() || "_=,.@-+".contains(letter)
        })?;
        let tags = tags(form)?;
        if denied.contains(&role_arn) {
            let text = format!(
                "User: arn:aws:iam::{ACCOUNT}:user/simulated is not authorized to perform: \
                 sts:AssumeRole on resource: {role_arn}"
            );
            return Err(WireError::unmodelled("AccessDenied", 403, text));
        }
        let seconds = match form.get("DurationSeconds") {
            None => SECONDS,
            Some(text) => {
                text.parse().ok().filter(|long| (900..=43_200).contains(long)).ok_or_else(|| {
                    invalid("DurationSeconds has to be from 900 to 43200".to_owned())
                })?
            }
        };
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.count += 1;
        let number = list.count;
        let session = RoleSession {
            role_arn,
            session_name,
            tags,
            access_key_id: format!("ASIASIMULATED{number:07}"),
            expires_at: Timestamp(now.0 + seconds * 1_000),
            secret: format!("secret-of-session-{number}"),
            token: format!("token-of-session-{number}"),
        };
        if list.sessions.len() >= SESSIONS_MAX {
            list.sessions.pop_front();
        }
        list.sessions.push_back(session.clone());
        Ok(session)
    }

    /// Every session that is kept, oldest first.
    pub(crate) fn all(&self) -> Vec<RoleSession> {
        let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.sessions.iter().cloned().collect()
    }

    /// The key of a session, by its id.
    pub(crate) fn key(&self, access_key_id: &str) -> Option<(Credentials, String)> {
        let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = list.sessions.iter().find(|known| known.access_key_id == access_key_id)?;
        let key = Credentials {
            access_key_id: session.access_key_id.clone(),
            secret_access_key: session.secret.clone(),
        };
        Some((key, session.token.clone()))
    }
}

fn check_arn(arn: &str) -> Result<(), WireError> {
    let account = arn.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":role/"));
    let is_arn = account.is_some_and(|(account, role)| {
        account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && !role.is_empty()
    });
    if is_arn { Ok(()) } else { Err(invalid(format!("{arn} is invalid"))) }
}

fn tags(form: &Form) -> Result<BTreeMap<String, String>, WireError> {
    let mut tags = BTreeMap::new();
    for number in 1.. {
        let Some(key) = form.get(&format!("Tags.member.{number}.Key")) else { break };
        let value = form.get(&format!("Tags.member.{number}.Value")).cloned().unwrap_or_default();
        let is_fit = |letter: char| letter.is_alphanumeric() || " _.:/=+-@".contains(letter);
        check_text("Tags.member.Key", key, (1, 128), is_fit)?;
        check_text("Tags.member.Value", &value, (0, 256), is_fit)?;
        if tags.insert(key.clone(), value).is_some() || tags.len() > TAGS_MAX {
            return Err(invalid("Duplicate tag keys found, or too many".to_owned()));
        }
    }
    Ok(tags)
}

fn check_text(
    name: &str,
    text: &str,
    (least, most): (usize, usize),
    is_fit: impl Fn(char) -> bool,
) -> Result<(), WireError> {
    if (least..=most).contains(&text.chars().count()) && text.chars().all(is_fit) {
        return Ok(());
    }
    Err(invalid(format!("1 validation error detected: Value '{text}' at '{name}' is not allowed")))
}

fn invalid(text: String) -> WireError {
    WireError::unmodelled("ValidationError", 400, text)
}
