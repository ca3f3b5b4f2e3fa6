//! What a row may hold. An intent over a limit is refused before anything is sent; the texts of a
//! settlement, which are Bedrock's, are cut, for a call that was made must be recorded.

use bursar_domain::call::{Intent, Settlement};
use bursar_domain::identity::Attribution;

use crate::Error;

/// The longest text of one column, in bytes: ARNs and error messages stay well below.
pub(crate) const TEXT_BYTES_MAX: usize = 2048;
/// The most attempts of one call.
pub(crate) const ATTEMPTS_MAX: usize = 100;
/// The most metered units of one call.
pub(crate) const METERS_MAX: usize = 64;
/// The most tokens of one kind: a thousand times the largest context window, and a million times
/// a million calls of it still fit a sum.
pub(crate) const TOKENS_MAX: u64 = 1 << 40;

/// Checks what a caller wants recorded.
pub(crate) fn check_intent(intent: &Intent) -> Result<(), Error> {
    let Attribution { team, project, user, key, tags, client_session } = &intent.attribution;
    if intent.started_at.0 < 0 {
        return Err(unkept("started_at", "is before 1970".to_owned()));
    }
    check_text("model_requested", &intent.model_requested)?;
    check_text("region", &intent.region)?;
    let texts = [
        ("team", team),
        ("project", project),
        ("user", user),
        ("key", key),
        ("client_session", client_session),
        ("request_hmac", &intent.request_hmac),
    ];
    for (field, text) in texts {
        text.as_deref().map_or(Ok(()), |text| check_text(field, text))?;
    }
    if tags.len() > Attribution::TAGS_MAX {
        let problem = format!("are {}, more than {}", tags.len(), Attribution::TAGS_MAX);
        return Err(unkept("tags", problem));
    }
    for text in tags.iter().flat_map(|(key, value)| [key, value]) {
        check_length("tags", text, Attribution::TAG_BYTES_MAX)?;
    }
    Ok(())
}

/// Checks the numbers of a settlement.
pub(crate) fn check_settlement(settlement: &Settlement) -> Result<(), Error> {
    let usage = &settlement.bill.usage;
    let kinds =
        [usage.input, usage.output, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h];
    if let Some(count) = kinds.into_iter().find(|&count| count > TOKENS_MAX) {
        return Err(unkept("usage", format!("has {count} tokens, more than {TOKENS_MAX}")));
    }
    if usage.meters.len() > METERS_MAX {
        let problem = format!("has {} meters, more than {METERS_MAX}", usage.meters.len());
        return Err(unkept("usage", problem));
    }
    if settlement.attempts.len() > ATTEMPTS_MAX {
        let problem = format!("are {}, more than {ATTEMPTS_MAX}", settlement.attempts.len());
        return Err(unkept("attempts", problem));
    }
    usage.meters.iter().try_for_each(|(meter, _)| check_text("meter", &meter.0))
}

/// A foreign text as it is kept: cut at a character within the limit, and without the NUL that
/// PostgreSQL cannot hold.
pub(crate) fn kept_text(text: &str) -> String {
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    text[..end].replace('\0', "\u{fffd}")
}

fn check_text(field: &'static str, text: &str) -> Result<(), Error> {
    check_length(field, text, TEXT_BYTES_MAX)
}

fn check_length(field: &'static str, text: &str, max: usize) -> Result<(), Error> {
    if text.len() > max {
        return Err(unkept(field, format!("has {} bytes, more than {max}", text.len())));
    }
    if text.contains('\0') {
        return Err(unkept(field, "holds a NUL character".to_owned()));
    }
    Ok(())
}

fn unkept(field: &'static str, problem: String) -> Error {
    Error::Unkept { field, problem }
}
