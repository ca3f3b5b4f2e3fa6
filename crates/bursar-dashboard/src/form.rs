//! A form that a browser sends, as `application/x-www-form-urlencoded`: a few short fields, each once.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Payload;
use bursar_ledger::Secret;
use futures_util::StreamExt;

use crate::ask::decoded;
use crate::problem::Problem;

/// No form of ours comes near it.
const BYTES_MAX: usize = 64 << 10;
const FIELDS_MAX: usize = 64;

/// A form's fields. Its values are shown nowhere: one may be a password.
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads the form that comes with a request.
    ///
    /// # Errors
    /// It is too long, no form, or has a field twice.
    pub(crate) async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Self, Problem> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let kind = header(CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default();
        let is_form = kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded");
        if !is_form || header(CONTENT_ENCODING).is_some() {
            let message = "what was sent is no form, or is compressed";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "usage", message));
        }
        let mut body = Vec::new();
        while let Some(piece) = payload.next().await {
            let piece = piece.map_err(|_| Problem::usage("the form ended before its end"))?;
            if body.len() + piece.len() > BYTES_MAX {
                let message = format!("the form is longer than {BYTES_MAX} bytes");
                return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "usage", message));
            }
            body.extend_from_slice(&piece);
        }
        let text = String::from_utf8(body);
        Self::parse(&text.map_err(|_| Problem::usage("the form is no UTF-8 text"))?)
    }

    /// Reads fields as they stand in a form, or behind the `?` of a URL.
    ///
    /// # Errors
    /// There are too many, one stands twice, or one is no text.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let mut fields = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let plain = |text: &str| decoded(&text.replace('+', " "));
            let (name, value) = (plain(name)?, plain(value)?);
            if fields.len() == FIELDS_MAX {
                return Err(Problem::usage(format!("there are more than {FIELDS_MAX} fields")));
            }
            let shown: String = name.escape_debug().take(60).collect();
            if fields.insert(name, value).is_some() {
                return Err(Problem::usage(format!("`{shown}` stands there twice")));
            }
        }
        Ok(Self(fields))
    }

    /// A field's text; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The same as a secret.
    pub(crate) fn secret(&self, name: &str) -> Secret {
        Secret::new(self.text(name).to_owned())
    }

    /// Every field.
    pub(crate) fn into_fields(self) -> BTreeMap<String, String> {
        self.0
    }
}
