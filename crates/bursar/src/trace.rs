//! Recorded traffic as token counts: the Azure LLM inference trace, and the Mooncake one.
//!
//! A file is read whole before anything is sent, so that a broken line is told before the first
//! call is made.

use std::path::Path;

use chrono::NaiveDateTime;

use crate::failure::{Failure, Situation};

/// More rows than this would not fit a replay's memory bound.
const ROWS_MAX: usize = 1_000_000;
/// No model has a longer context; a larger figure is a broken line.
const TOKENS_MAX: u64 = 100_000_000;

const AZURE: [&str; 3] = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];
const MOONCAKE: [&str; 4] =
    ["timestamp_ms", "input_tokens", "output_tokens", "prefix_cached_tokens"];

/// One recorded call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceRow {
    /// Milliseconds after the first row.
    pub(crate) offset_ms: i64,
    /// Uncached input tokens.
    pub(crate) input: u64,
    /// Output tokens.
    pub(crate) output: u64,
    /// Input tokens read from a cache.
    pub(crate) cache_read: u64,
}

#[derive(Clone, Copy)]
enum Format {
    Azure,
    Mooncake,
}

/// Reads a trace file of either format.
pub(crate) fn read(path: &Path) -> Result<Vec<TraceRow>, Failure> {
    let text = std::fs::read(path).map_err(|error| {
        Failure::new(Situation::NoFile, format!("cannot read `{}`: {error}", path.display()))
    })?;
    parse(&path.display().to_string(), &text)
}

/// Reads a trace; `name` is what it is called in messages.
pub(crate) fn parse(name: &str, text: &[u8]) -> Result<Vec<TraceRow>, Failure> {
    let refuse = |line: u64, problem: &str| {
        Failure::new(Situation::BadData, format!("{name}:{line}: {problem}")).hint(format!(
            "a trace has the columns {} or {}",
            AZURE.join(","),
            MOONCAKE.join(",")
        ))
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let header = reader.headers().map_err(|error| refuse(1, &error.to_string()))?;
    let format = format_of(header).ok_or_else(|| {
        refuse(1, &format!("`{}` is no known header", header.iter().collect::<Vec<_>>().join(",")))
    })?;
    let mut rows: Vec<TraceRow> = Vec::new();
    let mut start = None;
    let mut record = csv::StringRecord::new();
    loop {
        let at = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => return Err(refuse(at, &error.to_string())),
        }
        let line = record.position().map_or(at, csv::Position::line);
        let (time_ms, row) = read_row(format, &record).map_err(|problem| refuse(line, &problem))?;
        let start = *start.get_or_insert(time_ms);
        rows.push(TraceRow { offset_ms: (time_ms - start).max(0), ..row });
        if rows.len() > ROWS_MAX {
            return Err(refuse(line, &format!("there are more than {ROWS_MAX} rows")));
        }
    }
    if rows.is_empty() {
        return Err(refuse(1, "there are no rows below the header"));
    }
    Ok(rows)
}

fn format_of(header: &csv::StringRecord) -> Option<Format> {
    let header = header.iter().map(|name| name.trim().trim_start_matches('\u{feff}'));
    if header.clone().eq(AZURE) {
        return Some(Format::Azure);
    }
    header.eq(MOONCAKE).then_some(Format::Mooncake)
}

fn read_row(format: Format, record: &csv::StringRecord) -> Result<(i64, TraceRow), String> {
    let columns = match format {
        Format::Azure => AZURE.len(),
        Format::Mooncake => MOONCAKE.len(),
    };
    if record.len() != columns {
        return Err(format!("{} fields where {columns} are expected", record.len()));
    }
    let (input, output) = (tokens(&record[1])?, tokens(&record[2])?);
    match format {
        Format::Azure => {
            let row = TraceRow { offset_ms: 0, input, output, cache_read: 0 };
            Ok((azure_time(&record[0])?, row))
        }
        Format::Mooncake => {
            let cache_read = tokens(&record[3])?;
            let uncached = input.checked_sub(cache_read).ok_or_else(|| {
                format!("{cache_read} cached tokens are more than {input} input tokens")
            })?;
            let time = record[0].trim();
            let time_ms = time.parse().map_err(|_| format!("`{time}` is no time in ms"))?;
            Ok((time_ms, TraceRow { offset_ms: 0, input: uncached, output, cache_read }))
        }
    }
}

fn azure_time(text: &str) -> Result<i64, String> {
    let text = text.trim();
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
        .map(|time| time.and_utc().timestamp_millis())
        .map_err(|_| format!("`{text}` is no time (2023-11-16 18:17:03.9799600)"))
}

fn tokens(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let count = text.parse().ok().filter(|&count: &u64| count <= TOKENS_MAX);
    count.ok_or_else(|| format!("`{text}` is no number of tokens"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AZURE_TEXT: &str = "TIMESTAMP,ContextTokens,GeneratedTokens\n\
        2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319600,3180,8\n";

    fn row(offset_ms: i64, input: u64, output: u64, cache_read: u64) -> TraceRow {
        TraceRow { offset_ms, input, output, cache_read }
    }

    #[test]
    fn both_formats_are_known_by_their_header() {
        assert_eq!(
            parse("a.csv", AZURE_TEXT.as_bytes()).unwrap(),
            [row(0, 4808, 10, 0), row(52, 3180, 8, 0)]
        );
        let text =
            "timestamp_ms,input_tokens,output_tokens,prefix_cached_tokens\r\n100,40,3,24\r\n";
        assert_eq!(parse("m.csv", text.as_bytes()).unwrap(), [row(0, 16, 3, 24)]);
    }

    #[test]
    fn a_broken_line_is_told_with_its_number() {
        for (line, problem) in [
            ("yesterday,1,2", "`yesterday` is no time"),
            ("2023-11-16 18:17:05.0,-1,2", "`-1` is no number of tokens"),
            ("2023-11-16 18:17:05.0,1,2.5", "`2.5` is no number of tokens"),
            ("2023-11-16 18:17:05.0,1", "2 fields where 3 are expected"),
        ] {
            let failure = parse("a.csv", format!("{AZURE_TEXT}{line}\n").as_bytes()).unwrap_err();
            assert_eq!(failure.situation, Situation::BadData);
            assert!(failure.message.starts_with("a.csv:4: "), "{}", failure.message);
            assert!(failure.message.contains(problem), "{}", failure.message);
        }
    }

    #[test]
    fn more_cached_than_sent_is_a_broken_line() {
        let text = "timestamp_ms,input_tokens,output_tokens,prefix_cached_tokens\n0,5,1,6\n";
        assert!(parse("m.csv", text.as_bytes()).unwrap_err().message.contains("more than 5 input"));
    }

    #[test]
    fn a_file_that_is_no_trace_is_refused() {
        for text in
            ["", "a,b,c\n1,2,3\n", "TIMESTAMP,ContextTokens,GeneratedTokens\n", "\u{0}\u{1}"]
        {
            assert!(parse("x.csv", text.as_bytes()).is_err(), "{text:?} was accepted");
        }
    }
}
