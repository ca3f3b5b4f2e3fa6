//! Verb three: attempts, until one brings an answer or no further one may be made.
//!
//! Only an error that is known to precede generation is tried again, since everything else can have
//! been paid for. Each attempt is recorded.

use std::time::Duration;

use bursar_domain::call::{Attempt, AttemptOutcome, SentTo};
use bursar_domain::time::Timestamp;
use bursar_ledger::Admitted;
use bursar_wire::error::WireError;
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt, Limited};

use crate::capture::Answer;
use crate::course::{Course, Leg};
use crate::cut::{CutSignal, Wish};
use crate::outcome::Unanswered;
use crate::{Bedrock, Bursar};

/// Longer error bodies than this are no errors of Bedrock's.
const ERROR_BODY_BYTES_MAX: usize = 1 << 20;

/// How the last attempt ended.
pub(crate) enum Last {
    /// 2xx: its body is still on the wire.
    Answered(Answer),
    /// Any other status, whole.
    Refused { head: (u16, HeaderMap), body: Bytes, error: WireError },
    /// No head came.
    Unanswered(Unanswered),
    /// Cut from outside while waiting.
    Cut { wish: Wish, in_flight: bool },
}

/// Every attempt made, and how the last one ended.
pub(crate) struct Sent {
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) last: Last,
    /// The way that the last one took.
    pub(crate) leg: usize,
}

impl Bursar {
    /// Sends the call, again where that is free, and stops at the first lasting result. Every way is
    /// tried once, at once; then, after a pause, all of them again.
    pub(crate) async fn send(
        &self,
        course: &mut Course,
        admitted: &Admitted,
        cut: &mut CutSignal,
    ) -> Sent {
        let ways = course.legs.len().max(1);
        let mut attempts = Vec::new();
        loop {
            let leg = attempts.len() % ways;
            let way = &mut course.legs[leg];
            self.label(way, admitted);
            let sent_at = self.clock.now();
            let last = tokio::select! {
                last = self.attempt(way, admitted) => last,
                wish = cut.wish(false) => Last::Cut { wish, in_flight: true },
            };
            attempts.push(Attempt { sent_to: way.sent_to(), ..self.record(sent_at, &last) });
            if ways > 1 {
                self.remember(way, &last);
            }
            if !is_free_to_repeat(&last) {
                return Sent { attempts, last, leg };
            }
            if attempts.len() < ways {
                continue;
            }
            let made = u32::try_from(attempts.len()).unwrap_or(u32::MAX);
            if made >= self.limits.attempts_max {
                return Sent { attempts, last, leg };
            }
            if !attempts.len().is_multiple_of(ways) {
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(self.pause(made)) => {}
                wish = cut.wish(false) => {
                    let last = Last::Cut { wish, in_flight: false };
                    return Sent { attempts, last, leg };
                }
            }
        }
    }

    /// Lets what failed rest, for the calls that come.
    fn remember(&self, leg: &Leg, last: &Last) {
        match last {
            Last::Answered(_) => [true, false].iter().for_each(|all| {
                self.health.is_well(&leg.way(*all));
            }),
            // Nobody there takes a connection: no other model does either.
            Last::Unanswered(_) if is_free_to_repeat(last) => {
                self.health.failed(&leg.way(true), self.clock.now());
            }
            _ if is_free_to_repeat(last) => self.health.failed(&leg.way(false), self.clock.now()),
            _ => {}
        }
    }

    async fn attempt(&self, leg: &Leg, admitted: &Admitted) -> Last {
        let upstream = leg.upstream.as_ref().and_then(|(way, _)| self.upstreams.get(*way));
        let bedrock = upstream.map_or(&self.bedrock, |upstream| &upstream.bedrock);
        // Apart from the sending, whose time limit cannot tell whether anything was sent.
        let client = bedrock.client_for(&admitted.intent().attribution, self.clock.now()).await;
        let client = match client {
            Ok(client) => client,
            Err(unanswered) => return Last::Unanswered(unanswered),
        };
        let sending = Bedrock::send(&client, &leg.priced.invocation, admitted);
        let answer = match tokio::time::timeout(self.limits.first_byte, sending).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(unanswered)) => return Last::Unanswered(unanswered),
            Err(_) => {
                let waited = self.limits.first_byte.as_millis();
                return Last::Unanswered(Unanswered::no_first_byte(waited));
            }
        };
        if (200..300).contains(&answer.status) {
            return Last::Answered(answer);
        }
        let body = read_error_body(answer.body, self.limits.idle).await;
        let error = WireError::from_response(answer.status, &answer.headers, &body);
        Last::Refused { head: (answer.status, answer.headers), body, error }
    }

    fn record(&self, sent_at: Timestamp, last: &Last) -> Attempt {
        let (outcome, http_status, error_code, request_id) = match last {
            Last::Answered(answer) => {
                (AttemptOutcome::Succeeded, Some(answer.status), None, request_id(&answer.headers))
            }
            Last::Refused { head: (status, headers), error, .. } => (
                refused_outcome(error),
                Some(*status),
                Some(error.code.clone()),
                request_id(headers),
            ),
            Last::Unanswered(unanswered) if unanswered.may_have_been_sent => {
                (AttemptOutcome::Failed, None, Some(unanswered.code.to_owned()), None)
            }
            Last::Unanswered(unanswered) => {
                (AttemptOutcome::Unsent, None, Some(unanswered.code.to_owned()), None)
            }
            Last::Cut { wish, .. } => (AttemptOutcome::Failed, None, Some(wish.code.clone()), None),
        };
        let ended_at = self.clock.now();
        Attempt {
            started_at: sent_at,
            ended_at,
            outcome,
            http_status,
            error_code,
            request_id,
            sent_to: SentTo::default(),
        }
    }

    /// Full jitter: anything from nothing to a doubling bound.
    fn pause(&self, attempts_made: u32) -> Duration {
        let doubled = self.limits.backoff_base.saturating_mul(1 << (attempts_made - 1).min(16));
        let most = doubled.min(self.limits.backoff_max).as_millis();
        Duration::from_millis(self.entropy.up_to(u64::try_from(most).unwrap_or(u64::MAX)))
    }
}

/// `x-amzn-RequestId`.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get("x-amzn-requestid")?.to_str().ok().map(str::to_owned)
}

fn is_free_to_repeat(last: &Last) -> bool {
    match last {
        Last::Answered(_) | Last::Cut { .. } => false,
        Last::Refused { error, .. } => error.is_retryable(),
        Last::Unanswered(unanswered) => {
            !unanswered.may_have_been_sent && unanswered.code == "ConnectFailed"
        }
    }
}

/// What Bedrock's error makes of an attempt.
pub(crate) fn refused_outcome(error: &WireError) -> AttemptOutcome {
    match error.status {
        _ if error.is_throttling() => AttemptOutcome::Throttled,
        400..500 => AttemptOutcome::Rejected,
        _ => AttemptOutcome::Failed,
    }
}

/// An error body that does not come is an empty one: its status says enough.
async fn read_error_body(body: aws_smithy_types::body::SdkBody, patience: Duration) -> Bytes {
    let reading = Limited::new(body, ERROR_BODY_BYTES_MAX).collect();
    match tokio::time::timeout(patience, reading).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        _ => Bytes::new(),
    }
}
