//! What a room found: each figure beside what it has to be, printed as it is known.

use std::fmt;

use serde_json::Value;

/// The figures of one room, on every database.
#[derive(Debug, Default)]
pub(super) struct Figures {
    place: &'static str,
    judged: u64,
    missed: u64,
}

impl Figures {
    /// What follows is of this database.
    pub(super) fn begin(&mut self, place: &'static str) {
        self.place = place;
    }

    /// A figure that only explains.
    pub(super) fn plain(&mut self, what: &str, figure: impl fmt::Display) {
        println!("    {:<8} {what}: {figure}", self.place);
    }

    /// Something that has to be so.
    pub(super) fn holds(&mut self, what: &str, is_so: bool) {
        let verdict = if is_so { "yes" } else { "NO" };
        self.judge(&format!("{what}: {verdict}"), is_so);
    }

    /// A count that has to be this one.
    pub(super) fn exactly(&mut self, what: &str, count: u64, wanted: u64) {
        let text = if count == wanted { String::new() } else { format!(", not {wanted}") };
        self.judge(&format!("{what}: {count}{text}"), count == wanted);
    }

    /// A figure that must not be over a limit.
    pub(super) fn at_most(&mut self, what: &str, value: f64, limit: f64) {
        self.judge(&format!("{what}: {value:.2} (at most {limit})"), value <= limit);
    }

    /// A figure that must not be under a limit.
    pub(super) fn at_least(&mut self, what: &str, value: f64, limit: f64) {
        self.judge(&format!("{what}: {value:.2} (at least {limit})"), value >= limit);
    }

    /// A count without which the room would have shown nothing.
    pub(super) fn some(&mut self, what: &str, count: u64) {
        let is_some = count > 0 && count < u64::MAX;
        self.judge(&format!("{what}: {count} (at least 1)"), is_some);
    }

    fn judge(&mut self, text: &str, is_met: bool) {
        self.judged += 1;
        self.missed += u64::from(!is_met);
        let mark = if is_met { "" } else { "  <-- MISSED" };
        println!("    {:<8} {text}{mark}", self.place);
    }

    /// What must be nothing after anything that was done to a ledger.
    pub(super) fn books(&mut self, told: &Value) {
        if let Some(finding) = told["first_findings"].get(0) {
            self.plain("the audit's first finding", finding);
        }
        for (name, what) in [
            ("findings", "the audit's findings"),
            ("open_holds", "holds that are still open"),
            ("settled_twice", "calls settled twice"),
            ("over_at_holds", "holds granted over their limit"),
            ("negative", "negative amounts"),
        ] {
            self.exactly(what, number(told, name), 0);
        }
    }

    /// What must be nothing when the ledger is compared with what was served.
    pub(super) fn truth(&mut self, told: &Value) {
        let differences = &told["differences"];
        self.plain("requests served", number(differences, "served"));
        self.plain("calls recorded", number(told, "calls"));
        for (name, what) in [
            ("dropped", "requests that the simulator no longer knows"),
            ("lost", "calls lost"),
            ("duplicate", "calls recorded twice"),
            ("phantom", "calls recorded as answered that were not"),
            ("wrong_tokens", "answers with wrong tokens"),
            ("under_billed", "calls recorded below what they used"),
        ] {
            self.exactly(what, number(differences, name), 0);
        }
        self.exactly("limits passed by what was truly used", number(told, "truly_over"), 0);
    }

    pub(super) fn are_met(&self) -> bool {
        self.missed == 0 && self.judged > 0
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} figures met", self.judged - self.missed, self.judged)
    }
}

/// A count of a worker's. One that is missing is as bad as it can be, so that nothing passes
/// for want of a figure.
pub(super) fn number(told: &Value, name: &str) -> u64 {
    told[name].as_u64().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_room_without_a_figure_has_not_passed() {
        assert!(!Figures::default().are_met());
    }

    #[test]
    fn a_figure_that_is_missing_is_missed() {
        let mut figures = Figures::default();
        figures.books(&json!({"findings": 0, "open_holds": 0, "settled_twice": 0, "negative": 0}));
        assert_eq!(figures.to_string(), "4 of 5 figures met");
        assert!(!figures.are_met());
    }
}
