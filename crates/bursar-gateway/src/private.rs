//! A gateway for one command alone: whoever has the token in its address is let in, and nobody else.
//!
//! The token proves who calls, so what the command's clients send beside it, a signature or a key
//! that is meant for AWS, is not looked at. The token is taken off a path before anything else reads
//! it, so that no log and no message has it.

use std::fmt;

use bursar_core::Caller;
use bursar_domain::entropy::Entropy;
use bursar_domain::identity::Attribution;
use bursar_wire::problem::{Problem, ProblemKind};
use http::Uri;
use http::request::Parts;
use http::uri::PathAndQuery;
use subtle::ConstantTimeEq;

use crate::who::KEY_PREFIX;

/// What stands before the token.
const MARK: &str = "/run/";
/// Two hundred and fifty-six bits.
const TOKEN_BYTES: usize = 32;

/// The one who is let in.
#[derive(Clone)]
pub struct Private {
    token: String,
    who: Attribution,
}

/// Says of a request that its path had the token.
#[derive(Debug, Clone, Copy)]
struct Admitted;

impl Private {
    /// Lets in whoever has a token that is made here; calls are recorded under `who`, whose labels
    /// no call can change.
    #[must_use]
    pub fn new(entropy: &Entropy, who: Attribution) -> Self {
        let random: [u8; TOKEN_BYTES] = entropy.bytes();
        let halves = random.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        let digits: String =
            halves.filter_map(|half| char::from_digit(u32::from(half), 16)).collect();
        // Begins as every key does: by that the log knows what it must not show.
        Self { token: format!("{KEY_PREFIX}run_{digits}"), who }
    }

    /// What the command's addresses begin with, behind the host and port. A secret.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{MARK}{}", self.token)
    }

    /// Takes the token off a request's path, where it is the right one.
    pub(crate) fn admit(&self, parts: &mut Parts) {
        if let Some(uri) = self.without_token(&parts.uri) {
            parts.uri = uri;
            parts.extensions.insert(Admitted);
        }
    }

    fn without_token(&self, uri: &Uri) -> Option<Uri> {
        let (token, rest) = uri.path().strip_prefix(MARK)?.split_once('/')?;
        if !bool::from(token.as_bytes().ct_eq(self.token.as_bytes())) {
            return None;
        }
        let path = match uri.query() {
            Some(query) => format!("/{rest}?{query}"),
            None => format!("/{rest}"),
        };
        let mut uri = uri.clone().into_parts();
        uri.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
        Uri::from_parts(uri).ok()
    }

    /// Who sent a request, if its path had the token.
    pub(crate) fn caller(&self, parts: &Parts) -> Option<Caller> {
        let known = parts.extensions.get::<Admitted>();
        known.map(|_| Caller { attribution: self.who.clone() })
    }

    /// That a call still has every label by which it is counted.
    pub(crate) fn check(&self, who: &Attribution) -> Result<(), Problem> {
        let changed = self.who.tags.iter().find(|(key, value)| who.tags.get(*key) != Some(*value));
        changed.map_or(Ok(()), |(key, _)| {
            let message = format!("the tag `{key}` is the run's own\nhint: leave it out");
            Err(Problem::new(ProblemKind::NotAllowed, message))
        })
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Private").field("who", &self.who).finish_non_exhaustive()
    }
}
