//! Ranges, links and what makes no sense, by the queries that say them.

use super::*;

const NOW: Timestamp = Timestamp(1_795_428_600_000);

fn parse(query: &str) -> Result<Filters, Problem> {
    Filters::parse(query, &["team", "group"], NOW)
}

#[test]
fn ranges_are_whole_days_or_hours_and_the_days_before_are_as_many() {
    for (query, words) in [
        ("", "from 2026-10-25 to 2026-11-23, in whole UTC days"),
        ("range=month", "from 2026-11-01 to 2026-11-23, in whole UTC days"),
        ("range=24h", "from 2026-11-22 11:00 to 2026-11-23 11:00 UTC, by the hour"),
        ("since=2026-11-01&until=2026-11-03", "from 2026-11-01 to 2026-11-02, in whole UTC days"),
        (
            "range=custom&since=2026-11-01T08:30:00Z&until=2026-11-01T09:00:01Z",
            "from 2026-11-01 08:00 to 2026-11-01 10:00 UTC, by the hour",
        ),
    ] {
        let filters = parse(query).unwrap_or_else(|problem| panic!("{query}: {problem:?}"));
        assert_eq!(filters.period.words(), words, "{query}");
        let previous = filters.period.previous();
        assert_eq!(previous.until, filters.period.since);
        assert_eq!(previous.points().len(), filters.period.points().len());
    }
}

#[test]
fn a_chart_has_a_hundred_points_at_most_and_each_instant_is_in_one_of_them() {
    for (query, count, grain) in [
        ("range=24h", 24, "by the hour"),
        ("since=2026-11-01T01:00:00Z&until=2026-11-21", 80, "by six hours"),
        ("range=90d", 90, "by the day"),
        ("range=365d", 53, "by the week"),
        ("since=2022-01-01&until=2026-11-01", 64, "by four weeks"),
    ] {
        let period = parse(query).unwrap_or_else(|problem| panic!("{query}: {problem:?}")).period;
        let points = period.points();
        assert_eq!((points.len(), period.grain()), (count, grain), "{query}");
        assert_eq!(points[0], period.since);
        for (place, at) in points.iter().enumerate() {
            assert_eq!(period.place(*at), Some(place), "{query}");
            let end = points.get(place + 1).unwrap_or(&period.until);
            assert_eq!(period.place(Timestamp(end.0 - 1)), Some(place), "{query}");
        }
        assert_eq!(period.place(period.until), None, "{query}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_its_name_and_never_repeated_raw() {
    let long = format!("team={}", "x".repeat(10_000));
    for (query, said) in [
        ("range=1y", "`1y` is no range"),
        ("since=2026-11-03&until=2026-11-01", "before it begins"),
        ("since=2026-11-01&until=2026-11-01", "before it begins"),
        ("until=2026-11-01", "`since` was not"),
        ("range=7d&since=2026-11-01", "both a range and its ends"),
        ("since=yesterday", "`since` is `yesterday`"),
        ("since=0001-01-01", "no time to look at"),
        ("since=9999-12-31&until=%2B262142-12-31", "no time to look at"),
        ("since=1990-01-01&until=2026-01-01", "longer than five years"),
        ("since=2026-01-01T01:00:00Z&until=2026-11-01", "whole UTC days"),
        ("zone=Mars/Olympus", "no time zone"),
        ("format=xlsx", "`xlsx` is no format"),
        ("tem=research", "`tem` is no filter"),
        ("team=a&team=b", "stands there twice"),
        ("team=%00", "`team` is `\\0`"),
        ("team=%ff", "no UTF-8"),
        (&long, "`team` is `xxx"),
    ] {
        let problem = parse(query).unwrap_err();
        assert!(problem.message.contains(said), "{query}: {}", problem.message);
        assert!(problem.message.len() < 200 && problem.status == 400, "{problem:?}");
    }
    let filters = parse("group=team").unwrap();
    assert!(filters.choice("group", &["model"], "model").is_err());
}

#[test]
fn a_link_keeps_what_the_page_is_about() {
    let filters = parse("range=7d&team=a+%26+b&zone=Europe/Berlin").unwrap();
    let link = filters.link("/spend", &[("group", Some("model")), ("page", None)]);
    assert_eq!(link, "/spend?group=model&range=7d&team=a%20%26%20b&zone=Europe%2FBerlin");
    assert_eq!(filters.fresh_link("/calls", &[]), "/calls?range=7d&zone=Europe%2FBerlin");
    let custom = parse("since=2026-11-01&until=2026-11-03").unwrap();
    let again = parse(&custom.query(&[])).unwrap();
    assert_eq!(again.period, custom.period);
}
