//! What a page is about, as its URL says: a range of time, whose clocks, and what else is picked. Read
//! here and nowhere else; what makes no sense is refused by its name.

use std::collections::BTreeMap;

use bursar_domain::span::Zone;
use bursar_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::form::Form;
use crate::problem::Problem;

/// What every page takes.
const OWN: [&str; 6] = ["range", "since", "until", "zone", "format", "sheet"];
/// The longest value, in bytes.
const VALUE_BYTES_MAX: usize = 512;
/// By hours at most so many: beyond, days are read.
const HOURS_MAX: i64 = 31 * 24;
/// At most so many days.
const DAYS_MAX: i64 = 5 * 366;
/// More points than this are no picture: beyond, a chart takes several as one.
const POINTS_MAX: i64 = 100;
/// What a chart may take as one.
const STEPS: [(i64, &str); 5] = [
    (HOUR_MS, "by the hour"),
    (6 * HOUR_MS, "by six hours"),
    (DAY_MS, "by the day"),
    (7 * DAY_MS, "by the week"),
    (28 * DAY_MS, "by four weeks"),
];
/// The ranges there are, and what they are called.
pub(crate) const RANGES: [(&str, &str); 7] = [
    ("1h", "last hour"),
    ("24h", "last 24 hours"),
    ("7d", "last 7 days"),
    ("30d", "last 30 days"),
    ("90d", "last 90 days"),
    ("365d", "last 365 days"),
    ("month", "month to date"),
];
const USUAL: &str = "30d";

/// A range of time, in whole hours or whole UTC days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Period {
    /// `30d`, `month` …; `custom` where its ends were said.
    pub(crate) word: String,
    pub(crate) since: Timestamp,
    /// Exclusive.
    pub(crate) until: Timestamp,
    /// Whether it is shown by the hour, and not by the day.
    pub(crate) is_hourly: bool,
}

/// What a page is about.
#[derive(Debug, Clone)]
pub(crate) struct Filters {
    pub(crate) period: Period,
    pub(crate) zone: Zone,
    /// Whether a table is asked for as CSV, and which; the first where none is named.
    pub(crate) csv: Option<String>,
    picks: BTreeMap<String, String>,
}

impl Filters {
    /// Reads a query. `known` are the names that this page picks by.
    ///
    /// # Errors
    /// A name or a value that means nothing here.
    pub(crate) fn parse(query: &str, known: &[&str], now: Timestamp) -> Result<Self, Problem> {
        let mut fields = Form::parse(query)?.into_fields();
        fields.retain(|_, value| !value.is_empty());
        for (name, value) in &fields {
            if !OWN.contains(&name.as_str()) && !known.contains(&name.as_str()) {
                let all: Vec<&str> = OWN.iter().chain(known).copied().collect();
                return Err(Problem::usage(format!("`{}` is no filter of this page", shown(name)))
                    .hint(format!("there are `{}`", all.join("`, `"))));
            }
            if value.len() > VALUE_BYTES_MAX || value.chars().any(char::is_control) {
                return Err(Problem::usage(format!("`{name}` is `{}`", shown(value)))
                    .hint(format!("write a text of at most {VALUE_BYTES_MAX} bytes")));
            }
        }
        let mut take = |name: &str| fields.remove(name);
        let period = Period::parse(take("range"), (take("since"), take("until")), now)?;
        let zone = take("zone").map_or(Ok(Zone::UTC), |name| {
            Zone::parse(&name).ok_or_else(|| {
                Problem::usage(format!("`{}` is no time zone", shown(&name)))
                    .hint("write one of the IANA database: `Europe/Berlin`, `UTC`")
            })
        })?;
        let (format, sheet) = (take("format"), take("sheet"));
        let csv = match format.as_deref() {
            None => None,
            Some("csv") => Some(sheet.unwrap_or_default()),
            Some(other) => {
                return Err(Problem::usage(format!("`{}` is no format", shown(other)))
                    .hint("write `csv`, or leave it out"));
            }
        };
        Ok(Self { period, zone, csv, picks: fields })
    }

    /// What was picked by a name.
    pub(crate) fn pick(&self, name: &str) -> Option<&str> {
        self.picks.get(name).map(String::as_str)
    }

    /// The same, which has to be one of these.
    ///
    /// # Errors
    /// It is none of them.
    pub(crate) fn choice<'c>(
        &self,
        name: &str,
        choices: &[&'c str],
        usual: &'c str,
    ) -> Result<&'c str, Problem> {
        let Some(picked) = self.pick(name) else { return Ok(usual) };
        choices.iter().copied().find(|choice| *choice == picked).ok_or_else(|| {
            Problem::usage(format!("`{}` is no {name}", shown(picked)))
                .hint(format!("write `{}`", choices.join("`, `")))
        })
    }

    /// The query of another page about the same, with some picks set or taken away.
    pub(crate) fn query(&self, changes: &[(&str, Option<&str>)]) -> String {
        let mut fields: BTreeMap<&str, String> = BTreeMap::new();
        if self.period.word == CUSTOM {
            fields.insert("since", self.period.since.to_string());
            fields.insert("until", self.period.until.to_string());
        } else if self.period.word != USUAL {
            fields.insert("range", self.period.word.clone());
        }
        if self.zone != Zone::UTC {
            fields.insert("zone", self.zone.name().to_owned());
        }
        let picks = self.picks.iter();
        fields.extend(picks.map(|(name, value)| (name.as_str(), value.clone())));
        for (name, value) in changes {
            match value {
                Some(value) => fields.insert(name, (*value).to_owned()),
                None => fields.remove(name),
            };
        }
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// A link to a page with that query.
    pub(crate) fn link(&self, path: &str, changes: &[(&str, Option<&str>)]) -> String {
        let query = self.query(changes);
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// A link to a page about the same in another range, from its first page on.
    pub(crate) fn ranging(&self, path: &str, word: &str) -> String {
        let ends = [("since", None), ("until", None), ("after", None)];
        let range = [("range", Some(word))];
        let changes: Vec<_> = range.into_iter().chain(ends).collect();
        self.link(path, &changes)
    }

    /// A link to one of a page's tables as CSV.
    pub(crate) fn csv(&self, path: &str, word: &str) -> String {
        self.link(path, &[("format", Some("csv")), ("sheet", Some(word))])
    }

    /// Whether the page is about what it is about where nothing is picked.
    pub(crate) fn is_usual(&self) -> bool {
        self.query(&[]).is_empty()
    }

    /// The same, where only the time goes along.
    pub(crate) fn fresh_link(&self, path: &str, picks: &[(&str, Option<&str>)]) -> String {
        Self { picks: BTreeMap::new(), ..self.clone() }.link(path, picks)
    }
}

const CUSTOM: &str = "custom";

impl Period {
    fn parse(
        word: Option<String>,
        (since, until): (Option<String>, Option<String>),
        now: Timestamp,
    ) -> Result<Self, Problem> {
        match (word, since, until) {
            (word, None, None) => Self::named(word.as_deref().unwrap_or(USUAL), now),
            (word, Some(since), until) if word.as_deref().is_none_or(|word| word == CUSTOM) => {
                let until =
                    until.as_deref().map_or(Ok(next_day(now)), |text| time("until", text))?;
                Self::custom(time("since", &since)?, until)
            }
            (None, None, Some(_)) => {
                Err(Problem::usage("`until` was said, and `since` was not").hint("say both"))
            }
            _ => Err(Problem::usage("both a range and its ends were said").hint("leave one away")),
        }
    }

    fn named(word: &str, now: Timestamp) -> Result<Self, Problem> {
        let next_hour = Timestamp(now.hour().0 + HOUR_MS);
        let hours = |count: i64| (Timestamp(next_hour.0 - count * HOUR_MS), next_hour, true);
        let days = |count: i64| (Timestamp(next_day(now).0 - count * DAY_MS), next_day(now), false);
        let (since, until, is_hourly) = match word {
            // The hour that runs, and the one before.
            "1h" => hours(2),
            "24h" => hours(24),
            "7d" => days(7),
            "30d" => days(30),
            "90d" => days(90),
            "365d" => days(365),
            "month" => {
                let (start, _) = bursar_domain::span::Span::Month.window(now, Zone::UTC);
                (start, next_day(now), false)
            }
            other => {
                let words: Vec<&str> = RANGES.iter().map(|(word, _)| *word).collect();
                return Err(Problem::usage(format!("`{}` is no range", shown(other)))
                    .hint(format!("write `{}`, or `since` and `until`", words.join("`, `"))));
            }
        };
        Ok(Self { word: word.to_owned(), since, until, is_hourly })
    }

    fn custom(since: Timestamp, until: Timestamp) -> Result<Self, Problem> {
        if since >= until {
            return Err(Problem::usage(format!("the range ends at {until}, before it begins"))
                .hint("`since` is its first instant, `until` the first one behind it"));
        }
        let is_whole = since == since.day() && until == until.day();
        let (since, end) = (since.hour(), until.hour());
        let until = if end == until { end } else { Timestamp(end.0 + HOUR_MS) };
        if !is_whole && until.0 - since.0 > HOURS_MAX * HOUR_MS {
            return Err(Problem::usage("a range of more than 31 days is of whole UTC days")
                .hint("write dates: `since=2026-10-01&until=2026-11-01`"));
        }
        if until.0 - since.0 > DAYS_MAX * DAY_MS {
            return Err(Problem::usage("the range is longer than five years").hint("ask for less"));
        }
        Ok(Self { word: CUSTOM.to_owned(), since, until, is_hourly: !is_whole })
    }

    /// As much time, just before.
    pub(crate) fn previous(&self) -> Self {
        let since = Timestamp(self.since.0 - (self.until.0 - self.since.0));
        Self { word: CUSTOM.to_owned(), since, until: self.since, is_hourly: self.is_hourly }
    }

    /// The first instants of what a chart shows as one: hours or days, or several where there are more
    /// of them than are told apart. The first may be shorter than the others.
    pub(crate) fn points(&self) -> Vec<Timestamp> {
        let (step, _) = self.step();
        let count = (self.until.0 - self.since.0 + step - 1) / step;
        let at =
            |number: i64| Timestamp((self.until.0 - (count - number) * step).max(self.since.0));
        (0..count).map(at).collect()
    }

    /// Which of the points an instant belongs to; the first one begins before the period where that
    /// is no multiple of it.
    pub(crate) fn place(&self, at: Timestamp) -> Option<usize> {
        let (step, _) = self.step();
        let count = (self.until.0 - self.since.0 + step - 1) / step;
        let place = count - 1 - (self.until.0 - 1 - at.0) / step;
        usize::try_from(place).ok().filter(|_| at < self.until)
    }

    /// How long a point of a chart is, in milliseconds.
    pub(crate) fn step_ms(&self) -> i64 {
        self.step().0
    }

    /// What a point of a chart is: `by the day`.
    pub(crate) fn grain(&self) -> &'static str {
        self.step().1
    }

    fn step(&self) -> (i64, &'static str) {
        let fits = |(step, _): &(i64, &str)| {
            let is_whole = self.is_hourly || step % DAY_MS == 0;
            is_whole && (self.until.0 - self.since.0) / step <= POINTS_MAX
        };
        STEPS.into_iter().find(fits).unwrap_or(STEPS[STEPS.len() - 1])
    }

    /// In words: which, from when to when, and on whose clocks.
    pub(crate) fn words(&self) -> String {
        let Self { since, until, .. } = self;
        if self.is_hourly {
            return format!("from {} to {} UTC, by the hour", minute(*since), minute(*until));
        }
        let last = Timestamp(until.0 - DAY_MS);
        format!("from {} to {}, in whole UTC days", since.date(), last.date())
    }
}

fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..16).unwrap_or(&text).replace('T', " ")
}

fn next_day(now: Timestamp) -> Timestamp {
    Timestamp(now.day().0 + DAY_MS)
}

fn time(name: &str, text: &str) -> Result<Timestamp, Problem> {
    let read = Timestamp::parse_rfc3339(text).or_else(|| Timestamp::parse_date(text));
    let is_near = |at: &Timestamp| {
        let date = at.date();
        date.len() == 10 && ("1990-01-01".."2200-01-01").contains(&date.as_str())
    };
    read.filter(is_near).ok_or_else(|| {
        Problem::usage(format!("`{name}` is `{}`, which is no time to look at", shown(text)))
            .hint("write `2026-11-01`, or `2026-11-01T08:00:00Z`")
    })
}

/// A value as it stands in a URL.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A foreign text as a message shows it.
pub(crate) fn shown(text: &str) -> String {
    text.escape_debug().take(60).collect()
}

#[cfg(test)]
mod tests;
