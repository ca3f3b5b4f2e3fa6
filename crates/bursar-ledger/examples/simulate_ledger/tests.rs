//! The short form of the simulation: some seconds of histories, every mutant, and some histories of
//! the ledger itself.

use super::*;

fn request(steps: u64, seeds: u64) -> Request {
    Request { steps, first: 0, seeds, mutant: None, is_sqlite: false, is_replay: false }
}

#[test]
fn no_history_breaks_a_rule() {
    let (found, tally) = search(&request(20_000, 10));
    assert!(found.is_none(), "{found:?}");
    // A history in which nothing went wrong would prove nothing.
    for what in [
        "admitted",
        "answers lost",
        "changes",
        "clock jumps",
        "corrections",
        "crashes",
        "found held when sent again",
        "refused",
        "stale limits",
        "statements undone",
        "sweeps that found something",
        "untimely windows",
        "voids",
        "waits for a lock",
    ] {
        assert!(tally.0.contains_key(what), "{what} never happened: {tally}");
    }
}

#[test]
fn every_mutant_is_found_within_ten_histories() {
    let missed: Vec<_> = Mutant::ALL.iter().filter(|mutant| !is_caught(**mutant)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn a_seed_replays_its_history_exactly() {
    let mutant = Some(Mutant::TokenIgnored);
    let request = Request { mutant, ..request(MUTANT_STEPS, MUTANT_SEEDS) };
    let found = search(&request).0.unwrap();
    let (trace, is_same) = replay(&request, &found);
    assert!(is_same && trace.len() > 10, "{trace:#?}");
}

#[test]
fn the_ledger_on_sqlite_does_what_the_model_does() {
    let (found, tally) = search(&Request { is_sqlite: true, ..request(500, 4) });
    assert!(found.is_none(), "{found:?}");
    for what in
        ["admitted", "callers lost", "proofs lost", "spent", "held", "frozen", "settled late"]
    {
        assert!(tally.0.contains_key(what), "{what} never happened: {tally}");
    }
}

#[test]
fn what_is_asked_for_wrongly_is_refused() {
    for words in ["--steps", "--steps many", "--mutant none", "--store disk", "--colour red"] {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        assert!(Request::parse(&words).is_err(), "{words:?}");
    }
}
