//! A client of gateways, over plain HTTP: it knows their addresses, its key and its requests, and
//! nothing of the ledger behind them.
//!
//! It never sends a call again by itself. What it makes of an answer it reads from the bytes that
//! came, by nothing that the gateway reads them with.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bursar_core::Invocation;
use bursar_domain::budget::RefusalReason;
use bursar_domain::money::Cost;
use bursar_wire::path::encode_path;
use reqwest::Response;

use crate::Outcome;
use crate::ended::{Ended, No, Settled};
use crate::job::Calls;

/// Longer than any call of a room takes: a connection that hangs has to be told of.
const PATIENCE: Duration = Duration::from_mins(2);

/// Connections to gateways, one for each call at a time.
pub(crate) struct Client {
    http: reqwest::Client,
    gateways: Vec<String>,
    secret: String,
}

/// What came of a request: an answer's head and bytes.
struct Answer {
    status: u16,
    error: String,
    call: String,
    held: Option<String>,
    body: Vec<u8>,
}

impl Client {
    /// `None` where the calls are to be made in this process.
    pub(crate) fn new(job: &Calls) -> Outcome<Option<Self>> {
        if job.gateways.is_empty() {
            return Ok(None);
        }
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Some(Self { http, gateways: job.gateways.clone(), secret: job.secret.clone() }))
    }

    /// Makes a call as the session `mark`. The caller `task` always asks the same gateway, and
    /// leaves once it has so many bytes of the answer.
    pub(crate) async fn call(
        &self,
        task: u64,
        mark: &str,
        request: &Invocation,
        leaves_at: Option<u64>,
    ) -> Ended {
        let nth = task % self.gateways.len() as u64;
        let gateway = &self.gateways[usize::try_from(nth).unwrap_or(0)];
        let path = encode_path(&request.model.dispatched, request.operation);
        let mut asked = self
            .http
            .post(format!("{gateway}{path}"))
            .headers(request.headers.clone())
            .bearer_auth(&self.secret)
            .header("x-bursar-session", mark)
            .body(request.body.clone());
        if let Some(key) = &request.idempotency_key {
            asked = asked.header("idempotency-key", key);
        }
        let answer = match asked.send().await {
            Ok(response) => read(response, leaves_at).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(Some(answer)) => answer.ended(),
            Ok(None) => Ended::Left,
            Err(error) => Ended::Failed(without_address(error)),
        }
    }
}

/// Reads an answer to its end; `None` where the caller has left before.
async fn read(
    mut response: Response,
    leaves_at: Option<u64>,
) -> Result<Option<Answer>, reqwest::Error> {
    let header = |name| response.headers().get(name)?.to_str().ok().map(str::to_owned);
    let mut answer = Answer {
        status: response.status().as_u16(),
        error: header("x-amzn-errortype").unwrap_or_default(),
        call: header("x-bursar-call-id").unwrap_or_default(),
        held: header("x-bursar-held"),
        body: Vec::new(),
    };
    while let Some(piece) = response.chunk().await? {
        answer.body.extend_from_slice(&piece);
        if leaves_at.is_some_and(|bytes| answer.body.len() as u64 >= bytes) {
            return Ok(None);
        }
    }
    Ok(if leaves_at.is_some() { None } else { Some(answer) })
}

impl Answer {
    fn ended(self) -> Ended {
        let text = String::from_utf8_lossy(&self.body);
        // Its name comes before the address of its description.
        let error = self.error.split(':').next().unwrap_or_default();
        match (self.status, error) {
            (200, _) => match tokens(&text) {
                Some(tokens) if !self.call.is_empty() => Ended::Settled(Settled {
                    held_micro: self.held.as_deref().and_then(micros).unwrap_or(0),
                    tokens: Some(tokens),
                    id: self.call,
                    ratio: None,
                }),
                _ => Ended::Failed("an answer without its usage or its id".to_owned()),
            },
            (400, "ServiceQuotaExceededException") => {
                let spent = figure(&text, "spent ").zip(figure(&text, "room: limit "));
                Ended::Refused(No { reason: RefusalReason::Spent.as_str(), spent })
            }
            (429, "ThrottlingException") if text.contains("has no room") => {
                let is_rate = text.contains("begins anew");
                let reason = if is_rate { RefusalReason::Rate } else { RefusalReason::Held };
                Ended::Refused(No { reason: reason.as_str(), spent: None })
            }
            (409, _) if text.contains("is running already") => Ended::Repeated("running"),
            (409, _) => Ended::Repeated("ended"),
            (422, _) => Ended::Repeated("other"),
            (status, error) => Ended::Failed(format!("{status} {error}: {}", brief(&text))),
        }
    }
}

/// The last input and output tokens that an answer tells of, in JSON or in frames around it.
fn tokens(text: &str) -> Option<(u64, u64)> {
    let of = |text: &str| last(text, "\"inputTokens\":").zip(last(text, "\"outputTokens\":"));
    // InvokeModel's frames carry the provider's own JSON in base64.
    of(text).or_else(|| {
        let bytes = text.split("\"bytes\":\"").skip(1).filter_map(|rest| rest.split('"').next());
        bytes.filter_map(|bytes| of(&String::from_utf8(STANDARD.decode(bytes).ok()?).ok()?)).last()
    })
}

fn last(text: &str, name: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once(name)?;
    let digits = rest.trim_start();
    digits[..digits.find(|c: char| !c.is_ascii_digit())?].parse().ok()
}

/// An amount that a refusal names, in micro-dollars: `spent $0.0123`.
fn figure(text: &str, name: &str) -> Option<i64> {
    let (_, rest) = text.split_once(name)?;
    let end = rest.find([',', ';', '\\', '"']).unwrap_or(rest.len());
    micros(rest[..end].trim().strip_prefix('$')?)
}

fn micros(dollars: &str) -> Option<i64> {
    Cost::parse_usd(&format!("{dollars}usd")).ok().map(|cost| cost.micros_up().0)
}

/// Ids and figures would make each error one of its own.
fn brief(text: &str) -> String {
    text.split(['`', '\\']).next().unwrap_or_default().chars().take(120).collect()
}

/// The same error of another port is the same error.
fn without_address(error: reqwest::Error) -> String {
    let error = error.without_url();
    bursar_domain::causes::with_causes(error.to_string(), &error)
}
