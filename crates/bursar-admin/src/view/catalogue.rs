//! What is known of models and of this server, beside what the ledger has summed.

use bursar_domain::price_book::PriceBook;
use bursar_domain::quota::Quota;
use bursar_domain::time::Timestamp;
use bursar_ledger::VersionRow;

use crate::{Error, View};

/// What the catalogue says of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFacts {
    /// Its canonical id.
    pub id: String,
    /// Its name for people.
    pub name: Option<String>,
    /// Who made it.
    pub provider: String,
    /// The day it became, or becomes, legacy.
    pub legacy_from: Option<String>,
    /// The day it goes.
    pub ends_on: Option<String>,
    /// The day on which all this was looked up.
    pub retrieved_on: String,
}

/// What this server is, and how it comes along with its ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The region that calls are made from where nobody says another.
    pub region: String,
    /// The day of its catalogue of models.
    pub catalogue_of: String,
    /// The day of its published prices.
    pub prices_of: String,
    /// Calls that wait for the ledger.
    pub waiting: usize,
    /// How long the settlement that came last took to be durable.
    pub lag: std::time::Duration,
    /// Whether the ledger does not answer.
    pub is_away: bool,
    /// What waits in files meanwhile, in bytes.
    pub spooled_bytes: u64,
}

impl View {
    /// A model, by any name of it.
    ///
    /// # Errors
    /// [`Error::UnknownModel`].
    pub fn model(&self, named: &str) -> Result<ModelFacts, Error> {
        let catalogue = self.desk.catalogue;
        let id = match catalogue.model(named) {
            Some(model) => model.id.to_owned(),
            None => self.desk.known_models().model(named)?.to_string(),
        };
        let known = catalogue.model(&id);
        let date = |at: Option<Timestamp>| at.map(Timestamp::date);
        let life = known.as_ref().map(|model| &model.lifecycle);
        let provider = known.as_ref().map_or_else(
            || id.split('.').next().unwrap_or_default().to_owned(),
            |model| model.provider.to_owned(),
        );
        Ok(ModelFacts {
            provider,
            name: known.as_ref().map(|model| model.display_name.to_owned()),
            legacy_from: life.and_then(|life| date(life.legacy_from)),
            ends_on: life.and_then(|life| date(life.end_of_life)),
            retrieved_on: catalogue.retrieved_on().to_owned(),
            id,
        })
    }

    /// What an account may take of a model, by its canonical id, as far as the settings say.
    #[must_use]
    pub fn quota(&self, model: &str) -> Quota {
        self.desk.quotas.get(model).copied().unwrap_or_default()
    }

    /// Which versions answered, of the last `most` calls of a range that the viewer sees.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a team that the viewer does not see, or a ledger that failed.
    pub async fn versions(
        &self,
        range: (Timestamp, Timestamp),
        team: Option<&str>,
        most: i64,
    ) -> Result<Vec<VersionRow>, Error> {
        let user = self.part().and_then(|part| part.user.as_deref());
        let team = self.team(team)?;
        Ok(self.desk.admin.ledger.versions(range, (team, user), most).await?)
    }

    /// What this server is; for who sees all of the ledger.
    ///
    /// # Errors
    /// [`Error::NotYours`].
    pub fn server(&self) -> Result<Server, Error> {
        self.whole()?;
        let backlog = self.desk.admin.ledger.backlog();
        Ok(Server {
            region: self.desk.region.clone(),
            catalogue_of: self.desk.catalogue.retrieved_on().to_owned(),
            prices_of: PriceBook::retrieved_on().to_owned(),
            waiting: backlog.waiting,
            lag: backlog.lag,
            is_away: backlog.is_away,
            spooled_bytes: backlog.spooled_bytes,
        })
    }
}
