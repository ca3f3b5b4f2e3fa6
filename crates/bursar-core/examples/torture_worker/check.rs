//! The check: the ledger's own audit, its journal by every prefix, and its rows beside the truth.
//!
//! It prints figures. Which of them must be zero is the room's to say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use bursar_domain::time::Clock;
use bursar_ledger::{CallRow, DatabaseUrl, Ledger, OpenOptions};
use serde_json::{Value, json};

use crate::books::{Books, Posted, Window};
use crate::recorded::{self, Differences};
use crate::served::List;
use crate::{Outcome, job, say};

const PICO_PER_MICRO: i128 = 1_000_000;
/// Between two looks at the open holds.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The most findings of the audit that are shown.
const FINDINGS_SHOWN: usize = 5;

pub(crate) async fn run(job: &job::Check) -> Outcome<()> {
    let books = Books::open(&job.ledger).await?;
    if job.end_leases {
        books.end_leases().await?;
    }
    let url = DatabaseUrl::parse(&job.ledger)?;
    let ledger = Ledger::open(&url, OpenOptions::new(Clock::system())).await?;
    let swept_in = sweep(&ledger, &books, Duration::from_millis(job.patience_ms)).await?;
    let audit = ledger.audit().await?;
    let findings: Vec<String> =
        audit.findings.iter().take(FINDINGS_SHOWN).map(|finding| format!("{finding:?}")).collect();
    let calls = books.calls().await?;
    let mut told = json!({
        "findings": audit.findings.len(), "first_findings": findings, "calls": calls.total,
        "open_holds": books.holds().await?, "swept_in_ms": swept_in, "negative": calls.negative,
        "corrections": books.corrections().await?, "estimated": calls.estimated,
        "abandoned": calls.abandoned, "client_gone": calls.client_gone, "overruns": calls.overruns,
    });
    // A million rows are read only where they have to be.
    let rows = match (&job.endpoint, job.acknowledged.as_slice()) {
        (None, []) => Vec::new(),
        _ => recorded::all(&ledger).await?,
    };
    let kept = Kept::compare(&rows, &job.acknowledged)?;
    told["acknowledged"] = kept.told.into();
    told["unacknowledged"] = kept.missing.into();
    told["misread"] = kept.misread.into();
    let differences = match &job.endpoint {
        Some(endpoint) => Some(recorded::compare(&rows, &List::read(endpoint).await?)),
        None => None,
    };
    let journal = books.journal().await?;
    told["settled_twice"] = settled_twice(&journal).into();
    let windows = books.windows().await?;
    let folds = fold(&windows, &journal, differences.as_ref());
    told["windows"] = folds.iter().map(Fold::to_json).collect();
    let sum = |figure: fn(&Fold) -> u64| folds.iter().map(figure).sum::<u64>();
    told["over_at_holds"] = sum(|fold| fold.over_at_holds).into();
    told["over_at_all"] = sum(|fold| fold.over_at_all).into();
    told["truly_over"] = sum(|fold| u64::from(fold.is_truly_over())).into();
    told["differences"] = serde_json::to_value(differences)?;
    ledger.close().await?;
    say(&told);
    Ok(())
}

/// Sweeps until no hold is open, or the patience is at its end; how long it took, in milliseconds.
async fn sweep(ledger: &Ledger, books: &Books, patience: Duration) -> Outcome<u64> {
    let start = Instant::now();
    while books.holds().await? > 0 && start.elapsed() < patience {
        ledger.sweep().await?;
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(u64::try_from(start.elapsed().as_millis())?)
}

/// What callers were told is kept, beside the rows.
#[derive(Default)]
struct Kept {
    told: u64,
    /// Ids without a row.
    missing: u64,
    /// Rows with other tokens than their callers read.
    misread: u64,
}

impl Kept {
    fn compare(rows: &[CallRow], files: &[impl AsRef<Path>]) -> Outcome<Self> {
        let tokens = |row: &CallRow| format!("{} {}", row.bill.usage.input, row.bill.usage.output);
        let known: BTreeMap<&str, String> =
            rows.iter().map(|row| (row.id.as_str(), tokens(row))).collect();
        let mut kept = Self::default();
        for file in files {
            for line in std::fs::read_to_string(file)?.lines() {
                let (id, read) = line.split_once(' ').unwrap_or((line, ""));
                let row = known.get(id);
                kept.told += 1;
                kept.missing += u64::from(row.is_none());
                kept.misread += u64::from(row.is_some_and(|row| !read.is_empty() && row != read));
            }
        }
        Ok(kept)
    }
}

/// How many calls were settled more than once in one window.
fn settled_twice(journal: &[Posted]) -> u64 {
    let mut seen = BTreeSet::new();
    let settles = journal.iter().filter(|line| line.kind == "settle");
    settles.filter(|line| !seen.insert((&line.window_id, &line.call_id))).count() as u64
}

/// One window, added up line by line.
struct Fold<'a> {
    window: &'a Window,
    /// The most that was spent and held at any time.
    peak_micro: i64,
    /// Holds that were granted over the limit.
    over_at_holds: u64,
    /// Lines of any kind after which it was over the limit.
    over_at_all: u64,
    /// Calls that were settled in it.
    settle_lines: u64,
    /// What the calls that it counts truly cost; dollars only.
    true_pico: i128,
}

impl Fold<'_> {
    fn is_truly_over(&self) -> bool {
        let limit = i128::from(self.window.limit_micro) * PICO_PER_MICRO;
        self.window.mode == "hard" && self.window.unit == "usd" && self.true_pico > limit
    }

    fn to_json(&self) -> Value {
        json!({
            "window": self.window.id, "unit": self.window.unit, "refused": self.window.refused,
            "span": self.window.span, "settle_lines": self.settle_lines,
            "limit_micro": self.window.limit_micro, "spent_micro": self.window.spent_micro,
            "peak_micro": self.peak_micro, "over_at_holds": self.over_at_holds,
            "true_micro": i64::try_from(self.true_pico / PICO_PER_MICRO).unwrap_or(i64::MAX),
        })
    }
}

fn fold<'a>(
    windows: &'a [Window],
    journal: &[Posted],
    differences: Option<&Differences>,
) -> Vec<Fold<'a>> {
    let mut lines: BTreeMap<&str, Vec<&Posted>> = BTreeMap::new();
    for line in journal {
        lines.entry(&line.window_id).or_default().push(line);
    }
    let empty = BTreeMap::new();
    let truth = differences.map_or(&empty, |differences| &differences.true_pico);
    let of_window = |window: &'a Window| fold_one(window, lines.get(window.id.as_str()), truth);
    windows.iter().map(of_window).collect()
}

fn fold_one<'a>(
    window: &'a Window,
    lines: Option<&Vec<&Posted>>,
    truth: &BTreeMap<String, i128>,
) -> Fold<'a> {
    let mut fold = Fold {
        window,
        peak_micro: 0,
        over_at_holds: 0,
        over_at_all: 0,
        settle_lines: 0,
        true_pico: 0,
    };
    let (mut held, mut spent_pico) = (0_i64, 0_i128);
    for line in lines.into_iter().flatten() {
        held += line.d_held;
        spent_pico += i128::from(line.d_spent) * PICO_PER_MICRO + i128::from(line.d_rest);
        let spent = i64::try_from((spent_pico + PICO_PER_MICRO - 1).div_euclid(PICO_PER_MICRO))
            .unwrap_or(i64::MAX);
        let sum = held.saturating_add(spent);
        fold.peak_micro = fold.peak_micro.max(sum);
        let is_over = window.mode == "hard" && sum > window.limit_micro;
        fold.over_at_all += u64::from(is_over);
        fold.over_at_holds += u64::from(is_over && line.kind == "hold");
        if line.kind == "settle" {
            fold.settle_lines += 1;
            fold.true_pico += truth.get(&line.call_id).copied().unwrap_or(0);
        }
    }
    fold
}
