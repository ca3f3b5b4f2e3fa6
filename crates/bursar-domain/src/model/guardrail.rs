//! A guardrail, called by itself: what it is named by, and the model id that its units are priced
//! and recorded under.

use super::{ModelId, ModelRef, RefKind};

/// Under which guardrails are priced and recorded.
pub const GUARDRAILS: &str = "bedrock.guardrails";
/// The longest id or ARN, in bytes.
const ID_BYTES_MAX: usize = 2048;
/// Versions have at most eight digits.
const VERSION_MAX: u32 = 99_999_999;

impl ModelRef {
    /// A guardrail, from its id or ARN and its version; `None` when one of them has no such form.
    /// What is dispatched is `ID/VERSION`.
    #[must_use]
    pub fn guardrail(id: &str, version: &str) -> Option<Self> {
        let region = region_of(id)?;
        is_version(version).then(|| Self {
            dispatched: format!("{id}/{version}"),
            alias: None,
            kind: RefKind::Guardrail,
            base: ModelId::parse(GUARDRAILS),
            geography: None,
            region,
            candidates: Vec::new(),
        })
    }

    /// The id or ARN and the version, where this is a guardrail.
    #[must_use]
    pub fn guardrail_and_version(&self) -> Option<(&str, &str)> {
        if self.kind != RefKind::Guardrail {
            return None;
        }
        self.dispatched.rsplit_once('/')
    }
}

/// The region that an ARN carries, `None` within for a bare id.
#[expect(clippy::option_option, reason = "an id without a region is not a text that is no id")]
fn region_of(id: &str) -> Option<Option<String>> {
    if id.len() > ID_BYTES_MAX {
        return None;
    }
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if is_name(id) {
        return Some(None);
    }
    let parts: Vec<&str> = id.splitn(6, ':').collect();
    let ["arn", partition, "bedrock", region, account, resource] = parts[..] else { return None };
    let fits = ["aws", "aws-cn", "aws-us-gov"].contains(&partition)
        && !region.is_empty()
        && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && resource.strip_prefix("guardrail/").is_some_and(is_name);
    fits.then(|| Some(region.to_owned()))
}

fn is_version(version: &str) -> bool {
    let number = version.parse::<u32>().ok().filter(|number| number.to_string() == version);
    version == "DRAFT" || number.is_some_and(|number| (1..=VERSION_MAX).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guardrail_is_an_id_or_an_arn_and_a_version() {
        let arn = "arn:aws:bedrock:eu-west-1:123456789012:guardrail/ab12";
        for (id, version, region) in
            [("ab12", "1", None), ("ab12", "DRAFT", None), (arn, "99999999", Some("eu-west-1"))]
        {
            let guardrail = ModelRef::guardrail(id, version).unwrap();
            assert_eq!(guardrail.guardrail_and_version(), Some((id, version)));
            assert_eq!(guardrail.base.as_ref().map(ModelId::as_str), Some(GUARDRAILS));
            assert_eq!(guardrail.region.as_deref(), region);
        }
    }

    #[test]
    fn what_has_another_form_is_none() {
        for id in [
            "",
            "AB12",
            "a/b",
            "a b",
            "..",
            "arn:aws:bedrock:eu-west-1:123456789012:guardrail/",
            "arn:aws:bedrock:eu-west-1:123456789012:guardrail/a/b",
            "arn:aws:bedrock:eu-west-1:12345678901:guardrail/ab12",
            "arn:aws:bedrock::123456789012:guardrail/ab12",
            "arn:aws:s3:eu-west-1:123456789012:guardrail/ab12",
            &"a".repeat(2049),
        ] {
            assert_eq!(ModelRef::guardrail(id, "1"), None, "{id}");
        }
        for version in ["", "0", "01", "-1", "draft", "100000000", "1/2"] {
            assert_eq!(ModelRef::guardrail("ab12", version), None, "{version}");
        }
    }
}
