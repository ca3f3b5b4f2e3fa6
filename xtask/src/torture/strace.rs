//! What a process did to its files and sockets, from strace's own words: only the few calls that
//! the room `power` asks for, with every text as hexadecimal.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

/// strace, so that its words can be read here.
pub(super) const COMMAND: [&str; 9] = [
    "strace",
    "-f",
    "-qq",
    "-yy",
    "-xx",
    "-s",
    "1048576",
    "-e",
    "trace=pwrite64,write,writev,sendto,sendmsg,fdatasync,fsync,ftruncate,unlink",
];
/// How a request to a model begins: `POST `.
const REQUEST: &str = "\"\\x50\\x4f\\x53\\x54\\x20";

/// One thing that was done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Bytes to a place in a file.
    Write { file: String, offset: usize, bytes: Vec<u8> },
    /// A file was made so long.
    Cut { file: String, length: usize },
    /// All that was written to a file is on the disk.
    Sync { file: String },
    /// A file was removed.
    Remove { file: String },
    /// A request began to leave.
    Request,
}

/// Reads a record, in its order. Writes count from their begin, syncs from their end.
pub(super) fn read(text: &str) -> Result<Vec<Act>> {
    let mut syncing: BTreeMap<&str, String> = BTreeMap::new();
    let mut acts = Vec::new();
    for line in text.lines() {
        let Some((process, call)) = line.trim_start().split_once(' ') else { continue };
        let call = call.trim_start();
        if call.contains(" = -1 ") {
            continue;
        }
        let is_begun = call.ends_with("<unfinished ...>");
        if call.starts_with("<... fsync resumed>") || call.starts_with("<... fdatasync resumed>") {
            acts.extend(syncing.remove(process).map(|file| Act::Sync { file }));
        } else if let Some((name, rest)) = call.split_once('(') {
            match name {
                "fsync" | "fdatasync" if is_begun => {
                    syncing.insert(process, place(rest)?);
                }
                _ => acts.extend(act(name, rest).with_context(|| shorten(line))?),
            }
        }
    }
    Ok(acts)
}

fn act(name: &str, rest: &str) -> Result<Option<Act>> {
    let is_socket = rest.contains("<TCP:[") || rest.contains("<TCPv6:[");
    Ok(match name {
        "fsync" | "fdatasync" => Some(Act::Sync { file: place(rest)? }),
        "unlink" => Some(Act::Remove { file: text(quoted(rest)?)? }),
        "ftruncate" => Some(Act::Cut { file: place(rest)?, length: last_number(rest)? }),
        "pwrite64" => {
            let (file, bytes) = (place(rest)?, unhex(quoted(rest)?)?);
            Some(Act::Write { file, offset: last_number(rest)?, bytes })
        }
        _ => (is_socket && rest.contains(REQUEST)).then_some(Act::Request),
    })
}

/// The path beside a file's number: `18<\x2f…>`.
fn place(rest: &str) -> Result<String> {
    let (_, rest) = rest.split_once('<').context("a file without a path")?;
    let (path, _) = rest.split_once('>').context("a path without an end")?;
    text(path)
}

fn quoted(rest: &str) -> Result<&str> {
    let (_, rest) = rest.split_once('"').context("no text")?;
    let (inner, after) = rest.split_once('"').context("a text without an end")?;
    if after.starts_with("...") {
        bail!("a text that strace has cut");
    }
    Ok(inner)
}

/// The last argument.
fn last_number(rest: &str) -> Result<usize> {
    let (arguments, _) = rest.rsplit_once([')', '<']).context("no end of the arguments")?;
    let (_, last) = arguments.rsplit_once(", ").context("one argument only")?;
    last.trim().trim_end_matches(')').parse().with_context(|| format!("`{last}` is no number"))
}

fn text(hex: &str) -> Result<String> {
    Ok(String::from_utf8(unhex(hex)?)?)
}

/// `\x2f\x74` …
fn unhex(hex: &str) -> Result<Vec<u8>> {
    let bytes = hex.split("\\x").skip(1);
    bytes.map(|byte| Ok(u8::from_str_radix(byte, 16)?)).collect()
}

fn shorten(line: &str) -> String {
    line.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_are_read_as_strace_writes_them() {
        let text = "14242 pwrite64(18<\\x2f\\x61>, \"\\x37\\x7f\", 2, 32) = 2\n\
            14240 ftruncate(12<\\x2f\\x61>, 3) = 0\n\
            14242 fsync(18<\\x2f\\x61> <unfinished ...>\n\
            14237 writev(19<TCP:[127.0.0.1:3->127.0.0.1:4]>, [{iov_base=\"\\x50\\x4f\\x53\\x54\\x20\\x2f\"\n\
            14242 <... fsync resumed>)        = 0\n\
            14242 fdatasync(18<\\x2f\\x61>)   = -1 EIO (Input/output error) (INJECTED)\n\
            14242 unlink(\"\\x2f\\x62\") = 0\n\
            14237 write(4<\\x61>, \"\\x01\", 1) = 1\n";
        let file = || "/a".to_owned();
        let acts = [
            Act::Write { file: file(), offset: 32, bytes: vec![0x37, 0x7f] },
            Act::Cut { file: file(), length: 3 },
            Act::Request,
            Act::Sync { file: file() },
            Act::Remove { file: "/b".to_owned() },
        ];
        assert_eq!(read(text).unwrap(), acts);
    }

    #[test]
    fn a_write_that_is_begun_counts() {
        let text = "7 pwrite64(18<\\x2f\\x61>, \"\\x37\", 1, 4096 <unfinished ...>\n";
        let written = Act::Write { file: "/a".to_owned(), offset: 4096, bytes: vec![0x37] };
        assert_eq!(read(text).unwrap(), [written]);
    }
}
