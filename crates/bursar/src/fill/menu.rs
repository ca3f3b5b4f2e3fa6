//! What is called: models of the catalogue that are priced by the token, and the ways to each.
//!
//! The price of a call is that of its own day, looked up as for any call.

use std::collections::{BTreeMap, HashMap};

use bursar_domain::catalogue::{Catalogue, Modality, Model};
use bursar_domain::model::ModelId;
use bursar_domain::price::{Price, PriceKey, Routing, Tier};
use bursar_domain::price_book::PriceBook;
use bursar_domain::time::Timestamp;

/// Where calls are made from.
const REGIONS: [&str; 4] = ["us-east-1", "eu-central-1", "us-west-2", "ap-northeast-1"];

/// A way to a model.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// What a client writes.
    pub(super) requested: String,
    pub(super) region: &'static str,
    pub(super) geography: Option<&'static str>,
    /// The regions that may serve it.
    pub(super) served: Vec<&'static str>,
}

impl Way {
    pub(super) fn routing(&self) -> Routing {
        Routing::of_geography(self.geography)
    }
}

/// A model, and the ways to it.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) model: ModelId,
    pub(super) ways: Vec<Way>,
}

/// What there is, and what it costs.
#[derive(Debug)]
pub(super) struct Menu<'p> {
    pub(super) items: Vec<Item>,
    prices: &'p PriceBook,
    /// By item, way and tier: a day, and the price on it.
    known: HashMap<(usize, usize, Tier), (i64, Option<Price>)>,
    variant: BTreeMap<String, String>,
}

impl<'p> Menu<'p> {
    /// So many models, of every provider in turn; fewer where the catalogue has no more that have a
    /// price at that time.
    pub(super) fn new(
        (catalogue, prices): (Catalogue, &'p PriceBook),
        count: usize,
        at: Timestamp,
    ) -> Self {
        let (known, variant) = (HashMap::new(), BTreeMap::new());
        let mut menu = Self { items: Vec::new(), prices, known, variant };
        let mut of_provider: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
        for model in catalogue.models().filter(is_called) {
            let Some(id) = ModelId::parse(model.id) else { continue };
            let ways = ways(catalogue, &model).into_iter();
            let item = |ways| Item { model: id.clone(), ways };
            let ways = ways.filter(|way| {
                let item = item(Vec::new());
                menu.look_up(&item, way, (Tier::Standard, at)).is_some()
            });
            let ways: Vec<Way> = ways.collect();
            if !ways.is_empty() {
                of_provider.entry(model.provider).or_default().push(item(ways));
            }
        }
        let mut providers: Vec<_> = of_provider.into_values().map(Vec::into_iter).collect();
        while menu.items.len() < count && providers.iter().any(|left| left.len() > 0) {
            let round = providers.iter_mut().filter_map(Iterator::next);
            menu.items.extend(round.take(count - menu.items.len()).collect::<Vec<_>>());
        }
        menu
    }

    /// The price of a day, at a tier.
    pub(super) fn price(
        &mut self,
        (item, way): (usize, usize),
        tier: Tier,
        at: Timestamp,
    ) -> Option<Price> {
        let day = at.day().0;
        let known = self.known.get(&(item, way, tier)).filter(|(of, _)| *of == day);
        if let Some((_, price)) = known {
            return price.clone();
        }
        let of = self.items.get(item)?;
        let price = self.look_up(of, of.ways.get(way)?, (tier, at.day()));
        self.known.insert((item, way, tier), (day, price.clone()));
        price
    }

    fn look_up(&self, item: &Item, way: &Way, (tier, at): (Tier, Timestamp)) -> Option<Price> {
        let key = PriceKey {
            model: item.model.as_str(),
            region: way.region,
            geography: way.geography,
            routing: way.routing(),
            tier,
            context_tokens: 0,
            variant: &self.variant,
            at,
        };
        self.prices.price(&key).ok().filter(|price| price.rates.input.is_some())
    }
}

/// Whether a model is called with text, and billed by the token.
fn is_called(model: &Model) -> bool {
    model.is_priced && matches!(model.modality, Modality::Chat | Modality::Embedding)
}

fn ways(catalogue: Catalogue, model: &Model) -> Vec<Way> {
    let on_demand = model.in_region_on_demand.clone().unwrap_or_default();
    let direct = REGIONS.into_iter().filter(|region| on_demand.contains(region)).map(|region| {
        Way { requested: model.id.to_owned(), region, geography: None, served: vec![region] }
    });
    let routes = catalogue.profiles_of(model.id).into_iter();
    let through = routes.flat_map(|route| {
        let from = REGIONS.into_iter().filter(|region| route.from.contains(region));
        from.map(|region| Way {
            requested: format!("{}.{}", route.geography, model.id),
            region,
            geography: Some(route.geography),
            served: route.to.clone().unwrap_or_else(|| vec![region]),
        })
        .collect::<Vec<_>>()
    });
    direct.chain(through).collect()
}
