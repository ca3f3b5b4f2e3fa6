//! What would fit: the longest answer that a limit has room for, and a request that asks for no
//! more. The request's bytes are changed there and nowhere else.

use bursar_domain::budget::{Balance, Mode, Refusal, RefusalReason};
use bursar_domain::call::CallId;
use bursar_domain::identity::Attribution;
use bursar_domain::limit::Unit;
use bursar_domain::money::{Cost, MICRO_PER_UNIT, Micros};
use bursar_wire::splice::cap_output;

use crate::{Bursar, Ceiling, CutSignal, Error, Invocation, Priced, Reply};

/// No answer is longer: where neither request nor model bounds one, it is looked for below this.
const OUTPUT_TOKENS_MAX: u64 = 1 << 24;
/// Others take room meanwhile; a limit that moves so often has none.
const TRIES_MAX: usize = 4;

/// A budget's or a policy's no, and what would have fitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The id that the call would have had; `bursar why` finds the refusal by it.
    pub call: CallId,
    /// Why, with the figures then.
    pub refusal: Refusal,
    /// The most tokens of an answer that the limit had room for; `None` where no answer fits.
    pub fitting_tokens: Option<u64>,
}

/// A bound on the answer that was lowered, so that the call fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lowered {
    /// What was asked for, or the model's own limit; `None` where nothing bounded the answer.
    pub from: Option<u64>,
    /// What is asked for now.
    pub to: u64,
}

impl Bursar {
    /// Makes a call with as long an answer as its limits have room for.
    ///
    /// # Errors
    /// As [`Bursar::invoke`]: refused when not even an answer of one token fits.
    pub(crate) async fn invoke_affordable(
        &self,
        caller: Attribution,
        mut invocation: Invocation,
        cut: CutSignal,
    ) -> Result<Reply, Error> {
        let mut lowered: Option<Lowered> = None;
        let mut tries = TRIES_MAX;
        loop {
            // Asked first, so that a call that can be made to fit is not counted as refused.
            if let Some((next, step)) = self.foresee_fitting(&caller, &invocation).await? {
                let from = lowered.map_or(step.from, |first| first.from);
                lowered = Some(Lowered { from, ..step });
                invocation = next;
            }
            tries -= 1;
            match self.begin(caller.clone(), invocation.clone(), cut.clone()).await {
                Err(Error::Refused(no)) if no.fitting_tokens.is_some() && tries > 0 => {}
                made => {
                    let mut reply = made?;
                    reply.lowered = lowered;
                    return Ok(reply);
                }
            }
        }
    }

    /// The request made to fit, and by how much; `None` when it fits as it is, or cannot.
    async fn foresee_fitting(
        &self,
        caller: &Attribution,
        invocation: &Invocation,
    ) -> Result<Option<(Invocation, Lowered)>, Error> {
        let now = self.clock.now();
        // Why it has no price is for `invoke` to say, and to count.
        let pricing = self.pricing_of(caller, &invocation.model);
        let Ok(priced) = pricing.price(invocation.clone(), now) else { return Ok(None) };
        let intent = self.intent(caller.clone(), &priced);
        let counters = self.ledger.foresee(&intent, now).await?.counters;
        let hard = counters.iter().map(|(standing, _)| &standing.balance);
        let hard = hard.filter(|balance| balance.mode == Mode::Hard);
        let to = hard.filter_map(|balance| priced.fitting_tokens(balance)).min();
        Ok(to.and_then(|to| {
            let lowered = Lowered { from: priced.most_tokens(), to };
            Some((priced.capped(to)?, lowered))
        }))
    }
}

impl Priced {
    /// The no, and what would have fitted.
    pub(crate) fn refused(&self, call: CallId, refusal: Refusal) -> Refused {
        let may_fit = matches!(
            refusal.reason(),
            RefusalReason::Spent
                | RefusalReason::Held
                | RefusalReason::Rate
                | RefusalReason::Unbounded
        );
        let balance = refusal.balance().filter(|_| may_fit);
        let fitting_tokens = balance.and_then(|balance| self.fitting_tokens(balance));
        Refused { call, refusal, fitting_tokens }
    }

    /// The longest answer, in tokens, that a window has room for, where that is shorter than what
    /// is asked for. `None` when it fits as it is, or no answer fits.
    fn fitting_tokens(&self, balance: &Balance) -> Option<u64> {
        let most = self.most_tokens().unwrap_or(OUTPUT_TOKENS_MAX);
        let fits = |tokens: u64| self.fits(balance, tokens);
        if (self.most_tokens().is_some() && fits(most)) || most == 0 || !fits(1) {
            return None;
        }
        // fits(low) holds, fits(high) does not: the cost only grows with the answer.
        let (mut low, mut high) = (1, most);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if fits(middle) { low = middle } else { high = middle }
        }
        Some(low)
    }

    fn fits(&self, balance: &Balance, tokens: u64) -> bool {
        let output = tokens.saturating_mul(self.facts.candidates);
        let bound = Ceiling { output_tokens: Some(output), ..self.bound };
        let asked = match (balance.unit, &self.price) {
            (Unit::Usd, Some(price)) => {
                bound.cost(&self.facts, price).ok().flatten().map(Cost::micros_up)
            }
            (Unit::Tokens, price) => bound.tokens(price.as_ref()).and_then(whole),
            _ => None,
        };
        asked.is_some_and(|asked| asked <= balance.room())
    }

    /// The most tokens of one candidate's answer; `None` where nothing bounds them.
    fn most_tokens(&self) -> Option<u64> {
        Some(self.bound.output_tokens? / self.facts.candidates.max(1))
    }

    /// The request, asking for at most so many tokens; `None` where it has no place for that.
    fn capped(&self, tokens: u64) -> Option<Invocation> {
        let sent = &self.invocation;
        let body = cap_output(sent.operation, &self.model, &sent.body, tokens)?;
        Some(Invocation { body: body.into(), ..sent.clone() })
    }
}

/// Whole units as millionths; `None` where they are too many for a limit.
fn whole(units: u64) -> Option<Micros> {
    i64::try_from(units).ok()?.checked_mul(MICRO_PER_UNIT).map(Micros)
}
