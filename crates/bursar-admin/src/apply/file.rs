//! The file as it is written, each part with its place, so that a mistake names its line.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::error::shown;
use crate::{Error, LimitWords, Selectors};

/// Room for a hundred thousand teams with a key and a limit each, which are about 15 MB.
const FILE_BYTES_MAX: usize = 32 << 20;

/// All that a file says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Said {
    pub(super) policy: Option<Spanned<PolicySaid>>,
    pub(super) limits: Vec<Spanned<LimitSaid>>,
    pub(super) teams: BTreeMap<Spanned<String>, TeamSaid>,
}

/// What calls may ask for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PolicySaid {
    pub(super) models: Option<Vec<Spanned<String>>>,
    pub(super) regions: Option<Vec<Spanned<String>>>,
    pub(super) routing: Option<Spanned<String>>,
    pub(super) max_tokens: Option<Spanned<u64>>,
}

/// A limit. What is selected beside the team or key that it stands under narrows it further.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LimitSaid {
    pub(super) select: Option<Spanned<Selectors>>,
    pub(super) each: Option<Spanned<String>>,
    pub(super) window: Option<Spanned<String>>,
    pub(super) limit: Option<Spanned<String>>,
    pub(super) mode: Option<Spanned<String>>,
    pub(super) on_limit: Option<Spanned<String>>,
    pub(super) zone: Option<Spanned<String>>,
}

/// A team.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TeamSaid {
    pub(super) owner: Option<Spanned<String>>,
    pub(super) cost_centre: Option<Spanned<String>>,
    pub(super) projects: Vec<Spanned<String>>,
    pub(super) users: Vec<Spanned<String>>,
    pub(super) policy: Option<Spanned<PolicySaid>>,
    pub(super) limits: Vec<Spanned<LimitSaid>>,
    pub(super) keys: BTreeMap<Spanned<String>, KeySaid>,
}

/// A key of a team.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct KeySaid {
    pub(super) project: Option<Spanned<String>>,
    pub(super) user: Option<Spanned<String>>,
    pub(super) expires: Option<Spanned<String>>,
    pub(super) policy: Option<Spanned<PolicySaid>>,
    pub(super) limits: Vec<Spanned<LimitSaid>>,
}

/// Something in the file that makes no sense, and where.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) why: Error,
}

impl Wrong {
    /// Puts the blame for an error on a place.
    pub(super) fn at(at: Range<usize>) -> impl Fn(Error) -> Self {
        move |why| Self { at: at.start, why }
    }
}

/// A file, with what is needed to name a line of it.
#[derive(Debug)]
pub(super) struct File<'a> {
    name: &'a str,
    text: &'a str,
    pub(super) said: Said,
}

/// Reads a file.
pub(super) fn read<'a>(name: &'a str, text: &'a str) -> Result<File<'a>, Error> {
    if text.len() > FILE_BYTES_MAX {
        let problem = format!("it has {} bytes, more than {FILE_BYTES_MAX}", text.len());
        return Err(bad_file((name, text), 0, problem, "split it".to_owned()));
    }
    let said = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let problem = error.message().trim().replace('\n', ", ");
        bad_file(
            (name, text),
            at,
            problem,
            "nothing was applied; correct it, and try again".to_owned(),
        )
    })?;
    Ok(File { name, text, said })
}

impl File<'_> {
    /// A mistake with its line.
    pub(super) fn error(&self, wrong: &Wrong) -> Error {
        let told = wrong.why.to_string();
        let (problem, hint) = told.split_once("\nhint: ").unwrap_or((&told, "correct it"));
        bad_file((self.name, self.text), wrong.at, problem.to_owned(), hint.to_owned())
    }
}

fn bad_file((name, text): (&str, &str), at: usize, problem: String, hint: String) -> Error {
    let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    Error::BadFile { place: format!("{}:{line}", shown(name)), problem, hint }
}

impl LimitSaid {
    /// Its words, of which each that means nothing is blamed on its own place.
    pub(super) fn words(&self, entry: &Range<usize>) -> Result<LimitWords, Wrong> {
        let text =
            |said: &Option<Spanned<String>>| said.as_ref().map(|said| said.get_ref().clone());
        let missing = |what: &str| Wrong {
            at: entry.start,
            why: Error::Contradiction {
                said: format!("the limit has no `{what}`"),
                hint: "write `window = \"month\"` and `limit = \"500usd\"`".to_owned(),
            },
        };
        let words = LimitWords {
            each: text(&self.each),
            window: text(&self.window).ok_or_else(|| missing("window"))?,
            limit: text(&self.limit).ok_or_else(|| missing("limit"))?,
            mode: text(&self.mode),
            on_limit: text(&self.on_limit),
            zone: text(&self.zone),
        };
        self.try_each(&words)?;
        Ok(words)
    }

    /// Tries every word by itself beside words that are known to be good.
    fn try_each(&self, words: &LimitWords) -> Result<(), Wrong> {
        let good = || LimitWords {
            window: "total".to_owned(),
            limit: "1usd".to_owned(),
            ..LimitWords::default()
        };
        let all = Selectors { all: true, ..Selectors::default() };
        let tries = [
            (&self.window, LimitWords { window: words.window.clone(), ..good() }),
            (&self.limit, LimitWords { limit: words.limit.clone(), ..good() }),
            (&self.each, LimitWords { each: words.each.clone(), ..good() }),
            (&self.mode, LimitWords { mode: words.mode.clone(), ..good() }),
            (&self.on_limit, LimitWords { on_limit: words.on_limit.clone(), ..good() }),
            (&self.zone, LimitWords { zone: words.zone.clone(), ..good() }),
        ];
        for (said, tried) in tries {
            let Some(said) = said else { continue };
            let id = bursar_domain::limit::LimitId(String::new());
            tried.limit(id, &all).map_err(Wrong::at(said.span()))?;
        }
        Ok(())
    }
}
