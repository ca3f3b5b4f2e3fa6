//! Months that are over, kept elsewhere: each is written to a SQLite ledger of its own, checked row
//! by row against what was sealed, and only then, where that is asked for, taken out of this one.
//!
//! Roll-ups, balances, limits, changes and the chain of blocks stay. What the journal of a window
//! adds up to below what is kept of it is its base, and every audit begins there.

mod check;
mod file;
mod month;
mod page;
mod prove;
mod record;
mod steps;

use std::path::{Path, PathBuf};

use bursar_domain::call::CallId;
use bursar_domain::money::Total;
use bursar_domain::time::Timestamp;
use serde::Serialize;
use sqlx::FromRow;

use self::check::{check, hash_items_of};
use self::steps::Step;
use crate::ledger::Home;
use crate::open::check_same;
use crate::owner::file_error;
use crate::roles::check_owner;
use crate::statement::Statement;
use crate::{Error, Ledger};

pub use month::Month;
#[cfg(test)]
pub(crate) use page::{Calls, last_id};
pub(crate) use prove::{prove, prove_file};
pub use record::Archive;
use record::{Summary, read};
pub(crate) use steps::{Step as ArchiveStep, take};

const OBSTACLES: Statement = Statement {
    doing: "look whether a month is closed",
    sql: include_str!("../queries/archive_obstacles.sql"),
};
const FIRST_CALL: Statement =
    Statement { doing: "find the first call", sql: include_str!("../queries/first_call.sql") };
const ARCHIVED_WITH: Statement = Statement {
    doing: "look where a call is archived",
    sql: include_str!("../queries/archived_with.sql"),
};

/// The first version that has archives.
const ARCHIVES_SINCE: i64 = 7;

/// What is to be archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveRequest {
    /// Every month that is over before this one begins.
    pub before: Month,
    /// Where the files go.
    pub folder: PathBuf,
    /// Whether what is archived is taken out of the ledger.
    pub drop: bool,
    /// Who asks.
    pub actor: String,
}

/// What became of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArchiveState {
    /// Its archive was written, and checked.
    Written,
    /// Its archive was there, and was checked again.
    Checked,
    /// Its archive was checked, and its calls were taken out of the ledger.
    Dropped,
    /// Its calls were taken out before, and its archive is not where it was: nothing was checked.
    Elsewhere,
}

/// A month that was archived, now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedMonth {
    /// The month.
    pub month: Month,
    /// Its archive.
    pub file: PathBuf,
    /// How many calls it holds.
    pub calls: i64,
    /// What they cost, in dollars.
    pub cost_usd: String,
    /// What became of it.
    pub state: ArchiveState,
}

#[derive(Debug, FromRow)]
struct ObstaclesRow {
    holds: i64,
    unsealed: i64,
}

#[derive(Debug, FromRow)]
struct AtRow {
    at_ms: Option<i64>,
}

#[derive(Debug, FromRow)]
struct WithRow {
    month_ms: Option<i64>,
}

impl Ledger {
    /// The months whose calls are archived and not in the ledger any more; in an archive, its own.
    pub async fn archives(&self) -> Result<Vec<Archive>, Error> {
        read(&self.reads).await
    }

    /// The archive that holds a call which was taken out.
    pub async fn archive_of(&self, id: &CallId) -> Result<Option<Archive>, Error> {
        let row: Option<WithRow> = self.reads.row(ARCHIVED_WITH, &[id.as_str().into()]).await?;
        let Some(month) = row.and_then(|row| row.month_ms) else { return Ok(None) };
        let month = Month::of(Timestamp(month));
        Ok(self.archives().await?.into_iter().find(|archive| archive.month == month))
    }

    /// Archives every month before one, oldest first; those that were archived before are checked
    /// again. Calls may go on meanwhile, and whoever is killed may begin again.
    ///
    /// # Errors
    /// [`Error::NotArchivable`], [`Error::ArchiveDiffers`], and [`Error::NotOwner`] where history is
    /// to be taken out by a role that may only add to it.
    pub async fn archive(
        &self,
        request: &ArchiveRequest,
        now: Timestamp,
    ) -> Result<Vec<ArchivedMonth>, Error> {
        if request.before > Month::of(now) {
            return Err(Error::NotArchivable {
                month: Month::of(now).to_string(),
                why: "it is not over".to_owned(),
                hint: "name the current month, or an earlier one",
            });
        }
        check_same(&self.reads).await?;
        if request.drop && matches!(self.place.as_ref(), Home::Postgres(_)) {
            check_owner(&self.reads, "take history out of it").await?;
        }
        let known = self.archives().await?;
        if known.iter().any(Archive::is_here) {
            return Err(Error::NotArchivable {
                month: request.before.to_string(),
                why: "this ledger is an archive itself".to_owned(),
                hint: "name the ledger that it was taken from",
            });
        }
        std::fs::create_dir_all(&request.folder)
            .map_err(|error| file_error(&request.folder, error))?;
        let mut done = Vec::new();
        for month in self.months(&known, request.before).await? {
            let known = known.iter().find(|archive| archive.month == month);
            done.push(self.archive_month(request, (month, known)).await?);
        }
        Ok(done)
    }

    /// The months that have calls, or had some.
    async fn months(&self, known: &[Archive], before: Month) -> Result<Vec<Month>, Error> {
        let known = known.iter().map(|archive| archive.month);
        let mut months: Vec<Month> = known.filter(|month| *month < before).collect();
        let mut from = Timestamp(0);
        loop {
            let values = [from.0.into(), before.start().0.into()];
            let row: Option<AtRow> = self.reads.row(FIRST_CALL, &values).await?;
            let Some(at) = row.and_then(|row| row.at_ms) else { break };
            let month = Month::of(Timestamp(at));
            months.push(month);
            from = month.end();
        }
        months.sort();
        months.dedup();
        Ok(months)
    }

    async fn archive_month(
        &self,
        request: &ArchiveRequest,
        (month, known): (Month, Option<&Archive>),
    ) -> Result<ArchivedMonth, Error> {
        let path = match known {
            Some(known) => PathBuf::from(&known.place),
            None => place(&request.folder, month)?,
        };
        self.check_closed(month).await?;
        let is_there = path.exists();
        if let Some(known) = known.filter(|_| !is_there) {
            return elsewhere(known, path);
        }
        if !is_there {
            file::write_file(self, month, &path).await?;
        }
        let mut summary = check(self, (month, &path), known).await?;
        summary.file = path.display().to_string();
        let mut state = if is_there { ArchiveState::Checked } else { ArchiveState::Written };
        if !is_there {
            self.note((request, month), ("archive written", None), &summary).await?;
        }
        if request.drop && !known.is_some_and(Archive::is_dropped) {
            self.drop_month((request, month), known.is_some(), &mut summary).await?;
            state = ArchiveState::Dropped;
        }
        let Summary { calls, cost_usd, .. } = summary;
        Ok(ArchivedMonth { month, file: path, calls, cost_usd, state })
    }

    /// Refuses a month whose calls may still change.
    async fn check_closed(&self, month: Month) -> Result<(), Error> {
        let values = [month.start().0.into(), month.end().0.into()];
        let Some(row) = self.reads.row::<ObstaclesRow>(OBSTACLES, &values).await? else {
            return Ok(());
        };
        let refuse = |why, hint| Err(Error::NotArchivable { month: month.to_string(), why, hint });
        if row.holds > 0 {
            let why = format!("{} of its calls are open", row.holds);
            return refuse(why, "`bursar streams` lists them");
        }
        if row.unsealed > 0 {
            let why = format!("{} of its calls are in no block yet", row.unsealed);
            return refuse(why, "`bursar ledger seal` puts them into one");
        }
        Ok(())
    }

    async fn drop_month(
        &self,
        (request, month): (&ArchiveRequest, Month),
        is_begun: bool,
        summary: &mut Summary,
    ) -> Result<(), Error> {
        if !is_begun {
            self.note((request, month), (prove::BEGUN, Some("dropping")), summary).await?;
        }
        self.add_up_journals(month).await?;
        self.take_out(month).await?;
        let gone = hash_items_of(&self.reads, month, None).await?.hash();
        if gone != summary.items_hash {
            let what = "what was taken out is not what was archived".to_owned();
            return Err(Error::ArchiveDiffers { path: PathBuf::from(&summary.file), what });
        }
        summary.base_hash = Some(prove::bases_hash(&self.reads).await?);
        self.note((request, month), (prove::DROPPED, Some("dropped")), summary).await
    }

    /// Notes that a month whose archive is there is being taken out, as if this were killed then.
    #[cfg(test)]
    pub(crate) async fn begin_to_drop(
        &self,
        request: &ArchiveRequest,
        month: Month,
    ) -> Result<(), Error> {
        let path = place(&request.folder, month)?;
        let mut summary = check(self, (month, &path), None).await?;
        summary.file = path.display().to_string();
        self.note((request, month), (prove::BEGUN, Some("dropping")), &summary).await
    }

    /// Notes how far a month is, for people and for the next run.
    async fn note(
        &self,
        (request, month): (&ArchiveRequest, Month),
        (action, state): (&'static str, Option<&str>),
        summary: &Summary,
    ) -> Result<(), Error> {
        let becomes = summary.json();
        let archive = state.map(|state| Archive {
            month,
            place: summary.file.clone(),
            state: state.to_owned(),
            json: becomes.clone(),
        });
        let (actor, subject) = (request.actor.clone(), month.to_string());
        self.step(Step::Note { actor, action, archive, subject, becomes }).await
    }
}

/// What is said of a month whose archive was moved away, which it may be once all is in it.
fn elsewhere(known: &Archive, path: PathBuf) -> Result<ArchivedMonth, Error> {
    if !known.is_dropped() {
        let what = "it is gone, and so are some of the calls that it held".to_owned();
        return Err(Error::ArchiveDiffers { path, what });
    }
    let Summary { calls, cost_usd, .. } = known.summary()?;
    let state = ArchiveState::Elsewhere;
    Ok(ArchivedMonth { month: known.month, file: path, calls, cost_usd, state })
}

/// The file of a month's archive, wherever the program runs next.
fn place(folder: &Path, month: Month) -> Result<PathBuf, Error> {
    let folder = folder.canonicalize().map_err(|error| file_error(folder, error))?;
    Ok(folder.join(format!("bursar-{month}.db")))
}

impl ArchivedMonth {
    /// What its calls cost; nothing where that cannot be read.
    #[must_use]
    pub fn cost(&self) -> Total {
        let pico = bursar_domain::money::parse_decimal(&self.cost_usd, 12);
        pico.map(|pico| Total(i128::from(pico))).unwrap_or_default()
    }
}
