//! How fast models answer, of the calls that succeeded, from the daily histograms.

use bursar_domain::time::Timestamp;
use bursar_ledger::{Buckets, Grain, GrainSlice};

use crate::{Error, View};

/// How fast one model answers: upper bounds of what so many of a hundred calls took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// The model.
    pub model: String,
    /// Milliseconds to the end: of 50, 95 and 99 of a hundred calls.
    pub latency_ms: [Option<i64>; 3],
    /// Milliseconds to the first token, of 50 and 95.
    pub first_token_ms: [Option<i64>; 2],
    /// Output tokens a second, of 50.
    pub speed: Option<i64>,
    /// How many calls that is of.
    pub calls: i64,
}

impl View {
    /// How fast models answered in whole days, by model; `None` for who sees one person's calls, which
    /// the histograms do not tell apart.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a team that the viewer does not see, or a ledger that failed or would
    /// have to read too much.
    pub async fn paces(
        &self,
        (since, until): (Timestamp, Timestamp),
        team: Option<&str>,
    ) -> Result<Option<Vec<Pace>>, Error> {
        if self.part().is_some_and(|part| part.user.is_some()) {
            return Ok(None);
        }
        let team = self.team(team)?;
        let grain = if team.is_some() { Grain::TeamModel } else { Grain::Model };
        let values = team.map(|team| vec![team.to_owned()]);
        let slice = GrainSlice { grain, since, until, values, second: None, step_ms: None };
        let paces = self.desk.admin.ledger.paces(&slice).await?.into_iter().map(|paces| {
            let at = |buckets: &Buckets, percent| buckets.quantile(percent);
            let model = if team.is_some() { paces.second } else { paces.value };
            Pace {
                model,
                latency_ms: [50, 95, 99].map(|percent| at(&paces.latency, percent)),
                first_token_ms: [50, 95].map(|percent| at(&paces.first_token, percent)),
                speed: at(&paces.speed, 50),
                calls: paces.latency.count(),
            }
        });
        Ok(Some(paces.collect()))
    }
}
