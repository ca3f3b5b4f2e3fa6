//! Signing on by a provider, as browsers see it: there, and back. A cookie of its own ties the two
//! ends to one browser; without it, or with another's answer, nobody is signed in.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::form::Form;
use crate::oidc::{BACK, Flow, OidcError, Provider};
use crate::people::go;
use crate::problem::Problem;
use crate::sign_in::{LOGIN, give, safe};
use crate::site::{Mounted, nowhere};
use crate::{cookie, frame};

/// Where a sign-on begins.
pub(crate) const BEGIN: &str = "/login/oidc";
/// More than this is no code of anybody's.
const CODE_BYTES_MAX: usize = 4_096;

/// Answers who begins, or comes back.
pub(crate) async fn answer(
    mounted: &Mounted,
    (request, path): (&HttpRequest, &str),
) -> Result<HttpResponse, Problem> {
    let provider = mounted.site.provider.as_ref().ok_or_else(nowhere)?;
    let query = Form::parse(request.uri().query().unwrap_or_default())?;
    match path {
        BEGIN => begin(mounted, provider, safe(query.text("next"))).await,
        BACK => {
            let answered = back(mounted, provider, (request, query)).await;
            let mut response = answered.unwrap_or_else(|problem| failed(&problem));
            give(&mut response, &cookie::flow_taken(provider.is_on_tls()));
            Ok(response)
        }
        _ => Err(nowhere()),
    }
}

async fn begin(
    mounted: &Mounted,
    provider: &Arc<Provider>,
    next: &str,
) -> Result<HttpResponse, Problem> {
    let (desk, next, asked) = (mounted.site.desk(), next.to_owned(), provider.clone());
    let work = async move {
        let master = desk.admin.master_key(&desk.master).await?;
        let begun = desk.admin.clock.now();
        let flow = Flow::new(&master, (desk.admin.new_token(), next), begun);
        let address = in_time(&asked, asked.address(&desk, &flow)).await?;
        Ok::<_, Problem>((address, flow.cookie(&master)))
    };
    let (address, kept) = mounted.run(work).await??;
    let mut response = go(&address);
    give(&mut response, &cookie::flow_given(provider.is_on_tls(), &kept));
    Ok(response)
}

async fn back(
    mounted: &Mounted,
    provider: &Arc<Provider>,
    (request, query): (&HttpRequest, Form),
) -> Result<HttpResponse, Problem> {
    let (desk, asked) = (mounted.site.desk(), provider.clone());
    let (kept, old) = (cookie::flow(request), cookie::token(request));
    let work = async move {
        let master = desk.admin.master_key(&desk.master).await?;
        let now = desk.admin.clock.now();
        let flow = kept.and_then(|kept| Flow::read(&master, &kept, now));
        let flow = flow.filter(|flow| flow.is_of(query.text("state"))).ok_or_else(not_asked)?;
        let code = code(&asked, &query)?;
        let person = match in_time(&asked, asked.person(&desk, (&flow, code))).await {
            Ok(person) => person,
            Err(OidcError::NoGroup(identity)) => {
                desk.admin.turn_away(&identity).await?;
                return Err(OidcError::NoGroup(identity).into());
            }
            Err(error) => return Err(error.into()),
        };
        let token = desk.admin.sign_on(&master, &person, old.as_ref()).await?;
        Ok((token.ok_or_else(disabled)?, flow.next))
    };
    let (token, next) = mounted.run(work).await?.map_err(|problem: Problem| problem)?;
    let mut response = go(if safe(&next).is_empty() { "/" } else { &next });
    give(&mut response, &cookie::session_given(provider.is_on_tls(), &token));
    Ok(response)
}

/// The code that the provider sent along, if it is it that sent it.
fn code(provider: &Provider, query: &Form) -> Result<String, Problem> {
    let (code, issuer) = (query.text("code"), query.text("iss"));
    if !issuer.is_empty() && issuer != provider.settings.issuer {
        return Err(OidcError::Unproven("another provider answered".to_owned()).into());
    }
    let error: String = query.text("error").escape_debug().take(60).collect();
    if !error.is_empty() {
        return Err(OidcError::Unproven(format!("the provider says `{error}`")).into());
    }
    if code.is_empty() || code.len() > CODE_BYTES_MAX {
        return Err(not_asked());
    }
    Ok(code.to_owned())
}

/// However many requests it takes, and whoever else waits for the same.
async fn in_time<T>(
    provider: &Provider,
    asked: impl Future<Output = Result<T, OidcError>>,
) -> Result<T, OidcError> {
    let whole = Duration::from_millis(provider.settings.answer_ms.saturating_mul(3));
    let late = |_| OidcError::Away("it takes too long".to_owned());
    tokio::time::timeout(whole, asked).await.map_err(late)?
}

fn failed(problem: &Problem) -> HttpResponse {
    frame::fault(problem, None, LOGIN)
}

fn not_asked() -> Problem {
    let message = "this browser has asked for no such sign-on, or too long ago";
    Problem::new(StatusCode::FORBIDDEN, "forbidden", message).hint("sign in anew, at `/login`")
}

fn disabled() -> Problem {
    let message = "the account is disabled";
    Problem::new(StatusCode::FORBIDDEN, "forbidden", message).hint("an admin can enable it again")
}

impl From<OidcError> for Problem {
    fn from(error: OidcError) -> Self {
        let message = error.to_string();
        match error {
            OidcError::Away(_) | OidcError::Busy | OidcError::Settings(_) => {
                Self::new(StatusCode::BAD_GATEWAY, "failed", message)
                    .hint("try again in a moment; whoever is signed in goes on meanwhile")
            }
            OidcError::Unproven(_) => Self::new(StatusCode::FORBIDDEN, "forbidden", message)
                .hint("sign in anew, at `/login`"),
            OidcError::NoGroup(identity) => Self::new(StatusCode::FORBIDDEN, "forbidden", message)
                .hint(format!(
                    "an admin gives groups roles, in `[[oidc.groups]]`; you are `{}` there",
                    identity.subject.chars().take(100).collect::<String>().escape_debug()
                )),
        }
    }
}

/// What a page to sign in needs to know.
pub(crate) struct Ways {
    /// What people call the provider, where there is one.
    pub(crate) provider: Option<String>,
    /// Whether a password is one of them.
    pub(crate) passwords: bool,
}

impl Ways {
    pub(crate) fn of(mounted: &Mounted) -> Self {
        let settings = mounted.site.provider.as_ref().map(|provider| &provider.settings);
        Self {
            provider: settings.map(|settings| settings.label.clone()),
            passwords: settings.is_none_or(|settings| settings.passwords),
        }
    }

    /// That a password is of use.
    ///
    /// # Errors
    /// It is not, and what is.
    pub(crate) fn check_passwords(&self) -> Result<(), Problem> {
        if self.passwords {
            return Ok(());
        }
        let message = "passwords are turned off here";
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", message)
            .hint("sign in by the provider, at `/login`"))
    }
}
