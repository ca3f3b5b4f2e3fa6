//! What ran away: the calls that were cut, with what that kept back and what came after, and who is
//! frozen.

use bursar_domain::freeze::Freeze;
use bursar_domain::scope::Facet;
use bursar_domain::time::{DAY_MS, Timestamp};
use bursar_domain::watch::Withheld;
use bursar_ledger::{Ended, Grain, GrainSlice};

use crate::{ArchivePlace, CallQuery, CallReply, Error, FreezeRow, View};

/// So many freezes are looked into: each is a read of its own.
const FREEZES_MAX: usize = 50;

/// One page of the calls that were cut, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runaways {
    /// The calls.
    pub rows: Vec<Runaway>,
    /// What to pass as `after` for the rows behind; `None` at the end.
    pub next: Option<String>,
    /// Where calls are that are archived.
    pub archived: Vec<ArchivePlace>,
}

/// A call that was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runaway {
    /// The call. Its code says why it was cut.
    pub call: CallReply,
    /// What its caller did not get; `None` where its usage was not reported.
    pub withheld: Option<Withheld>,
    /// How many requests of its key were refused in the minutes after, of those that are kept;
    /// `None` for a call without a key.
    pub refused_after: Option<i64>,
}

/// A freeze, and what it may have kept out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenSince {
    /// The freeze.
    pub freeze: FreezeRow,
    /// How many requests of the team or key were refused since the day it began; `None` where it is
    /// about something else.
    pub refused: Option<i64>,
}

impl View {
    /// One page of the calls that were cut; what the query says of outcomes is not asked.
    ///
    /// # Errors
    /// As [`View::calls`].
    pub async fn runaways(&self, query: &CallQuery) -> Result<Runaways, Error> {
        let cut = Some("cut".to_owned());
        let page = self.calls(&CallQuery { outcome: cut, ..query.clone() }).await?;
        let ended = |call: &CallReply| {
            let at = Timestamp::parse_rfc3339(&call.ended_at)?;
            Some(Ended { call_id: call.id.clone(), key_id: call.key.clone()?, at })
        };
        let ended: Vec<Ended> = page.rows.iter().filter_map(ended).collect();
        let refused = self.desk.admin.ledger.refused_after(&ended).await?;
        let runaway = |call: CallReply| Runaway {
            withheld: call.error_message.as_deref().and_then(Withheld::read),
            refused_after: call
                .key
                .is_some()
                .then(|| refused.get(&call.id).copied().unwrap_or_default()),
            call,
        };
        let rows = page.rows.into_iter().map(runaway).collect();
        Ok(Runaways { rows, next: page.next, archived: page.archived })
    }

    /// Who is frozen, the first fifty, and how often they asked in vain. Refusals are counted by UTC day, for whatever
    /// reason they were.
    ///
    /// # Errors
    /// A ledger that failed or would have to read too much.
    pub async fn frozen(&self) -> Result<Vec<FrozenSince>, Error> {
        let mut frozen = Vec::new();
        for freeze in self.own_freezes().await?.into_iter().take(FREEZES_MAX) {
            let refused = match of_one(&freeze) {
                Some((grain, value)) => Some(self.refused(grain, value, freeze.at).await?),
                None => None,
            };
            frozen.push(FrozenSince { freeze: FreezeRow::from(&freeze), refused });
        }
        Ok(frozen)
    }

    async fn refused(&self, grain: Grain, value: &str, since: Timestamp) -> Result<i64, Error> {
        let slice = GrainSlice {
            grain,
            since: since.day(),
            until: Timestamp(self.now().day().0 + DAY_MS),
            values: Some(vec![value.to_owned()]),
            second: None,
            step_ms: None,
        };
        let rows = self.desk.admin.ledger.grains(&slice).await?;
        Ok(rows.iter().map(|row| row.counters.refused).sum())
    }
}

/// The one team or key that a freeze is about, and the sums that tell it apart.
fn of_one(freeze: &Freeze) -> Option<(Grain, &str)> {
    let mut facets = freeze.scope.0.iter();
    let (facet, value) = facets.next().filter(|_| freeze.scope.0.len() == 1)?;
    match facet {
        Facet::Team => Some((Grain::Team, value)),
        Facet::Key => Some((Grain::Key, value)),
        _ => None,
    }
}
