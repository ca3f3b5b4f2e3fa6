//! What the suite needs of the machine, and its installation where that is allowed.

use anyhow::{Result, bail};

use crate::postgres;
use crate::step::{self, command, find, say, succeeds};

/// A need, how to see whether it is met, and Debian's packages for it.
struct Need {
    what: &'static str,
    is_met: fn() -> bool,
    packages: &'static [&'static str],
}

const NEEDS: [Need; 5] = [
    Need { what: "a C compiler", is_met: || find("cc").is_some(), packages: &["gcc", "libc6-dev"] },
    Need {
        what: "a PostgreSQL server",
        is_met: || postgres::programs().is_some(),
        packages: &["postgresql"],
    },
    Need {
        what: "Python 3 with venv",
        is_met: || succeeds(&mut command("python3", ["-c", "import ensurepip, venv"])),
        packages: &["python3", "python3-venv"],
    },
    Need { what: "npm", is_met: || find("npm").is_some(), packages: &["npm"] },
    Need {
        what: "Chromium",
        is_met: || browser().is_some(),
        packages: &["chromium", "fonts-dejavu-core"],
    },
];

/// The browser: Debian's, or what others call the same.
pub(super) fn browser() -> Option<String> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find)
}

/// Installs what is missing with apt, as root or through a sudo that asks for no password.
pub(super) fn prepare() -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.is_met)()).collect();
    for need in &NEEDS {
        let is_missing = missing.iter().any(|other| other.what == need.what);
        say(&format!("{}: {}", need.what, if is_missing { "missing" } else { "found" }));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
    install(&packages)?;
    match missing.iter().find(|need| !(need.is_met)()) {
        Some(need) => bail!("{} is still missing after installing {packages:?}", need.what),
        None => Ok(()),
    }
}

fn install(packages: &[&str]) -> Result<()> {
    let hint = format!("sudo apt-get install {}", packages.join(" "));
    if find("apt-get").is_none() {
        bail!("this is no Debian\nhint: install what Debian calls {}", packages.join(", "));
    }
    let Some(prefix) = root_prefix() else {
        bail!("not root, and sudo wants a password\nhint: {hint}");
    };
    let apt = [prefix, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes"]].concat();
    let (program, fixed) = (apt[0], &apt[1..]);
    let run = |arguments: &[&str]| {
        step::run(&mut command(program, fixed.iter().chain(arguments).copied()))
    };
    run(&["update"])?;
    run(&[&["install", "--no-install-recommends"], packages].concat())
}

/// The program that becomes root, for the steps that need it; `None` where nobody may.
fn root_prefix() -> Option<&'static [&'static str]> {
    if postgres::is_root() {
        return Some(&[]);
    }
    let sudo: &[&str] = &["sudo", "-n"];
    succeeds(&mut command("sudo", ["-n", "true"])).then_some(sudo)
}
