//! The least that IAM has to allow, so that given models can be called from one region.
//!
//! A base id is a foundation model in that region. A cross-region profile takes two grants: the
//! profile itself, and its model in every region that it routes to, there only through the profile
//! (condition key `bedrock:InferenceProfileArn`), so that nobody calls the model past it. Streaming
//! and counting are actions of their own; Converse needs no other than InvokeModel does. An
//! application profile is a profile, a prompt router is called beside the models it chooses among,
//! and either has to be looked up.

mod guard;

use std::collections::{BTreeMap, BTreeSet};

use bursar_domain::catalogue::Catalogue;
use bursar_domain::model::{Candidate, ModelId, ModelRef, RefKind};

pub use guard::Guard;

/// What may be done with the models.
const CALL: [&str; 2] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

/// One statement of a policy: always an allowance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name in the policy.
    pub sid: String,
    /// The one action that it allows.
    pub action: &'static str,
    /// The ARNs that it allows it on, sorted.
    pub resources: BTreeSet<String>,
    /// The profile ARNs through which alone it is allowed; empty for no condition.
    pub only_through: BTreeSet<String>,
    /// Why it is there.
    pub why: &'static str,
}

/// Who calls, and from where.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account id, or `*`.
    pub account: String,
    /// The region that calls are made from.
    pub region: String,
    /// What tells where profiles lead.
    pub catalogue: Catalogue,
}

impl Caller {
    fn partition(&self) -> &'static str {
        match self.region.split('-').next() {
            Some("cn") => "aws-cn",
            _ if self.region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    fn model(&self, region: &str, model: &ModelId) -> String {
        format!("arn:{}:bedrock:{region}::foundation-model/{model}", self.partition())
    }

    fn profile(&self, id: &str) -> String {
        let Self { account, region, .. } = self;
        format!("arn:{}:bedrock:{region}:{account}:inference-profile/{id}", self.partition())
    }
}

/// What models need, by form.
#[derive(Debug, Default)]
struct Needs {
    /// Called by their own ids or ARNs.
    direct: BTreeSet<String>,
    /// Profiles, and the models that each leads to.
    profiles: BTreeMap<String, BTreeSet<String>>,
    /// Models whose tokens are counted.
    counted: BTreeSet<String>,
    /// Readings of the control plane.
    told: BTreeMap<&'static str, BTreeSet<String>>,
}

/// The statements that calling `models` takes. Models of one form share a statement, but for those
/// that a profile leads to: each of these is fenced by its own profile.
#[must_use]
pub fn least_privilege(caller: &Caller, models: &[ModelRef]) -> Vec<Statement> {
    let mut needs = Needs::default();
    for model in models {
        needs.add(caller, model);
    }
    let mut statements = Vec::new();
    calls(&mut statements, "Models", &needs.direct, "these are called by their own id");
    let profiles = needs.profiles.keys().cloned().collect();
    calls(&mut statements, "Profiles", &profiles, "these are called by an inference profile");
    for (number, (profile, resources)) in (1..).zip(needs.profiles) {
        let name = format!("BehindProfile{number}");
        let from = statements.len();
        let why =
            "the regions that the profile routes to; the condition keeps callers on the profile";
        calls(&mut statements, &name, &resources, why);
        for statement in &mut statements[from..] {
            statement.only_through = [profile.clone()].into();
        }
    }
    let alone = |sid: &str, action, resources, why| Statement {
        sid: sid.to_owned(),
        action,
        resources,
        only_through: BTreeSet::new(),
        why,
    };
    if !needs.counted.is_empty() {
        let why = "counting is free, goes by the base id, and bounds what a call may cost";
        statements.push(alone("CountTokens", "bedrock:CountTokens", needs.counted, why));
    }
    for (action, resources) in needs.told {
        let sid = action.trim_start_matches("bedrock:Get");
        let why = "what these stand for is asked once a week, unless the settings say so";
        statements.push(alone(&format!("Tell{sid}"), action, resources, why));
    }
    statements
}

/// What applying guardrails by themselves takes. Each by its id or its ARN.
#[must_use]
pub fn guardrails(caller: &Caller, guardrails: &[String]) -> Option<Statement> {
    let Caller { account, region, .. } = caller;
    let arn = |id: &String| {
        let own =
            || format!("arn:{}:bedrock:{region}:{account}:guardrail/{id}", caller.partition());
        if id.starts_with("arn:") { id.clone() } else { own() }
    };
    let resources: BTreeSet<String> = guardrails.iter().map(arn).collect();
    (!resources.is_empty()).then(|| Statement {
        sid: "ApplyGuardrails".to_owned(),
        action: "bedrock:ApplyGuardrail",
        resources,
        only_through: BTreeSet::new(),
        why: "these judge texts by themselves; beside a model's answer they take the same",
    })
}

impl Needs {
    fn add(&mut self, caller: &Caller, model: &ModelRef) {
        let arn = || model.dispatched.clone();
        let Some(base) = &model.base else {
            self.direct.insert(arn());
            return;
        };
        let geography = model.geography.as_deref();
        if model.candidates.is_empty() {
            self.counted.insert(caller.model(&caller.region, base));
        }
        match model.kind {
            RefKind::PromptRouterArn => {
                self.direct.insert(arn());
                self.told.entry("bedrock:GetPromptRouter").or_default().insert(arn());
                for Candidate { base, geography } in &model.candidates {
                    self.add_id(caller, base, geography.as_deref());
                }
            }
            RefKind::ApplicationInferenceProfileArn => {
                let behind = behind(caller, base, geography);
                self.profiles.insert(arn(), behind);
                self.told.entry("bedrock:GetInferenceProfile").or_default().insert(arn());
            }
            RefKind::InferenceProfileArn => {
                self.profiles.insert(arn(), behind(caller, base, geography));
            }
            RefKind::Base | RefKind::Profile => self.add_id(caller, base, geography),
            _ if geography.is_some() => self.add_id(caller, base, geography),
            _ => {
                self.direct.insert(arn());
            }
        }
    }

    fn add_id(&mut self, caller: &Caller, base: &ModelId, geography: Option<&str>) {
        match geography {
            Some(label) => {
                let profile = caller.profile(&format!("{label}.{base}"));
                self.profiles.insert(profile, behind(caller, base, geography));
            }
            None => {
                self.direct.insert(caller.model(&caller.region, base));
            }
        }
    }
}

/// The models that a profile leads to: of one without a geography, the model where it is called.
fn behind(caller: &Caller, base: &ModelId, geography: Option<&str>) -> BTreeSet<String> {
    match geography {
        Some(geography) => destinations(caller, base, geography),
        None => [caller.model(&caller.region, base)].into(),
    }
}

fn calls(into: &mut Vec<Statement>, name: &str, resources: &BTreeSet<String>, why: &'static str) {
    if resources.is_empty() {
        return;
    }
    into.extend(CALL.map(|action| Statement {
        sid: format!("{}{name}", if action == CALL[0] { "Invoke" } else { "Stream" }),
        action,
        resources: resources.clone(),
        only_through: BTreeSet::new(),
        why,
    }));
}

/// The model in every region that may serve the profile. A global profile may be served anywhere,
/// and is also checked against the model without a region.
fn destinations(caller: &Caller, base: &ModelId, geography: &str) -> BTreeSet<String> {
    let routes = caller.catalogue.profiles_of(base.as_str());
    let here = |from: &[&str]| from.contains(&caller.region.as_str());
    let route = routes.iter().find(|route| route.geography == geography && here(&route.from));
    match route.and_then(|route| route.to.as_ref()) {
        Some(regions) => regions.iter().map(|region| caller.model(region, base)).collect(),
        None if geography == "global" => [caller.model("*", base), caller.model("", base)].into(),
        // The catalogue does not know where it goes: any region, still only through the profile.
        None => [caller.model("*", base)].into(),
    }
}

#[cfg(test)]
mod tests {
    use bursar_domain::catalogue::Names;

    use super::*;

    fn caller(account: &str, region: &str) -> Caller {
        let (account, region) = (account.to_owned(), region.to_owned());
        Caller { account, region, catalogue: Catalogue::embedded() }
    }

    fn policy(region: &str, models: &[&str]) -> Vec<Statement> {
        let caller = caller("123456789012", region);
        let resolve = |model: &&str| Catalogue::embedded().resolve(model, &Names::default());
        least_privilege(
            &caller,
            &models.iter().map(|model| resolve(model).unwrap()).collect::<Vec<_>>(),
        )
    }

    fn sids(statements: &[Statement]) -> Vec<&str> {
        statements.iter().map(|statement| statement.sid.as_str()).collect()
    }

    #[test]
    fn a_base_id_is_one_foundation_model_in_one_region() {
        let statements = policy("eu-west-1", &["amazon.nova-lite-v1:0"]);
        assert_eq!(sids(&statements), ["InvokeModels", "StreamModels", "CountTokens"]);
        let arn = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0".to_owned();
        assert!(statements.iter().all(|statement| statement.resources == [arn.clone()].into()));
    }

    #[test]
    fn a_profile_also_takes_its_model_in_every_region_it_routes_to_and_only_through_it() {
        let statements = policy("us-east-1", &["us.amazon.nova-lite-v1:0"]);
        let sids = sids(&statements);
        assert_eq!(
            sids[..4],
            ["InvokeProfiles", "StreamProfiles", "InvokeBehindProfile1", "StreamBehindProfile1"]
        );
        let profile =
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0";
        assert!(statements[0].resources.contains(profile));
        assert!(statements[2].resources.len() > 1, "{:?}", statements[2]);
        assert_eq!(statements[2].only_through, [profile.to_owned()].into());
        assert!(
            statements[2]
                .resources
                .iter()
                .all(|arn| arn.contains("::foundation-model/amazon.nova-lite"))
        );
    }

    #[test]
    fn a_global_profile_may_be_served_anywhere() {
        let statements = policy("us-east-1", &["global.anthropic.claude-sonnet-4-5-20250929-v1:0"]);
        let model = "foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0";
        let anywhere =
            [format!("arn:aws:bedrock:*::{model}"), format!("arn:aws:bedrock:::{model}")];
        assert_eq!(statements[2].resources, anywhere.into());
    }

    #[test]
    fn an_application_profile_is_fenced_and_looked_up() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12";
        let nova = || ModelId::parse("amazon.nova-lite-v1:0").unwrap();
        let reference = Catalogue::embedded().resolve(arn, &Names::default()).unwrap();
        let copies = |geography: Option<&str>| {
            let geography = geography.map(str::to_owned);
            let model = reference.clone().standing_for(vec![Candidate { base: nova(), geography }]);
            least_privilege(&caller("*", "us-east-1"), &[model])
        };
        let statements = copies(Some("us"));
        let told = statements.last().unwrap();
        assert_eq!(
            (told.action, &told.resources),
            ("bedrock:GetInferenceProfile", &[arn.to_owned()].into(),)
        );
        assert_eq!(statements[0].resources, [arn.to_owned()].into());
        assert_eq!(statements[2].only_through, [arn.to_owned()].into());
        assert!(statements[2].resources.len() > 1);
        let model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".to_owned();
        assert_eq!(copies(None)[2].resources, [model].into());
    }

    #[test]
    fn a_prompt_router_takes_itself_and_everything_it_chooses_among() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:prompt-router/ab12";
        let target = |id: &str, geography: Option<&str>| Candidate {
            base: ModelId::parse(id).unwrap(),
            geography: geography.map(str::to_owned),
        };
        let reference = Catalogue::embedded().resolve(arn, &Names::default()).unwrap();
        let model = reference.standing_for(vec![
            target("amazon.nova-lite-v1:0", Some("us")),
            target("amazon.nova-pro-v1:0", None),
        ]);
        let statements = least_privilege(&caller("*", "us-east-1"), &[model]);
        let direct = [
            arn.to_owned(),
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0".to_owned(),
        ];
        assert_eq!(statements[0].resources, direct.into());
        assert!(
            statements[2].resources.iter().all(|arn| arn.ends_with("us.amazon.nova-lite-v1:0"))
        );
        assert!(!sids(&statements).contains(&"CountTokens"), "{:?}", sids(&statements));
        assert_eq!(statements.last().unwrap().action, "bedrock:GetPromptRouter");
    }

    #[test]
    fn a_guardrail_is_allowed_by_its_arn() {
        let arn = "arn:aws:bedrock:eu-west-1:123456789012:guardrail/ab12";
        let asked = ["cd34".to_owned(), arn.to_owned()];
        let statement = guardrails(&caller("123456789012", "us-gov-west-1"), &asked).unwrap();
        let own = "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:guardrail/cd34";
        assert_eq!(statement.resources, [own.to_owned(), arn.to_owned()].into());
        assert_eq!(statement.action, "bedrock:ApplyGuardrail");
        assert!(guardrails(&caller("*", "us-east-1"), &[]).is_none());
    }

    #[test]
    fn the_partition_follows_the_region() {
        let statements = policy("us-gov-west-1", &["amazon.nova-lite-v1:0"]);
        assert!(statements[0].resources.iter().all(|arn| arn.starts_with("arn:aws-us-gov:")));
    }
}
