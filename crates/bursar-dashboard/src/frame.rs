//! HTML: the frame around every page, and the pages that are not of the table: signing in, a password,
//! a fault. Everything that is shown is escaped by the templates.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;

use crate::assets;
use crate::burn::Burn;
use crate::content::{Block, Content, Live};
use crate::filters::{Filters, RANGES, escaped};
use crate::heat::Heat;
use crate::pages;
use crate::people::Seat;
use crate::problem::Problem;
use crate::sheet::Fill;
use crate::sign_on::{BEGIN, Ways};

/// Nothing from elsewhere, and no script or style within the page.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What is around a page.
pub(crate) struct Frame {
    title: String,
    style: String,
    mark: String,
    script: String,
    version: &'static str,
    seat: Option<SeatView>,
    parts: Vec<NavPart>,
}

/// A part of the list of pages.
struct NavPart {
    label: &'static str,
    links: Vec<NavLink>,
}

struct SeatView {
    name: String,
    role: &'static str,
    team: Option<String>,
    form_token: String,
}

struct NavLink {
    label: &'static str,
    href: String,
    is_here: bool,
}

impl Frame {
    /// What a form carries to show that it was made for this session.
    fn form_token(&self) -> &str {
        self.seat.as_ref().map(|seat| seat.form_token.as_str()).unwrap_or_default()
    }

    /// Around a page of this title, for who is signed in, at a path.
    pub(crate) fn new(title: impl Into<String>, seat: Option<&Seat>, path: &str) -> Self {
        let parts = seat.map(|seat| pages::parts(seat.viewer.role)).unwrap_or_default();
        let link = |(label, to): (&'static str, &'static str)| NavLink {
            label,
            href: to.to_owned(),
            is_here: path == to || (to != "/" && path.starts_with(&format!("{to}/"))),
        };
        let part = |(label, links): (&'static str, Vec<_>)| NavPart {
            label,
            links: links.into_iter().map(link).collect(),
        };
        Self {
            title: title.into(),
            style: assets::style(),
            mark: assets::mark(),
            script: assets::script(),
            version: env!("CARGO_PKG_VERSION"),
            seat: seat.map(|seat| SeatView {
                name: seat.viewer.name.clone(),
                role: seat.viewer.role.as_str(),
                team: seat.viewer.sight.part().map(|part| part.team.clone()),
                form_token: seat.form_token.clone(),
            }),
            parts: parts.into_iter().map(part).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct PageHtml<'p> {
    frame: Frame,
    content: &'p Content,
    filters: &'p Filters,
    path: &'p str,
    ranges: &'p [(&'p str, &'p str)],
}

#[derive(Template)]
#[template(path = "live.html")]
struct LiveHtml<'p> {
    live: &'p Live,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginHtml<'p> {
    frame: Frame,
    problem: Option<&'p str>,
    is_empty: bool,
    name: &'p str,
    next: &'p str,
    ways: &'p Ways,
    begin: String,
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordHtml<'p> {
    frame: Frame,
    problem: Option<&'p str>,
    is_first: bool,
    name: &'p str,
}

#[derive(Template)]
#[template(path = "enter.html")]
struct EnterHtml<'p> {
    frame: Frame,
    name: &'p str,
}

#[derive(Template)]
#[template(path = "fault.html")]
struct FaultHtml<'p> {
    frame: Frame,
    message: &'p str,
    hint: Option<&'p str>,
    is_away: bool,
}

/// A page of the table, about what its URL says.
pub(crate) fn page(
    seat: &Seat,
    title: &str,
    (content, filters, path): (&Content, &Filters, &str),
) -> HttpResponse {
    let title = content.title.as_deref().unwrap_or(title);
    let frame = Frame::new(title, Some(seat), path);
    html(StatusCode::OK, &PageHtml { frame, content, filters, path, ranges: &RANGES })
}

/// The part of a page that is kept fresh, alone.
pub(crate) fn live(live: &Live) -> Result<String, Problem> {
    LiveHtml { live }.render().map_err(|_| unwritten())
}

/// What the page to sign in says.
pub(crate) struct Login<'p> {
    pub(crate) status: StatusCode,
    pub(crate) problem: Option<&'p str>,
    /// Whether nobody may sign in yet.
    pub(crate) is_empty: bool,
    pub(crate) name: &'p str,
    pub(crate) next: &'p str,
    /// By what one may sign in.
    pub(crate) ways: &'p Ways,
}

/// The page to sign in.
pub(crate) fn login(login: &Login<'_>) -> HttpResponse {
    let Login { status, problem, is_empty, name, next, ways } = *login;
    let begin = match next {
        "" => BEGIN.to_owned(),
        next => format!("{BEGIN}?next={}", escaped(next)),
    };
    let frame = Frame::new("Sign in", None, "/login");
    html(status, &LoginHtml { frame, problem, is_empty, name, next, ways, begin })
}

/// The page to set a password; of the first admin where there is no name yet.
pub(crate) fn password(problem: Option<&Problem>, name: &str, is_first: bool) -> HttpResponse {
    let title = if is_first { "Make the first account" } else { "Set a password" };
    let frame = Frame::new(title, None, "/link");
    let text = problem.map(Problem::text);
    let status = problem.map_or(StatusCode::OK, |problem| problem.status);
    html(status, &PasswordHtml { frame, problem: text.as_deref(), is_first, name })
}

/// The page that a link leads to at which somebody comes in.
pub(crate) fn enter(name: &str) -> HttpResponse {
    html(StatusCode::OK, &EnterHtml { frame: Frame::new("Come in", None, "/enter"), name })
}

/// Why there is no page.
pub(crate) fn fault(problem: &Problem, seat: Option<&Seat>, path: &str) -> HttpResponse {
    let title = match problem.status {
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::FORBIDDEN => "This is not for you",
        StatusCode::BAD_REQUEST => "That makes no sense",
        StatusCode::SERVICE_UNAVAILABLE => "The ledger does not answer",
        _ => "This did not work",
    };
    let page = FaultHtml {
        frame: Frame::new(title, seat, path),
        message: &problem.message,
        hint: problem.hint.as_deref(),
        is_away: problem.status == StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = html(problem.status, &page);
    problem.headers(response.headers_mut());
    response
}

fn unwritten() -> Problem {
    let message = "the page could not be written: a defect of this program";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message)
}

fn html(status: StatusCode, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(text) => kept_by_nobody(status).content_type("text/html; charset=utf-8").body(text),
        Err(_) => unwritten().response(),
    }
}

/// A response to a person: no proxy and no browser keeps it, and it may load what is ours.
pub(crate) fn kept_by_nobody(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, "no-store"));
    response.insert_header((CONTENT_SECURITY_POLICY, POLICY));
    // Under `no-referrer` browsers say `Origin: null` of our own forms, too.
    response.insert_header((REFERRER_POLICY, "same-origin"));
    response
}
