//! What is mounted, and who answers: the operations of `bursar-admin` below `/api/v1`, and a few
//! pages of our own. One table, which also makes the OpenAPI document.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use bursar_admin::{Desk, Operation, View, Visitor};
use bursar_domain::time::Timestamp;
use bursar_ledger::Secret;
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};

use crate::events::Watchers;
use crate::gate::{self, Asker};
use crate::metrics::{self, Meters};
use crate::oidc::Provider;
use crate::problem::Problem;
use crate::sign_in::{self, Doorkeeper, Guest};
use crate::{ask, document, people};

/// Where the operations are.
pub(crate) const PREFIX: &str = "/api/v1";
/// A file of access has four mebibytes at most; everything else is far below this.
const BODY_BYTES_MAX: usize = 5 << 20;
/// Longer URLs mean nothing here.
const URL_BYTES_MAX: usize = 8 << 10;

/// Everything that answers, shared by all who ask.
pub struct Site {
    /// The ledger, and what words can stand for now. Who asks is put in for each request.
    desk: watch::Receiver<Desk>,
    /// What the process itself has counted.
    pub meters: Meters,
    /// The day from which metrics count.
    pub(crate) since: Timestamp,
    /// What can be asked.
    pub(crate) operations: Vec<Operation>,
    /// Who guards the door that people come in by.
    pub(crate) doorkeeper: Doorkeeper,
    /// Who keeps a page fresh.
    pub(crate) watchers: Watchers,
    /// Whose word is believed of who they are, beside passwords or in their place.
    pub(crate) provider: Option<Arc<Provider>>,
}

impl Site {
    /// A site of this ledger, in a process that counts so.
    #[must_use]
    pub fn new(desk: Desk, meters: Meters) -> Self {
        Self::following(watch::Sender::new(desk).subscribe(), meters)
    }

    /// The same, where what words can stand for may change.
    #[must_use]
    pub fn following(desk: watch::Receiver<Desk>, meters: Meters) -> Self {
        let since = desk.borrow().admin.clock.now().day();
        let operations = bursar_admin::api::operations();
        let (doorkeeper, watchers) = (Doorkeeper::new(None), Watchers::default());
        Self { desk, meters, since, operations, doorkeeper, watchers, provider: None }
    }

    /// The same, where the first admin may be made: at the path that goes with it, once, by whoever
    /// knows it.
    #[must_use]
    pub fn with_first_link(self, token: Secret) -> (Self, Secret) {
        let path = Secret::new(sign_in::first_link(&token));
        (Self { doorkeeper: Doorkeeper::new(Some(token)), ..self }, path)
    }

    /// The path at which whoever knows it comes in, once, as somebody who has this name and password.
    #[must_use]
    pub fn guest_link(&self, token: Secret, (name, password): (String, Secret)) -> Secret {
        let path = Secret::new(sign_in::enter_link(&token));
        self.doorkeeper.expect(Guest { token, name, password });
        path
    }

    /// The same, where people also sign in by a provider's word.
    #[must_use]
    pub fn with_provider(self, provider: Provider) -> Self {
        Self { provider: Some(Arc::new(provider)), ..self }
    }

    pub(crate) fn desk(&self) -> Desk {
        self.desk.borrow().clone()
    }
}

/// What programs find beside the operations: each by GET alone, and whether a stranger may see it.
#[must_use]
pub(crate) const fn endpoints() -> [(&'static str, bool); 5] {
    [
        ("/healthz", true),
        ("/metrics", false),
        ("/openapi.json", true),
        ("/readyz", true),
        ("/version", true),
    ]
}

/// A site that is served. What asks the ledger runs where the ledger was opened, and to its end,
/// whether or not who asked is still there.
#[derive(Clone)]
pub(crate) struct Mounted {
    pub(crate) site: Arc<Site>,
    pub(crate) runtime: Handle,
    /// Room for the files that are being written.
    pub(crate) files: Arc<Semaphore>,
    /// Whether it is told to stop: what has no end of its own ends then.
    pub(crate) ending: watch::Receiver<bool>,
}

impl Mounted {
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        self.runtime.spawn(work).await.map_err(|_| failed())
    }

    async fn visitor(&self, request: &HttpRequest) -> Result<Visitor, Problem> {
        self.run(Asker::of(request).visitor(self.site.desk())).await?
    }
}

/// Answers one request.
pub(crate) async fn answer(
    mounted: web::Data<Mounted>,
    request: HttpRequest,
    body: web::Payload,
) -> HttpResponse {
    let answered = match request.uri().path().strip_prefix(PREFIX) {
        Some(path) => operate(&mounted, (&request, path), body).await,
        None if endpoints().iter().any(|(known, _)| *known == request.uri().path()) => {
            page(&mounted, &request).await
        }
        None => return people::answer(&mounted, &request, body).await,
    };
    answered.unwrap_or_else(|problem| problem.response())
}

async fn page(mounted: &Mounted, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let path = request.uri().path();
    if request.method() != actix_web::http::Method::GET {
        return Err(other_method(&["GET"]));
    }
    let version = env!("CARGO_PKG_VERSION");
    Ok(match path {
        "/healthz" => HttpResponse::Ok().content_type("text/plain").body("ok\n"),
        "/readyz" => {
            let desk = mounted.site.desk();
            let status = mounted.run(ready(desk)).await?;
            HttpResponse::Ok().json(serde_json::json!({"status": status}))
        }
        "/version" => HttpResponse::Ok().json(serde_json::json!({"version": version})),
        "/openapi.json" => HttpResponse::Ok().json(document(&mounted.site.operations)),
        "/metrics" => {
            if !gate::is_local(request) {
                let visitor = mounted.visitor(request).await?;
                if let Some(viewer) = visitor.viewer.filter(|one| one.sight.part().is_some()) {
                    let role = viewer.role.to_string();
                    return Err(bursar_admin::Error::NotYours { role }.into());
                }
            }
            let text = mounted.run(metrics::exposition(Arc::clone(&mounted.site))).await?;
            HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
        }
        _ => return Err(nowhere()),
    })
}

/// Ready is a process that can answer. A ledger that is away is told, and no reason to be taken out
/// of service: what does not need it goes on.
async fn ready(desk: Desk) -> &'static str {
    match desk.admin.ledger.master_key().await {
        Ok(_) => "ready",
        Err(_) => "degraded",
    }
}

async fn operate(
    mounted: &Mounted,
    (request, path): (&HttpRequest, &str),
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    if request.uri().to_string().len() > URL_BYTES_MAX {
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "usage", "the URL is too long"));
    }
    // Before anything is told of what there is.
    let visitor = mounted.visitor(request).await?;
    let operations = &mounted.site.operations;
    let Found { place, parts } = find(operations, path, request.method().as_str())?;
    let operation = &operations[place];
    if !operation.is_read && !visitor.may_change {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "read_only",
            format!("the key or token of `{}` only reads", visitor.name),
        )
        .hint("ask with a key that was made without `--read-only`, or a token that may change"));
    }
    let body = read(request, body).await?;
    let text = ask::json(operation, &parts, (request.uri().query().unwrap_or_default(), &body))?;
    let site = Arc::clone(&mounted.site);
    let reply = mounted.run(async move {
        let (desk, operation) = (site.desk(), &site.operations[place]);
        match visitor.viewer {
            Some(viewer) => {
                View::through(&desk, (viewer, visitor.name)).answer(operation, &text).await
            }
            None => operation.answer(&desk.asked_by(visitor.name), &text).await,
        }
    });
    let reply = reply.await??;
    // What may hold a secret is kept by nobody on the way.
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("application/json")
        .body(reply))
}

/// What was found at a path.
struct Found<'o> {
    /// Which operation it is.
    place: usize,
    /// The parts of the path that it names, decoded.
    parts: Vec<(&'o str, String)>,
}

/// Which operation is at a path, and the parts of the path that it names.
fn find<'o>(operations: &'o [Operation], path: &str, method: &str) -> Result<Found<'o>, Problem> {
    let mut methods = Vec::new();
    for (place, operation) in operations.iter().enumerate() {
        let Some(parts) = matched(operation.path, path) else { continue };
        if operation.method.as_str() == method {
            let decoded = parts.into_iter().map(|(name, raw)| Ok((name, ask::decoded(raw)?)));
            let parts = decoded.collect::<Result<_, Problem>>()?;
            return Ok(Found { place, parts });
        }
        methods.push(operation.method.as_str());
    }
    Err(if methods.is_empty() { nowhere() } else { other_method(&methods) })
}

/// The raw parts of a path that a pattern names. A name beats nothing: `/streams/limits` is no
/// stream's id, since no pattern takes one there.
fn matched<'o, 'p>(pattern: &'o str, path: &'p str) -> Option<Vec<(&'o str, &'p str)>> {
    let (mut patterns, mut parts) = (pattern.split('/'), path.split('/'));
    let mut named = Vec::new();
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return Some(named),
            (Some(pattern), Some(part)) => {
                match pattern.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(_) if part.is_empty() => return None,
                    Some(name) => named.push((name, part)),
                    None if pattern == part => {}
                    None => return None,
                }
            }
            _ => return None,
        }
    }
}

async fn read(request: &HttpRequest, mut payload: web::Payload) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| Problem::usage("the body ended before its end"))?;
        if body.len() + piece.len() > BODY_BYTES_MAX {
            let message = format!("the body is longer than {BODY_BYTES_MAX} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "usage", message));
        }
        body.extend_from_slice(&piece);
    }
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let kind = header(CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default();
    let is_json = kind.trim().eq_ignore_ascii_case("application/json");
    if !body.is_empty() && (!is_json || header(CONTENT_ENCODING).is_some()) {
        let message = "the body is not `content-type: application/json`, or is compressed";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "usage", message));
    }
    Ok(body)
}

pub(crate) fn failed() -> Problem {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Problem::new(status, "failed", "the answer was not found: a defect of this program")
}

pub(crate) fn nowhere() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
        .hint("`/openapi.json` says what there is")
}

pub(crate) fn other_method(methods: &[&str]) -> Problem {
    let allow = methods.join(", ");
    let message = format!("this is asked by {allow}");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "usage", message);
    Problem { allow: Some(allow), ..problem }
}
