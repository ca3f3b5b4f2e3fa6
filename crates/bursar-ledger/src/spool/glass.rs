//! The break-glass file: an operator of the host says, in his own name and for a time, that calls
//! may pass hard limits while the ledger is away.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bursar_domain::time::{DAY_MS, Timestamp};
use serde::Deserialize;

use super::Spool;
use super::record::Glass;

const BYTES_MAX: u64 = 4096;
const TEXT_BYTES_MAX: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GlassToml {
    until: String,
    by: String,
    reason: String,
}

/// What was seen of the file, so that everybody hears of it once.
#[derive(Debug, Default)]
pub(crate) struct Outlook {
    is_seen: bool,
    seen: Option<Glass>,
    told: Option<String>,
}

impl Outlook {
    /// Looks anew the next time.
    pub(crate) fn forget(&mut self) {
        self.is_seen = false;
    }

    /// What the file says, read once for a group of calls.
    pub(crate) fn look(&mut self, spool: Option<&mut Spool>, now: Timestamp) -> Option<Glass> {
        if self.is_seen {
            return self.seen.clone();
        }
        self.is_seen = true;
        self.seen = spool.and_then(|spool| {
            let path = spool.break_glass()?.clone();
            let found = spool.own_file().and_then(|own| read(&path, own, now));
            self.tell(&path, &found);
            found.ok().flatten()
        });
        self.seen.clone()
    }

    fn tell(&mut self, path: &Path, found: &Result<Option<Glass>, String>) {
        let text = match found {
            Ok(None) => None,
            Ok(Some(Glass { by, reason, .. })) => {
                Some(format!("opens hard limits, by `{by}`: {reason}"))
            }
            Err(problem) => Some(format!("opens nothing: {problem}")),
        };
        if let Some(text) = text.as_ref().filter(|text| self.told.as_ref() != Some(text)) {
            tracing::error!("the break-glass file `{}` {text}", path.display());
        }
        self.told = text;
    }
}

/// What the file says now; `None` when there is none. A file that is wrong in any way, or over,
/// opens nothing: why. `own` is a file that this process has made, to know whose it is.
pub(crate) fn read(path: &Path, own: &File, now: Timestamp) -> Result<Option<Glass>, String> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| error.to_string())?,
    };
    check_owner(&file, own)?;
    let mut text = String::new();
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > BYTES_MAX {
        return Err(format!("it is longer than {BYTES_MAX} bytes"));
    }
    parse(&text, now).map(Some)
}

fn parse(text: &str, now: Timestamp) -> Result<Glass, String> {
    let said: GlassToml =
        toml::from_str(text).map_err(|error| error.message().replace('\n', ", "))?;
    let until = Timestamp::parse_rfc3339(&said.until).ok_or_else(|| {
        format!("`until` is `{}`, no time such as `2026-11-23T14:00:00Z`", said.until)
    })?;
    for (name, text) in [("by", &said.by), ("reason", &said.reason)] {
        if text.trim().is_empty() || text.len() > TEXT_BYTES_MAX || text.contains('\0') {
            return Err(format!("`{name}` must say something, in {TEXT_BYTES_MAX} bytes at most"));
        }
    }
    if until <= now {
        return Err(format!("it was over at {}", said.until));
    }
    if until.0 - now.0 > DAY_MS {
        return Err("`until` is more than 24 hours ahead".to_owned());
    }
    Ok(Glass { by: said.by, reason: said.reason, until_ms: until.0 })
}

#[cfg(unix)]
fn check_owner(file: &File, own: &File) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let (file, own) = match (file.metadata(), own.metadata()) {
        (Ok(file), Ok(own)) => (file, own),
        (Err(error), _) | (_, Err(error)) => return Err(error.to_string()),
    };
    if !file.is_file() {
        return Err("it is no file".to_owned());
    }
    if file.uid() != own.uid() {
        return Err("it belongs to another user than this process".to_owned());
    }
    if file.mode() & 0o077 != 0 {
        return Err("others than its owner may use it; `chmod 600` it".to_owned());
    }
    Ok(())
}

/// Elsewhere nobody can tell who else may write the file.
#[cfg(not(unix))]
fn check_owner(_: &File, _: &File) -> Result<(), String> {
    Err("this system does not tell who may write it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23, ten past ten.
    const NOW: Timestamp = Timestamp(1_795_428_600_000);

    fn said(until: &str) -> String {
        format!("until = \"{until}\"\nby = \"ann\"\nreason = \"the database moves\"\n")
    }

    #[test]
    fn only_a_whole_word_of_the_next_24_hours_opens_anything() {
        let glass = parse(&said("2026-11-23T14:00:00Z"), NOW).unwrap();
        assert_eq!((glass.by.as_str(), glass.until_ms), ("ann", 1_795_442_400_000));
        for (text, word) in [
            (said("2026-11-23T10:00:00Z"), "was over"),
            (said("2026-11-24T10:10:01Z"), "24 hours"),
            (said("tomorrow"), "no time"),
            (said("2026-11-23T14:00:00Z").replace("ann", " "), "`by`"),
            (said("2026-11-23T14:00:00Z").replace("reason", "why"), "why"),
            ("until".to_owned(), "expected"),
            (String::new(), "missing field"),
        ] {
            let problem = parse(&text, NOW).unwrap_err();
            assert!(problem.contains(word), "{text}: {problem}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_use_opens_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("glass.toml");
        let own = tempfile::tempfile().unwrap();
        assert_eq!(read(&path, &own, NOW), Ok(None));
        std::fs::write(&path, said("2026-11-23T14:00:00Z")).unwrap();
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        mode(0o640).unwrap();
        assert!(read(&path, &own, NOW).unwrap_err().contains("chmod 600"));
        mode(0o600).unwrap();
        assert!(read(&path, &own, NOW).unwrap().is_some());
        std::fs::write(&path, "x".repeat(5000)).unwrap();
        assert!(read(&path, &own, NOW).unwrap_err().contains("4096"));
        // Somebody else's, wherever there is such a file.
        assert!(read(Path::new("/proc/1/limits"), &own, NOW).is_err());
    }
}
