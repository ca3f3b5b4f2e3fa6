//! `ApplyGuardrail`: its request is read and checked, its units are counted as they are billed, and
//! an answer is made. Nothing is judged: a guardrail steps in when it is steered to.
//!
//! A text unit is a thousand characters or a part of them, over all the texts that a policy looks
//! at together. Texts that are marked as grounding source or query alone are looked at by
//! contextual grounding only.

use bursar_domain::usage::{Meter, Usage};
use bursar_wire::error::{ErrorCode, WireError};
use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::site::GuardrailPath;
use crate::steering::{Policy, Steering, Stop};

/// Characters of text in a unit.
const UNIT_CHARS: u64 = 1_000;
/// What a guardrail has, unless steered; contextual grounding beside, where there is a source.
const POLICIES: [Policy; 4] =
    [Policy::Topic, Policy::Content, Policy::Word, Policy::SensitiveInformation];
/// What is said instead of a text that was blocked: the text that a new guardrail begins with.
const BLOCKED: &str = "Sorry, the model cannot answer this question.";
const IMAGE_UNITS: &str = "contentPolicyImageUnits";

/// What a guardrail is asked to look at, counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// Characters of all texts.
    chars: u64,
    /// Of those that every policy looks at.
    guarded: u64,
    /// Whether there are both a source and a query to ground on.
    is_grounded: bool,
    images: u64,
}

/// Units by the names that Bedrock's usage has for them.
#[derive(Debug)]
pub(crate) struct Units(Vec<(&'static str, u64)>);

/// Checks the id and the version by their forms; any guardrail of a right form is there.
pub(crate) fn check(path: &GuardrailPath) -> Result<(), WireError> {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let is_arn = || {
        let parts: Vec<&str> = path.id.splitn(6, ':').collect();
        matches!(parts[..], ["arn", partition, "bedrock", _, account, resource]
            if partition.starts_with("aws")
                && account.len() == 12
                && account.bytes().all(|b| b.is_ascii_digit())
                && resource.strip_prefix("guardrail/").is_some_and(is_name))
    };
    let number =
        path.version.parse::<u32>().ok().filter(|number| number.to_string() == path.version);
    let is_version =
        path.version == "DRAFT" || number.is_some_and(|number| (1..100_000_000).contains(&number));
    match (is_name(&path.id) || is_arn(), is_version) {
        (false, _) => Err(refuse("guardrailIdentifier", "must be an id or an ARN of a guardrail")),
        (_, false) => Err(refuse("guardrailVersion", "must be DRAFT or a number from 1")),
        _ => Ok(()),
    }
}

/// Reads a body, with Bedrock's own limits on its shape.
pub(crate) fn read(body: &Value) -> Result<Content, WireError> {
    if !matches!(body["source"].as_str(), Some("INPUT" | "OUTPUT")) {
        return Err(refuse("source", "must be INPUT or OUTPUT"));
    }
    let scope = &body["outputScope"];
    if !scope.is_null() && !matches!(scope.as_str(), Some("INTERVENTIONS" | "FULL")) {
        return Err(refuse("outputScope", "must be INTERVENTIONS or FULL"));
    }
    let blocks = body["content"].as_array().filter(|blocks| !blocks.is_empty());
    let blocks = blocks.ok_or_else(|| refuse("content", "must have a block"))?;
    let (mut content, mut marks) = (Content::default(), Vec::new());
    for block in blocks {
        let (text, image) = (&block["text"], &block["image"]);
        match (text.is_object(), image.is_object()) {
            (true, false) => marks.extend(content.add_text(text)?),
            (false, true) => content.add_image(image)?,
            _ => return Err(refuse("content", "a block must be either a text or an image")),
        }
    }
    content.is_grounded = marks.contains(&"grounding_source") && marks.contains(&"query");
    Ok(content)
}

impl Content {
    /// Adds a text; returns what it is marked as.
    fn add_text<'a>(&mut self, text: &'a Value) -> Result<Vec<&'a str>, WireError> {
        let words = text["text"].as_str().ok_or_else(|| refuse("content", "a text must be one"))?;
        let marks = match &text["qualifiers"] {
            Value::Null => &[][..],
            Value::Array(marks) => marks,
            _ => return Err(refuse("qualifiers", "must be a list")),
        };
        let known = |mark: &'a Value| match mark.as_str() {
            Some(mark @ ("grounding_source" | "query" | "guard_content")) => Ok(mark),
            _ => Err(refuse("qualifiers", "must be of grounding_source, query, guard_content")),
        };
        let marks: Vec<&str> = marks.iter().map(known).collect::<Result<_, _>>()?;
        let chars = words.chars().count() as u64;
        self.chars += chars;
        if marks.is_empty() || marks.contains(&"guard_content") {
            self.guarded += chars;
        }
        Ok(marks)
    }

    fn add_image(&mut self, image: &Value) -> Result<(), WireError> {
        let is_format = matches!(image["format"].as_str(), Some("png" | "jpeg"));
        let bytes = image["source"]["bytes"].as_str().filter(|bytes| !bytes.is_empty());
        if !is_format || bytes.is_none() {
            return Err(refuse("content", "an image must be png or jpeg, and have bytes"));
        }
        self.images += 1;
        Ok(())
    }

    /// What the policies that are steered, or those of every guardrail, count.
    pub(crate) fn units(&self, steering: &Steering) -> Units {
        let has = |policy: Policy| match &steering.policies {
            Some(policies) => policies.contains(&policy),
            None if policy == Policy::ContextualGrounding => self.is_grounded,
            None => POLICIES.contains(&policy),
        };
        let units = |policy: Policy| match policy {
            _ if !has(policy) => 0,
            Policy::ContextualGrounding if self.is_grounded => self.chars.div_ceil(UNIT_CHARS),
            Policy::ContextualGrounding => 0,
            _ => self.guarded.div_ceil(UNIT_CHARS),
        };
        let of_texts = Policy::ALL.iter().map(|&policy| (policy.units_name(), units(policy)));
        let of_images = if has(Policy::Content) { self.images } else { 0 };
        Units(of_texts.chain([(IMAGE_UNITS, of_images)]).collect())
    }

    /// The answer's body, in the order and under the names of Bedrock's.
    pub(crate) fn answer(&self, units: &Units, steering: &Steering) -> Value {
        let is_blocked = steering.stop == Some(Stop::GuardrailIntervened);
        let usage = units.told(steering.fault);
        let mut coverage = json!({
            "textCharacters": {"guarded": self.guarded, "total": self.chars},
        });
        if self.images > 0 {
            coverage["images"] = json!({"guarded": self.images, "total": self.images});
        }
        let mut metrics = json!({
            "guardrailCoverage": coverage,
            "guardrailProcessingLatency": 1,
        });
        let mut body = json!({
            "action": if is_blocked { "GUARDRAIL_INTERVENED" } else { "NONE" },
            "actionReason": if is_blocked { "Guardrail blocked." } else { "No action." },
            "guardrailCoverage": coverage,
            "outputs": if is_blocked { json!([{"text": BLOCKED}]) } else { json!([]) },
        });
        if let Some(usage) = usage {
            metrics["usage"].clone_from(&usage);
            body["usage"] = usage;
        }
        let mut assessment = Map::from_iter([("invocationMetrics".to_owned(), metrics)]);
        if is_blocked {
            let policy = steering.policies.as_ref().and_then(|policies| policies.first());
            assessment.extend([finding(policy.copied().unwrap_or(Policy::Topic))]);
        }
        body["assessments"] = json!([assessment]);
        body
    }
}

impl Units {
    /// As the list of served calls has them: those that ran.
    pub(crate) fn usage(&self) -> Usage {
        let ran = self.0.iter().filter(|(_, count)| *count > 0);
        let meters = ran.map(|(name, count)| (Meter((*name).to_owned()), *count)).collect();
        Usage { meters, ..Usage::default() }
    }

    /// As the caller is told, or lied to.
    fn told(&self, fault: Option<Fault>) -> Option<Value> {
        let truth = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let tell = |count: u64| match fault {
            Some(Fault::LyingUsageNegative) => -truth(count) - 1,
            Some(Fault::LyingUsageHuge) => truth(count).saturating_add(1 << 40),
            _ => truth(count),
        };
        let told = self.0.iter().map(|&(name, count)| (name.to_owned(), json!(tell(count))));
        (fault != Some(Fault::NoUsage)).then(|| Value::Object(told.collect()))
    }
}

/// What the policy that stepped in has found: an example, since nothing was looked for.
fn finding(policy: Policy) -> (String, Value) {
    let (name, found) = match policy {
        Policy::Topic => {
            let topic = json!({"name": "simulated", "type": "DENY", "action": "BLOCKED"});
            ("topicPolicy", json!({"topics": [topic]}))
        }
        Policy::Content => {
            let filter = json!({"type": "MISCONDUCT", "confidence": "HIGH", "action": "BLOCKED"});
            ("contentPolicy", json!({"filters": [filter]}))
        }
        Policy::Word => {
            let word = json!({"match": "simulated", "action": "BLOCKED"});
            ("wordPolicy", json!({"customWords": [word], "managedWordLists": []}))
        }
        Policy::SensitiveInformation => {
            let entity = json!({"match": "simulated", "type": "NAME", "action": "BLOCKED"});
            ("sensitiveInformationPolicy", json!({"piiEntities": [entity], "regexes": []}))
        }
        Policy::SensitiveInformationFree => {
            let regex = json!({"name": "simulated", "match": "simulated", "action": "BLOCKED"});
            ("sensitiveInformationPolicy", json!({"piiEntities": [], "regexes": [regex]}))
        }
        Policy::ContextualGrounding => {
            let filter =
                json!({"type": "GROUNDING", "threshold": 0.5, "score": 0.25, "action": "BLOCKED"});
            ("contextualGroundingPolicy", json!({"filters": [filter]}))
        }
    };
    (name.to_owned(), found)
}

fn refuse(field: &str, why: &str) -> WireError {
    let text = format!(
        "1 validation error detected: Value at '{field}' failed to satisfy constraint: {why}"
    );
    WireError::new(ErrorCode::Validation, text)
}

#[cfg(test)]
mod tests;
