//! People in a browser: who is signed in, what they may open, and what they send. Programs come by
//! another way, with a key: a cookie is none.

use actix_web::http::header::{CONTENT_DISPOSITION, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use bursar_admin::{Desk, View, Viewer};
use bursar_ledger::Secret;
use subtle::ConstantTimeEq;

use crate::filters::{Filters, escaped};
use crate::form::Form;
use crate::pages::{self, Done, Page, Visit};
use crate::problem::Problem;
use crate::site::{Mounted, nowhere, other_method};
use crate::{assets, cookie, events, frame, origin, pipe, sign_in};

/// Longer URLs are no link of ours.
const URL_BYTES_MAX: usize = 8 << 10;
/// The field of a form that shows that it was made for this session.
const FORM_TOKEN: &str = "form_token";

/// Somebody who is signed in, in this browser.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) token: Secret,
    pub(crate) viewer: Viewer,
    pub(crate) form_token: String,
}

impl Seat {
    /// Whose browser this is.
    pub(crate) async fn of(desk: Desk, token: Secret) -> Result<Option<Self>, Problem> {
        let master = desk.admin.master_key(&desk.master).await?;
        let viewer = desk.admin.viewer(&master, &token).await?;
        let form_token = master.form_token(token.expose());
        Ok(viewer.map(|viewer| Self { token, viewer, form_token }))
    }

    /// The same, where looking does not keep anybody signed in.
    pub(crate) async fn watching(desk: Desk, token: Secret) -> Result<Option<Self>, Problem> {
        let master = desk.admin.master_key(&desk.master).await?;
        let viewer = desk.admin.watcher(&master, &token).await?;
        let form_token = master.form_token(token.expose());
        Ok(viewer.map(|viewer| Self { token, viewer, form_token }))
    }

    /// That a form was made for this session.
    pub(crate) fn check(&self, form: &Form) -> Result<(), Problem> {
        let given = form.text(FORM_TOKEN).as_bytes();
        if bool::from(given.ct_eq(self.form_token.as_bytes())) {
            return Ok(());
        }
        let message = "the form is of another session, or an old one";
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", message)
            .hint("open the page anew, and send it from there; nothing was changed"))
    }
}

/// Answers a person.
pub(crate) async fn answer(
    mounted: &Mounted,
    request: &HttpRequest,
    body: web::Payload,
) -> HttpResponse {
    let path = request.uri().path().to_owned();
    if let Some(asset) = assets::at(&path) {
        return asset;
    }
    let mut seat = None;
    match opened(mounted, (request, &path, body), &mut seat).await {
        Ok(response) => response,
        Err(problem) => frame::fault(&problem, seat.as_ref(), &path),
    }
}

async fn opened(
    mounted: &Mounted,
    (request, path, body): (&HttpRequest, &str, web::Payload),
    seat: &mut Option<Seat>,
) -> Result<HttpResponse, Problem> {
    if request.uri().to_string().len() > URL_BYTES_MAX {
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "usage", "the URL is too long"));
    }
    let is_post = request.method() == Method::POST;
    if !is_post && request.method() != Method::GET && request.method() != Method::HEAD {
        return Err(other_method(&["GET", "POST"]));
    }
    if is_post {
        origin::check(request)?;
    }
    if sign_in::is_at(path) {
        return sign_in::answer(mounted, (request, path), body).await;
    }
    if let Some(token) = cookie::token(request) {
        let desk = mounted.site.desk();
        *seat = if events::are_wanted(request) {
            mounted.run(Seat::watching(desk, token)).await??
        } else {
            mounted.run(Seat::of(desk, token)).await??
        };
    }
    let (page, part) = pages::at(path).ok_or_else(|| {
        nowhere().hint("the pages there are stand at the top, once you have signed in")
    })?;
    let Some(seat) = seat else { return Ok(to_sign_in(request, path)) };
    if !page.roles.contains(&seat.viewer.role) {
        let message = format!("the role {} does not see this page", seat.viewer.role);
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", message)
            .hint("an admin does, and can change what you may see"));
    }
    let query = request.uri().query().unwrap_or_default();
    let desk = mounted.site.desk();
    let filters = Filters::parse(query, page.picks, desk.admin.clock.now())?;
    let view = View::new(&desk, seat.viewer.clone());
    let visit = Visit { view, filters, part };
    if is_post {
        let form = Form::read(request, body).await?;
        seat.check(&form)?;
        return act(mounted, (seat, page, path), (visit, form)).await;
    }
    if events::are_wanted(request) {
        return events::follow(mounted, (seat, page), visit).await;
    }
    show(mounted, (seat, page, path), visit).await
}

async fn show(
    mounted: &Mounted,
    (seat, page, path): (&Seat, &'static Page, &str),
    visit: Visit,
) -> Result<HttpResponse, Problem> {
    let filters = visit.filters.clone();
    let word = filters.csv.as_deref();
    if let Some((word, write)) = word.and_then(|word| Some((word, pages::file(page, word)?))) {
        return pipe::file(mounted, &format!("bursar-{word}.csv"), |pipe| write(visit, pipe)).await;
    }
    let content = mounted.run((page.show)(visit)).await??;
    let Some(word) = &filters.csv else {
        return Ok(frame::page(seat, page.title, (&content, &filters, path)));
    };
    let sheet = content.sheet(word).ok_or_else(|| {
        let shown = crate::filters::shown(word);
        Problem::usage(format!("`{shown}` is no table of this page")).hint("leave `sheet` out")
    })?;
    let name = format!("bursar-{}.csv", sheet.word);
    Ok(frame::kept_by_nobody(StatusCode::OK)
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(sheet.csv()))
}

async fn act(
    mounted: &Mounted,
    (seat, page, path): (&Seat, &'static Page, &str),
    (visit, form): (Visit, Form),
) -> Result<HttpResponse, Problem> {
    let Some(act) = page.act else { return Err(other_method(&["GET"])) };
    let filters = visit.filters.clone();
    Ok(match mounted.run(act(visit, form)).await?? {
        Done::Go(to) => go(&to),
        Done::Show(content) => frame::page(seat, page.title, (&content, &filters, path)),
    })
}

/// Sends a browser on, by GET.
pub(crate) fn go(to: &str) -> HttpResponse {
    frame::kept_by_nobody(StatusCode::SEE_OTHER).insert_header((LOCATION, to)).finish()
}

/// Sends a stranger to the page to sign in, from where they come back.
fn to_sign_in(request: &HttpRequest, path: &str) -> HttpResponse {
    let wanted = request.uri().path_and_query().map_or(path, |whole| whole.as_str());
    if request.method() == Method::POST || wanted == "/" {
        return go("/login");
    }
    go(&format!("/login?next={}", escaped(wanted)))
}
