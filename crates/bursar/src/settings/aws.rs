//! What AWS's own variables and profile say, read as its SDK reads them.

use bursar_core::Credentials;

use super::{file, filled, variable};
use crate::failure::{Failure, Situation};

/// Bedrock's first region, and the AWS tools' usual default.
const REGION_DEFAULT: &str = "us-east-1";

/// The region, and who says so.
pub(super) fn region(said: &str) -> Result<(String, Option<&'static str>), Failure> {
    let named = filled(said)
        .map(|region| (region.to_owned(), "`[aws] region`"))
        .or_else(|| variable("AWS_REGION").map(|region| (region, "`AWS_REGION`")))
        .or_else(|| variable("AWS_DEFAULT_REGION").map(|region| (region, "`AWS_DEFAULT_REGION`")))
        .or_else(|| file::region_of_profile().map(|region| (region, "the AWS profile")));
    let (region, from) = named.map_or((REGION_DEFAULT.to_owned(), None), |(r, f)| (r, Some(f)));
    if is_region(&region) {
        return Ok((region, from));
    }
    Err(Failure::new(Situation::Configuration, format!("`{region}` is no AWS region")).hint(
        "a region looks like `us-east-1`; see `[aws] region`, AWS_REGION and the AWS profile",
    ))
}

/// Whether a text has a region's form, `us-gov-west-1`: a slip must not be priced as the default.
pub(crate) fn is_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let number = parts.next().is_some_and(|part| part.parse::<u8>().is_ok());
    let words: Vec<&str> = parts.collect();
    let is_word =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    number && words.len() >= 2 && words.iter().all(is_word)
}

/// The first of these that the SDK itself would take.
pub(super) fn credentials() -> Credentials {
    let is_set = |name| variable(name).is_some();
    if is_set("AWS_BEARER_TOKEN_BEDROCK") {
        Credentials::BearerToken
    } else if is_set("AWS_ACCESS_KEY_ID") && is_set("AWS_SECRET_ACCESS_KEY") {
        Credentials::AccessKey
    } else {
        Credentials::Chain
    }
}

/// The SDK reads these too; Bursar must know the answer, to ask whether it is a simulator.
pub(super) fn endpoint_of_environment(of_service: &str) -> Option<String> {
    if variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").as_deref() == Some("true") {
        return None;
    }
    variable(of_service).or_else(|| variable("AWS_ENDPOINT_URL"))
}
