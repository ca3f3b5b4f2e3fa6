//! Why something was not done, as JSON with a proper status:
//! `{"error":{"code":…,"message":…,"hint":…}}`, after the pattern of RFC 9457.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use bursar_admin::Error;
use bursar_ledger::Error as Ledger;
use serde_json::json;

/// What a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// A word for programs: the command line's own where it has one.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The methods that there are, where it was another.
    pub(crate) allow: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), hint: None, allow: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What was asked makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "usage", message)
    }

    pub(crate) fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        let Self { code, message, hint, .. } = self;
        let mut response =
            response.json(json!({"error": {"code": code, "message": message, "hint": hint}}));
        self.headers(response.headers_mut());
        response
    }

    /// What goes along, whoever is told.
    pub(crate) fn headers(&self, headers: &mut header::HeaderMap) {
        let allow = self.allow.as_deref().and_then(|methods| methods.parse().ok());
        if let Some(methods) = allow {
            headers.insert(header::ALLOW, methods);
        }
    }

    /// What is told, in one text.
    pub(crate) fn text(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{}{hint}", self.message)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = bursar_domain::causes::told(&error);
        let (message, hint) = match text.split_once("\nhint: ") {
            Some((message, hint)) => (message, Some(hint.to_owned())),
            None => (text.as_str(), None),
        };
        Self { hint, ..Self::new(status(&error), error.code(), message) }
    }
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unknown { .. } | Error::NoSuchLimit { .. } | Error::UnknownCall { .. } => {
            StatusCode::NOT_FOUND
        }
        Error::Ended(_) | Error::SeveralLimits { .. } | Error::NotReloaded { .. } => {
            StatusCode::CONFLICT
        }
        Error::Untold
        | Error::NoMasterKey
        | Error::BadMasterKey { .. }
        | Error::LostMasterKey { .. }
        | Error::OpenMasterKey { .. }
        | Error::MasterKeyFile { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        Error::NotYours { .. } => StatusCode::FORBIDDEN,
        Error::Ledger(error) => ledger_status(error),
        _ => StatusCode::BAD_REQUEST,
    }
}

fn ledger_status(error: &Ledger) -> StatusCode {
    match error {
        Ledger::UnknownAccess { .. } | Ledger::UnknownLimit { .. } => StatusCode::NOT_FOUND,
        Ledger::Taken { .. } | Ledger::BusyTeam { .. } => StatusCode::CONFLICT,
        Ledger::Unkept { .. } | Ledger::TooMuch { .. } => StatusCode::BAD_REQUEST,
        Ledger::Locked
        | Ledger::Full { .. }
        | Ledger::Unreachable { .. }
        | Ledger::Unwritable { .. }
        | Ledger::Away { .. }
        | Ledger::Missing { .. }
        | Ledger::MissingDirectory { .. }
        | Ledger::Newer { .. }
        | Ledger::Altered { .. }
        | Ledger::Database { .. }
        | Ledger::Closed => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
