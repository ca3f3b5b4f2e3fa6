//! One file of the spool: records one after the other, in room that was made on the disk before.
//!
//! A record is a mark, its length, a checksum (CRC-32C) of both and of what follows, and JSON. What
//! is damaged is never believed: reading goes on at the next record that is whole.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crc::{CRC_32_ISCSI, Crc};

/// No UTF-8 text holds these bytes.
const MARK: [u8; 4] = [0xff, b'b', b'S', 0xfe];
const HEAD: usize = 12;
/// The longest record: an order of magnitude above the longest that a call can make.
const RECORD_MAX: usize = 4 << 20;
const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// A file that is written by this process.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    used: u64,
    size: u64,
    is_broken: bool,
}

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// What each whole record says, in order.
    pub(crate) records: Vec<Vec<u8>>,
    /// Bytes between whole records that are none: the disk has lost something.
    pub(crate) damaged: usize,
    /// Bytes after the last whole record: a write that was not finished.
    pub(crate) torn: usize,
}

impl Segment {
    /// Makes a file, with all its room, that only this process uses.
    pub(crate) fn create(path: PathBuf, size: u64) -> io::Result<Self> {
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        file.try_lock()?;
        let made = fill(&file, size).and_then(|()| sync_folder(&path));
        if let Err(error) = made {
            drop(std::fs::remove_file(&path));
            return Err(error);
        }
        Ok(Self { path, file, used: 0, size, is_broken: false })
    }

    pub(crate) fn room(&self) -> u64 {
        if self.is_broken { 0 } else { self.size - self.used }
    }

    pub(crate) const fn used(&self) -> u64 {
        self.used
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Writes records and waits for the disk. When that fails, the file is never written again:
    /// what the system says of it later is not to be believed.
    pub(crate) fn append(&mut self, frames: &[u8]) -> io::Result<()> {
        let result = self.write(frames);
        if result.is_ok() {
            self.used += frames.len() as u64;
        } else {
            self.is_broken = true;
            // Nobody was told that these were kept; best they are not found either.
            drop(self.file.set_len(self.used));
        }
        result
    }

    fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        if self.is_broken {
            return Err(io::Error::other("an earlier write failed"));
        }
        self.file.seek(SeekFrom::Start(self.used))?;
        self.file.write_all(frames)?;
        self.file.sync_data()
    }
}

fn fill(mut file: &File, size: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 16];
    let mut left = size;
    while left > 0 {
        let part = left.min(zeros.len() as u64);
        file.write_all(&zeros[..usize::try_from(part).unwrap_or(zeros.len())])?;
        left -= part;
    }
    file.sync_all()
}

/// Makes the name of a new file durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// A record as it stands in the file.
pub(crate) fn frame(json: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(json.len()).ok().filter(|_| json.len() <= RECORD_MAX);
    let length = length.ok_or_else(|| io::Error::other("the record is too long"))?;
    let mut frame = Vec::with_capacity(HEAD + json.len());
    frame.extend(MARK);
    frame.extend(length.to_le_bytes());
    frame.extend(checksum(length, json).to_le_bytes());
    frame.extend(json);
    Ok(frame)
}

/// Reads what a file holds, whatever was done to it.
pub(crate) fn scan(bytes: &[u8]) -> Scan {
    let mut scan = Scan::default();
    let (mut at, mut lost) = (0, 0);
    while at < bytes.len() {
        if let Some(json) = record(&bytes[at..]) {
            scan.damaged += lost;
            lost = 0;
            at += HEAD + json.len();
            scan.records.push(json.to_vec());
        } else {
            // Room that was never used is nothing lost.
            lost += usize::from(bytes[at] != 0);
            at += 1;
        }
    }
    scan.torn = lost;
    scan
}

fn record(bytes: &[u8]) -> Option<&[u8]> {
    let head = bytes.get(..HEAD)?;
    if head[..4] != MARK {
        return None;
    }
    let number = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
    let (length, sum) = (number(4)?, number(8)?);
    let json = bytes.get(HEAD..HEAD.checked_add(usize::try_from(length).ok()?)?)?;
    (json.len() <= RECORD_MAX && checksum(length, json) == sum).then_some(json)
}

fn checksum(length: u32, json: &[u8]) -> u32 {
    let mut digest = CHECKSUM.digest();
    digest.update(&length.to_le_bytes());
    digest.update(json);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let texts = [r#"{"a":1}"#, r#"{"b":"two"}"#, r#"{"c":[3]}"#];
        let frames = texts.iter().flat_map(|text| frame(text.as_bytes()).unwrap());
        frames.chain([0; 40]).collect()
    }

    #[test]
    fn every_flipped_byte_is_found_or_does_no_harm() {
        let whole = scan(&file());
        assert_eq!((whole.records.len(), whole.damaged, whole.torn), (3, 0, 0));
        for at in 0..file().len() {
            let mut bytes = file();
            bytes[at] ^= 1 << (at % 8);
            let found = scan(&bytes);
            assert!(found.records.iter().all(|record| whole.records.contains(record)));
            assert!(found.damaged + found.torn > 0, "byte {at}: {found:?}");
            let lost = usize::from(at < bytes.len() - 40);
            assert_eq!(found.records.len(), 3 - lost, "byte {at}");
        }
    }

    #[test]
    fn every_torn_end_leaves_what_was_whole() {
        for length in 0..file().len() {
            let found = scan(&file()[..length]);
            assert_eq!(found.damaged, 0);
            assert_eq!(found.records, scan(&file()).records[..found.records.len()]);
        }
    }

    #[test]
    fn a_full_disk_is_met_when_room_is_made_and_a_failed_write_ends_the_file() {
        let full = File::options().read(true).write(true).open("/dev/full").unwrap();
        assert!(fill(&full, 1 << 20).is_err());
        let path = PathBuf::from("/dev/full");
        let mut segment = Segment { path, file: full, used: 0, size: 1 << 20, is_broken: false };
        assert!(segment.append(&frame(b"{}").unwrap()).is_err());
        assert_eq!((segment.room(), segment.used()), (0, 0));
        segment.file = tempfile::tempfile().unwrap();
        assert!(segment.append(&frame(b"{}").unwrap()).is_err(), "a broken file was believed");
    }
}
