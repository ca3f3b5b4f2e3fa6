//! How a limit was used up, day by day, where the daily sums tell its calls apart.

use bursar_domain::limit::Unit;
use bursar_domain::money::Total;
use bursar_domain::span::Zone;
use bursar_domain::time::{DAY_MS, Timestamp};
use bursar_ledger::{Counters, Grain, GrainSlice};

use crate::{BudgetRow, Error, View};

/// What a whole unit is in the parts that amounts are counted in.
const PARTS: i128 = 1_000_000_000_000;

impl View {
    /// What the calls that a limit counts had used at the end of each day of its window, today not
    /// among them; in dollars, tokens or requests, as trillionths. `None` where the daily sums do not
    /// tell those calls apart, or the window is no row of UTC days.
    ///
    /// # Errors
    /// A ledger that failed or would have to read too much.
    pub async fn burned(&self, row: &BudgetRow) -> Result<Option<Vec<(Timestamp, Total)>>, Error> {
        let today = self.now().day();
        let Some((slice, unit)) = slice(row, today) else { return Ok(None) };
        let mut days: Vec<(Timestamp, i128)> = Vec::new();
        let mut rows = self.desk.admin.ledger.grains(&slice).await?;
        rows.sort_by_key(|row| row.at);
        let mut sum = 0;
        for row in &rows {
            let Some(at) = row.at else { continue };
            sum += used(&row.counters, unit);
            let end = Timestamp(at.0 + DAY_MS);
            match days.last_mut() {
                Some((known, figure)) if *known == end => *figure = sum,
                _ => days.push((end, sum)),
            }
        }
        Ok(Some(days.into_iter().map(|(at, sum)| (at, Total(sum))).collect()))
    }
}

/// The sums of a limit's calls, from its window's beginning to today's, and what it counts.
fn slice(row: &BudgetRow, today: Timestamp) -> Option<(GrainSlice, Unit)> {
    let at = |text: &Option<String>| Timestamp::parse_rfc3339(text.as_deref()?);
    let since = at(&row.figures.window_start)?;
    let unit: Unit = row.figures.unit.parse().ok()?;
    let is_of_days = row.zone == Zone::UTC.name() && since == since.day() && since < today;
    if !is_of_days || row.each.is_some() || unit == Unit::Concurrent {
        return None;
    }
    let facets: Vec<(&str, &String)> =
        row.scope.iter().map(|(facet, value)| (facet.as_str(), value)).collect();
    let (grain, values, second) = match facets.as_slice() {
        [] => (Grain::Model, None, None),
        [("team", team)] => (Grain::Team, Some(team), None),
        [("project", project)] => (Grain::Project, Some(project), None),
        [("key", key)] => (Grain::Key, Some(key), None),
        [("model", model)] => (Grain::Model, Some(model), None),
        [("model", model), ("team", team)] => (Grain::TeamModel, Some(team), Some(*model)),
        _ => return None,
    };
    let values = values.map(|value| vec![(*value).clone()]);
    let second = second.cloned();
    Some((GrainSlice { grain, since, until: today, values, second, step_ms: Some(DAY_MS) }, unit))
}

fn used(sums: &Counters, unit: Unit) -> i128 {
    let tokens = [
        sums.input_tokens,
        sums.output_tokens,
        sums.cache_read_tokens,
        sums.cache_write_5m_tokens,
        sums.cache_write_1h_tokens,
    ];
    match unit {
        Unit::Usd => sums.cost.0,
        Unit::Tokens => tokens.into_iter().map(i128::from).sum::<i128>() * PARTS,
        Unit::Requests => i128::from(sums.calls) * PARTS,
        Unit::Concurrent => 0,
    }
}
