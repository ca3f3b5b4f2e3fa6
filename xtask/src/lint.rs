//! `cargo xtask lint`: everything that is checked without running the code.

use anyhow::{Result, bail};

use crate::step::{self, cargo};

/// Checks format, lints, documentation and dependencies, in the order in which they fail fastest.
///
/// Clippy before the documentation: both need the same metadata of every dependency, so the
/// second finds it made.
pub(crate) fn run() -> Result<()> {
    step::run(&mut cargo(["fmt", "--all", "--check"]))?;
    refuse_second_crypto()?;
    check_dependencies()?;
    step::run(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    step::run(cargo(["doc", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Two rustls providers in one process panic at the first connection, so there is ring alone.
fn refuse_second_crypto() -> Result<()> {
    step::say("cargo tree --workspace --locked -i aws-lc-sys (must not find it)");
    let mut tree = cargo(["tree", "--workspace", "--locked", "-i", "aws-lc-sys"]);
    match step::output(&mut tree) {
        Err(error) if error.to_string().contains("did not match any packages") => Ok(()),
        Err(error) => Err(error),
        Ok(users) => bail!(
            "aws-lc-sys is in the lock file, beside ring:\n{users}\n\
             hint: turn off the default features of what brings it"
        ),
    }
}

/// `cargo deny` takes minutes to build, so it is used where it is and never installed here.
fn check_dependencies() -> Result<()> {
    if !step::succeeds(&mut cargo(["deny", "--version"])) {
        step::say("cargo deny is not installed: bans, licences and sources are not checked here");
        return Ok(());
    }
    step::run(&mut cargo(["deny", "check", "bans", "licenses", "sources"]))
}
