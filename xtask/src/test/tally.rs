//! Counts of tests, read from the summary lines of `cargo test` and of `cargo nextest`.

/// How many tests ended in which way.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: u64,
}

impl Tally {
    /// Adds the counts of `line` where it is a summary; any other line changes nothing.
    pub(super) fn read(&mut self, line: &str) {
        // An indented one is a part of what a failed test printed, which nextest shows again.
        let harness = line.strip_prefix("test result: ");
        let line = line.trim();
        // nextest: `Summary [   1.2s] 9/10 tests run: 8 passed (1 slow), 1 timed out, 2 skipped`
        let nextest = line.strip_prefix("Summary [").and_then(|rest| rest.split_once(" run: "));
        let Some(counts) = harness.or(nextest.map(|(_, counts)| counts)) else { return };
        for part in counts.split([';', ',', '.']) {
            let mut words = part.trim().split(' ');
            let Some(count) = words.next().and_then(|word| word.parse::<u64>().ok()) else {
                continue;
            };
            match words.next().unwrap_or_default() {
                "passed" => self.passed += count,
                "failed" | "timed" | "exec" => self.failed += count,
                "ignored" | "skipped" => self.ignored += count,
                _ => {}
            }
        }
    }

    /// The verdict, in the words of Rust's own harness.
    pub(super) fn verdict(&self, passed: bool) -> String {
        let word = if passed { "ok" } else { "FAILED" };
        format!(
            "test result: {word}. {} passed; {} failed; {} ignored",
            self.passed, self.failed, self.ignored
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.read(line);
        }
        tally
    }

    #[test]
    fn summaries_of_several_binaries_add_up() {
        let tally = read(&[
            "test money::tests::a_cost_prints ... ok",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
            "test result: FAILED. 7 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        ]);
        assert_eq!(tally, Tally { passed: 12, failed: 2, ignored: 1 });
    }

    #[test]
    fn nextest_counts_what_timed_out_as_failed() {
        let tally = read(&[
            "     Summary [  12.345s] 10/11 tests run: 7 passed (1 slow), 2 failed, 1 timed out, 3 skipped",
        ]);
        assert_eq!(tally, Tally { passed: 7, failed: 3, ignored: 3 });
    }

    #[test]
    fn what_a_failed_test_printed_is_not_counted_again() {
        let tally = read(&[
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; finished in 0.24s",
            "     Summary [   1.000s] 2 tests run: 1 passed, 1 failed, 0 skipped",
        ]);
        assert_eq!(tally, Tally { passed: 1, failed: 1, ignored: 0 });
    }

    #[test]
    fn the_verdict_of_a_failure_says_so_even_without_a_failed_test() {
        assert_eq!(
            read(&["error: could not compile"]).verdict(false),
            "test result: FAILED. 0 passed; 0 failed; 0 ignored"
        );
    }
}
