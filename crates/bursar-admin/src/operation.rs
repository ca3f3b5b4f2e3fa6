//! A route whose types are forgotten: asked and answered in JSON, described in OpenAPI's words.

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Schema, SchemaType, Type};

use crate::{Answer, Desk, Error, Method, Route, View};

/// What a field of an ask is, for who has it as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A text.
    Text,
    /// A number, or `true` or `false`.
    Plain,
    /// Something with parts: JSON.
    Parts,
}

type Run = Box<dyn for<'d> Fn(&'d Desk, &[u8]) -> Result<Answer<'d, Vec<u8>>, Error> + Send + Sync>;

type RunPart =
    Box<dyn for<'v> Fn(&'v View, &[u8]) -> Result<Answer<'v, Vec<u8>>, Error> + Send + Sync>;

/// One thing that can be asked, in JSON.
pub struct Operation {
    /// How.
    pub method: Method,
    /// Where, below `/api/v1`.
    pub path: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Whether nothing is changed by it.
    pub is_read: bool,
    /// What it takes.
    pub ask: RefOr<Schema>,
    /// What it gives.
    pub reply: RefOr<Schema>,
    /// What the two refer to, by name.
    pub parts: Vec<(String, RefOr<Schema>)>,
    run: Run,
    run_part: Option<RunPart>,
}

impl<Ask, Reply> Route<Ask, Reply>
where
    Ask: DeserializeOwned + ToSchema + Send + 'static,
    Reply: Serialize + ToSchema + 'static,
{
    /// The same in JSON.
    #[must_use]
    pub fn operation(&'static self) -> Operation {
        let mut parts = Vec::new();
        Ask::schemas(&mut parts);
        Reply::schemas(&mut parts);
        Operation {
            method: self.method,
            path: self.path,
            about: self.about,
            is_read: self.is_read,
            ask: Ask::schema(),
            reply: Reply::schema(),
            parts,
            run: Box::new(move |desk, text| in_json(text, |ask| (self.answerer)(desk, ask))),
            run_part: self.part.map(|answerer| -> RunPart {
                Box::new(move |view, text| in_json(text, |ask| answerer(view, ask)))
            }),
        }
    }
}

impl Operation {
    /// Answers what is asked in JSON, in JSON.
    ///
    /// # Errors
    /// [`Error::BadAsk`] for what is no such ask, and whatever stands in the way of it.
    pub async fn answer(&self, desk: &Desk, ask: &[u8]) -> Result<Vec<u8>, Error> {
        (self.run)(desk, ask)?.await
    }

    /// The same for who sees a part of the ledger.
    ///
    /// # Errors
    /// [`Error::NotYours`] where it does not answer for parts.
    pub(crate) async fn answer_part(&self, view: &View, ask: &[u8]) -> Result<Vec<u8>, Error> {
        let role = view.viewer().role.to_string();
        let run = self.run_part.as_ref().ok_or(Error::NotYours { role })?;
        run(view, ask)?.await
    }

    /// The fields that an ask may have, and what each is.
    #[must_use]
    pub fn fields(&self) -> Vec<(&str, FieldKind)> {
        let RefOr::T(Schema::Object(object)) = &self.ask else { return Vec::new() };
        let fields = object.properties.iter();
        fields.map(|(name, schema)| (name.as_str(), kind(schema))).collect()
    }
}

fn kind(schema: &RefOr<Schema>) -> FieldKind {
    let RefOr::T(Schema::Object(object)) = schema else { return FieldKind::Parts };
    let types = match &object.schema_type {
        SchemaType::Type(one) => std::slice::from_ref(one),
        SchemaType::Array(several) => several.as_slice(),
        SchemaType::AnyValue => return FieldKind::Parts,
    };
    match types.iter().find(|one| **one != Type::Null) {
        Some(Type::String) => FieldKind::Text,
        Some(Type::Integer | Type::Number | Type::Boolean) => FieldKind::Plain,
        _ => FieldKind::Parts,
    }
}

fn in_json<'a, Ask: DeserializeOwned, Reply: Serialize + 'a>(
    text: &[u8],
    answer: impl FnOnce(Ask) -> Answer<'a, Reply>,
) -> Result<Answer<'a, Vec<u8>>, Error> {
    let ask = serde_json::from_slice(text).map_err(|error| bad_ask(&error))?;
    let answer = answer(ask);
    Ok(Box::pin(async move { Ok(serde_json::to_vec(&answer.await?).unwrap_or_default()) }))
}

fn bad_ask(error: &serde_json::Error) -> Error {
    Error::BadAsk { problem: crate::error::shown_long(&error.to_string()) }
}
