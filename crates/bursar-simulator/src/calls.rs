//! What was served: one record for every request that reached a model's or a guardrail's path,
//! with the true tokens, whatever the caller was told or lost. Bounded: the oldest make room.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use serde_json::{Value, json};

use crate::action::Action;
use crate::fault::Fault;
use crate::quota::Deduction;

/// One request that was served.
///
/// Its usage is what Bedrock would bill: nothing for a refusal; for a stream that an exception
/// ended, the output up to there; else everything that was generated, although the wire or the
/// caller's absence lost a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedCall {
    /// Counts from 1, over all requests since the start.
    pub number: u64,
    /// `x-amzn-RequestId`.
    pub request_id: String,
    /// What was asked for.
    pub operation: Action,
    /// The canonical base id; what was sent, where it stands for no known model. A guardrail's id
    /// where one was applied.
    pub model: String,
    /// The model, or the guardrail, as it was sent.
    pub model_sent: String,
    /// When the request's head had come.
    pub started_at: Timestamp,
    /// The true usage.
    pub usage: Usage,
    /// The status that was answered; `None` before, and where none ever was.
    pub http_status: Option<u16>,
    /// `complete`, `error:<code>`, `client-gone`, or what a fault made of it: `cut`, `bad-crc`,
    /// `stall`, `hang`, `reset`. `None` while it runs.
    pub ended: Option<String>,
    /// The fault that struck.
    pub fault: Option<Fault>,
    /// The request's metadata, without the steering.
    pub metadata: BTreeMap<String, String>,
    /// `amz-sdk-invocation-id`: the same over an SDK's own retries.
    pub sdk_invocation_id: Option<String>,
    /// `amz-sdk-request`: `attempt=1; max=3`.
    pub sdk_request: Option<String>,
    /// The id of the key that signed it.
    pub signed_by: Option<String>,
}

impl ServedCall {
    /// As `GET /_simulator/calls` shows it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let meters: BTreeMap<&str, u64> =
            self.usage.meters.iter().map(|(meter, count)| (meter.0.as_str(), *count)).collect();
        json!({
            "number": self.number,
            "request_id": self.request_id,
            "operation": self.operation.as_str(),
            "model": self.model,
            "model_sent": self.model_sent,
            "started_at": self.started_at.to_string(),
            "input_tokens": self.usage.input,
            "output_tokens": self.usage.output,
            "cache_read_tokens": self.usage.cache_read,
            "cache_write_5m_tokens": self.usage.cache_write_5m,
            "cache_write_1h_tokens": self.usage.cache_write_1h,
            "meters": meters,
            "http_status": self.http_status,
            "ended": self.ended,
            "fault": self.fault.map(Fault::as_str),
            "metadata": self.metadata,
            "amz_sdk_invocation_id": self.sdk_invocation_id,
            "amz_sdk_request": self.sdk_request,
            "signed_by": self.signed_by,
        })
    }

    /// A call that has just begun, for the tests of whatever ends it.
    #[cfg(test)]
    pub(crate) fn begun(number: u64) -> Self {
        use bursar_domain::call::Operation;
        Self {
            number,
            request_id: format!("r{number}"),
            operation: Operation::Converse.into(),
            model: "a.b".to_owned(),
            model_sent: "a.b".to_owned(),
            started_at: Timestamp(0),
            usage: Usage::default(),
            http_status: None,
            ended: None,
            fault: None,
            metadata: BTreeMap::new(),
            sdk_invocation_id: None,
            sdk_request: None,
            signed_by: None,
        }
    }
}

/// The list of what was served.
#[derive(Debug)]
pub(crate) struct Calls(Mutex<List>);

#[derive(Debug)]
struct List {
    calls: VecDeque<ServedCall>,
    calls_max: usize,
    last_number: u64,
    dropped: u64,
}

impl Calls {
    /// An empty list that keeps at most so many calls, and at least one.
    pub(crate) fn new(calls_max: usize) -> Self {
        let calls_max = calls_max.max(1);
        let list = List { calls: VecDeque::new(), calls_max, last_number: 0, dropped: 0 };
        Self(Mutex::new(list))
    }

    /// Lists a call, numbers it, and returns the handle by which its record is completed.
    pub(crate) fn begin(self: &Arc<Self>, call: impl FnOnce(u64) -> ServedCall) -> Running {
        let mut list = self.list();
        list.last_number += 1;
        let call = call(list.last_number);
        let (number, request_id) = (call.number, call.request_id.clone());
        if list.calls.len() >= list.calls_max {
            list.calls.pop_front();
            list.dropped += 1;
        }
        list.calls.push_back(call);
        Running { calls: Arc::clone(self), number, request_id, deduction: None, ended: false }
    }

    /// The calls with a number above `after`, oldest first, and how many were dropped for room.
    pub(crate) fn after(&self, after: u64) -> (Vec<ServedCall>, u64) {
        let list = self.list();
        let calls = list.calls.iter().filter(|call| call.number > after).cloned().collect();
        (calls, list.dropped)
    }

    /// Forgets all calls. Numbers go on, so that calls still running find no stranger's record.
    pub(crate) fn clear(&self) {
        let mut list = self.list();
        list.calls.clear();
        list.dropped = 0;
    }

    fn update(&self, number: u64, change: impl FnOnce(&mut ServedCall)) {
        let mut list = self.list();
        let first = list.calls.front().map_or(number, |call| call.number);
        // Numbers have no gaps, so that the place follows from the number.
        let place = number.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        if let Some(call) = place.and_then(|place| list.calls.get_mut(place)) {
            change(call);
        }
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that is being served. Dropped without an end, its caller has gone.
#[derive(Debug)]
pub(crate) struct Running {
    calls: Arc<Calls>,
    number: u64,
    request_id: String,
    /// What it took of its quota.
    deduction: Option<Deduction>,
    ended: bool,
}

impl Running {
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn request_id(&self) -> &str {
        &self.request_id
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut ServedCall)) {
        self.calls.update(self.number, change);
    }

    /// Keeps what it took of its quota until it ends.
    pub(crate) fn keep(&mut self, deduction: Option<Deduction>) {
        self.deduction = deduction;
    }

    /// Notes its true usage.
    pub(crate) fn note_usage(&mut self, usage: &Usage) {
        if let Some(deduction) = &mut self.deduction {
            deduction.note(usage);
        }
        self.note(|call| call.usage.clone_from(usage));
    }

    /// Says how it ended, and gives back what it did not use. Only the first end counts.
    pub(crate) fn end(&mut self, how: &str) {
        if !self.ended {
            self.ended = true;
            self.deduction = None;
            self.note(|call| call.ended = Some(how.to_owned()));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end("client-gone");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(calls: &Calls) -> Vec<(u64, Option<String>)> {
        calls.after(0).0.into_iter().map(|call| (call.number, call.ended)).collect()
    }

    #[test]
    fn a_call_that_is_dropped_without_an_end_lost_its_caller() {
        let calls = Arc::new(Calls::new(10));
        let running = calls.begin(ServedCall::begun);
        assert_eq!(ends(&calls), [(1, None)]);
        drop(running);
        assert_eq!(ends(&calls), [(1, Some("client-gone".to_owned()))]);
    }

    #[test]
    fn the_first_end_counts() {
        let calls = Arc::new(Calls::new(10));
        let mut running = calls.begin(ServedCall::begun);
        running.end("cut");
        running.end("complete");
        drop(running);
        assert_eq!(ends(&calls), [(1, Some("cut".to_owned()))]);
    }

    #[test]
    fn the_oldest_make_room_and_are_counted() {
        let calls = Arc::new(Calls::new(2));
        let mut first = calls.begin(ServedCall::begun);
        let _rest = [calls.begin(ServedCall::begun), calls.begin(ServedCall::begun)];
        first.end("complete");
        let (kept, dropped) = calls.after(0);
        assert_eq!(kept.iter().map(|call| call.number).collect::<Vec<_>>(), [2, 3]);
        assert_eq!((dropped, kept[0].ended.clone()), (1, None), "no stranger's record was ended");
        assert_eq!(calls.after(2).0.len(), 1);
    }

    #[test]
    fn a_call_that_was_forgotten_ends_nobody_elses() {
        let calls = Arc::new(Calls::new(10));
        let mut old = calls.begin(ServedCall::begun);
        calls.clear();
        let _new = calls.begin(ServedCall::begun);
        old.end("complete");
        assert_eq!(ends(&calls), [(2, None)]);
    }
}
