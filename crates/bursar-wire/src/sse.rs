//! Server-sent events: a name, if the dialect has names, and one line of JSON.

/// Adds an event.
pub(crate) fn write_event(out: &mut Vec<u8>, name: Option<&str>, json: &[u8]) {
    if let Some(name) = name {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    // In JSON a line can break between values only, where a space means the same.
    out.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    out.extend_from_slice(b"\n\n");
}

/// The lines that keep a connection alive where a dialect has no event for it: a comment.
pub const COMMENT: &[u8] = b": still there\n\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_its_json_looks_like() {
        let mut out = Vec::new();
        write_event(&mut out, Some("ping"), b"{\r\n \"a\": \"\\n\"\n}");
        assert_eq!(out, b"event: ping\ndata: {   \"a\": \"\\n\" }\n\n");
        out.clear();
        write_event(&mut out, None, b"{}");
        assert_eq!(out, b"data: {}\n\n");
    }
}
