//! Small files that the program keeps for itself: read whole, within a bound, and written whole or
//! not at all. What stands in them is said by whoever keeps them.

use std::io::{self, Read, Write};
use std::path::Path;

/// Reads a file; `None` when there is none.
///
/// # Errors
/// When it cannot be read, is no text, or is longer than `bytes_max`.
pub(crate) fn read(path: &Path, bytes_max: u64) -> io::Result<Option<String>> {
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut text = String::new();
    file.take(bytes_max + 1).read_to_string(&mut text)?;
    if text.len() as u64 > bytes_max {
        return Err(io::Error::other(format!("it is longer than {bytes_max} bytes")));
    }
    Ok(Some(text))
}

/// Writes a file in one step: who reads meanwhile sees the old one or the new one. Makes its folder.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    // Of this process alone, and beside the file: a rename does not cross file systems.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let fresh = folder.join(format!(".{name}.{}", std::process::id()));
    let written = std::fs::File::create(&fresh)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        // What is left of it is of no use, and may be nothing.
        drop(std::fs::remove_file(&fresh));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deeper/kept");
        assert_eq!(read(&path, 10).unwrap(), None);
        for text in ["first", "second"] {
            write(&path, text).unwrap();
            assert_eq!(read(&path, 10).unwrap().as_deref(), Some(text));
        }
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert!(read(&path, 5).unwrap_err().to_string().contains("longer than 5"));
        assert!(write(&path.join("below-a-file"), "x").is_err());
    }
}
