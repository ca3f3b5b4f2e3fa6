//! What the ledger recorded, beside what was served: row by row, joined by the call's mark.

use std::collections::BTreeMap;

use bursar_domain::call::Outcome as Ended;
use bursar_ledger::{CallFilter, CallRow, Ledger, Page};
use serde::Serialize;

use crate::Outcome;
use crate::served::{List, Served};

/// Every call, oldest last.
pub(crate) async fn all(ledger: &Ledger) -> Outcome<Vec<CallRow>> {
    let (filter, mut rows) = (CallFilter::default(), Vec::new());
    let mut page = Page { after: None, limit: Page::LIMIT_MAX };
    loop {
        let mut more = ledger.calls(&filter, &page).await?;
        let Some(last) = more.last() else { return Ok(rows) };
        page.after = Some(last.id.clone());
        rows.append(&mut more);
    }
}

/// How the two differ.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Differences {
    /// Requests that were served.
    pub(crate) served: u64,
    /// Requests that the simulator no longer lists.
    pub(crate) dropped: u64,
    /// Calls that were served, and have no row.
    pub(crate) lost: u64,
    /// Marks with more than one row.
    pub(crate) duplicate: u64,
    /// Marks that were served more than once.
    pub(crate) served_again: u64,
    /// Rows that say succeeded, and were never served.
    pub(crate) phantom: u64,
    /// Whole answers whose tokens are not the true ones.
    pub(crate) wrong_tokens: u64,
    /// Rows that cost less than the tokens that were served.
    pub(crate) under_billed: u64,
    /// Rows of faulty answers that say nothing of it.
    pub(crate) unflagged: u64,
    /// What was truly used, in pico-dollars, by call.
    #[serde(skip)]
    pub(crate) true_pico: BTreeMap<String, i128>,
}

/// Compares every row with every request.
pub(crate) fn compare(rows: &[CallRow], list: &List) -> Differences {
    let served = list.by_mark();
    let mut by_mark: BTreeMap<&str, Vec<&CallRow>> = BTreeMap::new();
    for row in rows {
        let mark = row.attribution.client_session.as_deref().unwrap_or_default();
        by_mark.entry(mark).or_default().push(row);
    }
    let count = |number: usize| number as u64;
    let mut found = Differences {
        served: count(list.calls.len()),
        dropped: list.dropped,
        lost: count(served.keys().filter(|mark| !by_mark.contains_key(*mark)).count()),
        duplicate: count(by_mark.values().filter(|rows| rows.len() > 1).count()),
        served_again: count(served.values().filter(|requests| requests.len() > 1).count()),
        ..Differences::default()
    };
    for (mark, rows) in by_mark {
        let requests = served.get(mark).map(Vec::as_slice).unwrap_or_default();
        for row in rows {
            found.one(row, requests);
        }
    }
    found
}

impl Differences {
    fn one(&mut self, row: &CallRow, requests: &[&Served]) {
        let succeeded = row.ending.outcome == Ended::Succeeded;
        let bill = &row.bill;
        let [first, ..] = requests else {
            self.phantom += u64::from(succeeded);
            return;
        };
        let tokens = (bill.usage.input, bill.usage.output);
        let is_true = tokens == (first.input_tokens, first.output_tokens);
        self.wrong_tokens += u64::from(succeeded && !bill.estimated && !is_true);
        let says_nothing = succeeded && !bill.estimated && row.ending.error_message.is_none();
        self.unflagged += u64::from(says_nothing && first.fault.is_some());
        let truth: i128 = requests.iter().map(|request| cost(row, request)).sum();
        let cost = bill.cost.map_or(0, bursar_domain::money::Cost::pico);
        self.under_billed += u64::from(i128::from(cost) < truth);
        self.true_pico.insert(row.id.to_string(), truth);
    }
}

/// What the tokens of a request cost at the row's own rates.
fn cost(row: &CallRow, request: &Served) -> i128 {
    let rates = row.bill.price.as_ref().map(|price| price.rates).unwrap_or_default();
    let pico = |rate: Option<bursar_domain::money::Rate>| i128::from(rate.map_or(0, |rate| rate.0));
    pico(rates.input) * i128::from(request.input_tokens)
        + pico(rates.output) * i128::from(request.output_tokens)
}
