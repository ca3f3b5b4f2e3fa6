//! What Bedrock lists, laid over what is embedded: read, merged, compared.

use proptest::prelude::*;

use super::*;
use crate::model::ModelId;
use crate::time::Timestamp;

const NOVA: &str = "amazon.nova-lite-v1:0";
const NEW: &str = "acme.new-v1:0";
const HERE: &str = "us-east-1";

fn day(text: &str) -> Option<Timestamp> {
    Timestamp::parse_date(text)
}

/// A model as it is embedded, as Bedrock would list it here.
fn as_listed(id: &str) -> Offer {
    let model = Catalogue::embedded().model(id).unwrap();
    let life = model.lifecycle;
    let owned = |texts: Option<Vec<&str>>| -> Vec<String> {
        texts.unwrap_or_default().into_iter().map(str::to_owned).collect()
    };
    let mut routes = Catalogue::embedded().profiles_of(id);
    routes.retain(|route| route.from.contains(&HERE));
    Offer {
        id: ModelId::parse(id).unwrap(),
        name: model.display_name.to_owned(),
        provider: model.provider.to_owned(),
        inputs: owned(model.input_modalities),
        outputs: owned(model.output_modalities),
        streaming: model.streaming,
        on_demand: model.in_region_on_demand.unwrap_or_default().contains(&HERE),
        status: life.status,
        launch: life.launch,
        legacy_from: life.legacy_from,
        public_extended_access_from: life.public_extended_access_from,
        end_of_life: life.end_of_life,
        profiles: routes
            .into_iter()
            .map(|route| OfferedRoute {
                geography: route.geography.to_owned(),
                to: route.to.map(|to| to.into_iter().map(str::to_owned).collect()),
            })
            .collect(),
    }
}

fn new_model() -> Offer {
    Offer {
        id: ModelId::parse(NEW).unwrap(),
        name: "New".to_owned(),
        provider: "Acme".to_owned(),
        inputs: vec!["text".to_owned(), "image".to_owned()],
        outputs: vec!["text".to_owned()],
        profiles: vec![OfferedRoute {
            geography: "us".to_owned(),
            to: Some(vec!["us-east-1".to_owned(), "us-west-2".to_owned()]),
        }],
        ..as_listed(NOVA)
    }
}

fn offers(models: Vec<Offer>) -> &'static Offers {
    let at = day("2026-11-23").unwrap();
    Box::leak(Box::new(Offers::new(HERE.to_owned(), at, "a test".to_owned(), models)))
}

/// Everything that is embedded and offered here.
fn everything() -> Vec<Offer> {
    let catalogue = Catalogue::embedded();
    let ids = catalogue.models().map(|model| model.id);
    ids.filter(|id| catalogue.is_offered(id, HERE)).map(as_listed).collect()
}

#[test]
fn what_is_written_is_read_again() {
    let mut models = everything();
    models.push(new_model());
    let written = offers(models);
    assert!(written.models().count() > 50);
    assert_eq!(Offers::parse(&written.to_string()).as_ref(), Ok(written));
}

#[test]
fn a_name_cannot_break_out_of_its_field() {
    let model = Offer { name: "a\tb\nc".to_owned(), inputs: vec!["x|y".to_owned()], ..new_model() };
    let read = Offers::parse(&offers(vec![model]).to_string()).unwrap();
    let model = read.models().next().unwrap();
    assert_eq!((model.name.as_str(), model.inputs[0].as_str()), ("a b c", "x y"));
}

#[test]
fn what_is_broken_is_refused_with_its_line() {
    let good = offers(vec![as_listed(NOVA), new_model()]).to_string();
    let refused = |text: &str| Offers::parse(text).unwrap_err().line;
    assert_eq!(refused(""), 1);
    assert_eq!(refused("{}"), 1);
    assert_eq!(refused(&good.replace("catalogue\t1", "catalogue\t10")), 1);
    assert_eq!(refused(&good.replace("#region", "#place")), 2);
    assert_eq!(refused(&good.replace("T00:00:00", "T99:00:00")), 3);
    assert_eq!(refused(&good.replace("#source", "source")), 4);
    assert_eq!(refused(&good.replacen("\tmodel\t", "\tthing\t", 1)), 5);
    assert_eq!(refused(&good.replacen("ACTIVE", "SLEEPING", 1)), 5);
    assert_eq!(refused(&good.replacen("\tus\t", "\t", 1)), 6);
    let lines: Vec<&str> = good.lines().collect();
    let swapped = [&lines[..4], &lines[6..], &lines[4..6]].concat().join("\n");
    assert!(refused(&swapped) > 4);
    let headless = [&lines[..4], &lines[5..]].concat().join("\n");
    assert_eq!(refused(&headless), 5);
}

#[test]
fn a_list_that_says_what_is_known_changes_nothing() {
    let same = offers(everything());
    assert_eq!(Changes::between(Catalogue::embedded(), same), Changes::default());
    let with = Catalogue::embedded().with(same);
    assert_eq!(Changes::between(with, same), Changes::default());
    let count = |catalogue: Catalogue| catalogue.models().count();
    assert_eq!(count(with), count(Catalogue::embedded()));
    for (with, without) in with.models().zip(Catalogue::embedded().models()) {
        assert_eq!((with.id, with.context_window), (without.id, without.context_window));
    }
}

#[test]
fn what_is_new_what_differs_and_what_is_gone_are_told_apart() {
    let mut models = everything();
    models.retain(|offer| offer.id.as_str() != "amazon.nova-pro-v1:0");
    let nova = models.iter_mut().find(|offer| offer.id.as_str() == NOVA).unwrap();
    nova.status = LifecycleStatus::Legacy;
    nova.end_of_life = day("2027-05-01");
    nova.profiles.clear();
    models.push(new_model());
    let changes = Changes::between(Catalogue::embedded(), offers(models));
    assert_eq!(changes.added, [NEW]);
    assert_eq!(changes.retired, ["amazon.nova-pro-v1:0"]);
    let [(id, told)] = &changes.changed[..] else { panic!("{:?}", changes.changed) };
    assert_eq!(id, NOVA);
    assert!(told.contains(&"status ACTIVE → LEGACY".to_owned()), "{told:?}");
    assert!(told.iter().any(|what| what.starts_with("end of life ")), "{told:?}");
    assert!(told.iter().any(|what| what.starts_with("profiles ") && what.ends_with("→ –")));
    assert!(!changes.is_empty());
}

#[test]
fn a_new_model_is_known_but_has_no_price_and_no_limits() {
    let catalogue = Catalogue::embedded().with(offers(vec![new_model()]));
    let model = catalogue.model(NEW).unwrap();
    assert_eq!((model.display_name, model.provider), ("New", "Acme"));
    assert_eq!((model.modality, model.vision), (Modality::Chat, Some(true)));
    assert_eq!((model.context_window, model.is_priced), (None, false));
    assert!(catalogue.models().map(|model| model.id).is_sorted());
    let names = Names::default();
    assert!(Catalogue::embedded().resolve(NEW, &names).is_err());
    assert_eq!(catalogue.resolve(NEW, &names).unwrap().base.unwrap().as_str(), NEW);
    let profile = catalogue.resolve(&format!("us.{NEW}"), &names).unwrap();
    assert_eq!(profile.geography.as_deref(), Some("us"));
    let routes = catalogue.profiles_of(NEW);
    assert_eq!((routes.len(), routes[0].from.as_slice()), (1, [HERE].as_slice()));
}

#[test]
fn other_regions_stay_as_they_were() {
    let alone = Offer { on_demand: false, profiles: Vec::new(), ..as_listed(NOVA) };
    let catalogue = Catalogue::embedded().with(offers(vec![alone]));
    assert!(!catalogue.is_offered(NOVA, HERE));
    assert!(Catalogue::embedded().is_offered(NOVA, HERE));
    let elsewhere = |catalogue: Catalogue| catalogue.is_offered(NOVA, "us-west-2");
    assert_eq!(elsewhere(catalogue), elsewhere(Catalogue::embedded()));
    let before = Catalogue::embedded().model(NOVA).unwrap();
    let after = catalogue.model(NOVA).unwrap();
    assert_eq!(after.context_window, before.context_window);
    assert_eq!(after.lifecycle.launch, before.lifecycle.launch, "what is left out stays");
}

#[test]
fn what_is_listed_is_not_over_whatever_was_published_before() {
    let over = Catalogue::embedded().models().find(|model| {
        model.is_over(day("2026-11-23").unwrap()) && model.lifecycle.end_of_life.is_some()
    });
    let id = over.unwrap().id;
    let offer = Offer { status: LifecycleStatus::Active, end_of_life: None, ..as_listed(id) };
    let model = Catalogue::embedded().with(offers(vec![offer])).model(id).unwrap();
    assert!(!model.is_over(day("2026-11-23").unwrap()));
    assert!(
        Catalogue::embedded()
            .with(offers(vec![]))
            .model(id)
            .unwrap()
            .is_over(day("2026-11-23").unwrap())
    );
}

#[test]
fn that_no_source_tells_the_regions_is_not_that_there_are_none() {
    let unplaced = Catalogue::embedded().models().find(|m| m.in_region_on_demand.is_none());
    let id = unplaced.unwrap().id;
    let regions =
        |offers| Catalogue::embedded().with(offers).model(id).unwrap().in_region_on_demand;
    assert_eq!(regions(offers(vec![])), None);
    let here = Offer { on_demand: true, ..as_listed(id) };
    assert_eq!(regions(offers(vec![here])), Some(vec![HERE]));
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in "(#bursar-catalogue\t1\n#region\tx\n)?.*") {
        drop(Offers::parse(&text));
    }
}
