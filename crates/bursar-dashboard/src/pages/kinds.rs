//! What tokens of each kind cost, and what caches saved: a part of the page on spend.

use bursar_admin::{Kinds, View};
use bursar_domain::usage::TokenKind;

use crate::content::{Block, Tile};
use crate::figures;
use crate::filters::Filters;
use crate::problem::Problem;
use crate::sheet::{Cell, Fill, Sheet};

/// The table, and the tile of what was saved; a note where the range is too much for either.
pub(super) async fn blocks(
    view: &View,
    filters: &Filters,
) -> Result<(Vec<Block>, Option<Tile>), Problem> {
    let range = (filters.period.since, filters.period.until);
    let picked = (filters.pick("team"), filters.pick("model"));
    match view.kinds(range, picked).await.map_err(Problem::from) {
        Ok(kinds) => Ok((vec![Block::Sheet(sheet(&kinds))], Some(saved(&kinds)))),
        // Whose team it is was asked before.
        Err(problem) if problem.status.as_u16() == 400 => {
            let why = problem.text();
            let note = format!("Costs by token kind, and what caches saved, are not shown: {why}.");
            Ok((vec![Block::Note(note)], None))
        }
        Err(problem) => Err(problem),
    }
}

fn saved(kinds: &Kinds) -> Tile {
    let beside = match kinds.unknown {
        0 => "against the plain input rate".to_owned(),
        tokens => format!("{} cached tokens have no known rate", figures::tokens(tokens)),
    };
    Tile::new("Saved by caches", figures::money(kinds.saved), kinds.saved.usd())
        .beside(Some(beside))
}

fn sheet(kinds: &Kinds) -> Sheet {
    let all = kinds.lines.iter().map(|(_, _, cost)| cost.0).sum::<i128>() + kinds.rest.0;
    let cost = |cost: bursar_domain::money::Total| {
        [Cell::figure(figures::money(cost), cost.usd()), Cell::share(cost.0, all)]
    };
    let row = |(kind, tokens, paid): &(TokenKind, i64, bursar_domain::money::Total)| {
        let first = [Cell::text(words(*kind)), Cell::figure(figures::tokens(*tokens), tokens)];
        first.into_iter().chain(cost(*paid)).collect()
    };
    let mut rows: Vec<Vec<Cell>> =
        kinds.lines.iter().filter(|(_, tokens, _)| *tokens > 0).map(row).collect();
    if kinds.rest.0 != 0 {
        let first = [Cell::text("other units, bounds, and prices that are no longer listed")];
        let first = first.into_iter().chain([Cell::maybe(None)]);
        rows.push(first.chain(cost(kinds.rest)).collect());
    }
    Sheet {
        word: "kinds",
        title: "By kind of token".to_owned(),
        columns: vec![
            ("kind", Fill::Words),
            ("tokens", Fill::Figures),
            ("cost", Fill::Figures),
            ("share", Fill::Figures),
        ],
        rows,
        empty: super::spend::EMPTY.to_owned(),
        next: None,
    }
}

const fn words(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Input => "input",
        TokenKind::Output => "output",
        TokenKind::CacheRead => "read from caches",
        TokenKind::CacheWrite5m => "written to caches for 5 minutes",
        TokenKind::CacheWrite1h => "written to caches for an hour",
    }
}
