//! What stands between a request and its answer: its size, its authorization, its metadata, its
//! model, its shape and its limits, each refused in Bedrock's words; then its tokens are counted.

use std::borrow::Cow;
use std::sync::PoisonError;
use std::time::Duration;

use axum::body::Body;
use bursar_domain::call::Operation;
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use bursar_wire::error::{ErrorCode, WireError};
use bursar_wire::messages;
use bursar_wire::path::RequestPath;
use bursar_wire::sigv4::{self, SignedRequest};
use bytes::Bytes;
use http::HeaderValue;
use http::header::HOST;
use http::request::Parts;
use http_body_util::LengthLimitError;
use serde_json::Value;

use crate::action::Action;
use crate::calls::Running;
use crate::chance::Chance;
use crate::fault::Fault;
use crate::quota::Need;
use crate::service::Service;
use crate::shape::Shape;
use crate::site::GuardrailPath;
use crate::steering::Steering;
use crate::target::{self, Speech, Target};
use crate::tokens::Tally;
use crate::words::TEXT_TOKENS_MAX;
use crate::{asked, auth, composer, guardrail, metadata, quota};

/// The most bytes of a body, as for Bedrock.
pub(crate) const BODY_BYTES_MAX: usize = 25_000_000;
/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// The most requests whose faults are counted for `times=`.
const SEEN_MAX: usize = 16_384;

/// A request that may be answered.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) operation: Operation,
    pub(crate) target: Target,
    pub(crate) shape: Shape,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Value,
    pub(crate) steering: Steering,
    pub(crate) max_tokens: Option<u64>,
    /// Follows from the seed and the body, so that the same question has the same answer.
    pub(crate) chance: Chance,
    /// Input of every kind; output and meters come with the answer.
    pub(crate) usage: Usage,
    pub(crate) now: Timestamp,
}

impl Service {
    /// Everything that can be refused before the model would run, in Bedrock's order.
    pub(crate) async fn admit(
        &self,
        path: &RequestPath,
        parts: Parts,
        body: Body,
        call: &mut Running,
    ) -> Result<Admitted, WireError> {
        let bytes = read_body(body).await?;
        let now = self.clock.now();
        self.authorise(&parts, &bytes, now)?;
        let body = asked::parse(&bytes)?;
        let metadata = metadata::read(path.operation.into(), &parts.headers, &body)?;
        call.note(|record| record.metadata.clone_from(&metadata.pairs));
        let chance = Chance::new(self.settings.seed).with(path.model.as_bytes()).with(&bytes);
        let target = target::find(&path.model, &self.settings, chance)?;
        call.note(|record| record.model.clone_from(&target.id));
        target.check(&path.model, path.operation, now)?;
        let matter = Matter {
            action: path.operation.into(),
            target: &path.model,
            number: call.number(),
            chance,
        };
        let steering = self.steer(&matter, metadata.steering.as_deref())?;
        let headers = parts.headers;
        self.count(Question { path, target, headers, body, steering, chance, now }, call)
    }

    /// The same for a guardrail.
    pub(crate) async fn admit_guardrail(
        &self,
        path: &GuardrailPath,
        parts: Parts,
        body: Body,
        call: &Running,
    ) -> Result<(guardrail::Content, Steering), WireError> {
        let bytes = read_body(body).await?;
        self.authorise(&parts, &bytes, self.clock.now())?;
        let body = asked::parse(&bytes)?;
        let action = Action::Call(Operation::ApplyGuardrail);
        let metadata = metadata::read(action, &parts.headers, &body)?;
        call.note(|record| record.metadata.clone_from(&metadata.pairs));
        guardrail::check(path)?;
        let chance = Chance::new(self.settings.seed).with(path.id.as_bytes()).with(&bytes);
        let matter = Matter { action, target: &path.id, number: call.number(), chance };
        let steering = self.steer(&matter, metadata.steering.as_deref())?;
        Ok((guardrail::read(&body)?, steering))
    }

    pub(crate) fn authorise(
        &self,
        parts: &Parts,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), WireError> {
        self.authorise_for(sigv4::SERVICE, parts, body, now)
    }

    /// The same for another service than Bedrock.
    pub(crate) fn authorise_for(
        &self,
        service: &'static str,
        parts: &Parts,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), WireError> {
        let mut headers = Cow::Borrowed(&parts.headers);
        if let Some(authority) = parts.uri.authority()
            && !headers.contains_key(HOST)
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            // HTTP/2 has no host header, but signers sign one.
            headers.to_mut().insert(HOST, host);
        }
        let request = SignedRequest {
            method: parts.method.as_str(),
            raw_path: parts.uri.path(),
            raw_query: parts.uri.query().unwrap_or_default(),
            headers: &headers,
            body,
        };
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let signer = header("authorization").and_then(auth::access_key_id);
        let Some((key, token)) = signer.and_then(|signer| self.sessions.key(&signer)) else {
            return auth::authorise(&request, service, self.settings.credentials.as_ref(), now);
        };
        if header("x-amz-security-token") != Some(token.as_str()) {
            let text = "The security token included in the request is invalid.";
            return Err(WireError::unmodelled("UnrecognizedClientException", 403, text));
        }
        auth::authorise(&request, service, Some(&key), now)
    }

    /// The caller's words over the scenario's, and the throttle rate where neither says a fault.
    pub(crate) fn steer(
        &self,
        matter: &Matter<'_>,
        words: Option<&str>,
    ) -> Result<Steering, WireError> {
        let Matter { action, target, number, chance } = *matter;
        let by_number = Chance::new(self.settings.seed).with_number(number);
        let rule = self.settings.scenario.words(target, action, by_number);
        let texts = [rule.unwrap_or_default(), words.unwrap_or_default()];
        let refuse = |why: String| WireError::new(ErrorCode::Validation, why);
        let mut steering = Steering::parse(&texts).map_err(|error| refuse(error.to_string()))?;
        if let Some(fault) = steering.fault
            && fault.needs_stream()
            && !action.is_stream()
        {
            let text = format!("steering word `fault={fault}` needs a stream, not {action}");
            return Err(refuse(text));
        }
        if !self.still_strikes(&steering, chance) {
            steering.fault = None;
        }
        if steering.fault.is_none()
            && !matches!(action, Action::Tell(_))
            && by_number.with(b"throttle").strikes(self.settings.throttle_ppm)
        {
            steering.fault = Some(Fault::Throttle);
        }
        Ok(steering)
    }

    /// Whether a fault that strikes `times=` times strikes this time too.
    fn still_strikes(&self, steering: &Steering, chance: Chance) -> bool {
        let Some(times) = steering.times else { return true };
        let key = steering.id.as_ref().map_or(chance, |id| Chance::new(0).with(id.as_bytes()));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SEEN_MAX {
            // Forgetting makes a fault strike again; growing without end would be worse.
            seen.clear();
        }
        let count = seen.entry(key.value()).or_default();
        *count += 1;
        *count <= times
    }

    /// Reads what is asked, counts what was sent, and checks it against the model's limits. Steered
    /// counts are not checked: they say what was used, and what was used was allowed.
    fn count(&self, question: Question<'_>, call: &mut Running) -> Result<Admitted, WireError> {
        let Question { path, target, headers, body, steering, chance, now } = question;
        let (body, speaks) = match path.operation {
            Operation::CountTokens => asked::counted(&body)?,
            Operation::Converse | Operation::ConverseStream => (body, Speech::Converse),
            _ => (body, Speech::InvokeModel),
        };
        let shape = target.shape(speaks, &body)?;
        match speaks {
            Speech::Converse if target.is_prompt() => {}
            Speech::Converse => asked::check_messages(&body)?,
            Speech::InvokeModel => asked::check_shape(shape, &body)?,
        }
        if path.operation.is_stream() && !shape.is_text() {
            return Err(composer::not_streamed());
        }
        let tally = Tally::of(&body);
        asked::check_cache_points(&tally)?;
        let max_tokens = asked::max_tokens(&body)?;
        // A refused call writes no cache, and counting is no call.
        let is_refused = steering.fault.is_some_and(|fault| fault.refusal().is_some());
        let is_run = !is_refused && path.operation != Operation::CountTokens;
        let steered = steering.counts_tokens().then(|| steered_input(&steering));
        let sized = if steered.is_some() { 0 } else { tally.tokens() };
        target.check_size(shape, sized, max_tokens)?;
        let input = steered.as_ref().map_or(sized, Usage::context_tokens);
        if is_run {
            let output = if shape.is_text() { most_output(&target, max_tokens) } else { 0 };
            let (id, burndown) = (&target.quota_id(), quota::burndown(&target.id));
            let need = Need { id, burndown, tokens: input.saturating_add(output) };
            call.keep(self.quotas.deduct(need, now)?);
        }
        let usage = match steered {
            Some(steered) => steered,
            None if is_run && target.caches() => self.cache.split(&target.id, &tally, now),
            None => Usage { input, ..Usage::default() },
        };
        let operation = path.operation;
        Ok(Admitted {
            operation,
            target,
            shape,
            headers,
            body,
            steering,
            max_tokens,
            chance,
            usage,
            now,
        })
    }
}

/// The most output that a call may have; as much as is ever said, where nothing else is known.
fn most_output(target: &Target, asked: Option<u64>) -> u64 {
    asked.or_else(|| target.output_max()).unwrap_or(TEXT_TOKENS_MAX)
}

/// What steering goes by.
pub(crate) struct Matter<'a> {
    pub(crate) action: Action,
    /// A model or a guardrail, as sent.
    pub(crate) target: &'a str,
    pub(crate) number: u64,
    pub(crate) chance: Chance,
}

/// What `count` looks at.
struct Question<'a> {
    path: &'a RequestPath,
    target: Target,
    headers: http::HeaderMap,
    body: Value,
    steering: Steering,
    chance: Chance,
    now: Timestamp,
}

fn steered_input(steering: &Steering) -> Usage {
    Usage {
        input: steering.input.unwrap_or(0),
        cache_read: steering.cache_read.unwrap_or(0),
        cache_write_5m: steering.cache_write_5m.unwrap_or(0),
        cache_write_1h: steering.cache_write_1h.unwrap_or(0),
        ..Usage::default()
    }
}

pub(crate) async fn read_body(body: Body) -> Result<Bytes, WireError> {
    let too_long = || {
        let text = format!("The request body must have at most {BODY_BYTES_MAX} bytes.");
        WireError::unmodelled("RequestEntityTooLargeException", 413, text)
    };
    let limited = axum::body::to_bytes(body, BODY_BYTES_MAX);
    let bytes = tokio::time::timeout(BODY_TIMEOUT, limited).await.map_err(|_| {
        WireError::unmodelled(
            "RequestTimeoutException",
            408,
            "The request body did not come in time.",
        )
    })?;
    bytes.map_err(|error| {
        if error.into_inner().is::<LengthLimitError>() {
            too_long()
        } else {
            messages::malformed_input("the body did not come whole")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use bursar_domain::time::Clock;

    #[test]
    fn how_often_a_request_was_seen_is_counted_for_a_bounded_number_of_them() {
        let service = Service::new(Settings::default(), Clock::new(|| Timestamp(0)));
        let strikes = |id: &str| {
            let steering = Steering::parse(&[&format!("fault=throttle times=1 id={id}")]).unwrap();
            service.still_strikes(&steering, Chance::new(0))
        };
        assert_eq!([strikes("a"), strikes("a"), strikes("b")], [true, false, true]);
        for number in 0..SEEN_MAX {
            strikes(&number.to_string());
        }
        assert!(service.seen.lock().unwrap().len() <= SEEN_MAX);
    }
}
