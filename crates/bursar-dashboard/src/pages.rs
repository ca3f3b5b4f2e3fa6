//! The pages that people see: one table of them. A page says who sees it, what it picks by, and makes
//! its content from what the viewer sees.

mod audit;
mod budgets;
mod call;
mod calls;
mod exports;
mod kinds;
mod levels;
mod live;
mod model;
mod models;
mod overview;
mod prices;
mod quota;
mod reliability;
mod runaways;
mod settings;
mod spend;
mod teams;
mod tokens;
mod versions;

use std::pin::Pin;

use bursar_admin::{Role, View};

use crate::ask::decoded;
use crate::content::Content;
use crate::filters::Filters;
use crate::form::Form;
use crate::pipe::Pipe;
use crate::problem::Problem;

/// Content that is being made.
pub(crate) type Making<T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send>>;

/// A page.
pub(crate) struct Page {
    /// Where it is; `{}` at the end stands for one thing's name.
    pub(crate) path: &'static str,
    /// What the list of pages calls it; `None` where it is not in it.
    pub(crate) label: Option<&'static str>,
    /// Its heading.
    pub(crate) title: &'static str,
    /// Who sees it.
    pub(crate) roles: &'static [Role],
    /// What its URL may pick by, beside a range of time.
    pub(crate) picks: &'static [&'static str],
    /// Makes it.
    pub(crate) show: fn(Visit) -> Making<Content>,
    /// Does what its forms ask.
    pub(crate) act: Option<fn(Visit, Form) -> Making<Done>>,
}

/// Somebody opens a page.
pub(crate) struct Visit {
    /// All of the ledger that they see.
    pub(crate) view: View,
    pub(crate) filters: Filters,
    /// The one thing that the path names.
    pub(crate) part: Option<String>,
}

/// What came of a form.
pub(crate) enum Done {
    /// The browser goes on to a page.
    Go(String),
    /// What is shown once.
    Show(Content),
}

/// Whoever is signed in.
const ALL: &[Role] = &[Role::Admin, Role::Finance, Role::Lead, Role::Member];
/// Who sees all of the ledger.
const WHOLE: &[Role] = &[Role::Admin, Role::Finance];

/// Every page, in the order of the list.
static PAGES: [&Page; 17] = [
    &overview::PAGE,
    &spend::PAGE,
    &models::PAGE,
    &model::PAGE,
    &reliability::PAGE,
    &runaways::PAGE,
    &calls::PAGE,
    &call::PAGE,
    &live::PAGE,
    &budgets::PAGE,
    &teams::PAGE,
    &tokens::PAGE,
    &versions::PAGE,
    &prices::PAGE,
    &exports::PAGE,
    &audit::PAGE,
    &settings::PAGE,
];

/// The parts of the list of pages; a page that is in none of them is in the last.
const PARTS: [(&str, &[&str]); 4] = [
    ("Money", &["/", "/spend", "/models", "/budgets"]),
    ("Traffic", &["/live", "/reliability", "/runaways", "/calls"]),
    ("Access", &["/teams", "/tokens"]),
    ("Records", &[]),
];

/// The page at a path, and what the path names.
pub(crate) fn at(path: &str) -> Option<(&'static Page, Option<String>)> {
    PAGES.into_iter().find_map(|page| match page.path.strip_suffix("{}") {
        None => (page.path == path).then_some((page, None)),
        Some(before) => {
            let part = path.strip_prefix(before).filter(|part| !part.is_empty())?;
            let part = decoded(part).ok().filter(|_| !part.contains('/'))?;
            Some((page, Some(part)))
        }
    })
}

/// What writes a file that is too long for a page's table, where this page has one of this word.
pub(crate) fn file(page: &Page, word: &str) -> Option<fn(Visit, Pipe) -> Making<()>> {
    if page.path == exports::PAGE.path { exports::file(word) } else { None }
}

/// A part of the list of pages: what it is called, and the labels and paths of its pages.
pub(crate) type Part = (&'static str, Vec<(&'static str, &'static str)>);

/// The pages that a role sees, in their parts.
pub(crate) fn parts(role: Role) -> Vec<Part> {
    let seen = || PAGES.iter().filter(|page| page.roles.contains(&role));
    let part = |path: &str| PARTS.iter().position(|(_, paths)| paths.contains(&path));
    let links = |place: usize| {
        let own = seen().filter(|page| part(page.path).unwrap_or(PARTS.len() - 1) == place);
        own.filter_map(|page| Some((page.label?, page.path))).collect::<Vec<_>>()
    };
    let parts = PARTS.iter().enumerate().map(|(place, (label, _))| (*label, links(place)));
    parts.filter(|(_, links)| !links.is_empty()).collect()
}

/// Every page's path, and who sees it.
#[cfg(test)]
pub(crate) fn paths() -> impl Iterator<Item = (&'static str, &'static [Role])> {
    PAGES.iter().map(|page| (page.path, page.roles))
}
