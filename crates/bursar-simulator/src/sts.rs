//! STS, as far as `GetCallerIdentity` and `AssumeRole`: what a client asks to learn who it is, and to
//! call as somebody else. Whoever signs as the simulator wants it is one and the same made-up user.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use bursar_wire::error::WireError;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use percent_encoding::percent_decode;

use crate::admission::read_body;
use crate::control_plane::ACCOUNT;
use crate::roles::RoleSession;
use crate::service::Service;

/// STS's name in the credential scope.
const SERVICE: &str = "sts";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// What STS calls the errors that Bedrock has other names for.
const CODES: [(&str, &str); 3] = [
    ("InvalidSignatureException", "SignatureDoesNotMatch"),
    ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
    ("UnrecognizedClientException", "InvalidClientTokenId"),
];

/// The pairs of a form.
pub(crate) type Form = BTreeMap<String, String>;

impl Service {
    /// Answers a request to STS.
    pub(crate) async fn tell_caller(&self, parts: &Parts, body: Body, id: &str) -> Response {
        match self.ask_sts(parts, body, id).await {
            Ok(text) => xml(200, &text, id),
            Err(error) => xml(error.status, &refusal(&error, id), id),
        }
    }

    async fn ask_sts(&self, parts: &Parts, body: Body, id: &str) -> Result<String, WireError> {
        let bytes = read_body(body).await?;
        self.authorise_for(SERVICE, parts, &bytes, self.clock.now())?;
        let form = read_form(&bytes);
        match form.get("Action").map(String::as_str) {
            Some("GetCallerIdentity") => Ok(identity(id)),
            Some("AssumeRole") => {
                let denied = &self.settings.denied_roles;
                let session = self.sessions.assume(&form, denied, self.clock.now())?;
                Ok(assumed(&session, id))
            }
            _ => {
                let text = "Of STS, this simulator serves GetCallerIdentity and AssumeRole only.";
                Err(WireError::unmodelled("InvalidAction", 400, text))
            }
        }
    }
}

fn read_form(bytes: &[u8]) -> Form {
    let text = |bytes: &[u8]| {
        let spaced: Vec<u8> =
            bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_decode(&spaced).decode_utf8_lossy().into_owned()
    };
    let pair = |pair: &[u8]| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut half = || text(halves.next().unwrap_or_default());
        (half(), half())
    };
    bytes.split(|byte| *byte == b'&').map(pair).collect()
}

fn identity(id: &str) -> String {
    format!(
        "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{ACCOUNT}:user/simulated</Arn><UserId>AIDASIMULATED</UserId>\
         <Account>{ACCOUNT}</Account></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\
         </GetCallerIdentityResponse>"
    )
}

fn assumed(session: &RoleSession, id: &str) -> String {
    let RoleSession { session_name, access_key_id, secret, token, .. } = session;
    let (arn, end) = (session.arn(), session.expires_at);
    format!(
        "<AssumeRoleResponse xmlns=\"{NAMESPACE}\"><AssumeRoleResult><AssumedRoleUser>\
         <AssumedRoleId>AROASIMULATED:{session_name}</AssumedRoleId><Arn>{arn}</Arn>\
         </AssumedRoleUser><Credentials><AccessKeyId>{access_key_id}</AccessKeyId>\
         <SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}</SessionToken>\
         <Expiration>{end}</Expiration></Credentials></AssumeRoleResult>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></AssumeRoleResponse>"
    )
}

fn refusal(error: &WireError, id: &str) -> String {
    let known = CODES.iter().find(|(bedrocks, _)| *bedrocks == error.code);
    let code = known.map_or(error.code.as_str(), |(_, own)| own);
    let message = error.message.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
    )
}

fn xml(status: u16, text: &str, id: &str) -> Response {
    let mut response = Response::new(Body::from(Bytes::from(text.to_owned())));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
    }
    response
}
