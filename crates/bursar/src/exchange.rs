//! One call made at a terminal: words as they come, Ctrl-C, the cost line, the exit code.

use bursar_admin::CallReply;
use bursar_core::{Bursar, Cutter, Invocation, Lowered, Receipt, Reply, Transcript, cut_pair};
use bursar_domain::call::{CallId, Outcome};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelRef;
use bursar_domain::money::Total;
use bursar_ledger::{CallFilter, Page};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::advice::Asked;
use crate::alias;
use crate::failure::{Failure, Situation};
use crate::output::{DIM, Output};

/// The cut reason, and error code, of a Ctrl-C.
pub(crate) const INTERRUPTED: &str = "Interrupted";
/// The cut reason when nobody reads our output any more.
pub(crate) const OUTPUT_CLOSED: &str = "OutputClosed";

/// What of the reply goes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// The answer's words.
    Text,
    /// The body's bytes as Bedrock sent them.
    Body,
}

/// What `--json` prints of a call that succeeded: the answer, and the call's columns beside it.
#[derive(Serialize)]
struct Answer {
    text: String,
    body: Option<Box<RawValue>>,
    /// The bound on the answer, where `--affordable` lowered it.
    max_tokens_lowered_to: Option<u64>,
    #[serde(flatten)]
    call: CallReply,
}

/// Makes the call, shows it, settles it, and says how it ended.
pub(crate) async fn run(
    bursar: Bursar,
    invocation: Invocation,
    attribution: Attribution,
    shows: Shows,
    output: Output,
) -> Result<(), Failure> {
    let streams = invocation.operation.is_stream();
    let Made { asked, id, receipt, text, whole, lowered } =
        make(&bursar, invocation, attribution, shows, output).await?;
    let row = if output.json { Some(recorded(&bursar, &id).await?) } else { None };
    bursar.ledger.close().await?;
    if let Err(failure) = judge(&asked, &receipt) {
        let object = row.map(|call| serde_json::json!({"call": call}));
        return Err(Failure { object, ..failure });
    }
    match row {
        None => output.note(cost_line(&asked.model, &receipt, &id)),
        Some(call) => {
            let body = if streams { None } else { serde_json::from_slice(&whole).ok() };
            let max_tokens_lowered_to = lowered.map(|lowered| lowered.to);
            Output::object(&Answer { text, body, max_tokens_lowered_to, call })?;
        }
    }
    Ok(())
}

/// A call that was made and shown.
pub(crate) struct Made {
    asked: Asked,
    pub(crate) id: CallId,
    pub(crate) receipt: Receipt,
    /// The answer's words, as many as came.
    pub(crate) text: String,
    /// The body's bytes, for `--json`.
    whole: Vec<u8>,
    /// How the bound on the answer was lowered.
    lowered: Option<Lowered>,
}

impl Made {
    /// Why it was no success, if it was none.
    pub(crate) fn judge(&self) -> Result<(), Failure> {
        judge(&self.asked, &self.receipt)
    }
}

/// Makes the call and shows its answer as it comes. Ctrl-C stops the answer, and nothing else.
pub(crate) async fn make(
    bursar: &Bursar,
    invocation: Invocation,
    attribution: Attribution,
    shows: Shows,
    output: Output,
) -> Result<Made, Failure> {
    let (cutter, signal) = cut_pair();
    let cutter = std::sync::Arc::new(cutter);
    let on_interrupt = cutter.clone();
    let interrupt = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            on_interrupt.cut(INTERRUPTED);
        }
    });
    let asked = Asked::of(bursar, &invocation);
    let base = invocation.model.base.clone();
    let transcript = base.map(|base| Transcript::new(invocation.operation, base));
    let made = async {
        let mut reply = bursar.invoke(attribution, invocation, signal).await?;
        let lowered = reply.lowered;
        if let Some(Lowered { from, to }) = lowered {
            let asked = from.map(|from| format!(", not {from}")).unwrap_or_default();
            output.note(format!(
                "{DIM}the answer has {to} tokens at most{asked}: the limits have room for no more{DIM:#}"
            ));
        }
        let said = Said { transcript, shows, output, whole: Vec::new(), text: String::new() };
        let said = said.take(&mut reply, &cutter).await;
        let id = reply.id.clone();
        let receipt = reply.settled().await?;
        Ok(Made { asked, id, receipt, text: said.text, whole: said.whole, lowered })
    }
    .await;
    interrupt.abort();
    made
}

/// What was read of a reply, and shown.
struct Said {
    transcript: Option<Transcript>,
    shows: Shows,
    output: Output,
    whole: Vec<u8>,
    text: String,
}

impl Said {
    async fn take(mut self, reply: &mut Reply, cutter: &Cutter) -> Self {
        let is_answer = matches!(&reply.head, Ok(head) if (200..300).contains(&head.status));
        while let Some(bytes) = reply.next().await {
            let words = match &mut self.transcript {
                Some(transcript) if is_answer => transcript.take(&bytes),
                _ => String::new(),
            };
            if is_answer {
                self.show(&words, &bytes, cutter);
            }
            self.text.push_str(&words);
            if self.output.json {
                self.whole.extend_from_slice(&bytes);
            }
        }
        let rest = self.transcript.take().map(Transcript::finish).unwrap_or_default();
        if is_answer {
            self.show(&rest, &[], cutter);
            self.text.push_str(&rest);
            let ends_open = !self.text.is_empty() && !self.text.ends_with('\n');
            if ends_open && self.shows == Shows::Text {
                self.show("\n", &[], cutter);
            }
        }
        self
    }

    fn show(&self, words: &str, bytes: &[u8], cutter: &Cutter) {
        let written = match self.shows {
            _ if self.output.json => Ok(()),
            Shows::Text => Output::piece(words),
            Shows::Body => Output::bytes(bytes),
        };
        if written.is_err() {
            cutter.cut(OUTPUT_CLOSED);
        }
    }
}

pub(crate) async fn recorded(bursar: &Bursar, id: &CallId) -> Result<CallReply, Failure> {
    let filter = CallFilter { id: Some(id.clone()), ..CallFilter::default() };
    let rows = bursar.ledger.calls(&filter, &Page { after: None, limit: 1 }).await?;
    let missing = || Failure::new(Situation::Ledger, format!("call `{id}` is not in the ledger"));
    rows.into_iter().next().map(CallReply::from).ok_or_else(missing)
}

/// The exit that an ending asks for, and what to tell the person about it.
pub(crate) fn judge(asked: &Asked, receipt: &Receipt) -> Result<(), Failure> {
    let ending = &receipt.settlement.ending;
    let code = ending.error_code.as_deref().unwrap_or_default();
    let situation = match ending.outcome {
        Outcome::Succeeded => return Ok(()),
        Outcome::Throttled => Situation::Throttled,
        Outcome::Cut if code == INTERRUPTED => Situation::Interrupted,
        Outcome::Cut => Situation::Cut,
        Outcome::Rejected if matches!(ending.http_status, Some(401 | 403)) => {
            Situation::Unauthenticated
        }
        Outcome::Rejected | Outcome::Failed | Outcome::Abandoned => Situation::Upstream,
    };
    let failure = asked.failure(situation, receipt);
    Err(match receipt.settlement.bill.cost {
        Some(cost) if receipt.settlement.bill.estimated => {
            failure.hint(format!("recorded at {cost}, an upper bound: its usage never came"))
        }
        _ => failure,
    })
}

fn cost_line(model: &ModelRef, receipt: &Receipt, id: &CallId) -> String {
    let settlement = &receipt.settlement;
    let usage = &settlement.bill.usage;
    let cached = usage.cache_read + usage.cache_write_5m + usage.cache_write_1h;
    let cached = if cached > 0 { format!(", {cached} cached") } else { String::new() };
    let cost = match settlement.bill.cost {
        None => "unpriced".to_owned(),
        Some(cost) if settlement.bill.estimated => {
            format!("at most {} (estimated: usage was not reported)", Total::from(cost).rounded())
        }
        Some(cost) => cost.to_string(),
    };
    let version = alias::beside(model, settlement.model_version.as_str());
    let (input, out) = (usage.input, usage.output);
    format!("{DIM}{version} · {input} in{cached}, {out} out · {cost} · call {id}{DIM:#}")
}
