//! Rows as CSV (RFC 4180), for spreadsheets: the columns are keys of the JSON objects.
//!
//! A spreadsheet runs a cell that begins like a formula, and tags are anybody's words. Such a text
//! gets an apostrophe in front; a number stays one.

use std::io;

use serde_json::{Map, Value};

use crate::output::unless_closed;

/// What a spreadsheet may take for the beginning of a formula.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Writes a header and rows to stdout.
pub(crate) fn print(columns: &[&str], rows: &[Map<String, Value>]) -> io::Result<()> {
    unless_closed(write(columns, rows, io::stdout().lock()).map_err(as_io))
}

fn write(columns: &[&str], rows: &[Map<String, Value>], out: impl io::Write) -> csv::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(columns)?;
    for row in rows {
        let cells = columns.iter().map(|column| row.get(*column).map(cell).unwrap_or_default());
        writer.write_record(cells)?;
    }
    Ok(writer.flush()?)
}

fn as_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// What stands in a cell: nothing for null, JSON for what has parts.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(FORMULA_STARTS) && !is_number(text) => {
            format!("'{text}")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A decimal as our amounts are written: `-0.25`, never `+1` or `1e3`.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, rest].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_text_is_taken_for_a_formula_and_every_number_for_a_number() {
        for text in ["=1+1", "+1", "-cmd", "@SUM(A1)", "\tx", "\rx", "-", "-1e3", "=HYPERLINK(1)"] {
            assert_eq!(cell(&json!(text)), format!("'{text}"));
        }
        for text in ["-0.25", "12", "plain", "a=b", ""] {
            assert_eq!(cell(&json!(text)), text);
        }
        assert_eq!(cell(&json!(-5)), "-5");
        assert_eq!(cell(&json!(null)), "");
        assert_eq!(cell(&json!({"a": "=1"})), r#"{"a":"=1"}"#);
    }

    #[test]
    fn quotes_commas_and_lines_are_kept_as_rfc_4180_says() {
        let Value::Object(row) = json!({"b": "say \"hi\", twice", "a": "two\nlines", "c": true})
        else {
            panic!("an object");
        };
        let mut out = Vec::new();
        write(&["a", "b", "missing", "c"], &[row], &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a,b,missing,c\r\n\"two\nlines\",\"say \"\"hi\"\", twice\",,true\r\n"
        );
    }
}
