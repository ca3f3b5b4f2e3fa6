//! Who asks: a key of the admin API or somebody's API token, as a bearer token, and nothing else. A
//! virtual key, which makes calls, is none.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HOST};
use bursar_admin::{Desk, Visitor};
use bursar_ledger::Secret;

use crate::problem::Problem;

/// How every secret of ours begins.
const SECRET_PREFIXES: [&str; 3] = ["bsr_", "bsa_", "bst_"];

/// What a request says of who sends it.
#[derive(Debug)]
pub(crate) struct Asker {
    bearer: Option<Secret>,
    /// Whether a secret stands in the URL.
    is_careless: bool,
}

impl Asker {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let whole = request.uri().to_string();
        let is_careless = SECRET_PREFIXES.iter().any(|prefix| whole.contains(prefix));
        Self { bearer: bearer(request), is_careless }
    }

    /// Who it is.
    ///
    /// # Errors
    /// Nobody that is known; or nobody could be, and how to make a key.
    pub(crate) async fn visitor(self, desk: Desk) -> Result<Visitor, Problem> {
        if self.is_careless {
            return Err(Problem::usage(
                "a secret stands in the URL, where logs and proxies keep it",
            )
            .hint("revoke it: `bursar admin-key revoke`; send it as `authorization: Bearer …`"));
        }
        let may_be_token = match &self.bearer {
            Some(bearer) => desk.admin.may_be_token(bearer).await?,
            None => false,
        };
        if !may_be_token && !desk.admin.has_admin_key().await? {
            return Err(unknown("there is no admin key yet")
                .hint("`bursar admin-key create --name NAME`, at the ledger, makes one"));
        }
        let bearer = self.bearer.ok_or_else(|| {
            unknown("no admin key was given").hint("send it as `authorization: Bearer bsa_…`")
        })?;
        let master = desk.admin.master_key(&desk.master).await?;
        desk.admin.visitor(&master, &bearer).await?.ok_or_else(|| {
            unknown("the admin key is not known, or has ended")
                .hint("`bursar admin-key list`, at the ledger, names those there are")
        })
    }
}

/// Whether who asks is on this machine, and means it: a page in its browser that has bent a name to
/// this address still sends that name.
pub(crate) fn is_local(request: &HttpRequest) -> bool {
    let is_near = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let is_meant = name == "localhost"
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    is_near && is_meant
}

fn bearer(request: &HttpRequest) -> Option<Secret> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (header, more) = (headers.next()?, headers.next());
    let (scheme, token) = header.to_str().ok().filter(|_| more.is_none())?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim().to_owned()))
}

fn unknown(message: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", message)
}
