//! Timing of whole processes, in turns, so that a change of the machine's load hits both alike.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// The middle of some durations; zero for none.
pub(super) fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

/// Milliseconds, for a person.
pub(super) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// How long one run takes; an error when it fails.
pub(super) fn once(command: &mut Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let took = start.elapsed();
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(took)
}

/// Medians of two programs, run A B A B. The first turn of each warms the caches and is dropped.
pub(super) fn in_turns(
    turns: usize,
    mut a: impl FnMut() -> Result<Duration>,
    mut b: impl FnMut() -> Result<Duration>,
) -> Result<(Duration, Duration)> {
    a()?;
    b()?;
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    for _ in 0..turns {
        of_a.push(a()?);
        of_b.push(b()?);
    }
    Ok((median(of_a), median(of_b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_slow_run() {
        let runs = [3, 1, 900, 2, 4].map(Duration::from_millis).to_vec();
        assert_eq!(median(runs), Duration::from_millis(3));
        assert_eq!(median(Vec::new()), Duration::ZERO);
    }

    #[test]
    fn a_program_that_fails_is_not_timed() {
        assert!(once(&mut Command::new("false")).is_err());
        assert!(once(&mut Command::new("true")).is_ok());
    }
}
