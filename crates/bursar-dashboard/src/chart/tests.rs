//! What is drawn stands within its drawing, and says what it is.

use super::*;

fn subject(points: usize) -> Subject {
    let points = (1..=points).map(|day| format!("2026-11-{day:02}")).collect();
    let (title, empty) = ("Spend".to_owned(), "Nothing.");
    Subject { word: "spend", title, unit: Unit::Tenths, points, grain: "by the day", empty }
}

fn series(name: &str, figures: &[i128]) -> Series {
    Series { name: name.to_owned(), figures: figures.to_vec() }
}

#[test]
fn bars_stand_on_each_other_and_within_the_drawing() {
    let series = vec![series("a", &[30, 0, 100]), series("b", &[10, 20, 300])];
    let chart = Chart::bars(&subject(3), series);
    assert_eq!((chart.legend[0].name.as_str(), chart.legend[0].text.as_str()), ("b", "33.0 %"));
    let bars: Vec<usize> = chart.columns.iter().map(|column| column.bars.len()).collect();
    assert_eq!(bars, [2, 1, 2]);
    let last = &chart.columns[2].bars;
    assert_eq!(last[1].y + last[1].height, last[0].y);
    for bar in chart.columns.iter().flat_map(|column| &column.bars) {
        assert!(bar.y >= 0 && bar.y + bar.height <= HEIGHT, "{bar:?}");
        assert!(bar.x >= 0 && bar.x + bar.width <= WIDTH, "{bar:?}");
    }
    assert_eq!(chart.columns[2].title, "2026-11-03: 40.0 %\nb: 30.0 %\na: 10.0 %");
    assert_eq!(chart.table.rows.len(), 5, "what is nothing is left out");
    assert_eq!(chart.rows.len(), 3);
}

#[test]
fn dates_are_short_and_none_is_cut_off() {
    for days in 1..=31 {
        let chart = Chart::bars(&subject(days), vec![series("a", &vec![1; days])]);
        assert!(!chart.dates.is_empty() && chart.dates.len() <= DATES_MAX);
        assert!(chart.dates.iter().all(|date| date.at <= WIDTH * 9 / 10), "{days} days");
    }
    let shown = ["2026-11-03", "11-24 07:00", "11-24 00:00", "else"].map(short);
    assert_eq!(shown, ["3 Nov", "07:00", "24 Nov", "else"]);
}

#[test]
fn many_series_are_a_few_and_the_rest_and_nothing_is_lost() {
    let many = (0..30).map(|number| series(&format!("m{number}"), &[number, 1])).collect();
    let chart = Chart::bars(&subject(2), many);
    assert_eq!(chart.legend.len(), BARS_MAX);
    let last = &chart.legend[BARS_MAX - 1];
    assert_eq!((last.class.as_str(), last.name.as_str()), ("cx", REST));
    let exact = |row: &Vec<Cell>| row[2].exact().replace('.', "").parse::<i128>().unwrap();
    let sum: i128 = chart.table.rows.iter().map(exact).sum();
    assert_eq!(sum, (0..30).sum::<i128>() + 30);
    assert!(Chart::bars(&subject(0), Vec::new()).is_empty());
}

#[test]
fn a_line_has_gaps_where_nothing_is_known_and_a_dot_where_a_point_stands_alone() {
    let (parts, wholes) = (vec![10, 0, 0, 50, 9], vec![100, 100, 0, 100, 1]);
    let ratio = Ratio { name: "a".to_owned(), parts, wholes };
    let chart = Chart::rates(&subject(5), vec![ratio]);
    let line = &chart.lines[0];
    assert_eq!((line.path.as_str(), line.dots.as_str()), ("M100 160L300 200", "M700 0h0"));
    assert_eq!(chart.scale, ["50 %", "40 %", "30 %", "20 %", "10 %", "0 %"]);
    assert!(chart.description.contains("is not drawn"), "{}", chart.description);
    assert_eq!(chart.rows[2].1[0].text, "900.0 %", "what is not drawn stands in the table");
}

#[test]
fn a_scale_reaches_its_largest_figure_and_not_much_further() {
    for most in [0, 1, 3, 4, 5, 39, 41, 99, 1_000, 123_456_789_012_345_i128] {
        let (step, parts) = scale(most);
        assert!(step * parts >= most && step * (parts - 1) <= most, "{most}: {step} × {parts}");
        assert!((1..=PARTS_MAX).contains(&parts), "{most}: {step} × {parts}");
    }
    let marks = |step: i128| Unit::Dollars.marks([step * 2, step, 0].into_iter());
    assert_eq!(marks(10_000_000_000_000), ["$20", "$10", "$0"]);
    assert_eq!(marks(500_000_000_000), ["$1.00", "$0.50", "$0.00"]);
    assert_eq!(marks(100_000_000), ["$0.0002", "$0.0001", "$0.00"]);
}
