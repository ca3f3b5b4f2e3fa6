//! A knock at Bedrock's door: an unsigned request for nothing, to see whether anybody is there, who
//! it is, and what time it is there.

use aws_sdk_bedrockruntime::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use bursar_domain::causes::with_causes;
use bursar_domain::time::{Clock, Timestamp};

use crate::{Connection, NoAnswer};

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knock {
    /// The HTTP status. AWS answers 404 to a request for nothing.
    pub status: u16,
    /// Whether the answer bears a request id, as every answer of AWS does.
    pub is_aws: bool,
    /// How far this machine's clock is ahead of the answer's, in milliseconds; as exact as the
    /// answer's date is, which is to the second. `None` when the answer has no date.
    pub ahead_ms: Option<i64>,
}

impl Connection {
    /// The URL that calls go to: the one that was said, or AWS's own for the region; `None` where
    /// the SDK knows none.
    pub async fn runtime_url(&self) -> Option<String> {
        if self.endpoint.is_some() {
            return self.endpoint.clone();
        }
        let params = Params::builder().set_region(self.region.clone()).build().ok()?;
        let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.ok()?;
        Some(endpoint.url().to_owned())
    }

    /// Knocks at `url`, unsigned.
    ///
    /// # Errors
    /// `ConnectFailed`, with the causes, when nobody answers.
    pub async fn knock(&self, url: &str, clock: &Clock) -> Result<Knock, NoAnswer> {
        let refuse = |error: &dyn std::error::Error| NoAnswer {
            code: "ConnectFailed".to_owned(),
            message: with_causes(error.to_string(), error),
        };
        let settings = HttpConnectorSettings::builder().connect_timeout(self.connect_timeout);
        let builder = Connector::builder().connector_settings(settings.build());
        let connector = if url.starts_with("http://") {
            builder.build_http()
        } else {
            builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
        };
        let mut request = HttpRequest::empty();
        request.set_uri(url).map_err(|error| refuse(&error))?;
        let asked_at = clock.now();
        let answer = connector.call(request).await.map_err(|error| refuse(&error))?;
        let answered_at = clock.now();
        let headers = answer.headers();
        let date =
            headers.get("date").and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        let date = date.and_then(|date| date.to_millis().ok()).map(Timestamp);
        Ok(Knock {
            status: answer.status().as_u16(),
            is_aws: headers.contains_key("x-amzn-requestid"),
            ahead_ms: date.map(|date| ahead_ms(asked_at, answered_at, date)),
        })
    }
}

/// The answer was dated somewhere between the two, and its second is not over at once: within that
/// no clock is wrong.
fn ahead_ms(asked_at: Timestamp, answered_at: Timestamp, date: Timestamp) -> i64 {
    let (earliest, latest) = (date.0, date.0 + 999);
    if asked_at.0 > latest {
        asked_at.0 - latest
    } else if answered_at.0 < earliest {
        answered_at.0 - earliest
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_right_within_the_answers_second_and_the_way_there_and_back() {
        let ahead = |asked, answered, date| {
            ahead_ms(Timestamp(asked), Timestamp(answered), Timestamp(date))
        };
        assert_eq!(ahead(5_000, 5_040, 5_000), 0);
        assert_eq!(ahead(5_990, 5_999, 5_000), 0, "the date is cut to the second");
        assert_eq!(ahead(4_900, 9_000, 8_000), 0, "a slow answer is dated on the way");
        assert_eq!(ahead(400_999, 401_000, 100_000), 300_000);
        assert_eq!(ahead(100_000, 100_000, 400_000), -300_000);
    }
}
