//! STS, as far as `GetCallerIdentity`: what a client asks to learn who it is. Nothing else is here:
//! whoever signs as the simulator wants it is one and the same made-up user.

use axum::body::Body;
use axum::response::Response;
use bursar_wire::error::WireError;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::admission::read_body;
use crate::control_plane::ACCOUNT;
use crate::service::Service;

/// STS's name in the credential scope.
const SERVICE: &str = "sts";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const ACTION: &str = "Action=GetCallerIdentity";
/// What STS calls the errors that Bedrock has other names for.
const CODES: [(&str, &str); 3] = [
    ("InvalidSignatureException", "SignatureDoesNotMatch"),
    ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
    ("UnrecognizedClientException", "InvalidClientTokenId"),
];

impl Service {
    /// Answers a request to STS.
    pub(crate) async fn tell_caller(&self, parts: &Parts, body: Body, id: &str) -> Response {
        match self.who_asks(parts, body).await {
            Ok(()) => xml(200, &identity(id), id),
            Err(error) => xml(error.status, &refusal(&error, id), id),
        }
    }

    async fn who_asks(&self, parts: &Parts, body: Body) -> Result<(), WireError> {
        let bytes = read_body(body).await?;
        self.authorise_for(SERVICE, parts, &bytes, self.clock.now())?;
        if bytes.split(|byte| *byte == b'&').any(|pair| pair == ACTION.as_bytes()) {
            return Ok(());
        }
        let text = "Of STS, this simulator serves GetCallerIdentity only.";
        Err(WireError::unmodelled("InvalidAction", 400, text))
    }
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
