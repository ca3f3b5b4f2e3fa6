use std::path::Path;

use super::*;

fn recognised(name: &str, bytes: &[u8]) -> Result<Format, &'static str> {
    recognise(Path::new(name), bytes, true)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn content_tells_what_a_file_is_whatever_its_name() {
    let old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    let cases: [(Vec<u8>, Format); 11] = [
        (b"\x89PNG\r\n\x1a\nrest".to_vec(), Format::Png),
        (b"\xff\xd8\xff\xe0rest".to_vec(), Format::Jpeg),
        (b"GIF87arest".to_vec(), Format::Gif),
        (b"GIF89arest".to_vec(), Format::Gif),
        (b"RIFF\x10\0\0\0WEBPVP8 ".to_vec(), Format::Webp),
        (b"%PDF-1.7\n".to_vec(), Format::Pdf),
        (b"PK\x03\x04....word/document.xml".to_vec(), Format::Docx),
        (b"PK\x03\x04....xl/workbook.xml".to_vec(), Format::Xlsx),
        ([old.to_vec(), utf16("WordDocument")].concat(), Format::Doc),
        ([old.to_vec(), utf16("Workbook")].concat(), Format::Xls),
        (b"<!DOCTYPE HTML><p>hi".to_vec(), Format::Html),
    ];
    for (bytes, format) in cases {
        assert_eq!(recognised("no-ending", &bytes), Ok(format));
        if format != Format::Html {
            assert_eq!(recognised("wrong.txt", &bytes), Ok(format));
        }
    }
}

#[test]
fn names_tell_apart_what_looks_alike_inside() {
    for (name, format) in [
        ("a.csv", Format::Csv),
        ("a.md", Format::Md),
        ("a.MARKDOWN", Format::Md),
        ("a.htm", Format::Html),
        ("a.txt", Format::Txt),
        ("main.rs", Format::Txt),
        ("Makefile", Format::Txt),
    ] {
        assert_eq!(recognised(name, b"a,b\n1,2\n"), Ok(format), "{name}");
    }
    assert_eq!(recognised("a.docx", b"PK\x03\x04odd"), Ok(Format::Docx));
    assert_eq!(recognised("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1odd"), Ok(Format::Xls));
}

#[test]
fn what_bedrock_does_not_read_is_refused() {
    for (name, bytes) in [
        ("a.zip", b"PK\x03\x04".as_slice()),
        ("a.png", b"no image"),
        ("a.pdf", b"no document"),
        ("a.txt", b"a\0b"),
        ("a.bin", b"\x7fELF\x02\x01"),
        ("a.txt", b"caf\xe9"),
    ] {
        assert!(recognised(name, bytes).is_err(), "{name}");
    }
    // A character that was cut by the limit is none of the file's faults.
    assert_eq!(recognise(Path::new("a.txt"), b"caf\xc3", false), Ok(Format::Txt));
}

#[test]
fn a_documents_name_is_made_of_what_bedrock_allows_and_comes_once() {
    let name = |path: &str| document_name(Path::new(path));
    assert_eq!(name("plans/Plan_2026.v2 (final)!.pdf"), "Plan 2026 v2 (final)");
    assert_eq!(name("évé.md"), "v");
    assert_eq!(name("….md"), "document");
    assert_eq!(name(&"a".repeat(300)).len(), 195);
    let named =
        |name: &str| Attachment { format: Format::Txt, name: name.to_owned(), bytes: Vec::new() };
    assert_eq!(unique("plan", &[]), "plan");
    assert_eq!(unique("plan", &[named("plan"), named("plan (2)")]), "plan (3)");
}
