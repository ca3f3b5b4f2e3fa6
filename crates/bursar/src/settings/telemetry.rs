//! Where OpenTelemetry goes, by the file or by the variables that its own programs read.

use std::time::Duration;

use bursar_core::Hook;
use percent_encoding::percent_decode_str;

use super::{Settings, filled, variable};
use crate::failure::{Failure, Situation};
use crate::telemetry::Destination;

/// OpenTelemetry's own defaults.
const SPANS_EVERY: Duration = Duration::from_secs(5);
const METRICS_EVERY: Duration = Duration::from_mins(1);
const SERVICE_NAME: &str = "service.name";

impl Settings {
    /// Where it goes; `None` where nobody named an endpoint. A variable outweighs the file. Read
    /// where it is needed: what is wrong there stops nobody else.
    ///
    /// # Errors
    /// A URL, a header or a number that is none.
    pub(crate) fn telemetry(&self) -> Result<Option<Destination>, Failure> {
        destination(&self.said.telemetry.otlp_endpoint)
    }
}

fn destination(said: &str) -> Result<Option<Destination>, Failure> {
    let base = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
    let of = |name: &str, path: &str| {
        let own = variable(name);
        own.or_else(|| Some(joined(base.as_deref().or(filled(said))?, path)))
    };
    let traces = of("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "v1/traces");
    let metrics = of("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "v1/metrics");
    let Some((traces, metrics)) = traces.zip(metrics) else { return Ok(None) };
    if variable("OTEL_SDK_DISABLED").is_some_and(|word| word.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let headers = pairs("OTEL_EXPORTER_OTLP_HEADERS")?;
    let hook = |url: String| {
        let wrong = |why: String| bad(&format!("the OTLP endpoint cannot be used: {why}"));
        Hook::to_collector(&url, &headers).map_err(wrong)
    };
    let mut resource = pairs("OTEL_RESOURCE_ATTRIBUTES")?;
    let name = variable("OTEL_SERVICE_NAME");
    if let Some(name) = name.or_else(|| (!has_name(&resource)).then(|| "bursar".to_owned())) {
        resource.retain(|(key, _)| key != SERVICE_NAME);
        resource.push((SERVICE_NAME.to_owned(), name));
    }
    resource.push(("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
    Ok(Some(Destination {
        traces: hook(traces)?,
        metrics: hook(metrics)?,
        resource,
        spans_every: every("OTEL_BSP_SCHEDULE_DELAY", SPANS_EVERY)?,
        metrics_every: every("OTEL_METRIC_EXPORT_INTERVAL", METRICS_EVERY)?,
    }))
}

fn has_name(resource: &[(String, String)]) -> bool {
    resource.iter().any(|(key, _)| key == SERVICE_NAME)
}

fn joined(base: &str, path: &str) -> String {
    format!("{}/{path}", base.trim_end_matches('/'))
}

/// `a=1,b=2`, values percent-encoded, as W3C writes baggage.
fn pairs(name: &str) -> Result<Vec<(String, String)>, Failure> {
    let said = variable(name).unwrap_or_default();
    let read = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let key = key.trim();
        (!key.is_empty()).then(|| (key.to_owned(), value.into_owned()))
    };
    // The value may be a secret, and is not told.
    let wrong = || bad(&format!("`{name}` is no list of `key=value`"));
    let pairs = said.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs.map(|pair| read(pair).ok_or_else(wrong)).collect()
}

/// Milliseconds above zero.
fn every(name: &str, usual: Duration) -> Result<Duration, Failure> {
    let Some(said) = variable(name) else { return Ok(usual) };
    let ms = said.parse().ok().filter(|ms: &u64| *ms > 0).map(Duration::from_millis);
    ms.ok_or_else(|| bad(&format!("`{name}` is `{said}`, no number of milliseconds above zero")))
}

fn bad(message: &str) -> Failure {
    Failure::new(Situation::Configuration, message)
        .hint("docs/gateway.md has what is read of OpenTelemetry's variables")
}
