//! The ARNs by which Bedrock takes a model, told apart by their form alone.
//!
//! Nothing is looked up here: whether the model that an ARN names exists is the catalogue's to say.

use super::RefKind;

/// An ARN that names something to invoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    /// What it names.
    pub(crate) kind: RefKind,
    /// The region that it carries.
    pub(crate) region: &'a str,
    /// The base or profile id in it; `None` for an opaque one.
    pub(crate) model: Option<&'a str>,
}

impl<'a> Arn<'a> {
    /// Reads an ARN.
    ///
    /// # Errors
    /// What is wrong with its form, to be shown.
    pub(crate) fn parse(text: &'a str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = parts[..] else {
            return Err("an ARN has six parts: arn:aws:bedrock:REGION:ACCOUNT:KIND/NAME");
        };
        if !is_partition(partition) {
            return Err("its partition is not `aws` or `aws-…`");
        }
        if region.is_empty() || region.len() > 20 || !region.bytes().all(is_lower_or_hyphen) {
            return Err("its region is not of the form of a region");
        }
        let (what, name) =
            resource.split_once('/').ok_or("it names no resource, as in KIND/NAME")?;
        let kind = kind_of(service, what).ok_or("what it names is nothing that can be invoked")?;
        if !account_fits(kind, account) {
            return Err(match kind {
                RefKind::FoundationModelArn => "a foundation model's ARN has no account",
                _ => "its account is not twelve digits",
            });
        }
        let model = model_in(kind, name).ok_or("its last part is not of the form of its kind")?;
        Ok(Self { kind, region, model })
    }
}

fn is_partition(text: &str) -> bool {
    let more = text.strip_prefix("aws-").unwrap_or("x");
    (text == "aws" || text.starts_with("aws-"))
        && !more.is_empty()
        && more.bytes().all(is_lower_or_hyphen)
}

fn kind_of(service: &str, what: &str) -> Option<RefKind> {
    match (service, what) {
        ("bedrock", "default-prompt-router") => Some(RefKind::PromptRouterArn),
        ("bedrock", _) if what != "endpoint" => {
            let is_no_arn = |kind: &RefKind| {
                matches!(kind, RefKind::Base | RefKind::Profile | RefKind::Guardrail)
            };
            what.parse().ok().filter(|kind| !is_no_arn(kind))
        }
        ("sagemaker", "endpoint") => Some(RefKind::EndpointArn),
        _ => None,
    }
}

fn account_fits(kind: RefKind, account: &str) -> bool {
    match kind {
        RefKind::FoundationModelArn => account.is_empty(),
        _ => account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// The model in an ARN's last part, which may be none; `None` outside when the part is malformed.
#[expect(clippy::option_option, reason = "an opaque name is not a malformed one")]
fn model_in(kind: RefKind, name: &str) -> Option<Option<&str>> {
    let is_opaque = |fits: bool| fits.then_some(None);
    match kind {
        RefKind::FoundationModelArn | RefKind::InferenceProfileArn => Some(Some(name)),
        RefKind::CustomModelArn => {
            let (model, own) = name.split_once('/')?;
            is_key(own).then_some(Some(model))
        }
        RefKind::ProvisionedModelArn
        | RefKind::CustomModelDeploymentArn
        | RefKind::ImportedModelArn => is_opaque(is_key(name)),
        RefKind::PromptArn => is_opaque(is_prompt(name)),
        RefKind::EndpointArn => is_opaque(is_name(name, b"-")),
        _ => is_opaque(is_name(name, b"-:.")),
    }
}

/// Twelve lower-case letters and digits, as Bedrock makes them.
fn is_key(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() == 12 && text.bytes().all(fits)
}

/// Ten letters and digits, and a version of at most five digits.
fn is_prompt(text: &str) -> bool {
    let (id, version) = text.split_once(':').unwrap_or((text, "1"));
    id.len() == 10
        && is_name(id, b"")
        && (1..=5).contains(&version.len())
        && version.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name(text: &str, marks: &[u8]) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

fn is_lower_or_hyphen(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}
