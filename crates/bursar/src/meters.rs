//! What a gateway's process counts of itself, as Prometheus reads it. Here, since what counts and what
//! shows do not know each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bursar_core::Running;
use bursar_dashboard::{Family, Kind, Meters, Sample};
use bursar_gateway::{Counted, Counts, Spread};
use bursar_ledger::{Backlog, Ledger};

use crate::reload::Reloading;
use crate::telemetry;

/// Everything that one process counts.
pub(crate) fn of(
    counts: Arc<Counts>,
    (running, ledger): (Running, Ledger),
    (reloading, spans): (Arc<Reloading>, Option<Arc<telemetry::Counts>>),
) -> Meters {
    Meters::new(move || {
        let mut families = requests(&counts.read());
        let cuts = running.cuts();
        families.push(counter(
            "bursar_streams_cut_total",
            "Answers that this process cut, by the code that their rows have.",
            &by("reason", &cuts),
        ));
        families.extend(ledgers(&ledger.backlog()));
        families.push(gauge(
            "bursar_config_last_reload_successful",
            "Whether the configuration was right when it was last read.",
            u8::from(reloading.is_good()),
        ));
        families.extend(spans.as_deref().map(exports));
        families
    })
}

fn exports(spans: &telemetry::Counts) -> Family {
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let counts = [("exported", read(&spans.exported)), ("dropped", read(&spans.dropped))];
    counter(
        "bursar_otlp_spans_total",
        "Spans that the collector took, and those that were dropped for it was slow or away.",
        &by("result", &counts),
    )
}

fn requests(counted: &Counted) -> Vec<Family> {
    let spread = |read: fn(&(String, Spread, Spread)) -> &Spread| {
        let models = counted.models.iter();
        models.flat_map(move |of| spread_of(read(of), Some(&of.0))).collect()
    };
    vec![
        histogram(
            "bursar_request_duration_seconds",
            "From a whole request to the end of its answer, by model, of this process.",
            spread(|(_, duration, _)| duration),
        ),
        histogram(
            "bursar_time_to_first_token_seconds",
            "From a whole request to the first bytes of its streamed answer, of this process.",
            spread(|(_, _, first)| first),
        ),
        histogram(
            "bursar_overhead_seconds",
            "What this process added to a call: pricing, waiting for room, writing, settling.",
            spread_of(&counted.overhead, None),
        ),
        counter(
            "bursar_answers_total",
            "What Bedrock said to the calls of this process.",
            &by("outcome", &counted.answers),
        ),
        counter(
            "bursar_refusals_total",
            "Requests that this process refused, by why.",
            &by("reason", &counted.refusals),
        ),
        gauge("bursar_streams_open", "Streams that this process hands on.", counted.streams),
        gauge("bursar_connections", "Connections to this process.", counted.connections),
    ]
}

fn ledgers(backlog: &Backlog) -> [Family; 4] {
    [
        gauge(
            "bursar_ledger_lag_seconds",
            "How long the last settlement of this process took to be durable.",
            seconds(u64::try_from(backlog.lag.as_micros()).unwrap_or(u64::MAX)),
        ),
        gauge(
            "bursar_ledger_queue",
            "Calls of this process that wait for the ledger's writer.",
            backlog.waiting,
        ),
        gauge(
            "bursar_ledger_away",
            "Whether this process goes on without its ledger.",
            u8::from(backlog.is_away),
        ),
        gauge(
            "bursar_spool_bytes",
            "What this process's files in the spool take.",
            backlog.spooled_bytes,
        ),
    ]
}

fn by(label: &'static str, counts: &[(&'static str, u64)]) -> Vec<Sample> {
    counts.iter().map(|(name, count)| Sample::new(&[(label, name)], count)).collect()
}

fn counter(name: &'static str, help: &'static str, samples: &[Sample]) -> Family {
    Family { name, help, kind: Kind::Counter, samples: samples.to_vec() }
}

fn gauge(name: &'static str, help: &'static str, value: impl std::fmt::Display) -> Family {
    Family { name, help, kind: Kind::Gauge, samples: vec![Sample::new(&[], value)] }
}

fn histogram(name: &'static str, help: &'static str, samples: Vec<Sample>) -> Family {
    Family { name, help, kind: Kind::Histogram, samples }
}

fn spread_of(spread: &Spread, model: Option<&str>) -> Vec<Sample> {
    let own: Vec<(&'static str, &str)> = model.map(|model| ("model", model)).into_iter().collect();
    let bucket = |bound: &str, count: u64| {
        let labels = [own.as_slice(), &[("le", bound)]].concat();
        Sample { suffix: "_bucket", ..Sample::new(&labels, count) }
    };
    let mut samples: Vec<Sample> =
        spread.buckets.iter().map(|(bound, count)| bucket(&seconds(*bound), *count)).collect();
    samples.push(bucket("+Inf", spread.count));
    samples.push(Sample { suffix: "_sum", ..Sample::new(&own, seconds(spread.sum_us)) });
    samples.push(Sample { suffix: "_count", ..Sample::new(&own, spread.count) });
    samples
}

/// Microseconds as seconds, exactly.
fn seconds(us: u64) -> String {
    let text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_written_as_plain_seconds() {
        let cases = [(0, "0"), (100, "0.0001"), (10_000, "0.01"), (81_920_000, "81.92")];
        for (us, expected) in cases {
            assert_eq!(seconds(us), expected);
        }
    }
}
