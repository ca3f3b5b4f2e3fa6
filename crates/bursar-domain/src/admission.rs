//! The decision whether calls may begin: exact and pure.
//!
//! It is exact when the balances come from rows that stay locked until the decision is written;
//! reading, locking and writing them is the ledger's work, not done here.

use std::collections::BTreeMap;

use crate::budget::{Balance, Mode, Refusal, RefusalReason, WindowId};
use crate::limit::{Line, Unit};
use crate::money::Micros;

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Hold the amounts in every window.
    Admit {
        /// Shadow windows that would have refused it.
        shadows: Vec<WindowId>,
    },
    /// Hold nothing.
    Refuse(Box<Refusal>),
    /// A window is not among the balances: make it, then ask again.
    Missing(WindowId),
}

/// Decides every request in order, raising `held` in `balances` for each that is admitted, so
/// that the next one sees it. A request is what a call asks of each of its windows; it is admitted
/// in all of them or in none.
pub fn decide(balances: &mut BTreeMap<WindowId, Balance>, requests: &[Vec<Line>]) -> Vec<Decision> {
    requests.iter().map(|lines| decide_one(balances, lines)).collect()
}

fn decide_one(balances: &mut BTreeMap<WindowId, Balance>, lines: &[Line]) -> Decision {
    let mut worst: Option<(RefusalReason, &Line)> = None;
    let mut shadows = Vec::new();
    for line in lines {
        let Some(balance) = balances.get(&line.window) else {
            return Decision::Missing(line.window.clone());
        };
        let Some(reason) = objection(balance, line.amount) else { continue };
        match balance.mode {
            Mode::Shadow => shadows.push(line.window.clone()),
            Mode::Hard if worst.is_none_or(|(known, _)| is_final(reason) && !is_final(known)) => {
                worst = Some((reason, line));
            }
            Mode::Soft | Mode::Hard => {}
        }
    }
    if let Some((reason, line)) = worst {
        let balance = Box::new(balances[&line.window].clone());
        return Decision::Refuse(Box::new(Refusal::NoRoom { reason, balance, asked: line.amount }));
    }
    for line in lines {
        if let (Some(balance), Some(amount)) = (balances.get_mut(&line.window), line.amount) {
            balance.held = Micros(balance.held.0.saturating_add(amount.0));
        }
    }
    Decision::Admit { shadows }
}

/// The least that is left in any window of a call that must not be passed, in micro-dollars; `None`
/// where none counts money.
#[must_use]
pub fn least_room(balances: &BTreeMap<WindowId, Balance>, lines: &[Line]) -> Option<Micros> {
    let counted = lines.iter().filter_map(|line| balances.get(&line.window));
    let hard = counted.filter(|balance| balance.mode == Mode::Hard && balance.unit == Unit::Usd);
    hard.map(Balance::room).min()
}

/// A final no outweighs one that is worth another try: it is what the caller must hear.
fn is_final(reason: RefusalReason) -> bool {
    !matches!(reason, RefusalReason::Held | RefusalReason::Rate)
}

fn objection(balance: &Balance, amount: Option<Micros>) -> Option<RefusalReason> {
    match amount {
        None => Some(RefusalReason::Unbounded),
        Some(amount) => balance.objection(amount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    fn balances(windows: &[(&str, Mode, i64)]) -> BTreeMap<WindowId, Balance> {
        let balance = |&(id, mode, limit): &(&str, Mode, i64)| Balance {
            window: WindowId(id.into()),
            name: id.into(),
            start: Timestamp(0),
            end: Span::FOREVER,
            unit: Unit::Usd,
            mode,
            limit: Micros(limit),
            held: Micros(0),
            spent: Micros(0),
            spent_rest: 0,
        };
        windows.iter().map(|window| (WindowId(window.0.into()), balance(window))).collect()
    }

    fn line(window: &str, amount: Option<i64>) -> Line {
        Line { window: WindowId(window.into()), unit: Unit::Usd, amount: amount.map(Micros) }
    }

    fn request(windows: &[&str], amount: i64) -> Vec<Line> {
        windows.iter().map(|id| line(id, Some(amount))).collect()
    }

    fn admit() -> Decision {
        Decision::Admit { shadows: Vec::new() }
    }

    fn reason(decision: &Decision) -> Option<RefusalReason> {
        match decision {
            Decision::Refuse(refusal) => Some(refusal.reason()),
            _ => None,
        }
    }

    #[test]
    fn the_next_request_sees_what_was_just_held() {
        let mut balances = balances(&[("a", Mode::Hard, 10)]);
        let decisions = decide(&mut balances, &[request(&["a"], 6), request(&["a"], 5)]);
        assert_eq!(decisions[0], admit());
        assert_eq!(reason(&decisions[1]), Some(RefusalReason::Held));
    }

    #[test]
    fn the_least_room_is_that_of_the_tightest_hard_window_of_money() {
        let mut balances =
            balances(&[("a", Mode::Hard, 10), ("b", Mode::Hard, 7), ("c", Mode::Soft, 1)]);
        let lines = request(&["a", "b", "c"], 3);
        decide(&mut balances, std::slice::from_ref(&lines));
        assert_eq!(least_room(&balances, &lines), Some(Micros(4)));
        assert_eq!(least_room(&balances, &lines[..1]), Some(Micros(7)));
        assert_eq!(least_room(&balances, &lines[2..]), None);
    }

    #[test]
    fn a_refused_request_holds_nothing_in_any_window() {
        let mut balances = balances(&[("a", Mode::Hard, 100), ("b", Mode::Hard, 4)]);
        let decisions = decide(&mut balances, &[request(&["a", "b"], 5)]);
        assert_eq!(reason(&decisions[0]), Some(RefusalReason::Spent));
        assert!(balances.values().all(|balance| balance.held == Micros(0)));
    }

    #[test]
    fn a_final_no_outweighs_one_worth_another_try() {
        let mut balances = balances(&[("a", Mode::Hard, 5), ("b", Mode::Hard, 4)]);
        decide(&mut balances, &[request(&["a"], 5)]);
        let decisions = decide(&mut balances, &[request(&["a", "b"], 5)]);
        assert_eq!(reason(&decisions[0]), Some(RefusalReason::Spent));
    }

    #[test]
    fn a_soft_window_counts_and_never_refuses() {
        let mut balances = balances(&[("a", Mode::Soft, 1)]);
        assert_eq!(decide(&mut balances, &[request(&["a"], 5)]), [admit()]);
        assert_eq!(balances[&WindowId("a".into())].held, Micros(5));
    }

    #[test]
    fn a_shadow_window_counts_and_says_what_it_would_have_refused() {
        let mut balances = balances(&[("a", Mode::Shadow, 1)]);
        let decisions = decide(&mut balances, &[request(&["a"], 1), request(&["a"], 1)]);
        assert_eq!(decisions[0], admit());
        assert_eq!(decisions[1], Decision::Admit { shadows: vec![WindowId("a".into())] });
        assert_eq!(balances[&WindowId("a".into())].held, Micros(2));
    }

    #[test]
    fn a_hard_window_refuses_what_nothing_bounds() {
        let mut balances = balances(&[("a", Mode::Hard, 1)]);
        let decisions = decide(&mut balances, &[vec![line("a", None)]]);
        assert_eq!(reason(&decisions[0]), Some(RefusalReason::Unbounded));
    }

    #[test]
    fn a_window_that_is_not_there_is_named() {
        let decisions = decide(&mut BTreeMap::new(), &[request(&["a"], 5)]);
        assert_eq!(decisions, [Decision::Missing(WindowId("a".into()))]);
    }

    proptest! {
        #[test]
        fn no_hard_window_is_ever_over_its_limit(
            limits in proptest::collection::vec(0..1_000_i64, 3),
            asks in proptest::collection::vec((0..8_usize, 0..400_i64), 0..40),
        ) {
            let names = ["a", "b", "c"];
            let windows: Vec<_> =
                names.iter().zip(&limits).map(|(&id, &limit)| (id, Mode::Hard, limit)).collect();
            let mut balances = balances(&windows);
            let requests: Vec<_> = asks.iter().map(|&(mask, amount)| {
                let bits = (0..3).filter(|bit| mask >> bit & 1 == 1);
                let chosen: Vec<_> = bits.map(|bit| names[bit]).collect();
                request(&chosen, amount)
            }).collect();
            let decisions = decide(&mut balances, &requests);
            for (id, balance) in &balances {
                let granted: i64 = requests.iter().zip(&decisions)
                    .filter(|(_, decision)| matches!(decision, Decision::Admit { .. }))
                    .flat_map(|(request, _)| request.iter().filter(|line| line.window == *id))
                    .map(|line| line.amount.unwrap().0)
                    .sum();
                prop_assert_eq!(balance.held.0, granted);
                prop_assert!(granted <= balance.limit.0);
            }
        }
    }
}
