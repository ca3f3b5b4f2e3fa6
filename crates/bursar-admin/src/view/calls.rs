//! Calls that the viewer sees.

use crate::error::shown;
use crate::{CallDetail, CallPage, CallQuery, Error, Part, PriceQuery, PriceRow, View};

impl View {
    /// One page of calls. Of another team's there are none.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a team that the viewer does not see, [`Error::BadWord`] for a part that
    /// means nothing, or a ledger that failed.
    pub async fn calls(&self, query: &CallQuery) -> Result<CallPage, Error> {
        let mut query = query.clone();
        query.team = self.team(query.team.as_deref())?.map(str::to_owned);
        if let Some(user) = self.part().and_then(|part| part.user.as_ref()) {
            query.user = Some(user.clone());
        }
        if let (Some(_), Some(after)) = (self.part(), &query.after) {
            // Where another's call stands is nobody else's to know.
            self.call(after).await?;
        }
        let mut page = self.desk.admin.calls(&query).await?;
        if self.part().is_some() {
            // Where files lie on the server is for who runs it.
            page.archived.iter_mut().for_each(|place| place.file.clear());
        }
        Ok(page)
    }

    /// One call in full, by its own id or by Bedrock's request id.
    ///
    /// # Errors
    /// [`Error::UnknownCall`], also for another team's, or a ledger that failed.
    pub async fn call(&self, id: &str) -> Result<CallDetail, Error> {
        let detail = self.desk.admin.call(id).await?;
        let is_seen = self
            .part()
            .is_none_or(|part| part.sees(detail.call.team.as_deref(), detail.call.user.as_deref()));
        if is_seen { Ok(detail) } else { Err(Error::UnknownCall { id: shown(id) }) }
    }

    /// A model's prices in force, which are no secret.
    ///
    /// # Errors
    /// [`Error::UnknownModel`], or [`Error::BadWord`] for a time that is none.
    pub fn prices(&self, query: &PriceQuery) -> Result<Vec<PriceRow>, Error> {
        self.desk.prices(query)
    }

    /// A model's prices that are no longer in force, or not yet.
    ///
    /// # Errors
    /// [`Error::UnknownModel`].
    pub fn price_history(&self, model: &str) -> Result<Vec<PriceRow>, Error> {
        self.desk.price_history(model)
    }
}

impl Part {
    /// Whether a call of this team and person is part of it.
    pub(crate) fn sees(&self, team: Option<&str>, user: Option<&str>) -> bool {
        team == Some(self.team.as_str()) && (self.user.is_none() || self.user.as_deref() == user)
    }
}
