//! Bytes in, bytes out: what turns a typed SDK call into a raw one.
//!
//! The SDK's types would drop what they do not know, so its request is given our body and headers
//! before it is signed, and its reply is taken away, unread, before it is deserialised. What the
//! typed deserialiser sees instead is a stub that it accepts.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The smallest body that every typed deserialiser accepts: Converse has required members.
const STUB: &str = r#"{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"end_turn","usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0},"metrics":{"latencyMs":0},"inputTokens":0}"#;

/// The head of a reply, and its body still on the wire.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: SdkBody,
}

/// Carries one request's bytes in and its reply out.
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    body: Bytes,
    headers: Arc<HeaderMap>,
    answer: Arc<Mutex<Option<Answer>>>,
}

impl Capture {
    pub(crate) fn new(body: Bytes, headers: HeaderMap) -> Self {
        Self { body, headers: Arc::new(headers), answer: Arc::default() }
    }

    /// What came back, if a reply's head came at all.
    pub(crate) fn take(&self) -> Option<Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[dyn_dispatch_hint]
impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "bursar bytes"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        *request.body_mut() = SdkBody::from(self.body.clone());
        request.headers_mut().insert("content-length", self.body.len().to_string());
        for (name, value) in self.headers.iter() {
            request.headers_mut().insert(name.as_str().to_owned(), value.to_str()?.to_owned());
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let headers = copy_headers(response.headers().iter_bytes());
        let body = std::mem::replace(response.body_mut(), SdkBody::from(STUB));
        let answer = Answer { status: response.status().as_u16(), headers, body };
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        Ok(())
    }
}

fn copy_headers<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> HeaderMap {
    headers
        .filter_map(|(name, value)| {
            let name = HeaderName::try_from(name).ok()?;
            Some((name, HeaderValue::from_bytes(value).ok()?))
        })
        .collect()
}
