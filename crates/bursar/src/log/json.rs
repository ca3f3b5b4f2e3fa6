//! An event as one line of JSON. Whatever a caller put into a field, it stays one line, and short.

use std::fmt;

use bursar_domain::time::Clock;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The longest text of one field, in characters.
const FIELD_CHARS_MAX: usize = 1_000;

/// Writes events as JSON.
#[derive(Debug)]
pub(super) struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields(Map::new());
        let metadata = event.metadata();
        fields.put("at", Clock::system().now().to_string());
        fields.put("level", metadata.level().as_str().to_ascii_lowercase());
        fields.put("target", metadata.target());
        event.record(&mut fields);
        writeln!(writer, "{}", Value::Object(fields.0))
    }
}

/// What an event says, by name.
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn put_text(&mut self, field: &Field, text: &str) {
        // A control character would be escaped by JSON, and come alive in whoever unescapes it.
        let seen = |letter: char| if letter.is_control() && letter != '\n' { ' ' } else { letter };
        let text: String = text.chars().take(FIELD_CHARS_MAX).map(seen).collect();
        self.put(field.name(), text);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_short_line_whatever_a_caller_put_into_it() {
        let kept = Kept::default();
        let writer = kept.clone();
        let layer = tracing_subscriber::fmt::layer().event_format(Json);
        let layer = layer.with_writer(move || writer.clone());
        let long = "x".repeat(1 << 20);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(team = "a\r\n\u{1b}[31m\"b", cost = 7, missing = None::<&str>, "call");
            tracing::warn!(long, "long");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(lines[0]["team"], "a \n [31m\"b");
        assert_eq!((&lines[0]["cost"], &lines[0]["message"]), (&7.into(), &"call".into()));
        assert!(lines[0].get("missing").is_none());
        assert_eq!(lines[1]["long"].as_str().unwrap().len(), FIELD_CHARS_MAX);
    }
}
