//! OpenAI's door: chat completions as Converse, embeddings as InvokeModel.

use axum::response::Response;
use bursar_domain::call::Operation;
use bursar_domain::model::ModelId;
use bursar_domain::money::Cost;
use bursar_wire::openai::{Chat, ChatStream, Embedding, Stamp, chat_completion};
use bursar_wire::problem::{Problem, ProblemKind};
use bursar_wire::reply::read_reply;
use futures_util::{StreamExt, stream};

use crate::dialect::{Dialect, body_of};
use crate::exchange::{Answered, Asked, Told, Whole};
use crate::front::Front;
use crate::pour::{Words, pour};
use crate::v1::Visit;

/// How many texts of one request are embedded at once, where a model takes one at a time.
const TEXTS_AT_ONCE: usize = 8;

impl Front {
    /// `POST /v1/chat/completions`
    pub(crate) async fn chat(&self, visit: Visit<'_>) -> Result<Response, Problem> {
        let chat = Chat::read(&visit.held.bytes)?;
        let (model, base) = self.based(&chat.model)?;
        let body = chat.converse_body(&base)?.into();
        let asked = visit.asked(chat.operation(), model, body)?;
        let answered = self.exchange(asked).await?;
        let stamp = |told: &Told| Stamp {
            id: format!("chatcmpl-{}", told.id),
            created: self.bursar.clock.now().0.div_euclid(1_000),
            model: chat.model.clone(),
        };
        Ok(match answered {
            Answered::Whole(whole) => {
                let completion = chat_completion(&body_of(&whole)?, &stamp(&whole.told));
                let completion = completion
                    .map_err(|error| Problem::new(ProblemKind::Broken, error.to_string()))?;
                Dialect::OpenAi.send(&whole.told, &chat.ignored, completion)
            }
            Answered::Begun(begun) => {
                let told = begun.told.clone();
                let stream = ChatStream::new(stamp(&told), chat.include_usage);
                let words = Words::Chat(Box::new(stream));
                let body = pour(begun, words, self.settings.events_silence);
                Dialect::OpenAi.begin(&told, &chat.ignored, body)
            }
        })
    }

    /// `POST /v1/embeddings`. A model that takes one text at a time is called for each: a call with
    /// a row of its own.
    pub(crate) async fn embed(&self, visit: Visit<'_>) -> Result<Response, Problem> {
        let embedding = Embedding::read(&visit.held.bytes)?;
        let (model, base) = self.based(&embedding.model)?;
        let bodies = embedding.bodies(&base)?;
        let count = bodies.len();
        let calls = bodies.into_iter().enumerate().map(|(number, body)| {
            let mut asked = visit.asked(Operation::InvokeModel, model.clone(), body.into())?;
            if count > 1 {
                // The key is its caller's for all of them, and each is made once.
                let key = asked.wishes.idempotency_key.take();
                asked.wishes.idempotency_key = key.map(|key| format!("{key}/{number}"));
            }
            Ok(self.vectors(asked, &base))
        });
        let calls: Vec<_> = calls.collect::<Result<_, Problem>>()?;
        let mut vectors = stream::iter(calls).buffered(TEXTS_AT_ONCE);
        let mut sum: Option<(Told, u64)> = None;
        let mut replies = Vec::new();
        while let Some(came) = vectors.next().await {
            let (whole, tokens) = came.map_err(|problem| among(problem, count))?;
            sum = Some(match sum {
                None => (whole.told, tokens),
                Some((told, before)) => (added(told, &whole.told), before.saturating_add(tokens)),
            });
            replies.push(whole.body.to_vec());
        }
        let (told, tokens) =
            sum.ok_or_else(|| Problem::new(ProblemKind::Broken, "nothing was asked"))?;
        let list = embedding.reply(&replies, tokens)?;
        Ok(Dialect::OpenAi.send(&told, &embedding.ignored, list))
    }

    async fn vectors(&self, asked: Asked, model: &ModelId) -> Result<(Whole, u64), Problem> {
        let Answered::Whole(whole) = self.exchange(asked).await? else {
            return Err(Problem::new(ProblemKind::Broken, "vectors do not come in a stream"));
        };
        let body = body_of(&whole)?;
        // Read as the ledger read it, so that both tell the same.
        let facts = read_reply(Operation::InvokeModel, model, &whole.head.headers, &body)?;
        let tokens = facts.usage.map_or(0, |usage| usage.input);
        Ok((whole, tokens))
    }
}

/// What is told of several calls: the first one's id, and what all of them cost.
fn added(told: Told, next: &Told) -> Told {
    let sum = |a: Cost, b: Cost| a.plus(b).ok();
    let cost = told.cost.zip(next.cost).and_then(|(a, b)| sum(a, b));
    Told { cost, ..told }
}

/// A problem of one of several calls, which does not undo the others.
fn among(problem: Problem, calls: usize) -> Problem {
    if calls == 1 {
        return problem;
    }
    let message = format!(
        "{}\nthis request is {calls} calls: others of them may have been made, and are then paid",
        problem.message
    );
    Problem { message, ..problem }
}
