//! What people change while calls run: limits that are set, raised, lowered and ended, teams that
//! are frozen and thawed.

use bursar_domain::freeze::Freeze;
use bursar_domain::limit::{Limit, LimitId};
use bursar_domain::money::Micros;
use bursar_domain::scope::{Facet, Scope};
use bursar_domain::time::Timestamp;

use crate::random::Random;
use crate::rules::{Change, Rules};
use crate::scenario::{amount, menu};
use crate::tables::Tables;

/// A change of what is there; `None` when there is nothing to change so. `generation` makes new
/// names.
pub(crate) fn random_change(
    tables: &Tables,
    generation: &mut u32,
    random: &mut Random,
) -> Option<Change> {
    *generation += 1;
    match random.below(20) {
        0 => Some(freeze(*generation, random)),
        1..=6 => tables.rules.freezes.first().map(|freeze| Change::Thaw(freeze.id.clone())),
        7 => tables.rules.limits.keys().next().cloned().map(Change::End),
        _ => Some(Change::Set(limit(tables, *generation, random))),
    }
}

fn freeze(generation: u32, random: &mut Random) -> Change {
    let team = if random.chance(5_000) { "a" } else { "b" };
    Change::Freeze(Freeze {
        id: format!("freeze-{generation}"),
        scope: Scope::default().with(Facet::Team, team),
        reason: String::new(),
        by: String::new(),
        at: Timestamp(0),
    })
}

/// A limit with some room over what its fullest window has counted, or with less than that.
fn limit(tables: &Tables, generation: u32, random: &mut Random) -> Limit {
    let mut menu = menu(generation);
    let mut limit = menu.swap_remove(random.index(menu.len()));
    let known = tables.rules.same(&limit).map_or(&limit.id, |known| &known.id).clone();
    let counted = tables.windows.values().filter(|window| window.limit == known);
    let most = counted.map(|window| window.spent).max().unwrap_or(0);
    let room = amount(limit.unit, random).0;
    limit.amount = Micros(if random.chance(2_000) { most / 2 } else { most + room });
    limit.id = known;
    limit
}

/// The change as the ledger takes it.
pub(crate) fn as_product(change: &Change, rules: &Rules) -> bursar_ledger::Change {
    use bursar_ledger::Change as Product;
    match change {
        Change::Set(limit) => Product::SetLimit(limit.clone()),
        Change::End(LimitId(id)) => Product::EndLimit(LimitId(id.clone())),
        Change::Freeze(Freeze { id, scope, reason, .. }) => {
            Product::Freeze { id: id.clone(), scope: scope.clone(), reason: reason.clone() }
        }
        Change::Thaw(id) => {
            let frozen = rules.freezes.iter().find(|freeze| freeze.id == *id);
            let scope = frozen.map(|freeze| freeze.scope.clone()).unwrap_or_default();
            Product::Thaw { scope, reason: String::new() }
        }
    }
}
