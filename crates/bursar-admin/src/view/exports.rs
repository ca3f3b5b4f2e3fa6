//! Sums and calls for files: in pieces, so that a file may be of any length and a piece is not.

use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};

use super::{SumAsk, SumLine};
use crate::{Error, View};

impl View {
    /// Where the pieces begin that a file of these sums is read in: days, each by itself.
    #[must_use]
    pub fn days_of(ask: &SumAsk) -> Vec<SumAsk> {
        let step = if ask.is_hourly { HOUR_MS } else { DAY_MS };
        let count = (ask.until.0 - ask.since.0) / step;
        let piece = |number: i64| {
            let since = Timestamp(ask.since.0 + number * step);
            let until = Timestamp(since.0 + step).min(ask.until);
            SumAsk { since, until, step_ms: Some(step), ..ask.clone() }
        };
        (0..count).map(piece).collect()
    }

    /// The sums of one day or hour. A day that takes more rows than a page may read is read by its
    /// hours.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a team that the viewer does not see, or a ledger that failed, or an hour
    /// that takes too much.
    pub async fn piece(&self, ask: &SumAsk) -> Result<Vec<SumLine>, Error> {
        match self.sums(ask).await {
            Err(Error::Ledger(bursar_ledger::Error::TooMuch { .. })) if !ask.is_hourly => {}
            sums => return sums,
        }
        let mut lines: Vec<SumLine> = Vec::new();
        for hour in Self::days_of(&SumAsk { is_hourly: true, ..ask.clone() }) {
            for line in self.sums(&hour).await? {
                match lines
                    .iter_mut()
                    .find(|known| (&known.value, &known.second) == (&line.value, &line.second))
                {
                    Some(known) => known.counters.add(&line.counters),
                    None => lines.push(SumLine { at: Some(ask.since), ..line }),
                }
            }
        }
        Ok(lines)
    }
}
