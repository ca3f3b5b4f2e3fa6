//! What runs, as far as the viewer sees it, and the two ways to stop it that pages have: cutting a call,
//! and freezing whoever makes such calls, which is undone by a thaw.

use crate::error::shown;
use crate::teams::unknown;
use crate::{CutRequest, Error, FreezeRow, Role, RunningCall, Selectors, Thawed, View, api};

impl View {
    /// The calls that run now, oldest first: the viewer's own, or those of a team.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a team that the viewer does not see, or a ledger that failed.
    pub async fn running(&self, team: Option<&str>) -> Result<Vec<RunningCall>, Error> {
        let team = self.team(team)?;
        let mut calls = self.desk.admin.running_calls().await?;
        calls.retain(|call| match self.part() {
            Some(part) => part.sees(call.team.as_deref(), call.user.as_deref()),
            None => team.is_none() || call.team.as_deref() == team,
        });
        Ok(calls)
    }

    /// Wishes a running call cut, whichever process makes it; for an admin, and for the team's lead.
    ///
    /// # Errors
    /// [`Error::NotYours`], [`Error::UnknownCall`] for another team's, [`Error::BadWord`] for what is
    /// no id or a reason that is too long, or a ledger that failed.
    pub async fn cut(&self, id: &str, reason: &str) -> Result<(), Error> {
        self.may(&[Role::Admin, Role::Lead])?;
        if self.part().is_some() && !self.running(None).await?.iter().any(|call| call.id == id) {
            return Err(Error::UnknownCall { id: shown(id) });
        }
        let (ids, reason) = (vec![id.to_owned()], reason.to_owned());
        let ask = CutRequest { ids, reason, ..CutRequest::default() };
        api::CUT.ask(&self.desk, ask).await.map(drop)
    }

    /// Refuses every call of what is selected from now on; for an admin, and within the team for its
    /// lead. What runs runs on.
    ///
    /// # Errors
    /// [`Error::NotYours`], [`Error::Unknown`] for another's team or key, and what freezing refuses.
    pub async fn freeze(&self, select: &Selectors, reason: &str) -> Result<FreezeRow, Error> {
        let ask = api::FreezeAsk { select: self.own_selection(select)?, reason: reason.to_owned() };
        Ok(api::FREEZE.ask(&self.desk, ask).await?.freeze)
    }

    /// Whether the viewer may end a freeze that they see: an admin any, a lead their own, for what an
    /// admin has stopped is not the team's to start again.
    #[must_use]
    pub fn may_thaw(&self, freeze: &FreezeRow) -> bool {
        match self.viewer.role {
            Role::Admin => true,
            Role::Lead => freeze.by == self.desk.admin.actor,
            Role::Finance | Role::Member => false,
        }
    }

    /// Ends the freeze of this name, and those of whatever is part of what it is about; for an admin,
    /// and for a lead where all of them are the lead's own.
    ///
    /// # Errors
    /// [`Error::NotYours`], [`Error::Unknown`] for one that is not there or is another team's,
    /// [`Error::Contradiction`] for somebody else's, and what thawing refuses.
    pub async fn thaw(&self, name: &str, reason: &str) -> Result<Thawed, Error> {
        self.may(&[Role::Admin, Role::Lead])?;
        let freezes = self.own_freezes().await?;
        let Some(freeze) = freezes.iter().find(|freeze| freeze.scope.to_string() == name) else {
            return Err(unknown("freeze", name, std::iter::empty(), "`bursar freeze`"));
        };
        let mut ended = freezes.iter().filter(|other| other.scope.includes(&freeze.scope));
        if let Some(other) = ended.find(|other| !self.may_thaw(&FreezeRow::from(*other))) {
            return Err(Error::Contradiction {
                said: format!(
                    "the freeze of {} is not yours to end",
                    shown(&other.scope.to_string())
                ),
                hint: format!("ask {}, or an admin", shown(&other.by)),
            });
        }
        let select = Selectors::of(&freeze.scope);
        let ask = api::FreezeAsk { select, reason: reason.to_owned() };
        api::THAW.ask(&self.desk, ask).await
    }
}
