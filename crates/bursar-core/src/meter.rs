//! Verb four: every byte passes through, is counted, and is handed on as it came.
//!
//! A reply ends in one of six ways, and only one of them is success. What the reply itself said it
//! used is believed; where it said nothing, what was seen of it is the least it can have used.

use bursar_domain::call::{Attempt, AttemptOutcome, Ending, Outcome};
use bursar_domain::time::Timestamp;
use bursar_domain::usage::Usage;
use bursar_domain::watch::Withheld;
use bursar_wire::error::WireError;
use bursar_wire::reply::ReplyFacts;

use crate::Bursar;
use crate::capture::Answer;
use crate::cut::{CutSignal, Wish};
use crate::outcome::Unanswered;
use crate::pump::{End, Pump};
use crate::reply::{Head, NoAnswer, Sink};
use crate::send::{Last, Sent, refused_outcome, request_id};
use crate::tap::{Cutting, Tap, Tapped};

/// What a call owes, before it is priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owes {
    /// Nothing was generated.
    Nothing,
    /// What the reply reported.
    Reported(Usage),
    /// Nobody knows; at least this.
    Unknown { at_least: Usage },
}

/// A call that has ended, before it is settled.
#[derive(Debug)]
pub(crate) struct Metered {
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) request_id: Option<String>,
    pub(crate) first_byte_at: Option<Timestamp>,
    pub(crate) ended_at: Timestamp,
    pub(crate) ending: Ending,
    pub(crate) owes: Owes,
    pub(crate) facts: ReplyFacts,
}

impl Metered {
    /// Adds to what is said of a call that might have been sent elsewhere.
    pub(crate) fn note(&mut self, told: Option<String>) {
        let leads_on = match self.ending.outcome {
            Outcome::Throttled => true,
            Outcome::Failed => self.owes == Owes::Nothing,
            _ => false,
        };
        let Some(told) = told.filter(|_| leads_on) else { return };
        let before = self.ending.error_message.take();
        self.ending.error_message =
            Some(before.map_or(told.clone(), |before| format!("{before}; {told}")));
    }
}

/// What lies between the reply and its reader: what counts it, cuts it, and takes it.
pub(crate) struct Line<'a> {
    pub(crate) tap: Tap<'a>,
    pub(crate) cut: &'a mut CutSignal,
    pub(crate) sink: &'a mut Sink,
}

impl Bursar {
    /// Passes the reply on and counts it, whatever ends it.
    pub(crate) async fn meter(&self, sent: Sent, line: Line<'_>) -> Metered {
        let attempts = sent.attempts;
        match sent.last {
            Last::Answered(answer) => self.pass(attempts, answer, line).await,
            Last::Refused { head, body, error } => {
                let (status, headers) = head;
                let request_id = request_id(&headers);
                line.sink.start(line.tap.id(), Ok(Head { status, headers }));
                let client_gone = !body.is_empty() && !line.sink.forward(body).await;
                let ending = Ending { client_gone, ..refused(status, error) };
                Metered { request_id, ..self.without_answer(attempts, ending, Owes::Nothing) }
            }
            Last::Unanswered(unanswered) => {
                let Unanswered { may_have_been_sent, code, message } = unanswered;
                let head = NoAnswer { code: code.to_owned(), message: message.clone() };
                line.sink.start(line.tap.id(), Err(head));
                let owes = if may_have_been_sent { unknown() } else { Owes::Nothing };
                let ending = ending(Outcome::Failed, code.to_owned(), message);
                self.without_answer(attempts, ending, owes)
            }
            Last::Cut { wish, in_flight } => {
                let Wish { code, why, at_once } = wish;
                let message = if at_once {
                    "cut before an answer began".to_owned()
                } else {
                    format!("{why}, before an answer began")
                };
                let head = NoAnswer { code: code.clone(), message: message.clone() };
                line.sink.start(line.tap.id(), Err(head));
                let owes = if in_flight { unknown() } else { Owes::Nothing };
                self.without_answer(attempts, ending(Outcome::Cut, code, message), owes)
            }
        }
    }

    fn without_answer(&self, attempts: Vec<Attempt>, ending: Ending, owes: Owes) -> Metered {
        Metered {
            attempts,
            request_id: None,
            first_byte_at: None,
            ended_at: self.clock.now(),
            ending,
            owes,
            facts: ReplyFacts::default(),
        }
    }

    async fn pass(&self, attempts: Vec<Attempt>, answer: Answer, mut line: Line<'_>) -> Metered {
        let Answer { status, headers, body } = answer;
        line.tap.begin(&headers);
        line.sink.start(line.tap.id(), Ok(Head { status, headers: headers.clone() }));
        let end = Pump::new(self, &mut line).run(body).await;
        let tapped = line.tap.finish(&headers);
        let ending = Ending {
            http_status: Some(status),
            client_gone: tapped.client_gone,
            stop_reason: tapped.facts.stop_reason.clone(),
            ..judge(end, &tapped)
        };
        let owes = owed(&tapped);
        Metered {
            request_id: request_id(&headers),
            first_byte_at: tapped.first_byte_at,
            facts: tapped.facts,
            ..self.without_answer(attempts, ending, owes)
        }
    }
}

fn unknown() -> Owes {
    Owes::Unknown { at_least: Usage::default() }
}

fn ending(outcome: Outcome, code: String, message: String) -> Ending {
    Ending {
        outcome,
        client_gone: false,
        http_status: None,
        error_code: Some(code),
        error_message: Some(message),
        stop_reason: None,
    }
}

/// A call that was not answered ends as its last attempt did.
fn refused(status: u16, error: WireError) -> Ending {
    let outcome = match refused_outcome(&error) {
        AttemptOutcome::Throttled => Outcome::Throttled,
        AttemptOutcome::Rejected => Outcome::Rejected,
        _ => Outcome::Failed,
    };
    Ending { http_status: Some(status), ..ending(outcome, error.code, error.message) }
}

/// A whole answer is a success however its connection ended; anything less is not.
fn judge(end: End, tapped: &Tapped) -> Ending {
    if let Some(cut) = &tapped.cut {
        let message = told_of_cut(cut, tapped);
        return ending(Outcome::Cut, cut.wish.code.clone(), message);
    }
    let failed = |code: &str, message: String| ending(Outcome::Failed, code.to_owned(), message);
    if let Some(exception) = &tapped.exception {
        return failed(&exception.code, exception.message.clone());
    }
    let Some(missing) = &tapped.missing else {
        return Ending {
            error_code: None,
            error_message: tapped.facts.usage_suspect.clone().or_else(|| tapped.alarm.clone()),
            ..ending(Outcome::Succeeded, String::new(), String::new())
        };
    };
    match end {
        End::Finished => failed("TruncatedReply", missing.clone()),
        End::Lost(message) => failed("ConnectionLost", message),
        End::Silent => failed("IdleTimeout", "the reply fell silent".to_owned()),
        End::Broken(message) => failed("BrokenFrame", message),
        End::TooLarge => failed("ReplyTooLarge", "the reply is over our limit".to_owned()),
        End::Closed(wish) => ending(Outcome::Cut, wish.code, wish.why),
    }
}

/// Why a stream was cut, what was kept from its caller, and how surely its bill is known.
fn told_of_cut(cut: &Cutting, tapped: &Tapped) -> String {
    let Cutting { wish, delivered } = cut;
    match owed(tapped) {
        Owes::Reported(usage) => {
            let withheld = usage.output.saturating_sub(*delivered);
            let withheld = Withheld { output: usage.output, withheld };
            format!("{}; it was read to its end without its caller: {withheld}", wish.why)
        }
        Owes::Nothing | Owes::Unknown { .. } => format!(
            "{}; about {delivered} output tokens were delivered, and its usage was not reported, \
             so its bill is a bound",
            wish.why
        ),
    }
}

/// A report that contradicts itself is no report.
fn owed(tapped: &Tapped) -> Owes {
    match &tapped.facts.usage {
        Some(usage) if tapped.missing.is_none() && tapped.facts.usage_suspect.is_none() => {
            Owes::Reported(usage.clone())
        }
        _ => Owes::Unknown { at_least: tapped.at_least.clone() },
    }
}
