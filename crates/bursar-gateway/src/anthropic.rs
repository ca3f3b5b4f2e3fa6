//! Anthropic's door: Messages, which Claude on Bedrock speaks itself.

use axum::response::Response;
use bursar_domain::call::Operation;
use bursar_wire::anthropic::{Messages, MessagesStream, counted};
use bursar_wire::problem::{Problem, ProblemKind};
use http::HeaderMap;

use crate::dialect::{Dialect, body_of};
use crate::exchange::Answered;
use crate::front::Front;
use crate::pour::{Words, pour};
use crate::v1::Visit;

impl Front {
    /// `POST /v1/messages`
    pub(crate) async fn messages(&self, visit: Visit<'_>) -> Result<Response, Problem> {
        let messages = Messages::read(&visit.held.bytes)?;
        let (model, base) = self.based(&messages.model)?;
        let invoke = messages.invoke_body(&base, &betas(&visit.headers)?)?;
        let asked = visit.asked(messages.operation(), model, invoke.body.into())?;
        Ok(match self.exchange(asked).await? {
            Answered::Whole(whole) => {
                let body = body_of(&whole)?.to_vec();
                Dialect::Anthropic.send(&whole.told, &invoke.ignored, body)
            }
            Answered::Begun(begun) => {
                let told = begun.told.clone();
                let words = Words::Messages(MessagesStream::new());
                let body = pour(begun, words, self.settings.events_silence);
                Dialect::Anthropic.begin(&told, &invoke.ignored, body)
            }
        })
    }

    /// `POST /v1/messages/count_tokens`. Free, and a row of its own.
    pub(crate) async fn count_tokens(&self, visit: Visit<'_>) -> Result<Response, Problem> {
        let messages = Messages::read(&visit.held.bytes)?;
        let (_, base) = self.based(&messages.model)?;
        let count = messages.count_body(&base, &betas(&visit.headers)?)?;
        // A cross-region profile cannot count; the model behind it can.
        let model = self.resolve(base.as_str())?;
        let asked = visit.asked(Operation::CountTokens, model, count.body.into())?;
        let Answered::Whole(whole) = self.exchange(asked).await? else {
            return Err(Problem::new(ProblemKind::Broken, "a count does not come in a stream"));
        };
        let body = counted(&body_of(&whole)?)?;
        Ok(Dialect::Anthropic.send(&whole.told, &count.ignored, body))
    }
}

/// The values of every `anthropic-beta` header.
fn betas(headers: &HeaderMap) -> Result<Vec<&str>, Problem> {
    let name = "anthropic-beta";
    let values = headers.get_all(name).iter().map(|value| {
        value.to_str().map_err(|_| Problem::invalid(name, format!("`{name}` is no text")))
    });
    values.collect()
}
