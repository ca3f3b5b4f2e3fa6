//! Advice on what an account or a caller may not do: policies, model access, subscriptions, forms.

use super::scene::{Scene, short};
use super::{Advice, Cause};
use crate::call::Operation;
use crate::model::{ModelRef, RefKind};

/// Changes of access take minutes to reach every machine that asks for it.
const SETTLES: &str = "a change can take a few minutes to be seen";

pub(super) fn advise(scene: &Scene<'_>, cause: Cause) -> Option<Advice> {
    Some(match cause {
        Cause::NotAuthorized => not_authorized(scene),
        Cause::Forbidden => forbidden(scene),
        Cause::ModelAccess => model_access(scene),
        Cause::Marketplace => marketplace(scene),
        Cause::UseCaseForm => use_case_form(scene),
        Cause::OperationNotAllowed => operation_not_allowed(scene),
        _ => return None,
    })
}

/// What AWS says of a refusal by policy, as far as it says it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Denial<'a> {
    principal: Option<&'a str>,
    action: Option<&'a str>,
    resource: Option<&'a str>,
    /// `no identity-based policy allows …`, `an explicit deny in a service control policy` …
    reason: Option<&'a str>,
}

impl<'a> Denial<'a> {
    fn read(message: &'a str) -> Self {
        let denied = message.find("with an explicit deny").map(|start| &message[start + 5..]);
        let reason = denied.or_else(|| Some(message.split_once(" because ")?.1));
        Self {
            principal: word_after(message, "User: "),
            action: word_after(message, "perform: "),
            resource: word_after(message, "on resource: "),
            reason: reason.map(|reason| reason.trim().trim_end_matches('.')),
        }
    }

    /// Who, or `the caller`.
    fn caller(&self) -> String {
        self.principal.map_or("the caller".to_owned(), |principal| format!("`{principal}`"))
    }
}

/// The word that follows; `None` when it cannot stand in a policy.
fn word_after<'a>(message: &'a str, words: &str) -> Option<&'a str> {
    let word = message.split_once(words)?.1.split_whitespace().next()?.trim_end_matches(['.', ',']);
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (!word.is_empty() && word.bytes().all(is_plain)).then_some(word)
}

fn not_authorized(scene: &Scene<'_>) -> Advice {
    let denial = Denial::read(scene.trouble.message);
    let action = denial.action.unwrap_or_else(|| action_of(scene.trouble.operation));
    let what = format!("{} may not `{action}` on {}", denial.caller(), on_what(scene, &denial));
    let why = denial.reason.map_or_else(|| format!("AWS said {}", scene.quoted()), short);
    let advice = Advice::of(Cause::NotAuthorized, what, why);
    if !denial.reason.is_none_or(|reason| reason.contains("identity-based")) {
        return advice.then(
            "an administrator has to allow it in the policy that is named above: an own policy that \
             allows it does not help",
        );
    }
    let statement = statement(action, &resources(scene, &denial));
    advice
        .then(format!("add this statement to a policy of the user or role: {statement}"))
        .then_if(policy_of(scene))
        .then("check by `bursar doctor` that it is the user or role you meant")
        .then(SETTLES)
}

fn forbidden(scene: &Scene<'_>) -> Advice {
    let denial = Denial::read(scene.trouble.message);
    let action = denial.action.unwrap_or_else(|| action_of(scene.trouble.operation));
    let what =
        format!("{} is forbidden to `{action}` on {}", denial.caller(), on_what(scene, &denial));
    let why = denial.reason.map_or_else(|| format!("AWS said {}", scene.quoted()), short);
    Advice::of(Cause::Forbidden, what, why)
        .then("nothing that is allowed elsewhere outweighs a deny: ask who keeps that policy")
        .then("organizations often deny regions or models: try one that is permitted")
}

fn model_access(scene: &Scene<'_>) -> Advice {
    let what = format!("this account has no access to {}", scene.named());
    let why = format!("access to models is given to an account, in {} too", scene.region());
    Advice::of(Cause::ModelAccess, what, why)
        .then(format!(
            "open Model access (or the model's page) in the Bedrock console of {}, and request it",
            scene.region()
        ))
        .then("check by `bursar doctor` that it is the account you meant")
        .then(SETTLES)
}

fn marketplace(scene: &Scene<'_>) -> Advice {
    let what = format!("nobody in this account has subscribed to {}", scene.named());
    let why = "the model is sold through AWS Marketplace: the first call subscribes, and this caller \
        may not do that";
    let actions = "[\"aws-marketplace:ViewSubscriptions\",\"aws-marketplace:Subscribe\"]";
    let statement = format!("{{\"Effect\":\"Allow\",\"Action\":{actions},\"Resource\":\"*\"}}");
    Advice::of(Cause::Marketplace, what, why)
        .then("let somebody who may subscribe call the model once, in any region: that is enough")
        .then(format!("or add this statement to a policy of the user or role: {statement}"))
        .then("check that the account has a valid means of payment")
        .then(SETTLES)
}

fn use_case_form(scene: &Scene<'_>) -> Advice {
    let provider = scene.listed().map_or("the provider", |model| model.provider);
    let what = format!("{provider} has not been told what this account uses the models for");
    let why =
        format!("{} is offered only once the form about the use case is filled in", scene.named());
    Advice::of(Cause::UseCaseForm, what, why)
        .then("choose the model in the Bedrock console's model catalog, and submit the form there")
        .then("in an organization, the management account can submit it for all")
        .then("if it was submitted just now, try again in 15 minutes")
}

fn operation_not_allowed(scene: &Scene<'_>) -> Advice {
    let what = format!("this account may not call {}", scene.named());
    let why = "Bedrock has not enabled the account for it, which no policy changes: new and \
        restricted accounts meet this";
    Advice::of(Cause::OperationNotAllowed, what, why)
        .then(
            "open a support case under Account and billing, and say that Bedrock refuses the call",
        )
        .then(format!("see whether another model or region is enabled: {}", scene.look_up()))
}

/// The whole policy that calls to the model take, where this statement is not all of it.
fn policy_of(scene: &Scene<'_>) -> Option<String> {
    let model = scene.trouble.model?;
    let base = model.base.as_ref()?;
    let id = model.geography.as_ref().map_or(base.to_string(), |label| format!("{label}.{base}"));
    Some(format!("`bursar iam-policy {id}` writes the whole policy, for streams and counting too"))
}

/// The action that an operation needs.
const fn action_of(operation: Option<Operation>) -> &'static str {
    match operation {
        Some(operation) if operation.is_stream() => "bedrock:InvokeModelWithResponseStream",
        Some(Operation::CountTokens) => "bedrock:CountTokens",
        Some(Operation::ApplyGuardrail) => "bedrock:ApplyGuardrail",
        _ => "bedrock:InvokeModel",
    }
}

fn on_what(scene: &Scene<'_>, denial: &Denial<'_>) -> String {
    denial.resource.map_or_else(|| scene.named(), |resource| format!("`{resource}`"))
}

/// What the statement has to name. A call through a profile needs the profile, and the model in
/// every region that the profile leads to. Which of its models a prompt router chose, only the
/// denial tells.
fn resources(scene: &Scene<'_>, denial: &Denial<'_>) -> Vec<String> {
    let partition = denial.resource.and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
    let model = |region: &str| {
        let base = scene.base().unwrap_or("*");
        format!("arn:{partition}:bedrock:{region}::foundation-model/{base}")
    };
    let named = denial.resource.map(str::to_owned);
    let region = if scene.trouble.region.is_empty() { "*" } else { scene.trouble.region };
    let asked = scene.trouble.model;
    match asked.map(|asked| (asked.kind, asked.dispatched.clone())) {
        Some((RefKind::PromptRouterArn, router)) => return vec![named.unwrap_or(router)],
        Some((RefKind::ApplicationInferenceProfileArn, profile)) => {
            return vec![profile, model("*")];
        }
        Some((RefKind::Guardrail, _)) => {
            let id = asked.and_then(ModelRef::guardrail_and_version).map_or("*", |(id, _)| id);
            let arn = format!("arn:{partition}:bedrock:{region}:*:guardrail/{id}");
            return vec![named.unwrap_or(if id.starts_with("arn:") { id.to_owned() } else { arn })];
        }
        _ => {}
    }
    let Some(geography) = asked.and_then(|asked| asked.geography.as_deref()) else {
        return vec![named.unwrap_or_else(|| model(region))];
    };
    let profile = named.filter(|arn| arn.contains(":inference-profile/")).unwrap_or_else(|| {
        let base = scene.base().unwrap_or("*");
        format!("arn:{partition}:bedrock:{region}:*:inference-profile/{geography}.{base}")
    });
    vec![profile, model("*")]
}

/// A statement as it stands in a policy, in one line.
fn statement(action: &str, resources: &[String]) -> String {
    let resources = resources.join("\",\"");
    format!("{{\"Effect\":\"Allow\",\"Action\":\"{action}\",\"Resource\":[\"{resources}\"]}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_read_part_by_part() {
        let said = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: \
            bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/a.b with an \
            explicit deny in a service control policy";
        let denial = Denial::read(said);
        assert_eq!(denial.principal, Some("arn:aws:sts::1:assumed-role/r/s"));
        assert_eq!(denial.action, Some("bedrock:InvokeModel"));
        assert_eq!(denial.resource, Some("arn:aws:bedrock:us-east-1::foundation-model/a.b"));
        assert_eq!(denial.reason, Some("an explicit deny in a service control policy"));
        let said = "User: u is not authorized to perform: a:B because no identity-based policy \
            allows the a:B action.";
        let denial = Denial::read(said);
        assert_eq!(denial.resource, None);
        assert_eq!(denial.reason, Some("no identity-based policy allows the a:B action"));
        assert_eq!(Denial::read(""), Denial::default());
    }

    #[test]
    fn what_would_break_out_of_a_policy_is_not_quoted_in_one() {
        let said = "perform: bedrock:X\",\"Action\":\"* on resource: a\\b";
        let denial = Denial::read(said);
        assert_eq!((denial.action, denial.resource), (None, None));
    }
}
