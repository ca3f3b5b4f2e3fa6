//! The committed tables are what the generator writes, the domain reads from them all that the
//! JSON says, and what has no column is refused.

use std::collections::BTreeMap;

use bursar_domain::catalogue::{Catalogue, Model, ProfileRoute};
use bursar_domain::money::Rate;
use bursar_domain::price::ContextBand;
use bursar_domain::price_book::ListedPrice;
use bursar_domain::time::Timestamp;
use bursar_domain::usage::{Meter, TokenKind};
use serde_json::json;

use super::*;

/// The JSON files, where they lie beside the checkout: models, prices, routing.
fn originals() -> Option<[Value; 3]> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    folder.is_dir().then(|| {
        ["models", "prices", "profile-routing"].map(|name| {
            read(&folder.join(format!("bedrock-{name}.json")).display().to_string()).unwrap()
        })
    })
}

#[test]
fn the_committed_tables_are_what_the_generator_writes() {
    let Some([models, prices, routing]) = originals() else { return };
    for (name, text) in tables(&models, &prices, &routing).unwrap() {
        let committed = std::fs::read_to_string(data_folder().join(name)).unwrap();
        assert!(committed == text, "`{name}` is stale: run `cargo xtask catalogue …` again");
    }
}

#[test]
fn every_field_of_every_model_is_read_back() {
    let Some([models, ..]) = originals() else { return };
    let models = models["models"].as_array().unwrap();
    assert_eq!(models.len(), Catalogue::embedded().models().count());
    for original in models {
        let id = original["id"].as_str().unwrap();
        let mut read_back = as_json(&Catalogue::embedded().model(id).unwrap());
        let mut original = original.clone();
        for model in [&mut original, &mut read_back] {
            drop_nulls(model);
        }
        assert_eq!(read_back, original, "{id}");
    }
}

fn as_json(model: &Model) -> Value {
    let life = &model.lifecycle;
    let day = |time: Option<Timestamp>| time.map(Timestamp::date);
    let profile_id = |geography: &str| format!("{geography}.{}", model.id);
    let profiles = model.profiles.iter();
    let profiles: BTreeMap<_, _> =
        profiles.map(|profile| (profile_id(profile.geography), profile.sources.clone())).collect();
    let unconfirmed = model.profiles_unconfirmed.as_ref();
    let unconfirmed: Option<Vec<_>> =
        unconfirmed.map(|list| list.iter().map(|geography| profile_id(geography)).collect());
    json!({
        "id": model.id,
        "provider": model.provider,
        "family": model.family,
        "display_name": model.display_name,
        "modality": model.modality.as_str(),
        "input_modalities": model.input_modalities,
        "output_modalities": model.output_modalities,
        "context_window": model.context_window,
        "context_note": model.context_note,
        "max_output_tokens": model.max_output_tokens,
        "streaming": model.streaming,
        "tools": model.tools,
        "vision": model.vision,
        "prompt_cache": model.prompt_cache,
        "reasoning": model.reasoning,
        "prompt_cache_min_tokens": model.prompt_cache_min_tokens,
        "lifecycle": {
            "status": life.status.as_str(),
            "launch": day(life.launch),
            "launch_source": life.launch_source,
            "legacy_from": day(life.legacy_from),
            "public_extended_access_from": day(life.public_extended_access_from),
            "eol": day(life.end_of_life),
            "note": life.note,
            "sources": life.sources,
        },
        "profiles": profiles,
        "profiles_unconfirmed": unconfirmed,
        "in_region_on_demand": model.in_region_on_demand,
        "in_region_supported": model.in_region_supported,
        "endpoints": { "runtime": model.on_runtime, "mantle": model.on_mantle },
        "aliases": model.aliases,
        "priced": model.is_priced,
        "sources": model.sources,
    })
}

/// Null and absent are one.
fn drop_nulls(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|_, field| !field.is_null());
        fields.values_mut().for_each(drop_nulls);
    }
}

#[test]
fn every_field_of_every_price_is_read_back() {
    let Some([_, prices, _]) = originals() else { return };
    let rows = prices["records"].as_array().unwrap();
    let mut by_model: BTreeMap<&str, Vec<ListedPrice>> = BTreeMap::new();
    for row in rows {
        let model = row["model_id"].as_str().unwrap();
        let listed =
            by_model.entry(model).or_insert_with(|| ListedPrice::of(model).collect::<Vec<_>>());
        // The table keeps the order of a model's rows.
        assert_same(&listed.remove(0), row);
    }
    assert!(by_model.values().all(Vec::is_empty));
}

fn assert_same(listed: &ListedPrice, row: &Value) {
    let price = &listed.price;
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    let texts = |name: &str| -> Vec<&str> {
        row[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    };
    assert_eq!(text("model_id").as_ref(), Some(&price.model));
    assert_eq!(text("region").as_ref(), Some(&price.region));
    assert_eq!(text("routing").as_deref(), Some(price.routing.as_str()));
    assert_eq!(text("tier").as_deref(), Some(price.tier.as_str()));
    assert_eq!(text("context"), Some(price.context.to_string()));
    assert_eq!(price.context == ContextBand::default(), row["context"] == "base");
    assert_eq!(text("effective_from"), price.effective_from.map(Timestamp::date));
    assert_eq!(text("effective_to"), price.effective_to.map(Timestamp::date));
    for &kind in TokenKind::ALL {
        assert_eq!(text(kind.as_str()), price.rates.of(kind).map(Rate::per_million), "{row}");
    }
    assert_eq!(texts("sources"), price.sources);
    assert_eq!(texts("also_regions"), listed.also_regions);
    assert_eq!(texts("profile_prefixes"), listed.profile_prefixes);
    assert_eq!(text("cache_write_ttl").as_deref(), listed.cache_write_ttl);
    assert_eq!(text("agreement").as_deref(), Some(listed.agreement.as_str()));
    assert_eq!(text("status").as_deref(), listed.status);
    let note = price.note.clone().unwrap_or_default();
    assert!(note.contains(&text("note").unwrap_or_default()), "{row}");
    assert_same_units(listed, &row["unit_prices"], &note);
}

/// Every entry of `unit_prices` is a meter, a variant or a note, and there is no other meter.
fn assert_same_units(listed: &ListedPrice, units: &Value, note: &str) {
    let price = &listed.price;
    let mut meters = 0;
    for (name, value) in units.as_object().into_iter().flatten() {
        let value = value.as_str().unwrap();
        let meter = name.strip_prefix("per_").or(name.starts_with("storage_").then_some(name));
        let Some(meter) = meter else {
            assert!(price.variant.get(name).map_or(note, |own| own).contains(value), "{name}");
            continue;
        };
        let rate = |meter: &str| price.meter(&Meter(meter.to_owned()));
        assert_eq!(rate(meter).map(Rate::per_unit).as_deref(), Some(value), "{name}");
        meters += 1;
        if let Some(single) = meter.strip_prefix("1m_") {
            assert_eq!(rate(single).map(Rate::per_million).as_deref(), Some(value), "{name}");
            meters += 1;
        }
    }
    assert_eq!(price.meters.len(), meters);
}

#[test]
fn every_route_of_every_profile_is_read_back() {
    let Some([.., routing]) = originals() else { return };
    for (model, geographies) in routing["models"].as_object().unwrap() {
        let read_back = Catalogue::embedded().profiles_of(model);
        assert_eq!(&routes_as_json(&read_back), geographies, "{model}");
    }
}

fn routes_as_json(routes: &[ProfileRoute]) -> Value {
    let mut geographies = Map::new();
    for route in routes {
        let name = route.geography.to_ascii_uppercase();
        let Some(to) = &route.to else {
            geographies.insert(name, json!(route.from));
            continue;
        };
        let entry = geographies.entry(name).or_insert_with(|| json!({}));
        for from in &route.from {
            entry[*from] = json!(to);
        }
    }
    Value::Object(geographies)
}

/// The smallest files that are whole.
fn small() -> [Value; 3] {
    let model = json!({
        "id": "acme.one", "provider": "Acme", "family": "one", "display_name": "One",
        "modality": "chat", "profiles": {"us.acme.one": ["seen"]}, "aliases": ["acme.uno"],
        "lifecycle": {"status": "ACTIVE", "sources": ["seen"]}, "endpoints": {"runtime": true},
        "priced": true, "sources": ["seen"],
    });
    let price = json!({
        "model_id": "acme.one", "region": "default", "routing": "regional", "tier": "standard",
        "context": "base", "input": "1.5", "agreement": "single source", "sources": ["seen"],
        "note": "a remark", "unit_prices": {"per_image": "0.04", "quality": "high"},
    });
    [
        json!({"generated_at": "2026-01-02", "models": [model]}),
        json!({"generated_at": "2026-01-02", "sources": {"seen": "by eye"}, "records": [price]}),
        json!({"models": {"acme.one": {"US": {"us-east-1": ["us-west-2"]}, "GLOBAL": ["x"]}}}),
    ]
}

fn small_tables(change: impl Fn(&mut [Value; 3])) -> Result<Tables> {
    let mut files = small();
    change(&mut files);
    let [models, prices, routing] = files;
    tables(&models, &prices, &routing)
}

#[test]
fn a_table_has_a_line_for_each_row_and_refers_to_shared_texts_by_number() {
    let tables = small_tables(|_| {}).unwrap();
    let model = "acme.one\tAcme\tone\tOne\tchat\t-\t-\t-\t-\t-\t??????y?y\t-\tACTIVE\t-\t-\t-\t-\t-\
                 \t-\t0001\tus:0001\t-\t-\tacme.uno\t0001";
    assert!(tables["models.tsv"].contains(model), "{}", tables["models.tsv"]);
    assert!(tables["models.tsv"].contains("#alias\tacme.uno\tacme.one\n"));
    let price = "acme.one\tdefault\tregional\tstandard\tbase\t-\t-\t1.5\t-\t-\t-\t-\
                 \tper_image=0.04|quality=high\t-\t-\t-\tsingle source\t-\t0000\t0001\n";
    assert!(tables["prices.tsv"].contains(price), "{}", tables["prices.tsv"]);
    assert!(tables["sources.tsv"].contains("#legend\tseen\tby eye\n0000\ta remark\n0001\tseen\n"));
    assert!(
        tables["routing.tsv"].ends_with("\tglobal\tx\t-\nacme.one\tus\tus-east-1\tus-west-2\n")
    );
}

#[test]
fn what_has_no_column_or_would_break_a_line_is_refused() {
    let changes: [fn(&mut [Value; 3]); 8] = [
        |files| files[0]["models"][0]["colour"] = json!("red"),
        |files| files[1]["records"][0]["colour"] = json!("red"),
        |files| files[0]["models"][0]["lifecycle"]["colour"] = json!("red"),
        |files| files[0]["models"][0]["family"] = json!("on\te"),
        |files| files[0]["models"][0]["family"] = json!("-"),
        |files| files[0]["models"][0]["input_modalities"] = json!(["te|xt"]),
        |files| files[0]["models"][0]["profiles"] = json!({"us.acme.two": []}),
        |files| files[1]["records"][0]["unit_prices"] = json!({"per_image": "0.04|1"}),
    ];
    for (place, change) in changes.into_iter().enumerate() {
        assert!(small_tables(change).is_err(), "change {place} was accepted");
    }
}

#[test]
fn rows_that_only_their_rate_tells_apart_get_it_as_a_variant() {
    let tables = small_tables(|files| {
        let mut twin = files[1]["records"][0].clone();
        twin["unit_prices"]["per_image"] = json!("0.05");
        files[1]["records"].as_array_mut().unwrap().push(twin);
    })
    .unwrap();
    for rate in ["0.04", "0.05"] {
        let units = format!("\tlisted_rate={rate}|per_image={rate}|quality=high\t");
        assert!(tables["prices.tsv"].contains(&units), "{}", tables["prices.tsv"]);
    }
}
