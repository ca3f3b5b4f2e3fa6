//! What the command line asks for.

use crate::mutant::Mutant;

pub(crate) const USAGE: &str = "usage: simulate_ledger [--steps N] [--seeds N] [--seed S] \
[--mutant NAME] [--store model|sqlite]

  --steps N       steps in all, one million by default; with --seed, of that history
  --seeds N       histories that they are split into
  --seed S        one history, as it was
  --mutant NAME   with one rule broken: succeeds when that is found within ten histories
  --store STORE   `model` (the tables in memory) or `sqlite` (the ledger itself, beside them)";

/// Steps of one history, where nothing else is said. Long enough for days to pass in it.
const HISTORY_STEPS: u64 = 100_000;
/// The same beside a real ledger, whose audit reads all of it in the end.
const LEDGER_HISTORY_STEPS: u64 = 2_000;

/// What is to be run.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Steps of each history.
    pub(crate) steps: u64,
    pub(crate) first: u64,
    pub(crate) seeds: u64,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) is_sqlite: bool,
    /// Whether it is one history, told at length.
    pub(crate) is_replay: bool,
}

impl Request {
    pub(crate) fn parse(words: &[String]) -> Result<Self, String> {
        let (mut steps, mut seeds, mut seed, mut mutant, mut is_sqlite) =
            (1_000_000, None, None, None, false);
        for pair in words.chunks(2) {
            let [name, value] = pair else { return Err(format!("`{}` needs a value", pair[0])) };
            match name.as_str() {
                "--steps" => steps = number(name, value)?,
                "--seeds" => seeds = Some(number(name, value)?.max(1)),
                "--seed" => seed = Some(number(name, value)?),
                "--mutant" => {
                    mutant = Some(value.parse::<Mutant>().map_err(|error| error.to_string())?);
                }
                "--store" if value == "sqlite" || value == "model" => is_sqlite = value == "sqlite",
                _ => return Err(format!("`{name} {value}` is not understood")),
            }
        }
        if mutant.is_some() && is_sqlite {
            return Err("mutants live in the model; the ledger itself has none".to_owned());
        }
        if let Some(first) = seed {
            return Ok(Self { steps, first, seeds: 1, mutant, is_sqlite, is_replay: true });
        }
        let usual = if is_sqlite { LEDGER_HISTORY_STEPS } else { HISTORY_STEPS };
        let seeds = seeds.unwrap_or_else(|| steps.div_ceil(usual)).max(1);
        let steps = steps.div_ceil(seeds);
        Ok(Self { steps, first: 0, seeds, mutant, is_sqlite, is_replay: false })
    }
}

fn number(name: &str, value: &str) -> Result<u64, String> {
    let plain: String = value.chars().filter(|letter| *letter != '_').collect();
    plain.parse().map_err(|_| format!("`{name}` needs a whole number, not `{value}`"))
}
