//! Tables for people: columns that line up, figures on the right, bars for shares.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

/// Eighths of a block, so that a bar of ten cells has eighty steps.
const BLOCKS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// A bar's width in cells.
const BAR_CELLS: u64 = 10;

/// An empty table with these headings. One that begins with `>` stands over figures, on the right.
pub(crate) fn new(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().map(|heading| match heading.strip_prefix('>') {
        Some(figures) => figure(figures.to_uppercase()),
        None => Cell::new(heading.to_uppercase()),
    }));
    table
}

/// A figure: on the right.
pub(crate) fn figure(text: impl std::fmt::Display) -> Cell {
    Cell::new(text.to_string()).set_alignment(CellAlignment::Right)
}

/// A count as people read it: `999`, `12.3k`, `18.1M`.
pub(crate) fn count(value: i64) -> String {
    let magnitude = value.unsigned_abs();
    let (unit, name) = match magnitude {
        0..10_000 => return value.to_string(),
        10_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "G"),
    };
    let tenths = magnitude / (unit / 10);
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}.{}{name}", tenths / 10, tenths % 10)
}

/// `part` of `whole` in per cent, with one decimal; a dash when there is no whole.
pub(crate) fn share(part: i128, whole: i128) -> String {
    if whole <= 0 {
        return "–".to_owned();
    }
    let tenths = part.saturating_mul(1000) / whole;
    format!("{}.{}%", tenths / 10, tenths.abs() % 10)
}

/// A bar as long as `part` is of `whole`. It repeats a figure beside it, so it may be left out.
pub(crate) fn bar(part: i128, whole: i128) -> String {
    if whole <= 0 || part <= 0 {
        return String::new();
    }
    let steps = part.saturating_mul(i128::from(BAR_CELLS) * 8) / whole;
    let steps = u64::try_from(steps).unwrap_or(0).clamp(1, BAR_CELLS * 8);
    let (full, rest) = (steps / 8, steps % 8);
    let mut bar: String = std::iter::repeat_n('█', usize::try_from(full).unwrap_or(0)).collect();
    if let Some(index) = usize::try_from(rest).ok().filter(|&rest| rest > 0) {
        bar.push(BLOCKS[index - 1]);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_keep_three_figures_at_least() {
        assert_eq!(count(9_999), "9999");
        assert_eq!(count(12_345), "12.3k");
        assert_eq!(count(18_060_000), "18.0M");
        assert_eq!(count(-20_000), "-20.0k");
    }

    #[test]
    fn shares_and_bars_of_nothing_are_empty() {
        assert_eq!(share(1, 0), "–");
        assert_eq!(bar(0, 10), "");
        assert_eq!(share(1, 3), "33.3%");
    }

    #[test]
    fn the_least_share_is_still_seen_and_the_whole_fills_the_bar() {
        assert_eq!(bar(1, 1_000_000), "▏");
        assert_eq!(bar(5, 5), "██████████");
    }
}
