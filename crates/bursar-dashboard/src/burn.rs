//! How a limit burns down, as a small drawing: what was left day by day, the straight line that would
//! use it evenly, what is held now, and where its pace so far leads.

use bursar_admin::{BudgetRow, Figures};
use bursar_domain::money::{Total, parse_decimal};
use bursar_domain::time::{DAY_MS, Timestamp};

/// The size of a drawing, in its own units, and the room for words above and below.
const WIDTH: i64 = 320;
const HEIGHT: i64 = 130;
const EDGE: i64 = 18;
/// Less than this part of its time tells nothing of the rest.
const EARLY: i64 = 10;

/// A limit with a beginning and an end, and what is known of its use.
#[derive(Debug, Clone)]
pub(crate) struct Burn {
    pub(crate) title: String,
    /// The same in a sentence, below the drawing and for who does not see it.
    pub(crate) words: String,
    /// Points of the line of what was left.
    pub(crate) left: String,
    /// Where it would be if every hour used the same.
    pub(crate) even: String,
    /// From now to the end, at the pace so far.
    pub(crate) ahead: Option<String>,
    /// What is held, below what is left: a bar at now.
    pub(crate) held: (i64, i64, i64),
    pub(crate) most: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// Where a limit stands in its time.
#[derive(Debug, Clone, Copy)]
struct Course {
    start: i64,
    end: i64,
    now: i64,
    limit: i128,
    spent: i128,
    held: i128,
}

/// What becomes of a limit at its pace so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Too little of its time is over.
    Early,
    /// Nothing is left.
    Empty,
    /// Something is left when it begins anew.
    Lasts,
    /// It is used up by then.
    Ends(Timestamp),
}

impl Course {
    fn of(figures: &Figures, now: Timestamp) -> Option<Self> {
        let at = |text: &Option<String>| Some(Timestamp::parse_rfc3339(text.as_deref()?)?.0);
        let parts = |text: &str| parse_decimal(text, 12).map(i128::from).unwrap_or_default();
        let (start, end) = (at(&figures.window_start)?, at(&figures.window_end)?);
        let now = now.0.clamp(start, end);
        let (limit, spent) = (parts(&figures.limit), parts(&figures.spent));
        let course = Self { start, end, now, limit, spent, held: parts(&figures.held) };
        (start < end && limit > 0).then_some(course)
    }

    fn pace(self) -> Pace {
        let gone = self.now - self.start;
        if self.spent >= self.limit {
            return Pace::Empty;
        }
        if gone < (self.end - self.start) / EARLY {
            return Pace::Early;
        }
        let whole = (self.limit * i128::from(gone)).checked_div(self.spent);
        let out =
            whole.and_then(|ms| i64::try_from(ms).ok()).map(|ms| self.start.saturating_add(ms));
        match out.filter(|out| *out < self.end) {
            Some(out) => Pace::Ends(Timestamp(out)),
            None => Pace::Lasts,
        }
    }

    fn x(self, at: i64) -> i64 {
        let part =
            i128::from(at - self.start) * i128::from(WIDTH) / i128::from(self.end - self.start);
        i64::try_from(part).unwrap_or(WIDTH).clamp(0, WIDTH)
    }

    /// How far down an amount stands that is used.
    fn y(self, used: i128) -> i64 {
        let room = i128::from(HEIGHT - 2 * EDGE);
        let part = room * used.clamp(0, self.limit) / self.limit;
        EDGE + i64::try_from(part).unwrap_or(0)
    }

    fn point(self, at: i64, used: i128) -> String {
        format!("{},{}", self.x(at), self.y(used))
    }
}

impl Burn {
    /// What its lines are, by their classes in the style sheet.
    pub(crate) const LINES: [(&str, &str); 4] = [
        ("left", "left"),
        ("held", "held"),
        ("even", "used evenly"),
        ("ahead", "at the pace so far"),
    ];

    /// Draws a limit; `None` for one that never begins anew or allows nothing. `days` is what was
    /// used at the end of each day, where that is known.
    pub(crate) fn of(row: &BudgetRow, days: &[(Timestamp, Total)], now: Timestamp) -> Option<Self> {
        let course = Course::of(&row.figures, now)?;
        // Days in which the limit did not count yet would be more than it has counted.
        let is_own = days.iter().all(|(_, used)| used.0 <= course.spent);
        let days = days.iter().filter(|_| is_own).map(|(at, used)| (at.0, used.0));
        let known = days.filter(|(at, _)| course.start < *at && *at < course.now);
        let points = [(course.start, 0)].into_iter().chain(known);
        let points = points.chain([(course.now, course.spent)]);
        let left: Vec<String> = points.map(|(at, used)| course.point(at, used)).collect();
        let pace = course.pace();
        let ahead = match pace {
            Pace::Early | Pace::Empty => None,
            Pace::Ends(at) => Some(course.point(at.0, course.limit)),
            Pace::Lasts => {
                let (whole, gone) = (course.end - course.start, course.now - course.start);
                let used = course.spent * i128::from(whole) / i128::from(gone.max(1));
                Some(course.point(course.end, used))
            }
        };
        let from = course.point(course.now, course.spent);
        let (top, low) = (course.y(course.spent), course.y(course.spent + course.held));
        let who = row.each_value.as_deref().map(|who| format!(" of {who}")).unwrap_or_default();
        let date = |at: i64| Timestamp(at).date();
        Some(Self {
            title: format!("{}{who}", row.name),
            words: words(&row.figures, pace, days_left(course.now, course.end)),
            left: left.join(" "),
            even: format!(
                "{} {}",
                course.point(course.start, 0),
                course.point(course.end, course.limit)
            ),
            ahead: ahead.map(|to| format!("{from} {to}")),
            held: (course.x(course.now).min(WIDTH - 4), top, low - top),
            most: row.figures.words(&row.figures.limit),
            from: date(course.start),
            to: date(course.end),
        })
    }
}

/// What becomes of a limit, in a few words for a table.
pub(crate) fn outlook(row: &BudgetRow, now: Timestamp) -> &'static str {
    match Course::of(&row.figures, now).map(Course::pace) {
        None => "–",
        Some(Pace::Early) => "too early to tell",
        Some(Pace::Empty) => "nothing is left",
        Some(Pace::Lasts) => "lasts",
        Some(Pace::Ends(_)) => "runs out before",
    }
}

/// Whole days until a limit begins anew; `None` where it never does.
pub(crate) fn left(figures: &Figures, now: Timestamp) -> Option<i64> {
    let end = Timestamp::parse_rfc3339(figures.window_end.as_deref()?)?;
    Some(days_left(now.0, end.0))
}

fn days_left(now: i64, end: i64) -> i64 {
    (end - now).max(0) / DAY_MS
}

fn words(figures: &Figures, pace: Pace, days: i64) -> String {
    let amount = |text: &str| figures.words(text);
    let held = match figures.held.as_str() {
        "0" => String::new(),
        held => format!(", {} is held", amount(held)),
    };
    let pace = match pace {
        Pace::Early => "it is too early to tell where that leads".to_owned(),
        Pace::Empty => "nothing is left".to_owned(),
        Pace::Lasts => "at this pace it lasts".to_owned(),
        Pace::Ends(at) => format!("at this pace it is used up on {}", at.date()),
    };
    let days = match days {
        0 => "less than a day".to_owned(),
        1 => "a day".to_owned(),
        days => format!("{days} days"),
    };
    format!(
        "{} of {} is spent{held}; {days} before it begins anew; {pace}.",
        amount(&figures.spent),
        amount(&figures.limit)
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// 2026-11-01, and thirty days.
    const START: i64 = 1_793_491_200_000;
    const DOLLAR: i128 = 1_000_000_000_000;

    fn row(spent: &str, held: &str) -> BudgetRow {
        let time = |days: i64| Some(Timestamp(START + days * DAY_MS).to_string());
        BudgetRow {
            id: "1".to_owned(),
            name: "team research, month, usd".to_owned(),
            scope: BTreeMap::new(),
            each: None,
            each_value: None,
            window: "month".to_owned(),
            window_id: "1 0 ".to_owned(),
            zone: "UTC".to_owned(),
            on_limit: "refuse".to_owned(),
            figures: Figures {
                unit: "usd".to_owned(),
                limit: "100".to_owned(),
                spent: spent.to_owned(),
                held: held.to_owned(),
                remaining: "0".to_owned(),
                refused: 0,
                mode: "hard".to_owned(),
                window_start: time(0),
                window_end: time(30),
            },
        }
    }

    fn day(days: i64) -> Timestamp {
        Timestamp(START + days * DAY_MS)
    }

    #[test]
    fn a_limit_that_is_half_used_after_a_third_of_its_time_runs_out_before_it_begins_anew() {
        let burn = Burn::of(&row("50", "10"), &[], day(10)).unwrap();
        assert_eq!(burn.left, "0,18 106,65");
        assert_eq!(burn.even, "0,18 320,112");
        // A hundred dollars at five a day are twenty days.
        assert_eq!(burn.ahead.as_deref(), Some("106,65 213,112"));
        assert_eq!(burn.held, (106, 65, 9));
        assert!(burn.words.contains("$50.00 of $100.00 is spent, $10.00 is held; 20 days"));
        assert!(burn.words.contains("used up on 2026-11-21"), "{}", burn.words);
    }

    #[test]
    fn the_first_tenth_of_its_time_tells_nothing_and_a_slow_limit_lasts() {
        assert!(Burn::of(&row("1", "0"), &[], day(2)).unwrap().ahead.is_none());
        assert_eq!(outlook(&row("1", "0"), day(2)), "too early to tell");
        assert_eq!(outlook(&row("10", "0"), day(10)), "lasts");
        assert_eq!(outlook(&row("100", "0"), day(10)), "nothing is left");
        assert_eq!(outlook(&row("50", "0"), day(10)), "runs out before");
        assert_eq!(left(&row("1", "0").figures, day(2)), Some(28));
    }

    #[test]
    fn days_are_drawn_where_they_are_the_limits_own() {
        let days = [(day(1), Total(DOLLAR)), (day(2), Total(20 * DOLLAR))];
        let burn = Burn::of(&row("50", "0"), &days, day(10)).unwrap();
        assert_eq!(burn.left, "0,18 10,18 21,36 106,65");
        // More than the limit has counted: it was set later.
        let days = [(day(1), Total(60 * DOLLAR))];
        assert_eq!(Burn::of(&row("50", "0"), &days, day(10)).unwrap().left, "0,18 106,65");
    }
}
