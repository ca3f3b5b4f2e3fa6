//! How wide and high an image is, by its header alone: nothing of the picture itself is decoded.

use bursar_core::Format;

/// Width and height in pixels; `None` for what is no image, or whose header is not whole.
pub(super) fn of_image(format: Format, bytes: &[u8]) -> Option<(u32, u32)> {
    match format {
        Format::Png => png(bytes),
        Format::Jpeg => jpeg(bytes),
        Format::Gif => gif(bytes),
        Format::Webp => webp(bytes),
        _ => None,
    }
}

/// The first chunk is `IHDR`, behind the signature of eight bytes.
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.get(12..24)?.strip_prefix(b"IHDR")?;
    let number = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    Some((number(0)?, number(4)?))
}

/// The logical screen, which no picture in the file is larger than.
fn gif(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    Some((number(6)?.into(), number(8)?.into()))
}

/// Segment after segment up to the one that begins a frame. Thumbnails are within segments, and so
/// are passed over.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.get(2..)?;
    loop {
        // Any number of filling bytes may stand before a marker.
        let marker = *rest.iter().find(|byte| **byte != 0xff)?;
        let at = rest.iter().position(|byte| *byte != 0xff).filter(|at| *at > 0)?;
        rest = rest.get(at + 1..)?;
        match marker {
            // Alone: without a length, and without content.
            0x01 | 0xd0..=0xd7 => continue,
            // The picture itself, or the end.
            0xd9 | 0xda => return None,
            _ => {}
        }
        let number = |at: usize| Some(u16::from_be_bytes(rest.get(at..at + 2)?.try_into().ok()?));
        let is_frame = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if is_frame {
            return Some((number(5)?.into(), number(3)?.into()));
        }
        rest = rest.get(usize::from(number(0)?)..)?;
    }
}

/// One of three first chunks, behind the container's header of twelve bytes.
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    let (name, content) = (bytes.get(12..16)?, bytes.get(20..)?);
    let number = |at: usize, length: usize| {
        let bytes = content.get(at..at + length)?.iter().rev();
        Some(bytes.fold(0_u32, |number, byte| number << 8 | u32::from(*byte)))
    };
    match name {
        b"VP8 " if content.get(3..6)? == b"\x9d\x01\x2a" => {
            Some((number(6, 2)? & 0x3fff, number(8, 2)? & 0x3fff))
        }
        b"VP8L" if content.first()? == &0x2f => {
            let packed = number(1, 4)?;
            Some(((packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => Some((number(4, 3)? + 1, number(7, 3)? + 1)),
        _ => None,
    }
}
