//! Each source of a reply's figures by itself, for whoever wants to see that they agree. Metering
//! does not need it: it reads both at once, and doubts what differs.

use bursar_domain::call::Operation;
use bursar_domain::model::ModelId;
use http::HeaderMap;
use serde_json::Value;

use super::counts::Counts;
use super::stream::StreamReader;
use super::{is_common, spoken};

/// The figures of one reply by who told them; `None` where nobody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sources {
    /// Bedrock's: the headers, or the metrics in a stream's last chunk. Converse has none.
    pub bedrock: Option<Counts>,
    /// The body's own.
    pub body: Option<Counts>,
}

/// Reads both sources of a reply of status 200, as far as it came.
#[must_use]
pub fn read_sources(
    operation: Operation,
    model: &ModelId,
    headers: &HeaderMap,
    body: &[u8],
) -> Sources {
    let (bedrock, body) = if operation.is_stream() {
        let mut reader = StreamReader::new(operation, model);
        // Behind a broken frame nothing can be read; what came before it counts.
        drop(reader.observe(body));
        reader.counts()
    } else {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let told = Counts::from_json(&json, &spoken(operation, model).reply, &mut None);
        let is_common = is_common(operation);
        let counted =
            if is_common { Counts::default() } else { Counts::from_headers(headers, &mut None) };
        (counted, told)
    };
    let said = |counts: Counts| (counts != Counts::default()).then_some(counts);
    Sources { bedrock: said(bedrock), body: said(body) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    const CLAUDE: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

    #[test]
    fn headers_and_body_are_told_apart() {
        let headers = HeaderMap::from_iter(
            [("x-amzn-bedrock-input-token-count", "7"), ("x-amzn-bedrock-output-token-count", "3")]
                .map(|(name, value)| {
                    (HeaderName::from_static(name), HeaderValue::from_static(value))
                }),
        );
        let model = ModelId::parse(CLAUDE).unwrap();
        let body = br#"{"usage":{"input_tokens":8,"output_tokens":3}}"#;
        let sources = read_sources(Operation::InvokeModel, &model, &headers, body);
        let (bedrock, body) = (sources.bedrock.unwrap(), sources.body.unwrap());
        assert_eq!((bedrock.input, bedrock.output), (Some(7), Some(3)));
        assert_eq!((body.input, body.output), (Some(8), Some(3)));
        let silent = read_sources(Operation::InvokeModel, &model, &HeaderMap::new(), b"<html>");
        assert_eq!(silent, Sources::default());
    }

    #[test]
    fn converse_has_its_body_only() {
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static("x-amzn-bedrock-input-token-count"),
            HeaderValue::from_static("7"),
        )]);
        let model = ModelId::parse(CLAUDE).unwrap();
        let body = br#"{"usage":{"inputTokens":8,"outputTokens":3}}"#;
        let sources = read_sources(Operation::Converse, &model, &headers, body);
        assert_eq!(sources.bedrock, None);
        assert_eq!(sources.body.unwrap().input, Some(8));
    }
}
