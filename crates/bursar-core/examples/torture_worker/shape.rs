//! What the calls look like: sizes, operations, and the words that tell the simulator.

use std::collections::BTreeMap;

use bursar_core::{Invocation, Pricing, Prompt};
use bursar_domain::catalogue::Names;
use bursar_domain::model::ModelRef;
use bursar_domain::time::Clock;

use crate::Outcome;
use crate::dice::Dice;
use crate::job::{Calls, Kind};

const MODEL: &str = "amazon.nova-lite-v1:0";
/// Where the simulator looks for its words.
const STEERING: &str = "bursar-sim";
/// Where a call's mark travels: to the simulator's list, and as the session to the ledger.
pub(crate) const MARK: &str = "mark";
/// The longest prompt of a call of any size, in bytes, and so in tokens.
const INPUT_MAX: u64 = 2_000;

/// Makes requests.
pub(crate) struct Shape {
    kind: Kind,
    model: ModelRef,
    max_tokens: u64,
    words: Vec<String>,
    rows: Vec<(u64, u64)>,
    seed: u64,
}

impl Shape {
    pub(crate) fn new(job: &Calls, pricing: &Pricing) -> Outcome<Self> {
        let names = Names::default();
        let rows = match &job.trace {
            Some(path) => read_trace(&std::fs::read_to_string(path)?)?,
            None => Vec::new(),
        };
        Ok(Self {
            kind: job.kind,
            model: pricing.prices.resolve(MODEL, &names)?,
            max_tokens: job.max_tokens,
            words: job.words.clone(),
            rows,
            seed: job.seed,
        })
    }

    /// The `n`th request, under its mark.
    pub(crate) fn request(&self, n: u64, mark: &str, pricing: &Pricing) -> Outcome<Invocation> {
        let (input, output) = self.tokens(n);
        let input = match self.kind {
            Kind::Full => {
                // Asked first with any figures: the bound is of the text, not of the metadata.
                let probe = self.build(n, mark, (input, input, output))?;
                let priced = pricing.price(probe, Clock::system().now())?;
                priced.bound.input_tokens.ok_or("the input is not bounded")?
            }
            Kind::Any | Kind::Trace => input,
        };
        let (bytes, _) = self.tokens(n);
        self.build(n, mark, (bytes, input, output))
    }

    /// Input and output tokens.
    fn tokens(&self, n: u64) -> (u64, u64) {
        let mut dice = Dice::new(self.seed, n);
        match self.kind {
            Kind::Any => (dice.between(1, INPUT_MAX), dice.between(1, self.max_tokens)),
            Kind::Full => (64, self.max_tokens),
            Kind::Trace => {
                let rows = self.rows.len().max(1) as u64;
                let row = usize::try_from(n % rows).ok().and_then(|n| self.rows.get(n));
                row.copied().unwrap_or((1, 1))
            }
        }
    }

    fn build(
        &self,
        n: u64,
        mark: &str,
        (bytes, input, output): (u64, u64, u64),
    ) -> Outcome<Invocation> {
        let mut words = format!("input={input} output={output}");
        if let Some(more) = self.words.get(usize::try_from(n)? % self.words.len().max(1)) {
            words = format!("{words} {more}");
        }
        let metadata = BTreeMap::from([
            (STEERING.to_owned(), words.trim_end().to_owned()),
            (MARK.to_owned(), mark.to_owned()),
        ]);
        let prompt = Prompt {
            text: "x".repeat(usize::try_from(bytes)?.max(1)),
            max_tokens: Some(self.max_tokens.max(output)),
            metadata,
            ..Prompt::default()
        };
        let model = self.model.clone();
        // The operations go round once a round of words, so that each fault meets each of them.
        // Converse's two hold the same for the same text.
        let operations = if self.kind == Kind::Full { 2 } else { 4 };
        Ok(match n / self.words.len().max(1) as u64 % operations {
            0 => Invocation::converse(model, &prompt, true),
            1 => Invocation::converse(model, &prompt, false),
            2 => Invocation::invoke(model, &prompt, true)?,
            _ => Invocation::invoke(model, &prompt, false)?,
        })
    }
}

/// Input and output of each row below the header, in the Azure trace's columns.
fn read_trace(text: &str) -> Outcome<Vec<(u64, u64)>> {
    let row = |line: &str| -> Outcome<(u64, u64)> {
        let mut fields = line.split(',').skip(1);
        let mut next = || fields.next().ok_or_else(|| format!("`{line}` is too short"));
        Ok((next()?.trim().parse()?, next()?.trim().parse()?))
    };
    text.lines().skip(1).map(row).collect()
}
