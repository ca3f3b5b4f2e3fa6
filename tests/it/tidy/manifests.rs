//! Which crate may depend on which: the arrows of ARCHITECTURE.md, read from the manifests.
//!
//! Dev-dependencies are free: tests may use the real SDK as a referee.

use std::collections::BTreeSet;
use std::fs;

use toml::{Table, Value};

use super::{assert_none, root};

/// Every arrow between our crates. `bursar-domain` is left out: anyone may name its types.
const ARROWS: [(&str, &[&str]); 10] = [
    (
        "bursar",
        &[
            "bursar-admin",
            "bursar-core",
            "bursar-dashboard",
            "bursar-gateway",
            "bursar-ledger",
            "bursar-simulator",
        ],
    ),
    ("bursar-admin", &["bursar-ledger"]),
    ("bursar-core", &["bursar-ledger", "bursar-wire"]),
    ("bursar-dashboard", &["bursar-admin", "bursar-ledger"]),
    ("bursar-domain", &[]),
    ("bursar-gateway", &["bursar-core", "bursar-wire"]),
    ("bursar-ledger", &[]),
    ("bursar-simulator", &["bursar-wire"]),
    ("bursar-wire", &[]),
    ("xtask", &[]),
];

/// What only some crates may depend on, so that the rest stays free of it.
const OWNERS: [(&str, &[&str]); 12] = [
    ("actix-web", &["bursar-dashboard"]),
    ("anyhow", &["bursar", "xtask"]),
    ("aws-config", &["bursar-core"]),
    ("aws-sdk-bedrock", &["bursar-core"]),
    ("aws-sdk-bedrockruntime", &["bursar-core"]),
    ("aws-sdk-sts", &["bursar-core"]),
    ("axum", &["bursar-gateway", "bursar-simulator"]),
    ("clap", &["bursar"]),
    ("opentelemetry-proto", &["bursar"]),
    ("prost", &["bursar"]),
    ("ratatui", &["bursar"]),
    ("sqlx", &["bursar-ledger"]),
];

/// A second implementation of TLS, or a C build tool that a stranger would have to install.
const BANNED_PACKAGES: [&str; 6] =
    ["aws-lc-rs", "aws-lc-sys", "bindgen", "cmake", "native-tls", "openssl-sys"];

/// The names of all crates below `crates/`.
pub(super) fn crate_names() -> Vec<String> {
    let names = manifests().into_iter().map(|manifest| manifest.name);
    names.filter(|name| name != "xtask").collect()
}

struct Manifest {
    name: String,
    folder: String,
    /// What the crate itself is built from: dependencies and build dependencies.
    uses: BTreeSet<String>,
}

fn manifests() -> Vec<Manifest> {
    let crates = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let folders = crates.chain([root().join("xtask")]);
    let mut manifests: Vec<_> = folders
        .filter(|folder| folder.is_dir())
        .map(|folder| {
            let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
            let manifest: Table = toml::from_str(&text).unwrap();
            let uses = ["dependencies", "build-dependencies"]
                .iter()
                .filter_map(|section| manifest.get(*section)?.as_table())
                .flat_map(|section| section.keys().cloned())
                .collect();
            Manifest {
                name: manifest["package"]["name"].as_str().unwrap().to_owned(),
                folder: folder.file_name().unwrap().to_str().unwrap().to_owned(),
                uses,
            }
        })
        .collect();
    manifests.sort_by(|a, b| a.name.cmp(&b.name));
    manifests
}

#[test]
fn the_arrows_between_crates_are_those_of_the_design() {
    let listed: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let manifests = manifests();
    let names: Vec<&str> = manifests.iter().map(|manifest| manifest.name.as_str()).collect();
    assert_eq!(names, listed, "a new crate needs a decision record and its arrows here");
    let mut breaches = Vec::new();
    for (manifest, (name, drawn)) in manifests.iter().zip(ARROWS) {
        let is_arrow = |used: &&String| used.starts_with("bursar") && *used != "bursar-domain";
        let found: Vec<&String> = manifest.uses.iter().filter(is_arrow).collect();
        if found != drawn {
            breaches.push(format!("{name}: its manifest has {found:?}, the design {drawn:?}"));
        }
    }
    assert_none("arrows point down, and only where they are drawn", &breaches);
}

#[test]
fn only_its_owner_names_a_dependency_that_has_one() {
    let mut breaches = Vec::new();
    for manifest in manifests() {
        for (dependency, owners) in OWNERS {
            let names_it = manifest.uses.contains(dependency);
            if names_it && !owners.contains(&manifest.name.as_str()) {
                breaches.push(format!("{} names {dependency}, of {owners:?}", manifest.name));
            }
        }
    }
    assert_none("one crate knows one thing", &breaches);
}

#[test]
fn a_crate_is_called_as_its_folder() {
    let differs = |manifest: &&Manifest| manifest.name != manifest.folder;
    let manifests = manifests();
    let breaches: Vec<_> = manifests.iter().filter(differs).map(|m| m.folder.clone()).collect();
    assert_none("folder and package have one name", &breaches);
}

#[test]
fn the_developers_tool_compiles_in_seconds() {
    let xtask = manifests().into_iter().find(|manifest| manifest.name == "xtask").unwrap();
    let light = ["anyhow", "serde_json"];
    let heavy: Vec<_> = xtask.uses.into_iter().filter(|used| !light.contains(&&**used)).collect();
    assert_none("xtask depends on anyhow and serde_json alone", &heavy);
}

#[test]
fn every_version_is_stated_once_in_the_workspace() {
    let mut breaches = Vec::new();
    for manifest in manifests() {
        let home = if manifest.name == "xtask" { "" } else { "crates/" };
        let path = format!("{home}{}/Cargo.toml", manifest.folder);
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let table: Table = toml::from_str(&text).unwrap();
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(section) = table.get(section).and_then(Value::as_table) else { continue };
            let is_own = |used: &&String| section[*used].get("workspace").is_none();
            breaches.extend(section.keys().filter(is_own).map(|used| format!("{path}: {used}")));
        }
    }
    assert_none("write `name.workspace = true`, and the version in the root", &breaches);
}

#[test]
fn the_lock_file_holds_one_cryptography_and_no_c_tool_but_the_compiler() {
    let lock: Table =
        toml::from_str(&fs::read_to_string(root().join("Cargo.lock")).unwrap()).unwrap();
    let packages = lock["package"].as_array().unwrap();
    let names: Vec<&str> =
        packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"ring"), "the lock file was not read as expected");
    let is_banned = |name: &&&str| BANNED_PACKAGES.contains(*name);
    let breaches: Vec<_> = names.iter().filter(is_banned).map(ToString::to_string).collect();
    assert_none("turn off the default features of what brings it", &breaches);
}
