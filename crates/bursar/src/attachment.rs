//! Files that go with a question: what they are by their content, and whether they may go.
//!
//! The content decides; the name decides only between formats that look alike inside. What is text
//! goes as text, whatever its name.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bursar_core::{Attachment, Format};
use bursar_domain::catalogue::Catalogue;
use bursar_domain::model::ModelRef;

use crate::commands::converse::PROMPT_BYTES_MAX;
use crate::failure::{Failure, Situation};

mod pixels;

/// Bedrock's bounds on one request.
const IMAGES_MAX: usize = 20;
const DOCUMENTS_MAX: usize = 5;
/// 3.75 MB and 4.5 MB, read as Bedrock's smaller megabyte.
const IMAGE_BYTES_MAX: u64 = 3_750_000;
const DOCUMENT_BYTES_MAX: u64 = 4_500_000;
/// The most pixels of an image's width, and of its height.
const IMAGE_SIDE_MAX: u32 = 8_000;
/// Bedrock's bound on a document's name.
const NAME_CHARS_MAX: usize = 200;

/// Reads every file and checks them together against Bedrock's bounds, and against the model's.
pub(crate) fn read_all(paths: &[PathBuf], model: &ModelRef) -> Result<Vec<Attachment>, Failure> {
    refuse_many("files", paths.len(), IMAGES_MAX + DOCUMENTS_MAX)?;
    let mut attachments: Vec<Attachment> = Vec::new();
    for path in paths {
        let mut attachment = read(path)?;
        if attachment.format.is_image() {
            refuse_blind(path, model)?;
        }
        attachment.name = unique(&attachment.name, &attachments);
        attachments.push(attachment);
    }
    let images = attachments.iter().filter(|attachment| attachment.format.is_image()).count();
    refuse_many("images", images, IMAGES_MAX)?;
    refuse_many("documents", attachments.len() - images, DOCUMENTS_MAX)?;
    // In the body every three bytes are four characters.
    let encoded: u64 = attachments.iter().map(|one| one.bytes.len() as u64 / 3 * 4 + 4).sum();
    if encoded > PROMPT_BYTES_MAX {
        let message = format!("the attachments make a body of {encoded} bytes");
        let hint = format!("Bedrock takes {PROMPT_BYTES_MAX}; attach fewer or smaller files");
        return Err(Failure::new(Situation::BadData, message).hint(hint));
    }
    Ok(attachments)
}

fn read(path: &Path) -> Result<Attachment, Failure> {
    let shown = path.display();
    let unread = |error: std::io::Error| {
        let failure = Failure::new(Situation::NoFile, format!("`{shown}` cannot be read: {error}"));
        failure.hint("`--attach` takes the path of a file")
    };
    let file = File::open(path).map_err(unread)?;
    let mut bytes = Vec::new();
    file.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unread)?;
    let bad = |problem: &str| Failure::new(Situation::BadData, format!("`{shown}` {problem}"));
    if bytes.is_empty() {
        return Err(bad("is empty"));
    }
    let is_whole = bytes.len() as u64 <= DOCUMENT_BYTES_MAX;
    let format = recognise(path, &bytes, is_whole).map_err(|why| {
        bad(why).hint(
            "images are png, jpeg, gif or webp; documents pdf, csv, doc, docx, xls, xlsx, html, \
             md or any text in UTF-8",
        )
    })?;
    let (kind, most) = if format.is_image() {
        ("an image", IMAGE_BYTES_MAX)
    } else {
        ("a document", DOCUMENT_BYTES_MAX)
    };
    if bytes.len() as u64 > most {
        return Err(bad(&format!("is larger than {kind} may be"))
            .hint(format!("Bedrock takes {most} bytes; make it smaller, or split it")));
    }
    // A header that does not say is Bedrock's to judge.
    if let Some((width, height)) = pixels::of_image(format, &bytes)
        && width.max(height) > IMAGE_SIDE_MAX
    {
        return Err(bad(&format!("is an image of {width} by {height} pixels")).hint(format!(
            "Bedrock takes at most {IMAGE_SIDE_MAX} a side; scale it down, or cut it into parts"
        )));
    }
    Ok(Attachment { format, name: document_name(path), bytes })
}

/// A model that the catalogue knows to see nothing is not shown an image.
fn refuse_blind(path: &Path, model: &ModelRef) -> Result<(), Failure> {
    let Some(base) = &model.base else { return Ok(()) };
    let known = Catalogue::embedded().model(base.as_str());
    if known.and_then(|model| model.vision) != Some(false) {
        return Ok(());
    }
    let message = format!("`{}` is an image, and `{base}` cannot see", path.display());
    Err(Failure::new(Situation::BadData, message)
        .hint("`bursar models show MODEL` says which can see images"))
}

fn refuse_many(what: &str, count: usize, most: usize) -> Result<(), Failure> {
    if count <= most {
        return Ok(());
    }
    let message = format!("{count} {what} are attached");
    Err(Failure::new(Situation::BadData, message)
        .hint(format!("Bedrock takes {most} {what} with a request")))
}

/// What a file is. `is_whole` is false for the beginning of one that is too large anyway.
fn recognise(path: &Path, bytes: &[u8], is_whole: bool) -> Result<Format, &'static str> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let named = match extension.to_ascii_lowercase().as_str() {
        "jpg" => Some(Format::Jpeg),
        "htm" => Some(Format::Html),
        "markdown" => Some(Format::Md),
        extension => extension.parse::<Format>().ok(),
    };
    if let Some(format) = signed(bytes) {
        return Ok(format);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return packed(bytes, named);
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return compound(bytes, named);
    }
    if !is_text(bytes, is_whole) {
        return Err("is of no kind that Bedrock reads");
    }
    match named {
        Some(format @ (Format::Csv | Format::Html | Format::Md | Format::Txt)) => Ok(format),
        Some(_) => Err("is not what its name says: it is text"),
        None if looks_like_html(bytes) => Ok(Format::Html),
        None => Ok(Format::Txt),
    }
}

/// Formats that say so in their first bytes.
fn signed(bytes: &[u8]) -> Option<Format> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let signatures: [(&[u8], Format); 5] = [
        (b"\x89PNG\r\n\x1a\n", Format::Png),
        (b"\xff\xd8\xff", Format::Jpeg),
        (b"GIF87a", Format::Gif),
        (b"GIF89a", Format::Gif),
        (b"%PDF-", Format::Pdf),
    ];
    let found = signatures.into_iter().find(|(signature, _)| bytes.starts_with(signature));
    found.map(|(_, format)| format).or(is_webp.then_some(Format::Webp))
}

/// Word's and Excel's files are ZIP archives, told apart by what they hold.
fn packed(bytes: &[u8], named: Option<Format>) -> Result<Format, &'static str> {
    if holds(bytes, b"word/document.xml") {
        return Ok(Format::Docx);
    }
    if holds(bytes, b"xl/workbook.xml") {
        return Ok(Format::Xlsx);
    }
    let by_name = named.filter(|format| matches!(format, Format::Docx | Format::Xlsx));
    by_name.ok_or("is an archive, which Bedrock does not open")
}

/// Old Word's and Excel's files are one container, with stream names in UTF-16.
fn compound(bytes: &[u8], named: Option<Format>) -> Result<Format, &'static str> {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    if holds(bytes, &utf16("WordDocument")) {
        return Ok(Format::Doc);
    }
    if holds(bytes, &utf16("Workbook")) {
        return Ok(Format::Xls);
    }
    let by_name = named.filter(|format| matches!(format, Format::Doc | Format::Xls));
    by_name.ok_or("is of no kind that Bedrock reads")
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// UTF-8 without the control characters that no text has; the beginning of a file may end within a
/// character.
fn is_text(bytes: &[u8], is_whole: bool) -> bool {
    let is_utf8 = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => !is_whole && error.error_len().is_none(),
    };
    is_utf8 && !bytes.iter().any(|byte| matches!(byte, 0..=8 | 14..=26))
}

fn looks_like_html(bytes: &[u8]) -> bool {
    let start: Vec<u8> =
        bytes.trim_ascii_start().iter().take(14).map(u8::to_ascii_lowercase).collect();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// The file's name without its ending, in the characters that Bedrock allows.
fn document_name(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let is_allowed =
        |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']');
    let spaced: String = stem.chars().map(|c| if is_allowed(&c) { c } else { ' ' }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let name: String = words.join(" ").chars().take(NAME_CHARS_MAX - 5).collect();
    if name.is_empty() { "document".to_owned() } else { name }
}

/// Bedrock refuses two documents of one name.
fn unique(name: &str, others: &[Attachment]) -> String {
    let is_free = |name: &String| others.iter().all(|other| &other.name != name);
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

#[cfg(test)]
mod tests;
