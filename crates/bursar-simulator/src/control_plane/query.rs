//! A query's filters, and pages of a list: how many, and after which entry.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bursar_wire::error::WireError;
use percent_encoding::percent_decode_str;

use super::invalid;

/// The most entries of a page, which is also how many it has unless asked.
const RESULTS_MAX: usize = 1_000;

/// A query's values by their names, decoded. Names that mean nothing are let be.
#[derive(Debug, Default)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn read(raw: &str) -> Result<Self, WireError> {
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            let text = percent_decode_str(&text).decode_utf8().map(Cow::into_owned);
            text.map_err(|_| invalid("The query is not UTF-8."))
        };
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        };
        let pairs = raw.split('&').filter(|text| !text.is_empty()).map(pair);
        Ok(Self(pairs.collect::<Result<_, WireError>>()?))
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A value that must be one of a few.
    pub(super) fn one_of(&self, name: &str, known: &[&str]) -> Result<Option<&str>, WireError> {
        match self.value(name) {
            Some(value) if !known.contains(&value) => Err(invalid(format!(
                "1 validation error detected: Value '{value}' at '{name}' failed to satisfy \
                 constraint: Member must satisfy enum value set: [{}]",
                known.join(", ")
            ))),
            value => Ok(value),
        }
    }

    /// One page of what is sorted by `key`, and the token of the next page if there is one.
    pub(super) fn page<T>(
        &self,
        all: Vec<T>,
        key: impl Fn(&T) -> &str,
    ) -> Result<(Vec<T>, Option<String>), WireError> {
        let most = self.results_max()?;
        let after = self.value("nextToken").map(read_token).transpose()?;
        let is_later = |entry: &T| after.as_deref().is_none_or(|after| key(entry) > after);
        let mut page: Vec<T> = all.into_iter().filter(is_later).collect();
        let has_more = page.len() > most;
        page.truncate(most);
        let last = page.last().filter(|_| has_more);
        let token = last.map(|entry| URL_SAFE_NO_PAD.encode(key(entry)));
        Ok((page, token))
    }

    fn results_max(&self) -> Result<usize, WireError> {
        let Some(value) = self.value("maxResults") else { return Ok(RESULTS_MAX) };
        let number = value.parse().ok().filter(|number| (1..=RESULTS_MAX).contains(number));
        number.ok_or_else(|| {
            invalid(format!(
                "1 validation error detected: Value '{value}' at 'maxResults' failed to satisfy \
                 constraint: Member must be between 1 and {RESULTS_MAX}"
            ))
        })
    }
}

fn read_token(token: &str) -> Result<String, WireError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.filter(|text| !text.is_empty()).ok_or_else(|| invalid("The nextToken is not valid."))
}
