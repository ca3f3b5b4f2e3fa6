//! `cargo xtask dist`: what is handed to others, in one folder and one archive.
//!
//! It builds and describes; it neither signs nor uploads.

mod sbom;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::step::{self, cargo, command, find, output, say};
use crate::workspace::{metadata, root, target_directory};

const DOCUMENTS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// Builds `target/dist/bursar-VERSION-TARGET/` and its `.tar.gz`.
pub(crate) fn run() -> Result<()> {
    let target = target()?;
    say(&format!("building for {target}"));
    let build = ["build", "--profile", "dist", "--locked", "--package", "bursar", "--target"];
    step::run(&mut cargo(build.into_iter().chain([target.as_str()])))?;

    let target_directory = target_directory()?;
    let binary = target_directory.join(&target).join("dist").join("bursar");
    let parent = target_directory.join("dist");
    let name = format!("bursar-{}-{target}", version()?);
    let folder = parent.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    fs::copy(&binary, folder.join("bursar"))?;
    for document in DOCUMENTS {
        fs::copy(root().join(document), folder.join(document)).context(document)?;
    }
    generate(&binary, &folder)?;
    let sbom = sbom::describe(&metadata(&["--filter-platform", &target])?, &lock()?)?;
    fs::write(folder.join("bursar.cdx.json"), sbom)?;
    write_checksums(&folder)?;
    pack(&parent, &name)?;
    say(&format!("linkage: {}", linkage(&binary)));
    say(&format!("done: {}", folder.display()));
    Ok(())
}

/// The static target where it can be built, else the machine's own.
///
/// glibc is never linked statically: its name look-ups would load shared objects of just the
/// version it was built with, and fail on any other machine.
fn target() -> Result<String> {
    let version = output(&mut command("rustc", ["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not say its host")?;
    let musl = host.replace("-gnu", "-musl");
    let library = output(&mut command("rustc", ["--print", "target-libdir", "--target", &musl]));
    let has_library = library.is_ok_and(|path| Path::new(&path).is_dir());
    let has_compiler = find("musl-gcc").is_some();
    if has_library && has_compiler {
        return Ok(musl);
    }
    say(&format!("no static build: {musl} needs its Rust library and musl-gcc"));
    Ok(host.to_owned())
}

fn version() -> Result<String> {
    let metadata = metadata(&["--no-deps"])?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let bursar = packages.iter().find(|package| package["name"] == "bursar");
    let version = bursar.and_then(|package| package["version"].as_str());
    version.map(str::to_owned).context("the workspace has no package `bursar`")
}

fn lock() -> Result<String> {
    fs::read_to_string(root().join("Cargo.lock")).context("Cargo.lock")
}

/// Man pages and completions, written by the binary that they are about.
fn generate(binary: &Path, folder: &Path) -> Result<()> {
    for kind in ["man", "completions"] {
        let into = folder.join(kind);
        fs::create_dir_all(&into)?;
        let words = [binary.as_os_str(), "generate".as_ref(), kind.as_ref(), into.as_os_str()];
        step::run(&mut command(words[0], words[1..].iter().copied()))?;
    }
    Ok(())
}

/// `SHA256SUMS` over every file, in the order of their names.
fn write_checksums(folder: &Path) -> Result<()> {
    let script = "find . -type f ! -name SHA256SUMS | LC_ALL=C sort | sed 's|^[.]/||' \
                  | xargs sha256sum > SHA256SUMS";
    step::run(command("sh", ["-ec", script]).current_dir(folder))
}

/// One archive, the same bytes for the same contents, with its own checksum beside it.
fn pack(parent: &Path, name: &str) -> Result<()> {
    let script = "tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 \
                  --use-compress-program='gzip -n -9' -cf \"$0.tar.gz\" \"$0\"
                  sha256sum \"$0.tar.gz\" > \"$0.tar.gz.sha256\"";
    step::run(command("sh", ["-ec", script, name]).current_dir(parent))
}

/// What the binary loads at start, by the loader's own word.
fn linkage(binary: &Path) -> String {
    if find("ldd").is_none() {
        return "unknown, there is no `ldd` here".to_owned();
    }
    // ldd fails for what is no dynamic executable.
    let listed = output(&mut command("ldd".as_ref(), [binary.as_os_str()])).unwrap_or_default();
    let first_words = listed.lines().filter_map(|line| line.split_whitespace().next());
    let libraries: Vec<&str> = first_words.filter(|word| word.contains(".so")).collect();
    match libraries.as_slice() {
        [] => "static".to_owned(),
        libraries => format!("dynamic: {}", libraries.join(", ")),
    }
}
