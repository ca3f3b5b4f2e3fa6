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

/// Each format that Bedrock takes, in all the forms that its header has, with nothing behind it.
fn images(width: u16, height: u16) -> [(Format, Vec<u8>); 6] {
    let (w, h) = (u32::from(width), u32::from(height));
    let be = |number: u32| number.to_be_bytes().to_vec();
    let le = |number: u32, length: usize| number.to_le_bytes()[..length].to_vec();
    let riff = |name: &[u8], content: Vec<u8>| {
        [b"RIFF\0\0\0\0WEBP".as_slice(), name, b"\0\0\0\0", &content].concat()
    };
    let small = b"\xff\xd8\xff\xc0\0\x11\x08\0\x01\0\x01";
    let jpeg = [
        b"\xff\xd8\xff\xe1\0\x0d".as_slice(),
        // A thumbnail's frame within a segment, a marker without content, a filling byte.
        small,
        b"\xff\x01\xff\xff\xc4\0\x03\0\xff\xc2\0\x11\x08",
        &be(h)[2..],
        &be(w)[2..],
    ];
    [
        (Format::Png, [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), be(w), be(h)].concat()),
        (Format::Jpeg, jpeg.concat()),
        (Format::Gif, [b"GIF89a".to_vec(), le(w, 2), le(h, 2)].concat()),
        (Format::Webp, riff(b"VP8 ", [vec![0, 0, 0, 0x9d, 1, 0x2a], le(w, 2), le(h, 2)].concat())),
        (Format::Webp, riff(b"VP8L", [vec![0x2f], le((w - 1) | (h - 1) << 14, 4)].concat())),
        (Format::Webp, riff(b"VP8X", [vec![0; 4], le(w - 1, 3), le(h - 1, 3)].concat())),
    ]
}

#[test]
fn an_image_is_measured_by_its_header_and_one_with_too_long_a_side_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    let attach = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        read(&path).map_err(|failure| failure.message)
    };
    for (format, bytes) in images(8_000, 8_000) {
        assert_eq!(pixels::of_image(format, &bytes), Some((8_000, 8_000)), "{format:?}");
        assert_eq!(attach(&bytes).unwrap().format, format);
    }
    for ((width, height), shown) in
        [((8_001, 20), "8001 by 20 pixels"), ((30, 9_000), "30 by 9000 pixels")]
    {
        for (format, bytes) in images(width, height) {
            let message = attach(&bytes).unwrap_err();
            assert!(message.ends_with(shown), "{format:?}: {message}");
        }
    }
}

#[test]
fn a_header_that_ends_early_or_leads_nowhere_measures_nothing() {
    for (format, bytes) in images(9_000, 9_000) {
        for length in 0..bytes.len() {
            assert_eq!(pixels::of_image(format, &bytes[..length]), None, "{format:?} {length}");
        }
    }
    for bytes in [
        b"\xff\xd8\xff\xda\0\x0c".as_slice(),
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8rest",
        b"\xff\xd8\xff\xe0\0\0\xff\xe0\0\0",
    ] {
        assert_eq!(pixels::of_image(Format::Jpeg, bytes), None);
    }
    assert_eq!(pixels::of_image(Format::Pdf, b"%PDF-1.7"), None);
}
