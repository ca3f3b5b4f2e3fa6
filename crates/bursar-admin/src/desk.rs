//! Where people and programs ask: the ledger as one of them sees it, and what words can stand for.

use std::collections::BTreeMap;

use bursar_domain::catalogue::{Catalogue, Names};
use bursar_domain::price_book::PriceBook;
use bursar_domain::quota::Quota;
use bursar_ledger::MasterKey;

use crate::{Admin, Error, KnownModels, MasterKeySource, Reload};

/// What is needed to answer everything that can be asked; one for each who asks.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The ledger, and who asks.
    pub admin: Admin,
    /// The models there are.
    pub catalogue: Catalogue,
    /// What they cost.
    pub prices: PriceBook,
    /// The settings' own names.
    pub names: Names,
    /// What an account may take in a minute, by the models' canonical ids, where that was told.
    pub quotas: BTreeMap<String, Quota>,
    /// Where the master key comes from.
    pub master: MasterKeySource,
    /// The region that calls are made from where nobody says another.
    pub region: String,
    /// How the process reads its configuration again, if it serves by one.
    pub reload: Option<Reload>,
}

impl Desk {
    /// What a model's name can stand for.
    #[must_use]
    pub fn known_models(&self) -> KnownModels<'_> {
        KnownModels { catalogue: self.catalogue, prices: &self.prices, names: &self.names }
    }

    /// The same desk, where somebody else asks: `actor` is what the audit log calls them.
    #[must_use]
    pub fn asked_by(&self, actor: String) -> Self {
        Self { admin: Admin { actor, ..self.admin.clone() }, ..self.clone() }
    }

    pub(crate) async fn master_key(&self) -> Result<MasterKey, Error> {
        self.admin.master_key(&self.master).await
    }
}
