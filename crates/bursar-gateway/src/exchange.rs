//! The seam: every dialect hands a call in here and takes its answer from here.
//!
//! Who calls, what is asked, in Bedrock's own bytes; then a reply whose bytes are Bedrock's, whole
//! or as they come. What went wrong on the way is a [`Problem`], which each door words for itself.

use std::time::{Duration, Instant};

use bursar_core::{Error, Head, Hold, Invocation, Receipt, Reply, cut_pair};
use bursar_domain::call::{CallId, Operation, Outcome, SentTo};
use bursar_domain::identity::Attribution;
use bursar_domain::model::{ModelId, ModelRef};
use bursar_domain::money::{Cost, Micros};
use bursar_wire::error::WireError;
use bursar_wire::problem::{Problem, ProblemKind};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;

use crate::counts::Timed;
use crate::front::Front;
use crate::refusal;
use crate::wishes::Wishes;

/// How long an answer that is there waits for its own entry in the ledger, to tell its cost.
const RECEIPT_PATIENCE: Duration = Duration::from_secs(3);

/// A call as a dialect has read it.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Whom it is recorded under.
    pub(crate) who: Attribution,
    /// Which of Bedrock's operations.
    pub(crate) operation: Operation,
    /// The model that its caller's word for it stands for.
    pub(crate) model: ModelRef,
    /// Headers of Bedrock's that carry meaning.
    pub(crate) headers: HeaderMap,
    /// The body, in Bedrock's shape.
    pub(crate) body: Bytes,
    /// What is wished of it.
    pub(crate) wishes: Wishes,
}

/// What is told of a call beside its answer.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) id: CallId,
    /// Where it went.
    pub(crate) sent_to: SentTo,
    pub(crate) hold: Hold,
    /// What it cost; known once it has ended.
    pub(crate) cost: Option<Cost>,
}

impl Told {
    /// The least that is left of its hard limits of money, as far as this call goes: once it has
    /// ended, what it did not use of its hold is there again.
    pub(crate) fn room(&self) -> Option<Micros> {
        let Hold { held, room } = self.hold;
        let unused = held.zip(self.cost).map_or(0, |(held, cost)| held.0 - cost.micros_up().0);
        room.map(|room| Micros(room.0.saturating_add(unused).max(0)))
    }
}

/// An answer with its bytes, as Bedrock sent them: a success, or Bedrock's own error.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) told: Told,
    pub(crate) head: Head,
    pub(crate) body: Bytes,
}

/// An answer that has begun: its frames come as they do.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) told: Told,
    head: Head,
    reply: Box<Reply>,
    timed: Box<Timed>,
}

/// An answer.
#[derive(Debug)]
pub(crate) enum Answered {
    Whole(Whole),
    Begun(Begun),
}

impl Front {
    /// Makes a call: resolves, prices, reserves, sends. A plain answer comes whole and settled; a
    /// stream's comes as soon as it begins, unless it is an error.
    ///
    /// Dropping this future ends nothing: the call runs in a task of its own.
    pub(crate) async fn exchange(&self, asked: Asked) -> Result<Answered, Problem> {
        let began = Instant::now();
        let base = asked.model.base.clone();
        let is_stream = asked.operation.is_stream();
        let invocation = Invocation {
            operation: asked.operation,
            model: asked.model,
            headers: asked.headers,
            body: asked.body,
            idempotency_key: asked.wishes.idempotency_key.clone(),
            affordable: asked.wishes.affordable,
        };
        let (_, cut) = cut_pair();
        let bursar = asked.wishes.bound(&self.bursar);
        let made = Box::pin(bursar.invoke(asked.who, invocation, cut)).await;
        let mut reply = made.map_err(|error| self.not_made(&error))?;
        let model = (base.as_ref().map(ModelId::as_str), self.bursar.pricing.catalogue);
        let mut timed = Timed::new(&self.counts, model, began);
        let head = match &mut reply.head {
            Ok(head) => Head { status: head.status, headers: std::mem::take(&mut head.headers) },
            Err(no_answer) => {
                self.counts.answers.add("unanswered");
                return Err(refusal::unanswered(no_answer));
            }
        };
        let sent_to = std::mem::take(&mut reply.sent_to);
        let told = Told { id: reply.id.clone(), sent_to, hold: reply.hold, cost: None };
        if is_stream && (200..300).contains(&head.status) {
            self.counts.answers.add("ok");
            self.counts.overhead(began.elapsed().saturating_sub(reply.upstream));
            timed.streams(&self.counts);
            let (reply, timed) = (Box::new(reply), Box::new(timed));
            return Ok(Answered::Begun(Begun { told, head, reply, timed }));
        }
        self.whole(told, (head, reply), &timed).await.map(Answered::Whole)
    }

    fn not_made(&self, error: &Error) -> Problem {
        if let Error::Refused(refused) = error {
            self.counts.refusals.add(refused.refusal.reason().as_str());
        }
        refusal::problem(error, self.bursar.clock.now())
    }

    /// Reads an answer to its end and waits for its settlement, which has its cost.
    async fn whole(
        &self,
        mut told: Told,
        (head, mut reply): (Head, Reply),
        timed: &Timed,
    ) -> Result<Whole, Problem> {
        let (upstream, reading) = (reply.upstream, Instant::now());
        let mut body = BytesMut::new();
        while let Some(bytes) = reply.next().await {
            body.extend_from_slice(&bytes);
        }
        let upstream = upstream + reading.elapsed();
        let receipt = receipt(reply).await;
        self.counts.overhead(timed.began().elapsed().saturating_sub(upstream));
        let body = body.freeze();
        if let Some(receipt) = receipt {
            told.cost = receipt.settlement.bill.cost;
            if let Some(why) = broke_off(&receipt) {
                self.counts.answers.add("broken_off");
                let message = format!("the answer broke off: {why}; call {}", told.id);
                return Err(Problem::new(ProblemKind::ModelFailed, message));
            }
        }
        self.counts.answers.add(class(&head, &body));
        Ok(Whole { told, head, body })
    }

    /// The model that a caller's name for one calls: of an alias by weight, one that is drawn, so
    /// once a request.
    pub(crate) fn called(&self, name: &str) -> Result<ModelRef, Problem> {
        let drawn = self.settings.names.draw(name, &self.bursar.entropy);
        let found = self.resolve(drawn.unwrap_or(name))?;
        Ok(if drawn.is_some() { found.called(name) } else { found })
    }

    /// What a name for a model stands for.
    pub(crate) fn resolve(&self, text: &str) -> Result<ModelRef, Problem> {
        let (pricing, names) = (&self.bursar.pricing, &self.settings.names);
        let found = pricing.prices.resolve(text, names);
        found.or_else(|_| pricing.catalogue.resolve(text, names)).map_err(|unknown| {
            let message = format!("{unknown}\nhint: {}", unknown.hint());
            Problem::new(ProblemKind::UnknownModel, message)
        })
    }
}

/// What kind of answer it is, as it is counted.
fn class(head: &Head, body: &[u8]) -> &'static str {
    match head.status {
        200..300 => "ok",
        status if WireError::from_response(status, &head.headers, body).is_throttling() => {
            "throttled"
        }
        400..500 => "client_error",
        _ => "server_error",
    }
}

async fn receipt(reply: Reply) -> Option<Receipt> {
    match tokio::time::timeout(RECEIPT_PATIENCE, reply.settled()).await {
        Ok(Ok(receipt)) => Some(receipt),
        Ok(Err(error)) => {
            tracing::error!("a call was made, and its settlement is not confirmed: {error}");
            None
        }
        Err(_) => None,
    }
}

/// Our word for why an answer that had begun is not whole; `None` when it is, or when its end has
/// told its caller already.
fn broke_off(receipt: &Receipt) -> Option<&str> {
    let ending = &receipt.settlement.ending;
    let code = ending.error_code.as_deref().filter(|_| ending.outcome == Outcome::Failed)?;
    let ours = ["ConnectionLost", "TruncatedReply", "IdleTimeout", "BrokenFrame", "ReplyTooLarge"];
    ours.contains(&code).then_some(code)
}

impl Begun {
    /// Its head, once.
    pub(crate) fn take_head(&mut self) -> Head {
        let headers = std::mem::take(&mut self.head.headers);
        Head { status: self.head.status, headers }
    }

    /// The next bytes, as they came; at the end `None`, or why the answer is not whole.
    pub(crate) async fn next(self) -> Result<Option<(Bytes, Self)>, String> {
        let mut begun = self;
        if let Some(bytes) = begun.reply.next().await {
            begun.timed.came();
            return Ok(Some((bytes, begun)));
        }
        match receipt(*begun.reply).await {
            Some(receipt) => broke_off(&receipt).map_or(Ok(None), |why| Err(why.to_owned())),
            None => Ok(None),
        }
    }
}
