//! One request, from its bytes to its answer: begin a record, admit, and then say the answer, or
//! break where a fault says so. What admits is in `admission.rs`; sockets and routes are elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bursar_domain::call::Operation;
use bursar_domain::time::Clock;
use bursar_domain::usage::Usage;
use bursar_wire::error::WireError;
use bursar_wire::path::RequestPath;
use http::request::Parts;

use crate::action::Action;
use crate::auth;
use crate::calls::{Calls, Running, ServedCall};
use crate::chance::Chance;
use crate::composer::{self, Composed, Pauses};
use crate::connection::Connection;
use crate::fault::Fault;
use crate::prompt_cache::PromptCache;
use crate::quota::{PerMinute, Quotas};
use crate::reply;
use crate::roles::Sessions;
use crate::script::SILENCE;
use crate::settings::Settings;
use crate::site::{GuardrailPath, Reading};
use crate::steering::Steering;

/// How long `slow-first-byte` takes, unless `delay-ms` says.
const SLOW_MS: u64 = 3_000;

/// The most characters of an SDK's header that a record keeps.
const HEADER_CHARS_MAX: usize = 256;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) calls: Arc<Calls>,
    pub(crate) cache: PromptCache,
    pub(crate) quotas: Arc<Quotas>,
    pub(crate) sessions: Sessions,
    /// How often each request was seen whose fault strikes only so many times.
    pub(crate) seen: Mutex<HashMap<u64, u64>>,
    /// Makes request ids of one run unlike those of another.
    run: Chance,
}

impl Service {
    pub(crate) fn new(settings: Settings, clock: Clock) -> Self {
        let calls = Arc::new(Calls::new(settings.calls_max));
        let started = u64::try_from(clock.now().0).unwrap_or_default();
        let run = Chance::new(settings.seed).with_number(started);
        let (cache, seen) = (PromptCache::new(), Mutex::default());
        let quotas = Arc::new(Quotas::new(PerMinute {
            requests: settings.requests_per_minute,
            tokens: settings.tokens_per_minute,
        }));
        let sessions = Sessions::default();
        Self { settings, clock, calls, cache, quotas, sessions, seen, run }
    }

    /// Answers one request to a model's path.
    pub(crate) async fn answer(
        &self,
        path: &RequestPath,
        parts: Parts,
        body: Body,
        connection: Connection,
    ) -> Response {
        let mut call = self.begin(path.operation.into(), &path.model, &parts);
        let outcome = match self.admit(path, parts, body, &mut call).await {
            Ok(admitted) => {
                let compose = |id: &str, pauses| composer::compose(&admitted, id, pauses);
                self.serve(&admitted.steering, compose, &mut call, &connection).await
            }
            Err(error) => Err(error),
        };
        end(outcome, call, connection)
    }

    /// Answers one request to a guardrail's path.
    pub(crate) async fn guard(
        &self,
        path: &GuardrailPath,
        parts: Parts,
        body: Body,
        connection: Connection,
    ) -> Response {
        let mut call = self.begin(Operation::ApplyGuardrail.into(), &path.id, &parts);
        let outcome = match self.admit_guardrail(path, parts, body, &call).await {
            Ok((content, steering)) => {
                let units = content.units(&steering);
                let body = content.answer(&units, &steering);
                let compose =
                    |_: &str, _| Ok(Composed::plain(&body, steering.fault, units.usage()));
                self.serve(&steering, compose, &mut call, &connection).await
            }
            Err(error) => Err(error),
        };
        end(outcome, call, connection)
    }

    /// Answers one question to the control plane.
    pub(crate) async fn tell(
        &self,
        reading: &Reading,
        parts: &Parts,
        connection: Connection,
    ) -> Response {
        let mut call = self.begin(Action::Tell(reading.telling), &reading.id, parts);
        let outcome = match self.read(reading, parts, &call) {
            Ok((told, steering)) => {
                let compose =
                    |_: &str, _| Ok(Composed::plain(&told, steering.fault, Usage::default()));
                self.serve(&steering, compose, &mut call, &connection).await
            }
            Err(error) => Err(error),
        };
        end(outcome, call, connection)
    }

    fn begin(&self, action: Action, target: &str, parts: &Parts) -> Running {
        let header = |name: &str| {
            let text = String::from_utf8_lossy(parts.headers.get(name)?.as_bytes());
            Some(text.chars().take(HEADER_CHARS_MAX).collect())
        };
        self.calls.begin(|number| ServedCall {
            number,
            request_id: self.request_id(number),
            operation: action,
            model: target.to_owned(),
            model_sent: target.to_owned(),
            started_at: self.clock.now(),
            usage: Usage::default(),
            http_status: None,
            ended: None,
            fault: None,
            metadata: BTreeMap::new(),
            sdk_invocation_id: header("amz-sdk-invocation-id"),
            sdk_request: header("amz-sdk-request"),
            signed_by: header("authorization").as_deref().and_then(auth::access_key_id),
        })
    }

    fn request_id(&self, number: u64) -> String {
        let chance = self.run.with_number(number);
        let (high, low) = (chance.value(), chance.with_number(1).value());
        let bits = (u128::from(high) << 64) | u128::from(low);
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }

    /// Answers what was admitted, unless a fault comes instead.
    async fn serve(
        &self,
        steering: &Steering,
        compose: impl FnOnce(&str, Pauses) -> Result<Composed, WireError>,
        call: &mut Running,
        connection: &Connection,
    ) -> Result<Composed, WireError> {
        let Steering { fault, delay_ms, gap_ms, .. } = *steering;
        call.note(|record| record.fault = fault);
        let slow =
            if fault == Some(Fault::SlowFirstByte) { SLOW_MS } else { self.settings.delay_ms };
        let delay = Duration::from_millis(delay_ms.unwrap_or(slow));
        let gap = Duration::from_millis(gap_ms.unwrap_or(self.settings.gap_ms));
        if let Some(error) = fault.and_then(Fault::refusal) {
            tokio::time::sleep(delay).await;
            return Err(error);
        }
        if fault == Some(Fault::NotJson) {
            tokio::time::sleep(delay).await;
            return Ok(composer::bad_gateway());
        }
        let composed = compose(call.request_id(), Pauses { delay, gap })?;
        // Noted before the wait: who leaves meanwhile has still had it generated.
        call.note_usage(&composed.usage);
        if fault == Some(Fault::Hang) {
            call.end("hang");
            tokio::time::sleep(SILENCE).await;
            connection.reset().await;
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        Ok(composed)
    }
}

fn end(outcome: Result<Composed, WireError>, call: Running, connection: Connection) -> Response {
    match outcome {
        Ok(composed) => reply::stage(composed, call, connection),
        Err(error) => reply::refuse(&error, call),
    }
}
