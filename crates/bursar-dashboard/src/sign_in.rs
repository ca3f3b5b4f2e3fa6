//! Signing in and out, and setting a password by a link. What went wrong is never told apart: a name
//! that is not known, a wrong password, and who is disabled look the same and take as long.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::http::header::{RETRY_AFTER, SET_COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use bursar_ledger::Secret;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::form::Form;
use crate::frame::Login;
use crate::oidc::BACK;
use crate::people::{Seat, go};
use crate::problem::Problem;
use crate::sign_on::{self, BEGIN, Ways};
use crate::site::{Mounted, nowhere, other_method};
use crate::throttle::Throttle;
use crate::{cookie, frame};

pub(crate) const LOGIN: &str = "/login";
const LOGOUT: &str = "/logout";
const LINK: &str = "/link/";
const FIRST: &str = "/first/";
const ENTER: &str = "/enter/";
/// Passwords that are checked at a time: each takes 19 MiB and a core.
const CHECKS: usize = 2;
/// Those who wait for that; more are sent away.
const WAITING_MAX: usize = 32;
const WRONG: &str = "the name or the password is wrong, or the account is disabled";

/// What guards the door.
#[derive(Debug)]
pub(crate) struct Doorkeeper {
    throttle: Throttle,
    checks: Semaphore,
    waiting: Semaphore,
    /// The token of the link for the first admin.
    first: Option<Secret>,
    /// Who comes in by a link, once.
    guest: Mutex<Option<Guest>>,
}

/// Somebody whose account's password nobody knows but the program that made it.
#[derive(Debug)]
pub(crate) struct Guest {
    /// The link's token.
    pub(crate) token: Secret,
    /// The account's name.
    pub(crate) name: String,
    /// Its password.
    pub(crate) password: Secret,
}

impl Doorkeeper {
    pub(crate) fn new(first: Option<Secret>) -> Self {
        Self {
            throttle: Throttle::default(),
            checks: Semaphore::new(CHECKS),
            waiting: Semaphore::new(CHECKS + WAITING_MAX),
            first,
            guest: Mutex::new(None),
        }
    }

    /// Lets somebody in by a link, once.
    pub(crate) fn expect(&self, guest: Guest) {
        *self.guest() = Some(guest);
    }

    fn guest(&self) -> MutexGuard<'_, Option<Guest>> {
        self.guest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of whom a link is for.
    fn name_of_guest(&self, token: &str) -> Option<String> {
        let guest = self.guest();
        let is_theirs =
            |guest: &&Guest| bool::from(guest.token.expose().as_bytes().ct_eq(token.as_bytes()));
        guest.as_ref().filter(is_theirs).map(|guest| guest.name.clone())
    }

    fn is_first(&self, token: &str) -> bool {
        let known = self.first.as_ref();
        known.is_some_and(|first| bool::from(first.expose().as_bytes().ct_eq(token.as_bytes())))
    }
}

/// Where the link for the first admin is.
pub(crate) fn first_link(token: &Secret) -> String {
    format!("{FIRST}{}", token.expose())
}

/// Where somebody comes in by a link, once.
pub(crate) fn enter_link(token: &Secret) -> String {
    format!("{ENTER}{}", token.expose())
}

/// Whether a path is one of these.
pub(crate) fn is_at(path: &str) -> bool {
    let paths = [LOGIN, LOGOUT, BEGIN, BACK];
    let links = [LINK, FIRST, ENTER];
    paths.contains(&path) || links.iter().any(|link| path.starts_with(link))
}

/// Answers who signs in or out, or sets a password.
pub(crate) async fn answer(
    mounted: &Mounted,
    (request, path): (&HttpRequest, &str),
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let is_post = request.method() == Method::POST;
    match path {
        LOGIN if is_post => sign_in(mounted, request, Form::read(request, body).await?).await,
        LOGIN => show(mounted, request).await,
        LOGOUT if is_post => sign_out(mounted, request, Form::read(request, body).await?).await,
        LOGOUT => Err(other_method(&["POST"])),
        BEGIN | BACK if is_post => Err(other_method(&["GET"])),
        BEGIN | BACK => sign_on::answer(mounted, (request, path)).await,
        _ if path.starts_with(ENTER) => {
            enter(mounted, (request, is_post), path.trim_start_matches(ENTER)).await
        }
        _ => {
            let form = if is_post { Some(Form::read(request, body).await?) } else { None };
            let link = path.strip_prefix(LINK);
            match (link, path.strip_prefix(FIRST)) {
                (Some(token), _) => by_link(mounted, request, (token, form)).await,
                (_, Some(token)) => first(mounted, request, (token, form)).await,
                _ => Err(nowhere()),
            }
        }
    }
}

async fn show(mounted: &Mounted, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let query = Form::parse(request.uri().query().unwrap_or_default())?;
    let desk = mounted.site.desk();
    let is_empty = !mounted.run(async move { desk.admin.has_user().await }).await??;
    let next = safe(query.text("next"));
    let (status, ways) = (StatusCode::OK, Ways::of(mounted));
    Ok(frame::login(&Login { status, problem: None, is_empty, name: "", next, ways: &ways }))
}

async fn sign_in(
    mounted: &Mounted,
    request: &HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let ways = Ways::of(mounted);
    ways.check_passwords()?;
    let (name, next) = (form.text("username"), safe(form.text("next")));
    let keeper = &mounted.site.doorkeeper;
    let (from, now) = (place(request), mounted.site.desk().admin.clock.now());
    let again = |status, problem: &str| {
        let problem = Some(problem);
        frame::login(&Login { status, problem, is_empty: false, name, next, ways: &ways })
    };
    let wait = |seconds: i64, problem: &str| {
        let mut response = again(StatusCode::TOO_MANY_REQUESTS, problem);
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
        response
    };
    if let Some(seconds) = keeper.throttle.wait(from, name, now) {
        let problem = format!("too many wrong tries; wait {seconds} seconds, and try again");
        return Ok(wait(seconds, &problem));
    }
    let Ok(_waiting) = keeper.waiting.try_acquire() else {
        return Ok(wait(1, "many are signing in at once; wait a second, and try again"));
    };
    let checked = keeper.checks.acquire().await.map_err(|_| nowhere())?;
    // Counted before it is known: who tries many at once is told as soon.
    keeper.throttle.wrong(from, name, now);
    let token = open(mounted, (name, form.secret("password")), cookie::token(request)).await?;
    drop(checked);
    let Some(token) = token else {
        return Ok(again(StatusCode::UNAUTHORIZED, WRONG));
    };
    keeper.throttle.right(from, name);
    let mut response = go(if next.is_empty() { "/" } else { next });
    give(&mut response, &cookie::given(request, &token));
    Ok(response)
}

async fn open(
    mounted: &Mounted,
    (name, password): (&str, Secret),
    old: Option<Secret>,
) -> Result<Option<Secret>, Problem> {
    let (desk, name) = (mounted.site.desk(), name.to_owned());
    let work = async move {
        let master = desk.admin.master_key(&desk.master).await?;
        desk.admin.sign_in(&master, (&name, password), old.as_ref()).await
    };
    Ok(mounted.run(work).await??)
}

async fn sign_out(
    mounted: &Mounted,
    request: &HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    if let Some(token) = cookie::token(request) {
        let desk = mounted.site.desk();
        if let Some(seat) = mounted.run(Seat::of(desk.clone(), token)).await?? {
            seat.check(&form)?;
            let work = async move {
                let master = desk.admin.master_key(&desk.master).await?;
                desk.admin.sign_out(&master, (&seat.viewer, &seat.token)).await
            };
            mounted.run(work).await??;
        }
    }
    let mut response = go(LOGIN);
    give(&mut response, &cookie::taken(request));
    Ok(response)
}

async fn by_link(
    mounted: &Mounted,
    request: &HttpRequest,
    (token, form): (&str, Option<Form>),
) -> Result<HttpResponse, Problem> {
    Ways::of(mounted).check_passwords()?;
    let (desk, token) = (mounted.site.desk(), token.to_owned());
    let _checked = admit(mounted, request, form.is_some()).await?;
    let work = async move {
        let master = desk.admin.master_key(&desk.master).await?;
        let name = desk.admin.name_of_link(&master, &token).await?;
        let Some((name, form)) = name.clone().zip(form) else { return Ok((name, None)) };
        let used = desk.admin.use_link(&master, (&token, form.secret("password"))).await;
        Ok((Some(name), Some(used)))
    };
    let (name, used) = mounted.run(work).await?.map_err(|error: bursar_admin::Error| error)?;
    let Some(name) = name else { return Err(no_link()) };
    match used {
        None => Ok(frame::password(None, &name, false)),
        Some(Ok(Some(_))) => Ok(go(LOGIN)),
        Some(Ok(None)) => Err(no_link()),
        Some(Err(error)) => Ok(frame::password(Some(&Problem::from(error)), &name, false)),
    }
}

async fn first(
    mounted: &Mounted,
    request: &HttpRequest,
    (token, form): (&str, Option<Form>),
) -> Result<HttpResponse, Problem> {
    let desk = mounted.site.desk();
    let asked = desk.clone();
    let is_open = !mounted.run(async move { asked.admin.has_user().await }).await??;
    if !is_open || !mounted.site.doorkeeper.is_first(token) {
        return Err(no_link());
    }
    let Some(form) = form else { return Ok(frame::password(None, "admin", true)) };
    let _checked = admit(mounted, request, true).await?;
    let (name, password) = (form.text("username").to_owned(), form.secret("password"));
    // Where no password is of use afterwards, this one is so once.
    let (named, may_sign_in) = (name.clone(), Ways::of(mounted).passwords);
    let work = async move {
        let master = desk.admin.master_key(&desk.master).await?;
        let desk = desk.asked_by(named.clone());
        desk.admin.create_first_user(&master, (&named, password.clone())).await?;
        if may_sign_in {
            Ok(None)
        } else {
            desk.admin.sign_in(&master, (&named, password), None).await
        }
    };
    match mounted.run(work).await?.map_err(|error: bursar_admin::Error| error) {
        Ok(None) => Ok(go(LOGIN)),
        Ok(Some(token)) => {
            let mut response = go("/");
            give(&mut response, &cookie::given(request, &token));
            Ok(response)
        }
        Err(error) => Ok(frame::password(Some(&Problem::from(error)), &name, true)),
    }
}

/// Lets a guest in. A link that is only looked at stays good: programs look at links before people do.
async fn enter(
    mounted: &Mounted,
    (request, is_post): (&HttpRequest, bool),
    token: &str,
) -> Result<HttpResponse, Problem> {
    let keeper = &mounted.site.doorkeeper;
    let again = || no_link().hint("the program that printed it prints another when it runs anew");
    let name = keeper.name_of_guest(token).ok_or_else(again)?;
    if !is_post {
        return Ok(frame::enter(&name));
    }
    let guest = keeper.guest().take().ok_or_else(again)?;
    let token = open(mounted, (&guest.name, guest.password), cookie::token(request)).await?;
    let token = token.ok_or_else(again)?;
    let mut response = go("/");
    give(&mut response, &cookie::given(request, &token));
    Ok(response)
}

/// A turn to have a password hashed, for who sets one.
async fn admit<'m>(
    mounted: &'m Mounted,
    request: &HttpRequest,
    is_needed: bool,
) -> Result<Option<tokio::sync::SemaphorePermit<'m>>, Problem> {
    if !is_needed {
        return Ok(None);
    }
    let keeper = &mounted.site.doorkeeper;
    let (from, now) = (place(request), mounted.site.desk().admin.clock.now());
    if keeper.throttle.wait(from, "", now).is_some() {
        let message = "too many tries; wait a quarter of an hour, and try again";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "usage", message));
    }
    keeper.throttle.wrong(from, "", now);
    keeper.checks.acquire().await.map(Some).map_err(|_| nowhere())
}

/// Where somebody comes from; of a proxy's visitors, the proxy: what it says of them could be said by
/// anybody.
fn place(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.ip())
}

/// Where to go after signing in: a path here, or nowhere in particular.
pub(crate) fn safe(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//");
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_path && is_plain && !is_at(next) { next } else { "" }
}

fn no_link() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "this link is of no use, or was used already")
        .hint("an admin makes another: `bursar user reset NAME`")
}

/// Gives a browser a cookie.
pub(crate) fn give(response: &mut HttpResponse, cookie: &str) {
    if let Ok(value) = cookie.parse() {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
