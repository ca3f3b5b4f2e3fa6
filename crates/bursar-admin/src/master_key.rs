//! Where the one master key comes from: what was said, or a file, which is made when it is first
//! needed. What it is used for is the ledger's `master_key`.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use bursar_ledger::{MasterKey, Secret};
use zeroize::Zeroizing;

use crate::{Admin, Error};

/// A file with more than this holds something else.
const FILE_BYTES_MAX: u64 = 4_096;

/// Where the master key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterKeySource {
    /// It was said, in base64 or hexadecimal digits.
    Said(Secret),
    /// A file holds it, and has to be there.
    File(PathBuf),
    /// A file beside the ledger, made when it is first needed.
    Beside(PathBuf),
    /// Nobody said one, and the ledger is no file to lie beside.
    Nowhere,
}

impl Admin {
    /// The master key that this ledger is bound to, or shall be. A file beside the ledger is made
    /// when there is none and the ledger is not bound yet.
    pub async fn master_key(&self, source: &MasterKeySource) -> Result<MasterKey, Error> {
        let bound = self.ledger.master_key().await?;
        let key = match source {
            MasterKeySource::Said(text) => MasterKey::parse(text.expose())
                .ok_or(Error::BadMasterKey { place: "BURSAR_MASTER_KEY".into() })?,
            MasterKeySource::File(path) => read(path)?,
            MasterKeySource::Beside(path) if path.exists() => {
                check_private(path)?;
                read(path)?
            }
            MasterKeySource::Beside(path) => match bound {
                None => self.make(path)?,
                Some(bound) => {
                    return Err(Error::LostMasterKey { path: path.clone(), bound });
                }
            },
            MasterKeySource::Nowhere => return Err(Error::NoMasterKey),
        };
        match bound {
            Some(bound) if bound != key.fingerprint() => {
                let given = key.fingerprint();
                Err(bursar_ledger::Error::OtherMasterKey { bound, given }.into())
            }
            _ => Ok(key),
        }
    }

    /// The same where there is one already; none is made, and to have none is no error.
    pub async fn master_key_at_hand(
        &self,
        source: &MasterKeySource,
    ) -> Result<Option<MasterKey>, Error> {
        match source {
            MasterKeySource::Nowhere => Ok(None),
            MasterKeySource::Beside(path) if !path.exists() => Ok(None),
            _ => self.master_key(source).await.map(Some),
        }
    }

    /// Makes the file whole, and under its name only then; where another process was first, its key
    /// is taken.
    fn make(&self, path: &Path) -> Result<MasterKey, Error> {
        let key = MasterKey::new_text(&self.entropy);
        let text = Zeroizing::new(format!("{}\n", key.expose()));
        let own = path.with_extension(self.new_id("new"));
        let failed = |source| Error::MasterKeyFile { path: path.to_owned(), source };
        let made = private_file(&own)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| std::fs::hard_link(&own, path));
        drop(std::fs::remove_file(&own));
        match made {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(failed(error)),
            _ => read(path),
        }
    }
}

fn read(path: &Path) -> Result<MasterKey, Error> {
    let failed = |source| Error::MasterKeyFile { path: path.to_owned(), source };
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    MasterKey::parse(&text).ok_or_else(|| Error::BadMasterKey { place: path.display().to_string() })
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<File> {
    std::fs::OpenOptions::new().write(true).create_new(true).open(path)
}

/// That nobody else may read the file.
#[cfg(unix)]
fn check_private(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |source| Error::MasterKeyFile { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::OpenMasterKey { path: path.to_owned() });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<(), Error> {
    Ok(())
}
