//! Where this checkout keeps things, and what cargo knows about it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::step::{cargo, output};

/// The folder of the workspace's own Cargo.toml.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// What `cargo metadata` says, with `arguments` added.
pub(crate) fn metadata(arguments: &[&str]) -> Result<Value> {
    let fixed = ["metadata", "--format-version", "1", "--locked"];
    let text = output(&mut cargo(fixed.iter().chain(arguments).copied()))?;
    serde_json::from_str(&text).context("`cargo metadata` did not print JSON")
}

/// Where cargo builds, wherever the environment or a configuration puts it.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = metadata(&["--no-deps"])?;
    let path = metadata["target_directory"].as_str().context("no target directory")?;
    Ok(PathBuf::from(path))
}
