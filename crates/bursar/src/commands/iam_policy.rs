//! `bursar iam-policy`: what IAM has to allow for the models at hand, and no more.

use std::collections::BTreeSet;

use bursar_core::iam::{self, Caller, Guard, Statement};
use bursar_domain::model::ModelRef;
use serde_json::{Value, json};

use crate::failure::{Failure, Situation};
use crate::lookup;
use crate::output::Output;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar iam-policy amazon.nova-lite-v1:0 us.anthropic.claude-haiku-4-5-20251001-v1:0
  bursar iam-policy --account 123456789012 --explain us.amazon.nova-pro-v1:0
  bursar iam-policy amazon.nova-lite-v1:0 --guardrail ab12cd34ef56
  bursar iam-policy --scp --role arn:aws:iam::123456789012:role/bursar

The policy goes to stdout, ready for `aws iam create-policy`. Without models it covers the aliases of
the configuration. Streaming and counting are statements of their own: drop what nobody needs.

With --scp it is a service control policy for AWS Organizations: nobody but these roles may have
Bedrock infer anything, so that nothing is spent past Bursar. Attach it to the organisational unit
of the accounts; it does not bind the management account.")]
pub(crate) struct IamPolicy {
    /// Model ids, profile ids, ARNs or aliases
    models: Vec<String>,
    /// The AWS account that calls
    #[arg(long, value_name = "ID", default_value = "*", value_parser = account)]
    account: String,
    /// A guardrail that is applied by itself, by its id or ARN; may be given again
    #[arg(long = "guardrail", value_name = "ID", value_parser = guardrail)]
    guardrails: Vec<String>,
    /// Say why each statement is there
    #[arg(long)]
    explain: bool,
    /// Deny inference to everybody but --role, as a service control policy
    #[arg(long, requires = "role", conflicts_with_all = ["models", "account", "guardrails"])]
    scp: bool,
    /// A role that Bursar calls as; may be given again
    #[arg(long = "role", value_name = "ARN", requires = "scp", value_parser = Guard::check_role)]
    role: Vec<String>,
}

impl IamPolicy {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        if self.scp {
            return self.guard(output);
        }
        let names = if self.models.is_empty() { configured(settings) } else { self.models };
        if names.is_empty() && self.guardrails.is_empty() {
            return Err(Failure::new(Situation::Usage, "no model was named")
                .hint("name models, or give them aliases under `[models.aliases]`"));
        }
        let mut models = Vec::new();
        for name in names.iter().flat_map(|name| settings.names.meanings(name)) {
            models.push(known_or_opaque(settings, name, output).await?);
        }
        let caller = Caller {
            account: self.account,
            region: settings.region.clone(),
            catalogue: settings.catalogue()?,
        };
        let mut statements = iam::least_privilege(&caller, &models);
        statements.extend(iam::guardrails(&caller, &self.guardrails));
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": statements.iter().map(as_json).collect::<Vec<_>>(),
        });
        if output.json {
            Output::object(&policy)?;
        } else {
            Output::line(format!("{policy:#}"))?;
        }
        if self.explain {
            for statement in &statements {
                output.note(format!("{}: {}", statement.sid, statement.why));
            }
        }
        Ok(())
    }
}

impl IamPolicy {
    fn guard(self, output: Output) -> Result<(), Failure> {
        let guard = Guard::of(self.role);
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": Guard::SID,
                "Effect": "Deny",
                "Action": Guard::ACTIONS,
                "Resource": "*",
                "Condition": {"ArnNotLike": {"aws:PrincipalArn": guard.roles}},
            }],
        });
        if output.json {
            Output::object(&policy)?;
        } else {
            Output::line(format!("{policy:#}"))?;
        }
        if self.explain {
            output.note(format!("{}: {}", Guard::SID, Guard::WHY));
        }
        Ok(())
    }
}

/// Every model that the configuration names: by an alias, or in a chain of fallbacks.
fn configured(settings: &Settings) -> Vec<String> {
    let chains = settings.fallbacks.iter().flat_map(|(name, chain)| {
        let models = chain.iter().map(|model| model.dispatched.as_str());
        std::iter::once(name).chain(models)
    });
    let names: BTreeSet<&str> = settings.names.all().chain(chains).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// The model that a text names. Who writes a policy may not be allowed to ask what an ARN stands
/// for: then it is allowed as it is.
async fn known_or_opaque(
    settings: &Settings,
    name: &str,
    output: Output,
) -> Result<ModelRef, Failure> {
    let reference = settings.resolve(name)?;
    if !reference.can_be_looked_up() {
        return Ok(reference);
    }
    lookup::model(settings, name).await.or_else(|failure| {
        output.note(format!("{}\nthe policy leaves out what is behind it", failure.message));
        Ok(reference)
    })
}

fn as_json(statement: &Statement) -> Value {
    let mut object = json!({
        "Sid": statement.sid,
        "Effect": "Allow",
        "Action": statement.action,
        "Resource": statement.resources,
    });
    if !statement.only_through.is_empty() {
        object["Condition"] =
            json!({"ArnLike": {"bedrock:InferenceProfileArn": statement.only_through}});
    }
    object
}

fn guardrail(text: &str) -> Result<String, String> {
    let is_one = ModelRef::guardrail(text, "DRAFT").is_some();
    let wrong = || "it is a guardrail's id or ARN, without its version".to_owned();
    is_one.then(|| text.to_owned()).ok_or_else(wrong)
}

fn account(text: &str) -> Result<String, String> {
    let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_id || text == "*" { Ok(text.to_owned()) } else { Err("it has twelve digits".to_owned()) }
}
