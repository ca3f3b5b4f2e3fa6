//! The bill of materials: a `CycloneDX` 1.5 document of every crate that is in the binary.
//!
//! Made from `cargo metadata` and the lock file alone, without a time or a random number, so the
//! same sources give the same document.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::{Value, json};

type ById<'a> = BTreeMap<&'a str, &'a Value>;

/// The document for the package `bursar`.
pub(super) fn describe(metadata: &Value, lock: &str) -> Result<String> {
    let packages = by_id(&metadata["packages"])?;
    let nodes = by_id(&metadata["resolve"]["nodes"])?;
    let root = packages.iter().find(|(_, package)| package["name"] == "bursar");
    let root = *root.context("the workspace has no package `bursar`")?.0;
    let checksums = checksums(lock);

    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for id in reach(root, &nodes) {
        let package = packages.get(id).with_context(|| format!("no package `{id}`"))?;
        let uses: BTreeSet<String> =
            uses(id, &nodes).filter_map(|id| packages.get(id)).map(|used| purl(used)).collect();
        dependencies.push(json!({ "ref": purl(package), "dependsOn": uses }));
        components.push(component(package, &checksums));
    }
    let (main, components): (Vec<_>, Vec<_>) =
        components.into_iter().partition(|component| component["type"] == "application");
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": main.first() },
        "components": components,
        "dependencies": dependencies,
    });
    Ok(format!("{document:#}\n"))
}

fn by_id(list: &Value) -> Result<ById<'_>> {
    let list = list.as_array().context("`cargo metadata` lists no packages")?;
    Ok(list.iter().filter_map(|item| Some((item["id"].as_str()?, item))).collect())
}

/// What a package uses to be built or to run; what only its tests use is in no binary.
fn uses<'a>(id: &str, nodes: &ById<'a>) -> impl Iterator<Item = &'a str> {
    let listed = nodes.get(id).and_then(|node| node["deps"].as_array());
    let is_shipped = |used: &&Value| {
        let kinds = used["dep_kinds"].as_array();
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"))
    };
    listed.into_iter().flatten().filter(is_shipped).filter_map(|used| used["pkg"].as_str())
}

/// Every package that `root` leads to, itself included.
fn reach<'a>(root: &'a str, nodes: &ById<'a>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        if reached.insert(id) {
            open.extend(uses(id, nodes));
        }
    }
    reached
}

/// The registry's SHA-256 of each `name version`, from the lock file.
fn checksums(lock: &str) -> BTreeMap<String, String> {
    let field = |entry: &str, name: &str| {
        let line = entry.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    let entries = lock.split("[[package]]");
    let checksum = |entry: &str| {
        let key = format!("{} {}", field(entry, "name")?, field(entry, "version")?);
        Some((key, field(entry, "checksum")?))
    };
    entries.filter_map(checksum).collect()
}

fn component(package: &Value, checksums: &BTreeMap<String, String>) -> Value {
    let (name, version) = (text(package, "name"), text(package, "version"));
    let kind = if name == "bursar" { "application" } else { "library" };
    let purl = purl(package);
    let mut component = json!({
        "type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl,
    });
    if let Some(description) = package["description"].as_str() {
        component["description"] = json!(description.trim());
    }
    if let Some(licence) = package["license"].as_str() {
        component["licenses"] = json!([{ "expression": spdx(licence) }]);
    }
    if let Some(checksum) = checksums.get(&format!("{name} {version}")) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

/// Old manifests write `MIT/Apache-2.0`, which is no SPDX expression.
fn spdx(licence: &str) -> String {
    licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ")
}

fn purl(package: &Value) -> String {
    // `+` starts build metadata in a version, and means a space in a URL.
    let version = text(package, "version").replace('+', "%2B");
    format!("pkg:cargo/{}@{version}", text(package, "name"))
}

fn text<'a>(package: &'a Value, name: &str) -> &'a str {
    package[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        let package = |id: &str, name: &str, licence: &str| json!({ "id": id, "name": name, "version": "1.0.0+x", "license": licence });
        let uses = |id: &str, kind: Value| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "packages": [
                package("b", "bursar", "MIT OR Apache-2.0"),
                package("n", "normal", "MIT / Apache-2.0"),
                package("d", "dev-only", "MIT"),
            ],
            "resolve": { "nodes": [
                { "id": "b", "deps": [uses("n", Value::Null), uses("d", json!("dev"))] },
                { "id": "n", "deps": [] },
                { "id": "d", "deps": [] },
            ] },
        });
        let lock = "[[package]]\nname = \"normal\"\nversion = \"1.0.0+x\"\nchecksum = \"ab12\"\n";
        serde_json::from_str(&describe(&metadata, lock).unwrap()).unwrap()
    }

    #[test]
    fn what_only_tests_use_is_not_listed() {
        let document = document();
        let components = document["components"].as_array().unwrap();
        assert_eq!(components.len(), 1);
        assert_eq!(components[0]["name"], "normal");
        assert_eq!(document["metadata"]["component"]["name"], "bursar");
    }

    #[test]
    fn a_component_carries_a_valid_licence_its_checksum_and_an_escaped_purl() {
        let component = &document()["components"][0];
        assert_eq!(component["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(component["hashes"][0]["content"], "ab12");
        assert_eq!(component["purl"], "pkg:cargo/normal@1.0.0%2Bx");
    }

    #[test]
    fn the_graph_names_every_component_once() {
        let document = document();
        let refs: Vec<_> = document["dependencies"].as_array().unwrap().iter().collect();
        assert_eq!(refs.len(), 2);
        assert_eq!(refs[0]["dependsOn"], json!(["pkg:cargo/normal@1.0.0%2Bx"]));
    }
}
