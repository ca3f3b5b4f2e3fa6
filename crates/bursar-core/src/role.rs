//! A role that calls are made as, so that AWS's own bill tells who made them: one session for each
//! team, project and key, named and tagged by them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::IdentityCache;
use aws_sdk_bedrockruntime::error::DisplayErrorContext;
use bursar_domain::identity::Attribution;
use bursar_domain::time::Timestamp;
use tokio::sync::Mutex as Turn;

use crate::Connection;
use crate::bedrock::{SIGV4, builder};
use crate::outcome::Unanswered;

/// The error code of a call whose role was not to be had. Nothing was sent.
pub const ROLE_NOT_ASSUMED: &str = "RoleNotAssumed";
/// How long STS may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long before its end a session is asked for anew.
const SPARE_MS: i64 = 300_000;
/// The most sessions that are kept.
const SESSIONS_MAX: usize = 1_000;
/// AWS's own bounds, in characters.
const NAME_CHARS_MAX: usize = 64;
const TAG_CHARS_MAX: usize = 256;

/// Whose calls a session is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    team: Option<String>,
    project: Option<String>,
    key: Option<String>,
}

/// A client that signs by a session's key.
#[derive(Debug, Clone)]
struct Session {
    client: Client,
    expires_at: Timestamp,
}

/// One asks for a member's session; the others wait for it.
type Slot = Arc<Turn<Option<Session>>>;

/// A role, and its sessions.
#[derive(Debug)]
pub(crate) struct Role {
    arn: String,
    connection: Connection,
    config: SdkConfig,
    /// Where STS is, where it is another address than AWS's own.
    sts: Option<String>,
    sessions: Mutex<BTreeMap<Member, Slot>>,
}

impl Role {
    pub(crate) fn new(
        arn: String,
        connection: Connection,
        config: SdkConfig,
        sts: Option<String>,
    ) -> Self {
        Self { arn, connection, config, sts, sessions: Mutex::default() }
    }

    /// The client that makes somebody's calls.
    pub(crate) async fn client(
        &self,
        who: &Attribution,
        now: Timestamp,
    ) -> Result<Client, Unanswered> {
        let member =
            Member { team: who.team.clone(), project: who.project.clone(), key: who.key.clone() };
        let slot = self.slot(&member, now);
        // Those who wait for one who asks in vain do not each ask in vain for as long.
        let Ok(mut session) = tokio::time::timeout(PATIENCE, slot.lock()).await else {
            return Err(self.not_assumed(&member, "STS did not answer in time"));
        };
        if let Some(known) = session.as_ref().filter(|known| now.0 + SPARE_MS < known.expires_at.0)
        {
            return Ok(known.client.clone());
        }
        match self.assume(&member, now).await {
            Ok(new) => Ok(session.insert(new).client.clone()),
            Err(why) => {
                // What is good still is of use while STS is away.
                let good = session.as_ref().filter(|known| now < known.expires_at);
                good.map(|known| known.client.clone())
                    .ok_or_else(|| self.not_assumed(&member, &why))
            }
        }
    }

    fn not_assumed(&self, member: &Member, why: &str) -> Unanswered {
        Unanswered {
            may_have_been_sent: false,
            code: ROLE_NOT_ASSUMED,
            message: format!("the role `{}` was not assumed for {member}: {why}", self.arn),
        }
    }

    /// A member's place. Where there is no room, those go that nobody waits for and that ended first.
    fn slot(&self, member: &Member, now: Timestamp) -> Slot {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= SESSIONS_MAX && !sessions.contains_key(member) {
            let ends = |slot: &Slot| match slot.try_lock() {
                Ok(session) => session.as_ref().map_or(now, |session| session.expires_at),
                Err(_) => Timestamp(i64::MAX),
            };
            let first = sessions.iter().min_by_key(|(_, slot)| ends(slot));
            if let Some(first) = first.map(|(member, _)| member.clone()) {
                sessions.remove(&first);
            }
        }
        Arc::clone(sessions.entry(member.clone()).or_default())
    }

    async fn assume(&self, member: &Member, now: Timestamp) -> Result<Session, String> {
        let mut config = self.config.clone().into_builder();
        config.set_endpoint_url(self.sts.clone());
        let provider = AssumeRoleProvider::builder(&self.arn)
            .session_name(member.session_name())
            .tags(member.tags())
            .configure(&config.build())
            .build()
            .await;
        let asked = tokio::time::timeout(PATIENCE, provider.provide_credentials()).await;
        let given = match asked {
            Ok(given) => given.map_err(|error| DisplayErrorContext(error).to_string())?,
            Err(_) => return Err(format!("STS did not answer within {} s", PATIENCE.as_secs())),
        };
        let expires_at = ends(&given).unwrap_or(Timestamp(now.0 + 2 * SPARE_MS));
        let config = self.config.clone().into_builder();
        let config = config.credentials_provider(SharedCredentialsProvider::new(given)).build();
        // The key is known here: what a cache would keep of it is never asked for again.
        let builder = builder(&self.connection, &config)
            .auth_scheme_preference([SIGV4])
            .identity_cache(IdentityCache::no_cache());
        Ok(Session { client: Client::from_conf(builder.build()), expires_at })
    }
}

fn ends(credentials: &Credentials) -> Option<Timestamp> {
    let since = credentials.expiry()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp)
}

impl Member {
    /// `bursar-TEAM`, in the letters that AWS takes.
    fn session_name(&self) -> String {
        let team = self.team.as_deref().unwrap_or("no-team");
        let is_fit = |letter: char| letter.is_ascii_alphanumeric() || "_=,.@-".contains(letter);
        let named = format!("bursar-{team}");
        let named = named.chars().map(|letter| if is_fit(letter) { letter } else { '-' });
        named.take(NAME_CHARS_MAX).collect()
    }

    /// Who it is, in the letters that AWS takes.
    fn tags(&self) -> Vec<(&'static str, String)> {
        let is_fit = |letter: char| letter.is_alphanumeric() || " _.:/=+-@".contains(letter);
        let value = |text: &String| -> String {
            let fit = text.chars().map(|letter| if is_fit(letter) { letter } else { '_' });
            fit.take(TAG_CHARS_MAX).collect()
        };
        let said = [("team", &self.team), ("project", &self.project), ("key", &self.key)];
        said.into_iter().filter_map(|(tag, text)| Some((tag, value(text.as_ref()?)))).collect()
    }
}

impl std::fmt::Display for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.team {
            Some(team) => write!(f, "the team `{team}`"),
            None => f.pad("no team"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials as Given;

    #[test]
    fn no_more_sessions_are_kept_than_there_is_room_for() {
        let connection = Connection {
            region: None,
            endpoint: None,
            credentials: Given::Simulated,
            connect_timeout: Duration::from_secs(1),
        };
        let config = SdkConfig::builder().build();
        let role = Role::new("arn".to_owned(), connection, config, None);
        let member =
            |number: usize| Member { team: Some(number.to_string()), project: None, key: None };
        let kept = role.slot(&member(0), Timestamp(0));
        // Somebody asks for it just now.
        let _asking = kept.try_lock().unwrap();
        for number in 1..=SESSIONS_MAX {
            role.slot(&member(number), Timestamp(0));
        }
        let sessions = role.sessions.lock().unwrap();
        assert_eq!(sessions.len(), SESSIONS_MAX);
        assert!(sessions.contains_key(&member(0)) && sessions.contains_key(&member(SESSIONS_MAX)));
    }

    #[test]
    fn names_and_tags_have_the_letters_and_lengths_that_aws_takes() {
        let member = Member {
            team: Some("Research & <Dev>/é".to_owned()),
            project: Some("p".repeat(300)),
            key: None,
        };
        assert_eq!(member.session_name(), "bursar-Research----Dev---");
        let tags = member.tags();
        assert_eq!(tags[0], ("team", "Research _ _Dev_/é".to_owned()));
        assert_eq!((tags.len(), tags[1].1.len()), (2, 256));
        let nobody = Member { team: None, project: None, key: None };
        assert_eq!((nobody.session_name().as_str(), nobody.tags().len()), ("bursar-no-team", 0));
        let long = Member { team: Some("t".repeat(300)), ..nobody };
        assert_eq!(long.session_name().len(), 64);
    }
}
