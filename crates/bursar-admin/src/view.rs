//! The ledger as one viewer sees it: everything that pages read goes through here, and each of these
//! readers begins with what the viewer may see. Who needs the whole ledger has a [`Desk`].

mod asked;
mod budgets;
mod burned;
mod calls;
mod catalogue;
mod exports;
mod faults;
mod kinds;
mod outlook;
mod paces;
mod people;
mod refused;
mod runaways;
mod streams;
mod sums;

use bursar_domain::time::Timestamp;

use crate::teams::unknown;
use crate::{Desk, Error, Part, Role, Viewer};

pub use catalogue::{ModelFacts, Server};
pub use faults::Fault;
pub use kinds::Kinds;
pub use outlook::{Ahead, Outlay};
pub use paces::Pace;
pub use refused::RefusedWhy;
pub use runaways::{FrozenSince, Runaway, Runaways};
pub use sums::{Group, SumAsk, SumLine};

/// The ledger as one viewer sees it.
#[derive(Debug, Clone)]
pub struct View {
    pub(crate) desk: Desk,
    pub(crate) viewer: Viewer,
}

impl View {
    /// What somebody sees who is signed in. What they change is theirs in the audit log.
    #[must_use]
    pub fn new(desk: &Desk, viewer: Viewer) -> Self {
        Self { desk: desk.asked_by(viewer.name.clone()), viewer }
    }

    /// The same by a program in somebody's name, which the audit log calls so.
    #[must_use]
    pub fn through(desk: &Desk, (viewer, name): (Viewer, String)) -> Self {
        Self { desk: desk.asked_by(name), viewer }
    }

    /// Who looks.
    #[must_use]
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.desk.admin.clock.now()
    }

    pub(crate) fn part(&self) -> Option<&Part> {
        self.viewer.sight.part()
    }

    /// The team whose sums are asked for: the viewer's own, or the one that is named.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a team that is another's: to the viewer there is none.
    fn team<'a>(&'a self, named: Option<&'a str>) -> Result<Option<&'a str>, Error> {
        match (self.part(), named) {
            (None, named) => Ok(named),
            (Some(part), None) => Ok(Some(&part.team)),
            (Some(part), Some(named)) if named == part.team || named == part.team_id => {
                Ok(Some(&part.team))
            }
            (Some(part), Some(named)) => {
                Err(unknown("team", named, std::iter::once(part.team.as_str()), "an admin"))
            }
        }
    }

    /// That the viewer sees all of the ledger.
    pub(crate) fn whole(&self) -> Result<(), Error> {
        self.may(&[Role::Admin, Role::Finance])
    }

    /// That the viewer's role is one of these.
    fn may(&self, roles: &[Role]) -> Result<(), Error> {
        if roles.contains(&self.viewer.role) {
            return Ok(());
        }
        Err(Error::NotYours { role: self.viewer.role.to_string() })
    }
}
