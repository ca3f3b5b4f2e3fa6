//! The house rules that no compiler checks, each its own test.
//!
//! A failure names the file and the rule. Rules about dependencies are in `tidy/manifests.rs`,
//! about the ledger's SQL in `tidy/sql.rs`; functions and arguments are clippy's to count.

mod attacks;
mod manifests;
mod sql;

use std::fs;
use std::path::{Path, PathBuf};

/// A longer file holds more than one idea.
const FILE_LINES_MAX: usize = 400;
/// Longer tests stand in a file of their own beside the code.
const INLINE_TESTS_LINES_MAX: usize = 150;
/// What collects everything and means nothing.
const BANNED_FILES: [&str; 6] =
    ["mod.rs", "utils.rs", "helpers.rs", "common.rs", "misc.rs", "types.rs"];
/// Unfinished work, and traces of debugging. These and the next are split, so that this file does
/// not hold what it looks for.
const BANNED_MACROS: [&str; 3] =
    [concat!("to", "do!("), concat!("unimplemen", "ted!("), concat!("db", "g!(")];
/// A look-up by the name of its act.
const BANNED_PREFIX: &str = concat!("fn ", "get_");
/// Places that exist on one machine only.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/wo", "rk/"),
    concat!("/tmp/", "brief"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
];
/// The macros of our own; each new one needs a better reason than the last.
const MACROS: [&str; 2] = ["closed_set", "with_pool"];
/// Folders that are not ours to check.
const SKIPPED: [&str; 2] = ["target", ".git"];

/// The workspace's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// One text file of the checkout.
struct Source {
    /// Its path below the root, with `/` between the parts.
    path: String,
    text: String,
}

impl Source {
    fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    fn extension(&self) -> &str {
        self.path.rsplit('.').next().unwrap()
    }

    /// Whether the whole file is unit tests beside the code.
    fn is_test(&self) -> bool {
        let below_src = self.path.split_once("/src/").map(|(_, below)| below);
        below_src.is_some_and(|path| path.split(['/', '.']).any(|p| p.ends_with("tests")))
    }

    /// The lines that ship: without comments, and without an inline `mod tests`.
    fn shipped_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| *line != "mod tests {").enumerate();
        lines
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(n, line)| (n + 1, line))
    }
}

/// Every text file below `folder` of the root.
fn sources(folder: &str) -> Vec<Source> {
    let root = root();
    let mut open = vec![root.join(folder)];
    let mut sources = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let is_skipped = SKIPPED.iter().any(|name| path.ends_with(name));
            if path.is_dir() && !is_skipped {
                open.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let path = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                sources.push(Source { path, text });
            }
        }
    }
    assert!(!sources.is_empty(), "there is no text file below `{folder}`");
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn rust_sources() -> Vec<Source> {
    let sources: Vec<_> =
        sources("").into_iter().filter(|source| source.extension() == "rs").collect();
    assert!(sources.len() > 20, "only {} Rust files were found", sources.len());
    sources
}

/// Fails with every breach of `rule` at once.
#[track_caller]
fn assert_none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}:\n  {}", breaches.join("\n  "));
}

#[test]
fn no_file_is_over_four_hundred_lines() {
    let breach = |source: &Source| {
        let lines = source.text.lines().count();
        (lines > FILE_LINES_MAX).then(|| format!("{} has {lines}", source.path))
    };
    let breaches: Vec<_> = rust_sources().iter().filter_map(breach).collect();
    assert_none("a file has at most 400 lines; split it by noun", &breaches);
}

#[test]
fn long_tests_stand_in_a_file_of_their_own() {
    let breach = |source: &Source| {
        let mut lines = source.text.lines().skip_while(|line| *line != "mod tests {");
        let count = lines.by_ref().count();
        (count > INLINE_TESTS_LINES_MAX).then(|| format!("{}: {count} lines", source.path))
    };
    let breaches: Vec<_> = rust_sources().iter().filter_map(breach).collect();
    assert_none("inline tests over 150 lines go to `NAME/tests.rs`", &breaches);
}

#[test]
fn no_file_is_named_after_nothing() {
    let is_banned = |source: &&Source| BANNED_FILES.contains(&source.file_name());
    let sources = rust_sources();
    let breaches: Vec<_> = sources.iter().filter(is_banned).map(|s| s.path.clone()).collect();
    assert_none("name a file after its noun; `foo.rs` beside `foo/`, never `mod.rs`", &breaches);
}

#[test]
fn no_folder_is_two_below_src() {
    let is_deep = |source: &&Source| {
        let below = source.path.split_once("/src/").map(|(_, below)| below);
        let folders = below.map_or(0, |below| below.matches('/').count());
        // `reply/tests/streams.rs` is still only `reply`'s.
        folders > if source.is_test() { 2 } else { 1 }
    };
    let sources = rust_sources();
    let breaches: Vec<_> = sources.iter().filter(is_deep).map(|s| s.path.clone()).collect();
    assert_none("at most one folder below `src/`", &breaches);
}

#[test]
fn every_file_says_what_it_is() {
    // The place of unit tests beside the code says it all.
    let says_nothing = |source: &&Source| !source.is_test() && !source.text.starts_with("//!");
    let sources = rust_sources();
    let breaches: Vec<_> = sources.iter().filter(says_nothing).map(|s| s.path.clone()).collect();
    assert_none("the first lines say in `//!` what a file is, and what it is not", &breaches);
}

#[test]
fn nothing_is_left_unfinished() {
    let mut breaches = Vec::new();
    for source in &rust_sources() {
        for (number, line) in source.text.lines().enumerate() {
            let found = BANNED_MACROS.iter().filter(|name| line.contains(*name));
            breaches.extend(found.map(|name| format!("{}:{} has {name}", source.path, number + 1)));
        }
    }
    assert_none("finish it, or leave it out", &breaches);
}

#[test]
fn there_is_no_trait_of_our_own_and_no_unlisted_macro() {
    let mut breaches = Vec::new();
    for source in &rust_sources() {
        for (number, line) in source.shipped_lines() {
            let line =
                line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            let makes_macro = line.strip_prefix("macro_rules! ");
            let is_listed = |name: &str| MACROS.contains(&name.trim_end_matches([' ', '{']));
            if line.starts_with("trait ") || makes_macro.is_some_and(|name| !is_listed(name)) {
                breaches.push(format!("{}:{number}: {line}", source.path));
            }
        }
    }
    assert_none("an enum or a value does it (docs/decisions/0002)", &breaches);
}

#[test]
fn a_look_up_is_named_after_what_it_finds() {
    let mut breaches = Vec::new();
    for source in &rust_sources() {
        let found = source.shipped_lines().filter(|(_, line)| line.contains(BANNED_PREFIX));
        breaches.extend(found.map(|(number, _)| format!("{}:{number}", source.path)));
    }
    assert_none("no `get_`: `model(id)`, not `get_model(id)`", &breaches);
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let mut breaches = Vec::new();
    for source in sources("") {
        let found = MACHINE_PATHS.iter().filter(|path| source.text.contains(*path));
        breaches.extend(found.map(|path| format!("{} names {path}", source.path)));
    }
    assert_none("the project builds and runs anywhere", &breaches);
}

#[test]
fn every_crate_is_named_in_the_architecture() {
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let is_absent = |name: &&String| !architecture.contains(&format!("`{name}`"));
    let crates = manifests::crate_names();
    let breaches: Vec<_> = crates.iter().filter(is_absent).cloned().collect();
    assert_none("ARCHITECTURE.md says of every crate what it is for", &breaches);
}

#[test]
fn every_decision_says_what_it_cost_and_what_would_undo_it() {
    let parts =
        ["## Context", "## Decision", "## What we gave up", "## What would change our mind"];
    let mut breaches = Vec::new();
    for (index, decision) in sources("docs/decisions").iter().enumerate() {
        let number = format!("{:04}-", index + 1);
        if !decision.file_name().starts_with(&number) {
            breaches.push(format!("{} should be number {number}", decision.path));
        }
        let missing = parts.iter().filter(|part| !decision.text.contains(*part));
        breaches.extend(missing.map(|part| format!("{} lacks `{part}`", decision.path)));
    }
    assert_none("a decision record has four parts and the next free number", &breaches);
}
