//! Who calls: a virtual key as a bearer token or in `x-api-key`, or a signature made with an issued
//! pair, recomputed over the bytes that came.
//!
//! In two steps, so that a body is only read for somebody who may be known: first what the head
//! claims, and then, for a signature, whether it was made over this very body. Signed in the query
//! (presigned), over no body (`UNSIGNED-PAYLOAD`) or in chunks is refused on purpose: none of them
//! proves what was asked. A key in a query is refused, right or wrong: addresses end up in logs.

use bursar_core::{Caller, Signer};
use bursar_domain::identity::Attribution;
use bursar_wire::error::{ErrorCode, WireError};
use bursar_wire::sigv4::{self, Authorization, SignedRequest};
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use crate::front::Front;

/// How every virtual key begins.
pub(crate) const KEY_PREFIX: &str = "bsr_";
pub(crate) const API_KEY: &str = "x-api-key";
const CONTENT_HASH: &str = "x-amz-content-sha256";

/// What a request's head proves, or promises to.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is known who calls.
    Known(Caller),
    /// It will be, once the signature is verified over the body.
    Signed(Box<Authorization>, Box<Signer>),
}

impl Front {
    /// Reads who a request's head says it is from. The error is AWS's own for the same.
    pub(crate) async fn claim(&self, parts: &Parts) -> Result<Claim, WireError> {
        refuse_query(parts.uri.query().unwrap_or_default())?;
        if let Some(private) = &self.settings.private {
            // Whatever else was sent is meant for AWS, and proves nothing here.
            let caller = private.caller(parts);
            return caller.map(Claim::Known).ok_or_else(|| unrecognised(NOT_THE_RUNS));
        }
        if parts.headers.get_all(AUTHORIZATION).iter().count() > 1 {
            return Err(unrecognised("there are several authorization headers"));
        }
        let header = text(&parts.headers, AUTHORIZATION.as_str())?;
        let bearer = header.and_then(bearer_of);
        let api_key = text(&parts.headers, API_KEY)?;
        let given = [bearer, api_key];
        if let Some(key) = given.into_iter().flatten().find(|key| key.starts_with(KEY_PREFIX)) {
            let found = self.bursar.identify(key).await.map_err(|error| away(&error))?;
            return found.map(Claim::Known).ok_or_else(|| unrecognised(UNKNOWN_KEY));
        }
        if let Some(header) = header.filter(|header| header.starts_with("AWS4")) {
            return self.signed(parts, header).await;
        }
        if given.iter().any(Option::is_some) || header.is_some() {
            return self.stranger(parts, UNKNOWN_KEY);
        }
        self.stranger(parts, "there is no key\nhint: `bursar key create` makes one")
    }

    async fn signed(&self, parts: &Parts, header: &str) -> Result<Claim, WireError> {
        let authorization = Authorization::parse(header).map_err(|error| error.wire_error())?;
        let found = self.bursar.signer(&authorization.access_key_id).await;
        let Some(signer) = found.map_err(|error| away(&error))? else {
            return self.stranger(parts, UNKNOWN_KEY);
        };
        let hash = text(&parts.headers, CONTENT_HASH)?;
        if hash.is_some_and(|hash| hash.starts_with("UNSIGNED") || hash.starts_with("STREAMING")) {
            return Err(unrecognised("a signature over no body is not taken: sign the payload"));
        }
        Ok(Claim::Signed(Box::new(authorization), Box::new(signer)))
    }

    /// Somebody without one of our keys: nobody, unless everybody may come in. A page that a browser
    /// shows is not everybody: whoever made it would spend from this machine.
    fn stranger(&self, parts: &Parts, why: &str) -> Result<Claim, WireError> {
        if !self.settings.open {
            return Err(unrecognised(why));
        }
        if ["origin", "sec-fetch-site"].iter().any(|name| parts.headers.contains_key(*name)) {
            return Err(unrecognised(
                "a page in a browser needs a key, even where nobody else does",
            ));
        }
        Ok(Claim::Known(Caller::default()))
    }

    /// Who calls, now that the body is there.
    pub(crate) fn prove(
        &self,
        claim: Claim,
        parts: &Parts,
        body: &[u8],
    ) -> Result<Attribution, WireError> {
        let (authorization, signer) = match claim {
            Claim::Known(caller) => return Ok(caller.attribution),
            Claim::Signed(authorization, signer) => (authorization, signer),
        };
        let request = SignedRequest {
            method: parts.method.as_str(),
            raw_path: parts.uri.path(),
            raw_query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body,
        };
        let now = self.bursar.clock.now();
        sigv4::verify(&request, &authorization, signer.secret.expose(), now)
            .map_err(|error| error.wire_error())?;
        Ok(signer.caller.attribution)
    }
}

const UNKNOWN_KEY: &str = "the key is unknown, revoked or expired";
const NOT_THE_RUNS: &str =
    "this gateway serves one command\nhint: only the address that the command was given is let in";

/// Over HTTP/2 the host comes outside the headers, where a signature does not look for it.
pub(crate) fn with_host(parts: &mut Parts) {
    if parts.headers.contains_key(HOST) {
        return;
    }
    let host = parts.uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    if let Some(host) = host {
        parts.headers.insert(HOST, host);
    }
}

fn bearer_of(header: &str) -> Option<&str> {
    let (scheme, key) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, WireError> {
    let read = |value: &'a HeaderValue| {
        value.to_str().map_err(|_| unrecognised("a header of the key's is no text"))
    };
    headers.get(name).map(read).transpose()
}

/// A query that carries a key or a signature.
fn refuse_query(query: &str) -> Result<(), WireError> {
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = name.to_ascii_lowercase();
        if name.starts_with("x-amz-") {
            return Err(unrecognised("a presigned request is not taken: sign the headers"));
        }
        let is_key = ["key", "api_key", "api-key", "apikey", "token", "access_token", API_KEY]
            .contains(&name.as_str());
        if is_key || value.contains(KEY_PREFIX) {
            return Err(unrecognised("a key in the query is not taken: send it in a header"));
        }
    }
    Ok(())
}

fn unrecognised(why: &str) -> WireError {
    WireError::unmodelled("UnrecognizedClientException", 403, why)
}

/// Whether a key is good cannot be said: the ledger is away, and nothing is known by heart.
fn away(error: &bursar_core::Error) -> WireError {
    tracing::warn!("cannot tell who calls: {error}");
    WireError::new(ErrorCode::ServiceUnavailable, "the ledger is away: nobody can be known")
}
