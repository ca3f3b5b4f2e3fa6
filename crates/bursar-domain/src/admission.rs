//! The decision whether calls may begin: exact and pure.
//!
//! It is exact when the balances come from rows that stay locked until the decision is written;
//! reading, locking and writing them is the ledger's work, not done here.

use std::collections::BTreeMap;

use crate::budget::{Balance, Mode, Refusal, RefusalReason, WindowId};
use crate::money::Micros;

/// What one call asks of its windows: the same amount of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The windows it is counted in, each once.
    pub windows: Vec<WindowId>,
    /// The most it may cost; `None` when nothing bounds it.
    pub amount: Option<Micros>,
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Hold the amount in every window.
    Admit,
    /// Hold nothing.
    Refuse(Box<Refusal>),
    /// A window is not among the balances: make it, then ask again.
    Missing(WindowId),
}

/// Decides every request in order, raising `held` in `balances` for each that is admitted, so
/// that the next one sees it. A request is admitted in all of its windows or in none.
pub fn decide(balances: &mut BTreeMap<WindowId, Balance>, requests: &[Request]) -> Vec<Decision> {
    requests.iter().map(|request| decide_one(balances, request)).collect()
}

fn decide_one(balances: &mut BTreeMap<WindowId, Balance>, request: &Request) -> Decision {
    let mut refusal: Option<Refusal> = None;
    for id in &request.windows {
        let Some(balance) = balances.get(id) else { return Decision::Missing(id.clone()) };
        let Some(reason) = objection(balance, request.amount) else { continue };
        // A final no outweighs one that is worth another try: it is what the caller must hear.
        let outweighs = refusal.as_ref().is_none_or(|known| {
            known.reason == RefusalReason::Held && reason != RefusalReason::Held
        });
        if outweighs {
            refusal = Some(Refusal { reason, balance: balance.clone(), asked: request.amount });
        }
    }
    if let Some(refusal) = refusal {
        return Decision::Refuse(Box::new(refusal));
    }
    for id in &request.windows {
        if let (Some(balance), Some(amount)) = (balances.get_mut(id), request.amount) {
            balance.held = Micros(balance.held.0.saturating_add(amount.0));
        }
    }
    Decision::Admit
}

fn objection(balance: &Balance, amount: Option<Micros>) -> Option<RefusalReason> {
    match (balance.mode, amount) {
        (Mode::Soft, _) => None,
        (Mode::Hard, None) => Some(RefusalReason::Unbounded),
        (Mode::Hard, Some(amount)) => balance.objection(amount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    fn balances(windows: &[(&str, Mode, i64)]) -> BTreeMap<WindowId, Balance> {
        let balance = |&(id, mode, limit): &(&str, Mode, i64)| Balance {
            window: WindowId(id.into()),
            budget: id.into(),
            start: Timestamp(0),
            end: Timestamp(1),
            mode,
            limit: Micros(limit),
            held: Micros(0),
            spent: Micros(0),
            spent_rest: 0,
        };
        windows.iter().map(|window| (WindowId(window.0.into()), balance(window))).collect()
    }

    fn request(windows: &[&str], amount: i64) -> Request {
        let windows = windows.iter().map(|&id| WindowId(id.into())).collect();
        Request { windows, amount: Some(Micros(amount)) }
    }

    fn reason(decision: &Decision) -> Option<RefusalReason> {
        match decision {
            Decision::Refuse(refusal) => Some(refusal.reason),
            _ => None,
        }
    }

    #[test]
    fn the_next_request_sees_what_was_just_held() {
        let mut balances = balances(&[("a", Mode::Hard, 10)]);
        let decisions = decide(&mut balances, &[request(&["a"], 6), request(&["a"], 5)]);
        assert_eq!(decisions[0], Decision::Admit);
        assert_eq!(reason(&decisions[1]), Some(RefusalReason::Held));
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
        assert_eq!(decide(&mut balances, &[request(&["a"], 5)]), [Decision::Admit]);
        assert_eq!(balances[&WindowId("a".into())].held, Micros(5));
    }

    #[test]
    fn a_hard_window_refuses_what_nothing_bounds() {
        let mut balances = balances(&[("a", Mode::Hard, 1)]);
        let unbounded = Request { windows: vec![WindowId("a".into())], amount: None };
        let decisions = decide(&mut balances, &[unbounded]);
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
                    .filter(|(request, decision)| {
                        **decision == Decision::Admit && request.windows.contains(id)
                    })
                    .map(|(request, _)| request.amount.unwrap().0)
                    .sum();
                prop_assert_eq!(balance.held.0, granted);
                prop_assert!(granted <= balance.limit.0);
            }
        }
    }
}
