//! A Messages request as Claude's InvokeModel body: the same bytes, without the model and the
//! streaming, which Bedrock has in the path, and with the version and the betas, which Anthropic has
//! in headers.

use bursar_domain::call::Operation;
use bursar_domain::model::ModelId;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::counting;
use crate::json::parse_strict;
use crate::members::Members;
use crate::problem::{Problem, ProblemKind};

/// What Bedrock calls the dialect.
const VERSION: &str = "\"bedrock-2023-05-31\"";
/// What Bedrock has elsewhere.
const ELSEWHERE: [&str; 2] = ["model", "stream"];
/// Betas of Anthropic's own service, by how their names begin. Bedrock refuses a request that names
/// one (`invalid beta flag`), and Claude Code names some in every request.
const NOT_ON_BEDROCK: [&str; 6] = [
    "fast-mode-",
    "mcp-",
    "oauth-",
    "prompt-caching-scope-",
    "redact-thinking-",
    "token-efficient-tools-2026",
];

/// A Messages request.
#[derive(Debug)]
pub struct Messages<'a> {
    members: Members<'a>,
    /// The model, as the caller wrote it.
    pub model: String,
    /// Whether the answer is to come in pieces.
    pub streams: bool,
}

/// What is to be sent to Bedrock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoke {
    /// The body.
    pub body: Vec<u8>,
    /// Betas that were left out, since Bedrock refuses them.
    pub ignored: Vec<String>,
}

impl<'a> Messages<'a> {
    /// Reads a request. No key may come twice.
    pub fn read(body: &'a [u8]) -> Result<Self, Problem> {
        let json = parse_strict(body)?;
        if !json.is_object() {
            return Err(Problem::new(ProblemKind::Invalid, "the body is no JSON object"));
        }
        let wrong = |name: &str, what: &str| Problem::invalid(name, format!("`{name}` is {what}"));
        let model = json["model"].as_str().ok_or_else(|| wrong("model", "a model's name"))?;
        let streams = match &json["stream"] {
            Value::Null => false,
            Value::Bool(streams) => *streams,
            _ => return Err(wrong("stream", "true or false")),
        };
        Ok(Self { members: Members::read(body)?, model: model.to_owned(), streams })
    }

    /// What is to be asked of Bedrock.
    #[must_use]
    pub fn operation(&self) -> Operation {
        if self.streams { Operation::InvokeModelWithResponseStream } else { Operation::InvokeModel }
    }

    /// The body for the model that the asked name stands for. `betas` are the values of every
    /// `anthropic-beta` header.
    pub fn invoke_body(&self, model: &ModelId, betas: &[&str]) -> Result<Invoke, Problem> {
        self.body(model, betas, Vec::new())
    }

    /// The CountTokens body that counts it.
    pub fn count_body(&self, model: &ModelId, betas: &[&str]) -> Result<Invoke, Problem> {
        // CountTokens wants a body that could be invoked.
        let bound =
            self.members.raw("max_tokens").is_none().then(|| ("max_tokens", json!(1).to_string()));
        let invoke = self.body(model, betas, bound.into_iter().collect())?;
        Ok(Invoke { body: counting::count_body(&invoke.body), ..invoke })
    }

    fn body(
        &self,
        model: &ModelId,
        betas: &[&str],
        mut first: Vec<(&'static str, String)>,
    ) -> Result<Invoke, Problem> {
        if model.provider() != "anthropic" {
            let message = format!(
                "`{model}` is no Claude, and speaks no Messages; hint: ask it by \
                 /v1/chat/completions, or by Converse"
            );
            return Err(Problem::invalid("model", message));
        }
        let mut without = ELSEWHERE.to_vec();
        if self.members.raw("anthropic_version").is_none() {
            first.insert(0, ("anthropic_version", VERSION.to_owned()));
        }
        let named = betas.iter().flat_map(|value| value.split(',')).map(str::trim);
        let (ignored, mut more): (Vec<&str>, Vec<&str>) = named
            .filter(|beta| !beta.is_empty())
            .partition(|beta| NOT_ON_BEDROCK.iter().any(|start| beta.starts_with(start)));
        let own: Vec<String> = self.own_betas()?;
        more.retain(|beta| !own.iter().any(|known| known == beta));
        more.dedup();
        if !more.is_empty() {
            let all: Vec<&str> = own.iter().map(String::as_str).chain(more).collect();
            first.push(("anthropic_beta", json!(all).to_string()));
            without.push("anthropic_beta");
        }
        Ok(Invoke {
            body: self.members.rewritten(&first, &without).into_bytes(),
            ignored: ignored.into_iter().map(|beta| format!("anthropic-beta: {beta}")).collect(),
        })
    }

    /// Betas that stand in the body, as clients made for Bedrock write them.
    fn own_betas(&self) -> Result<Vec<String>, Problem> {
        let Some(raw) = self.members.raw("anthropic_beta") else { return Ok(Vec::new()) };
        let betas: Option<Vec<String>> = serde_json::from_str(raw).map_err(|_| {
            Problem::invalid("anthropic_beta", "`anthropic_beta` is a list of names")
        })?;
        Ok(betas.unwrap_or_default())
    }
}

#[derive(Deserialize)]
struct Counted {
    #[serde(rename = "inputTokens")]
    input_tokens: u64,
}

/// The answer of `count_tokens`, from Bedrock's.
pub fn counted(reply: &[u8]) -> Result<Vec<u8>, Problem> {
    let counted: Counted = serde_json::from_slice(reply).map_err(|why| {
        Problem::new(ProblemKind::Broken, format!("Bedrock's count is none: {why}"))
    })?;
    Ok(json!({"input_tokens": counted.input_tokens}).to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

    fn claude() -> ModelId {
        ModelId::parse(CLAUDE).unwrap()
    }

    fn written(body: &str, betas: &[&str]) -> (String, Vec<String>) {
        let messages = Messages::read(body.as_bytes()).unwrap();
        let invoke = messages.invoke_body(&claude(), betas).unwrap();
        (String::from_utf8(invoke.body).unwrap(), invoke.ignored)
    }

    #[test]
    fn only_what_bedrock_has_elsewhere_is_taken_out() {
        let body = r#"{"model":"sonnet","max_tokens":5,"temperature":0.10,
            "messages":[{"role":"user","content":"a\u0062"}],"stream":true,"made_up":{"x":1e2}}"#;
        let (written, ignored) = written(body, &[]);
        assert_eq!(
            written,
            r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":5,"temperature":0.10,"messages":[{"role":"user","content":"a\u0062"}],"made_up":{"x":1e2}}"#
        );
        assert_eq!(ignored, Vec::<String>::new());
        let messages = Messages::read(body.as_bytes()).unwrap();
        assert_eq!(messages.model, "sonnet");
        assert_eq!(messages.operation(), Operation::InvokeModelWithResponseStream);
    }

    #[test]
    fn a_version_of_the_callers_own_stays() {
        let (written, _) = written(r#"{"anthropic_version":"2026-10-21","model":"m"}"#, &[]);
        assert_eq!(written, r#"{"anthropic_version":"2026-10-21"}"#);
    }

    #[test]
    fn betas_move_into_the_body_but_for_those_that_bedrock_refuses() {
        let header =
            ["claude-code-20250219,oauth-2025-04-20, interleaved-thinking-2025-05-14", "x"];
        let (written, ignored) =
            written(r#"{"model":"m","anthropic_beta":["x","y"],"messages":[]}"#, &header);
        assert_eq!(
            written,
            r#"{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["x","y","claude-code-20250219","interleaved-thinking-2025-05-14"],"messages":[]}"#
        );
        assert_eq!(ignored, ["anthropic-beta: oauth-2025-04-20"]);
    }

    #[test]
    fn a_model_of_another_house_is_refused_with_the_way_to_it() {
        let messages = Messages::read(br#"{"model":"nova","messages":[]}"#).unwrap();
        let nova = ModelId::parse("amazon.nova-lite-v1:0").unwrap();
        let problem = messages.invoke_body(&nova, &[]).unwrap_err();
        assert_eq!(problem.param.as_deref(), Some("model"));
        assert!(problem.message.contains("/v1/chat/completions"), "{problem}");
    }

    #[test]
    fn what_is_counted_could_be_invoked() {
        let messages = Messages::read(br#"{"model":"m","messages":[1]}"#).unwrap();
        let invoke = messages.count_body(&claude(), &[]).unwrap();
        let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":1,"messages":[1]}"#;
        assert_eq!(invoke.body, counting::count_body(body.as_bytes()));
        assert_eq!(counted(br#"{"inputTokens":11}"#).unwrap(), br#"{"input_tokens":11}"#);
        assert!(counted(b"{}").is_err());
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"model":1}"#,
            r#"{"model":"m","stream":"yes"}"#,
            r#"{"model":"m","model":"n"}"#,
            r#"{"model":"m","max_tokens":1,"max_tokens":9}"#,
        ] {
            assert!(Messages::read(body.as_bytes()).is_err(), "{body}");
        }
        let messages = Messages::read(br#"{"model":"m","anthropic_beta":"x"}"#).unwrap();
        assert!(messages.invoke_body(&claude(), &[]).is_err());
    }
}
