//! The metered call. Five verbs, in order: everything else in this crate is one of them in detail.

use std::sync::Arc;

use bursar_domain::budget::RefusalReason;
use bursar_domain::call::{CallId, Intent, Operation};
use bursar_domain::entropy::Entropy;
use bursar_domain::identity::Attribution;
use bursar_domain::once::Once;
use bursar_domain::price::Price;
use bursar_domain::time::Clock;
use bursar_ledger::{Admission, Admitted, Ledger, MasterKey};
use bursar_wire::splice;
use tokio::time::Instant;

use crate::course::{Course, Leg};
use crate::cut::CutSignal;
use crate::meter::Line;
use crate::once;
use crate::priced::{Priced, Pricing};
use crate::reply::{self, Hold, Receipt, Reply, Sink};
use crate::running::Running;
use crate::tap::Tap;
use crate::witness::Witness;
use crate::{Bedrock, Error, Fallbacks, Health, Invocation, Limits, Upstreams};

const CALL_LABEL: &str = "bursar-call";
const TEAM_LABEL: &str = "bursar-team";
const KEY_LABEL: &str = "bursar-key";
const NOT_LABELLED: &str = "its request metadata is its caller's alone, and does not tell the call";

/// Makes metered calls. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bursar {
    /// Where calls are recorded.
    pub ledger: Ledger,
    /// Where calls go.
    pub bedrock: Bedrock,
    /// What calls cost.
    pub pricing: Pricing,
    /// What is called instead.
    pub fallbacks: Arc<Fallbacks>,
    /// The ways that the settings name; where there are any, calls take no other.
    pub upstreams: Upstreams,
    /// Which ways failed lately.
    pub health: Health,
    /// The bounds.
    pub limits: Limits,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Whether the endpoint is a simulator.
    pub simulated: bool,
    /// The calls that run, which other processes can cut.
    pub running: Running,
    /// What virtual keys and the hashes of requests hang on, where it is at hand.
    pub master_key: Option<MasterKey>,
    /// Whether each call's id, team and key go along as its request metadata, so that AWS's own
    /// invocation log tells them too.
    pub labels: bool,
    /// Who is told of each call that has ended.
    pub witness: Witness,
}

impl Bursar {
    /// Makes one metered call, plain or streamed, and returns as soon as its head is there.
    ///
    /// The call runs in a task of its own: dropping the future or the reply does not stop it, a
    /// cut does. Once it is admitted it is settled exactly once, whatever ends it.
    ///
    /// # Errors
    /// Why the call was not made. What Bedrock answers, errors included, is a [`Reply`].
    pub async fn invoke(
        &self,
        caller: Attribution,
        invocation: Invocation,
        cut: CutSignal,
    ) -> Result<Reply, Error> {
        if invocation.affordable {
            return Box::pin(self.invoke_affordable(caller, invocation, cut)).await;
        }
        self.begin(caller, invocation, cut).await
    }

    pub(crate) async fn begin(
        &self,
        caller: Attribution,
        invocation: Invocation,
        cut: CutSignal,
    ) -> Result<Reply, Error> {
        let (mut sink, pending) = reply::channel();
        let bursar = self.clone();
        tokio::spawn(async move {
            let result = Box::pin(bursar.run(caller, invocation, cut, &mut sink)).await;
            sink.finish(result);
        });
        pending.begin().await
    }

    async fn run(
        &self,
        caller: Attribution,
        invocation: Invocation,
        mut cut: CutSignal,
        sink: &mut Sink,
    ) -> Result<Receipt, Error> {
        // Of the request as it came: what is put into its bytes depends on the model.
        let once = once::read(&caller, &invocation)?;
        let mut course = self.course(&caller, invocation).await?;
        let admitted = self.reserve_once(caller, &course, once).await?;
        course.keep_open(&admitted);
        self.rest(&mut course);
        sink.hold = Hold { held: admitted.held(), room: admitted.room() };
        let _entry = self.running.enter(&self.ledger, admitted.id(), &cut);
        sink.sent_at = Some(Instant::now());
        let sent = self.send(&mut course, &admitted, &mut cut).await;
        let leg = &course.legs[sent.leg];
        sink.sent_to = leg.sent_to();
        let tap = Tap::new(self, &leg.priced, &admitted);
        let mut metered = self.meter(sent, Line { tap, cut: &mut cut, sink }).await;
        metered.note(course.told());
        self.settle(admitted, &leg.priced, metered).await
    }

    /// Why a call has no price. That is a refusal, and refusals are counted.
    pub(crate) async fn unpriced(
        &self,
        caller: &Attribution,
        mut priced: Priced,
        pricing: &Pricing,
    ) -> Result<Error, Error> {
        let Err(error) = pricing.find(&mut priced) else { return Err(Error::TaskLost) };
        let intent = self.intent(caller.clone(), &priced);
        self.ledger.refuse(&intent, RefusalReason::Unpriced, &error.to_string()).await?;
        Ok(error)
    }

    /// Reserves what is made once. The hold comes first and the claim of the key second, so that a
    /// claim always names a call of which something becomes.
    async fn reserve_once(
        &self,
        caller: Attribution,
        course: &Course,
        once: Option<Once>,
    ) -> Result<Admitted, Error> {
        let Some(once) = once else { return self.reserve(caller, course).await };
        if let Some(repeat) = self.ledger.repeat(&once, self.clock.now()).await? {
            return Err(Error::Repeated { repeat });
        }
        let admitted = self.reserve(caller, course).await?;
        match self.ledger.claim(&once, &admitted).await {
            Ok(None) => Ok(admitted),
            // Nothing was sent, and nothing will be.
            Ok(Some(repeat)) => {
                self.ledger.void(admitted);
                Err(Error::Repeated { repeat })
            }
            Err(error) => {
                self.ledger.void(admitted);
                Err(error.into())
            }
        }
    }

    async fn reserve(&self, caller: Attribution, course: &Course) -> Result<Admitted, Error> {
        let priced = &course.legs[0].priced;
        let mut intent = self.intent(caller, priced);
        intent.reach.detours = self.detours(course);
        let id = intent.id.clone();
        match self.ledger.reserve(intent).await? {
            Admission::Admitted(admitted) => Ok(admitted),
            Admission::Refused(refusal) => {
                Err(Error::Refused(Box::new(priced.refused(id, refusal))))
            }
        }
    }

    /// Puts the call's labels among its metadata, once.
    pub(crate) fn label(&self, leg: &mut Leg, admitted: &Admitted) {
        let Leg { priced, is_labelled, .. } = leg;
        let operation = priced.invocation.operation;
        let has_none = matches!(operation, Operation::CountTokens | Operation::ApplyGuardrail);
        if *is_labelled || !self.labels || has_none {
            return;
        }
        *is_labelled = true;
        let who = &admitted.intent().attribution;
        let labels = [
            (CALL_LABEL, admitted.id().as_str()),
            (TEAM_LABEL, who.team.as_deref().unwrap_or_default()),
            (KEY_LABEL, who.key.as_deref().unwrap_or_default()),
        ];
        let sent = (&priced.invocation.headers, &priced.invocation.body);
        match splice::label(operation, sent, &labels) {
            Some((headers, body)) => {
                priced.invocation.headers = headers;
                priced.invocation.body = body;
            }
            None => priced.note = Some(NOT_LABELLED),
        }
    }

    /// What the ledger keeps of the call before it is sent.
    pub(crate) fn intent(&self, caller: Attribution, priced: &Priced) -> Intent {
        let id = CallId::new(priced.at, &self.entropy.bytes());
        let hash = |master: &MasterKey| master.request_hash(&priced.invocation.body);
        Intent {
            request_hmac: self.master_key.as_ref().map(hash),
            ..self.pricing.intent(priced, (id, caller), self.simulated)
        }
    }
}

impl Pricing {
    /// What the ledger keeps of a call before it is sent.
    #[must_use]
    pub fn intent(
        &self,
        priced: &Priced,
        (id, caller): (CallId, Attribution),
        simulated: bool,
    ) -> Intent {
        let reference = &priced.invocation.model;
        Intent {
            id,
            started_at: priced.at,
            attribution: caller,
            operation: priced.invocation.operation,
            model_requested: reference.alias.as_ref().unwrap_or(&reference.dispatched).clone(),
            model: priced.model.clone(),
            region: priced.region.clone(),
            routing: priced.routing,
            tier_requested: priced.tier,
            price: priced.price.as_ref().map(Price::stamp),
            ceiling: priced.ceiling,
            ceiling_tokens: priced.bound.tokens(priced.price.as_ref()),
            reach: self.reach(priced),
            request_hmac: None,
            simulated,
        }
    }
}
