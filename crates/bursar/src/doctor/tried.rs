//! One live call: how it is made, and what is found of it.

use std::sync::Arc;

use bursar_core::{Bursar, Head, NoAnswer, Receipt, cut_pair};
use bursar_domain::advice::Cause;
use bursar_domain::call::{Operation, Outcome};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelId;
use bursar_domain::time::Timestamp;
use serde_json::Value;

use super::finding::Finding;
use super::plan::Trial;
use super::report;
use crate::advice::Asked;
use crate::exchange::{self, INTERRUPTED};
use crate::failure::Failure;

/// The cut reason of the stream that is dropped.
pub(super) const DROPPED: &str = "DroppedOnPurpose";

/// A call that was made.
pub(super) struct Tried {
    pub(super) operation: Operation,
    pub(super) drops: bool,
    pub(super) asked_at: Timestamp,
    pub(super) head: Result<Head, NoAnswer>,
    pub(super) body: Vec<u8>,
    pub(super) receipt: Receipt,
    /// The call's row in the ledger.
    pub(super) row: Value,
    asked: Asked,
}

impl Tried {
    /// Makes it, and drops it after its first bytes where it is to be. Ctrl-C cuts it.
    pub(super) async fn make(bursar: &Bursar, trial: Trial) -> Result<Self, Failure> {
        let Trial { invocation, drops } = trial;
        let operation = invocation.operation;
        let asked = Asked::of(bursar, &invocation);
        let asked_at = bursar.clock.now();
        let (cutter, signal) = cut_pair();
        let cutter = Arc::new(cutter);
        let on_interrupt = cutter.clone();
        let interrupt = tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                on_interrupt.cut(INTERRUPTED);
            }
        });
        let mut reply = bursar.invoke(Attribution::default(), invocation, signal).await?;
        let head = reply.head.clone();
        let mut body = Vec::new();
        while let Some(bytes) = reply.next().await {
            body.extend_from_slice(&bytes);
            if drops {
                cutter.cut(DROPPED);
            }
        }
        let id = reply.id.clone();
        let receipt = reply.settled().await?;
        interrupt.abort();
        let row = exchange::recorded(bursar, &id).await?;
        let row = serde_json::to_value(row).unwrap_or_default();
        Ok(Self { operation, drops, asked_at, head, body, receipt, row, asked })
    }

    pub(super) fn has_counted(&self) -> bool {
        let is_whole = self.receipt.settlement.ending.outcome == Outcome::Succeeded;
        self.operation == Operation::CountTokens && is_whole
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.code() == Some(INTERRUPTED)
    }

    /// The model that was asked.
    pub(super) fn model(&self) -> Option<ModelId> {
        self.row["model"].as_str().and_then(ModelId::parse)
    }

    pub(super) fn code(&self) -> Option<&str> {
        self.receipt.settlement.ending.error_code.as_deref()
    }

    pub(super) fn finding(&self) -> Finding {
        let dropped = if self.drops { ", dropped" } else { "" };
        let check = format!("live {}{dropped}", self.operation);
        let settlement = &self.receipt.settlement;
        let id = settlement.request_id.as_deref().unwrap_or("none");
        match (settlement.ending.outcome, self.drops) {
            (Outcome::Cut, true) if !self.is_stopped() => {
                let found = format!(
                    "request {id} was dropped after its first bytes: its worst case is recorded"
                );
                Finding::note(&check, found)
                    .then("look it up in Bedrock's invocation log later: what was it billed for?")
            }
            (Outcome::Succeeded, true) => {
                Finding::note(&check, format!("request {id} ended before it could be dropped"))
            }
            (Outcome::Succeeded, false) => match self.doubt() {
                Some(doubt) => Finding::warning(&check, format!("{}: {doubt}", self.figures())),
                None => Finding::ok(&check, self.figures()),
            },
            _ => self.failed(&check),
        }
    }

    fn figures(&self) -> String {
        let settlement = &self.receipt.settlement;
        let id = settlement.request_id.as_deref().unwrap_or("none");
        if self.operation == Operation::CountTokens {
            let model = self.model().map(|model| model.to_string()).unwrap_or_default();
            return format!("counted by `{model}`, request {id}");
        }
        let usage = &settlement.bill.usage;
        let cost = settlement.bill.cost.map_or("unpriced".to_owned(), |cost| cost.to_string());
        format!("{} in, {} out, {cost}, request {id}", usage.input, usage.output)
    }

    /// Why what it used is not to be believed.
    fn doubt(&self) -> Option<String> {
        let settlement = &self.receipt.settlement;
        let differs = report::agree(self) == Some(false);
        let told = settlement.ending.error_message.clone();
        told.or_else(|| differs.then(|| "its two counts of tokens differ".to_owned()))
            .or_else(|| settlement.bill.estimated.then(|| "its usage was not reported".to_owned()))
    }

    fn failed(&self, check: &str) -> Finding {
        let Err(failure) = exchange::judge(&self.asked, &self.receipt) else {
            return Finding::ok(check, self.figures());
        };
        let finding = Finding::of(check, failure);
        // Few models count, and this is no fault.
        let is_unable = finding.cause == Some(Cause::CountingUnsupported);
        if is_unable { Finding::note(check, finding.found) } else { finding }
    }
}
