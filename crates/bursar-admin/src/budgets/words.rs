//! A limit in words, and the limit that they mean. Used alike for flags and for files.

use std::fmt::Display;
use std::str::FromStr;

use bursar_domain::budget::Mode;
use bursar_domain::closed_set::UnknownWord;
use bursar_domain::limit::{Each, Limit, LimitId, OnLimit, Unit};
use bursar_domain::nearest::nearest;
use bursar_domain::span::{Span, Zone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::parse_amount;
use crate::{Error, Selectors};

/// What is said of a limit, each part as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitWords {
    /// `user`, `key` or `session`: for whom it keeps counters apart.
    pub each: Option<String>,
    /// How long before it begins anew: `1m` … `total`.
    pub window: String,
    /// How much of what: `5.00usd`.
    pub limit: String,
    /// `hard`, which it is when nothing is said, `soft` or `shadow`.
    pub mode: Option<String>,
    /// `refuse`, which it is when nothing is said, or `freeze`.
    pub on_limit: Option<String>,
    /// Whose clocks say when it begins anew: `Europe/Berlin`; UTC when nothing is said.
    pub zone: Option<String>,
}

impl LimitWords {
    /// Whether the words mean something.
    ///
    /// # Errors
    /// As [`LimitWords::limit`].
    pub fn check(&self, selectors: &Selectors) -> Result<(), Error> {
        self.limit(LimitId(String::new()), selectors).map(drop)
    }

    /// The limit that the words mean, for what is selected.
    ///
    /// # Errors
    /// [`Error::BadWord`] for the first word that means nothing, and what
    /// [`Selectors::scope`] refuses.
    pub fn limit(&self, id: LimitId, selectors: &Selectors) -> Result<Limit, Error> {
        let (unit, amount) = parse_amount(&self.limit)?;
        let each = self.each.as_deref().map(parse_each);
        Ok(Limit {
            id,
            scope: selectors.scope()?,
            each: each.transpose()?,
            unit,
            span: parse_window(&self.window)?,
            zone: self.zone.as_deref().map_or(Ok(Zone::UTC), parse_zone)?,
            mode: self.mode.as_deref().map_or(Ok(Mode::Hard), |word| parse_word("mode", word))?,
            on_limit: match self.on_limit.as_deref() {
                Some(word) => parse_word("answer of a limit", word)?,
                None => OnLimit::Refuse,
            },
            amount,
        })
    }
}

/// A limit's window.
///
/// # Errors
/// [`Error::BadWord`] that lists the windows there are.
pub fn parse_window(word: &str) -> Result<Span, Error> {
    parse_word("window", word)
}

pub(super) fn parse_each(word: &str) -> Result<Each, Error> {
    parse_word("counter of a limit", word)
}

pub(super) fn parse_unit(word: &str) -> Result<Unit, Error> {
    parse_word("unit", word)
}

fn parse_word<T: FromStr<Err = UnknownWord>>(what: &'static str, word: &str) -> Result<T, Error> {
    word.parse().map_err(|unknown: UnknownWord| {
        let near = nearest(word, unknown.expected.iter().copied());
        bad(what, word, "there is none such", one_of(&near, &unknown.expected.join("`, `")))
    })
}

fn parse_zone(name: &str) -> Result<Zone, Error> {
    let unknown = || {
        let near = nearest(name, Zone::names());
        let hint = one_of(&near, "Europe/Berlin`, `America/New_York`, `UTC");
        bad("time zone", name, "the IANA database has none such", hint)
    };
    Zone::parse(name).ok_or_else(unknown)
}

fn one_of(near: &[String], otherwise: &str) -> String {
    let near = near.join("`, `");
    let words = if near.is_empty() { otherwise } else { &near };
    format!("write `{words}`")
}

fn bad(what: &'static str, given: &str, problem: impl Display, hint: String) -> Error {
    let given = given.escape_debug().take(60).collect();
    Error::BadWord { what, given, problem: problem.to_string(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::money::Micros;

    fn research() -> Selectors {
        Selectors { team: Some("research".into()), ..Selectors::default() }
    }

    fn words() -> LimitWords {
        LimitWords { window: "month".into(), limit: "5.00usd".into(), ..LimitWords::default() }
    }

    fn read(words: &LimitWords) -> Result<Limit, Error> {
        words.limit(LimitId("1".into()), &research())
    }

    #[test]
    fn a_limit_is_hard_and_in_utc_and_refuses_unless_something_else_is_said() {
        let limit = read(&words()).unwrap();
        assert_eq!((limit.unit, limit.amount), (Unit::Usd, Micros(5_000_000)));
        assert_eq!((limit.mode, limit.on_limit), (Mode::Hard, OnLimit::Refuse));
        assert_eq!((limit.zone, limit.each), (Zone::UTC, None));
        let said = LimitWords {
            each: Some("user".into()),
            mode: Some("shadow".into()),
            on_limit: Some("freeze".into()),
            zone: Some("Europe/Berlin".into()),
            ..words()
        };
        let limit = read(&said).unwrap();
        assert_eq!((limit.mode, limit.on_limit), (Mode::Shadow, OnLimit::Freeze));
        assert_eq!((limit.zone.name(), limit.each), ("Europe/Berlin", Some(Each::User)));
    }

    #[test]
    fn each_word_that_means_nothing_is_named_with_what_to_write() {
        let cases: [(LimitWords, &str, &str); 6] = [
            (
                LimitWords { zone: Some("Europe/Berln".into()), ..words() },
                "`Europe/Berln` is no time zone",
                "write `Europe/Berlin`",
            ),
            (
                LimitWords { zone: Some(String::new()), ..words() },
                "`` is no time zone",
                "write `Europe/Berlin`, `America/New_York`, `UTC`",
            ),
            (
                LimitWords { window: "mounth".into(), ..words() },
                "`mounth` is no window",
                "write `month`",
            ),
            (
                LimitWords { window: "2m".into(), ..words() },
                "`2m` is no window",
                "write `1m`, `5m`",
            ),
            (
                LimitWords { mode: Some("firm".into()), ..words() },
                "`firm` is no mode",
                "write `hard`, `soft`, `shadow`",
            ),
            (
                LimitWords { on_limit: Some("freze".into()), ..words() },
                "`freze` is no answer of a limit",
                "write `freeze`",
            ),
        ];
        for (words, problem, hint) in cases {
            let said = read(&words).unwrap_err().to_string();
            assert!(said.starts_with(problem) && said.contains(hint), "{said}");
        }
    }
}
