//! One sign-on, from the browser that begins it to the same browser coming back: kept in a cookie of
//! its own for ten minutes, and nowhere else. What goes to the provider is derived from its token, so
//! that nobody who sees the one knows the other.

use bursar_domain::time::Timestamp;
use bursar_ledger::{MasterKey, Secret};
use percent_encoding::percent_decode_str;
use subtle::ConstantTimeEq;

use crate::filters::escaped;

/// So long somebody may take to prove who they are.
pub(crate) const FLOW_MS: i64 = 10 * 60_000;

/// A sign-on that was begun.
pub(crate) struct Flow {
    token: Secret,
    begun: Timestamp,
    /// Where to go afterwards.
    pub(crate) next: String,
    /// What comes back with the browser.
    pub(super) state: String,
    /// What has to stand in the ID token.
    pub(super) nonce: String,
    /// What proves to the provider that who began asks for the tokens.
    pub(super) verifier: String,
}

impl Flow {
    pub(crate) fn new(
        master: &MasterKey,
        (token, next): (Secret, String),
        begun: Timestamp,
    ) -> Self {
        let of = |purpose| master.sign_on(purpose, token.expose());
        let (state, nonce, verifier) = (of("state"), of("nonce"), of("verifier"));
        Self { token, begun, next, state, nonce, verifier }
    }

    /// As the cookie holds it.
    pub(crate) fn cookie(&self, master: &MasterKey) -> Secret {
        let text = format!("{}.{}.{}", self.token.expose(), self.begun.0, escaped(&self.next));
        Secret::new(format!("{text}.{}", master.sign_on("cookie", &text)))
    }

    /// Reads a cookie; `None` for one that is not ours, or too old.
    pub(crate) fn read(master: &MasterKey, cookie: &Secret, now: Timestamp) -> Option<Self> {
        let (text, mac) = cookie.expose().rsplit_once('.')?;
        let ours = master.sign_on("cookie", text);
        if !bool::from(ours.as_bytes().ct_eq(mac.as_bytes())) {
            return None;
        }
        let mut parts = text.splitn(3, '.');
        let (token, begun, next) = (parts.next()?, parts.next()?, parts.next()?);
        let begun = Timestamp(begun.parse().ok()?);
        let next = percent_decode_str(next).decode_utf8().ok()?.into_owned();
        let is_live = (0..FLOW_MS).contains(&(now.0 - begun.0));
        is_live.then(|| Self::new(master, (Secret::new(token.to_owned()), next), begun))
    }

    /// Whether this came back with what it went out with.
    pub(crate) fn is_of(&self, state: &str) -> bool {
        bool::from(self.state.as_bytes().ct_eq(state.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_428_600_000);

    #[test]
    fn a_cookie_is_read_for_ten_minutes_and_only_as_it_was_given() {
        let master = MasterKey::parse(&"0123456789abcdef".repeat(4)).unwrap();
        let next = "/spend?range=7d&model=a.b".to_owned();
        let flow = Flow::new(&master, (Secret::new("a".repeat(64)), next.clone()), NOW);
        let cookie = flow.cookie(&master);
        let read = |text: &str, ms: i64| {
            Flow::read(&master, &Secret::new(text.to_owned()), Timestamp(NOW.0 + ms))
        };
        let again = read(cookie.expose(), FLOW_MS - 1).unwrap();
        assert_eq!((again.next.as_str(), &again.state), (next.as_str(), &flow.state));
        assert!(again.is_of(&flow.state) && !again.is_of(&flow.nonce) && !again.is_of(""));
        assert!(read(cookie.expose(), FLOW_MS).is_none() && read(cookie.expose(), -1).is_none());
        for bad in [
            "",
            ".",
            "...",
            &cookie.expose().replace("spend", "calls"),
            &cookie.expose().replacen('a', "b", 1),
            &cookie.expose().replace(&NOW.0.to_string(), "1795428600001"),
        ] {
            assert!(read(bad, 1).is_none(), "{bad}");
        }
        // What goes to the provider tells nothing of the rest.
        let all = [flow.token.expose(), &flow.state, &flow.nonce, &flow.verifier];
        let different: std::collections::BTreeSet<&str> = all.into_iter().collect();
        assert_eq!(different.len(), 4);
        assert!((43..=128).contains(&flow.verifier.len()), "as PKCE wants it");
    }
}
