//! Spend by two things at once, as a table: a part of the page on spend.

use std::collections::BTreeMap;

use bursar_admin::{Group, SumAsk, View};
use bursar_ledger::Counters;

use super::spend::{EMPTY, NONE, ask, per_thousand};
use crate::chart::colour;
use crate::content::Block;
use crate::figures;
use crate::filters::Filters;
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

/// So many rows are on the page; as CSV there are all.
const ROWS: usize = 200;

pub(super) async fn block(
    view: &View,
    filters: &Filters,
    (group, then): (Group, Group),
) -> Result<Block, Problem> {
    let one = ask(filters, &filters.period, (group, false));
    let asked = view.sums(&SumAsk { then: Some(then), ..one }).await.map_err(Problem::from);
    let lines = match asked {
        Ok(lines) => lines,
        // Whose team it is was asked before.
        Err(problem) if problem.status.as_u16() == 400 => {
            let note = format!("By {group} and {then} is not shown: {}.", problem.text());
            return Ok(Block::Note(note));
        }
        Err(problem) => return Err(problem),
    };
    let mut sums: BTreeMap<(&str, &str), Counters> = BTreeMap::new();
    let mut wholes: BTreeMap<&str, i128> = BTreeMap::new();
    for line in &lines {
        let value = line.value.as_deref().unwrap_or(NONE);
        let second = line.second.as_deref().unwrap_or(NONE);
        sums.entry((value, second)).or_default().add(&line.counters);
        *wholes.entry(value).or_default() += line.counters.cost.0;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(names, sums)| (std::cmp::Reverse(sums.cost.0), *names));
    let all = sums.len();
    let shown = if filters.csv.is_some() { all } else { ROWS };
    let row = |((value, second), sums): &((&str, &str), Counters)| {
        let whole = wholes.get(value).copied().unwrap_or_default();
        let each = per_thousand(sums);
        vec![
            Cell::text(*value).marked(colour(value)),
            Cell::text(*second).marked(colour(second)),
            Cell::figure(figures::money(sums.cost), sums.cost.usd()),
            Cell::share(sums.cost.0, whole),
            Cell::figure(figures::count(sums.calls), sums.calls),
            each.map_or_else(
                || Cell::text("–"),
                |each| Cell::figure(figures::money(each), each.usd()),
            ),
            Cell::figure(figures::tokens(sums.input_tokens), sums.input_tokens),
            Cell::figure(figures::tokens(sums.output_tokens), sums.output_tokens),
        ]
    };
    let of_all = if all > shown { format!(", the first {shown} of {all}") } else { String::new() };
    Ok(Block::Sheet(Sheet {
        word: "levels",
        title: format!("By {group}, and within that by {then}{of_all}"),
        columns: vec![
            (group.as_str(), Fill::Words),
            (then.as_str(), Fill::Words),
            ("cost", Fill::Figures),
            ("share of the first", Fill::Figures),
            ("calls", Fill::Figures),
            ("per 1,000 calls", Fill::Figures),
            ("input tokens", Fill::Figures),
            ("output tokens", Fill::Figures),
        ],
        rows: sums.iter().take(shown).map(row).collect(),
        empty: EMPTY.to_owned(),
        next: None,
    }))
}
