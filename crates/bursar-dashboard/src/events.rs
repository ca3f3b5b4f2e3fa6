//! A page that is kept fresh: the part of it that changes, as server-sent events, each made as the page
//! itself is made. Who asks for it asks at the page's own path, and is scoped in the same place.
//!
//! Bounded: streams of a session and in all, how long one lives, and its share of a core. No stream
//! outlives the session that it is of, and none keeps a session alive.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::header::{ACCEPT, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use bursar_admin::View;
use bursar_domain::time::Timestamp;
use bursar_ledger::Secret;
use futures_util::stream;

use crate::filters::Filters;
use crate::frame;
use crate::pages::{Page, Visit};
use crate::people::Seat;
use crate::problem::Problem;
use crate::site::Mounted;

const KIND: &str = "text/event-stream";
/// Checkpoints of streams come about once a second; nobody reads faster than this.
const TICK: Duration = Duration::from_secs(2);
/// For each moment of work a stream rests so many: it takes a twentieth of a core at most.
const RESTS: u32 = 19;
/// A browser asks again by itself, so that no connection is for ever.
const LIFE_MS: i64 = 10 * 60_000;
/// When it does, in milliseconds.
const RETRY_MS: u32 = 3_000;
/// Browsers open six connections to a host: some are left for the pages.
pub(crate) const OF_SESSION_MAX: usize = 4;
/// A quarter of the listener's connections.
pub(crate) const IN_ALL_MAX: usize = 64;

/// How many streams each session has open.
#[derive(Debug, Default, Clone)]
pub(crate) struct Watchers(Arc<Mutex<BTreeMap<String, usize>>>);

/// An open stream's place among them, which it gives back.
#[derive(Debug)]
struct Place {
    watchers: Watchers,
    session: String,
}

impl Watchers {
    fn enter(&self, session: &str) -> Result<Place, Problem> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let many = |message: String| {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "usage", message)
                .hint("close a page that keeps itself fresh, or load this one again by hand")
        };
        if open.values().sum::<usize>() >= IN_ALL_MAX {
            return Err(many(format!("{IN_ALL_MAX} pages are kept fresh already")));
        }
        let own = open.entry(session.to_owned()).or_insert(0);
        if *own >= OF_SESSION_MAX {
            return Err(many(format!("you have {OF_SESSION_MAX} pages kept fresh already")));
        }
        *own += 1;
        Ok(Place { watchers: self.clone(), session: session.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.watchers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.session) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.session);
            }
        }
    }
}

/// Whether a browser asks for events, and not for the page.
pub(crate) fn are_wanted(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(ACCEPT).and_then(|kinds| kinds.to_str().ok());
    request.method() == Method::GET && accepted.is_some_and(|kinds| kinds.trim() == KIND)
}

/// Answers who follows a page.
///
/// # Errors
/// The page is not kept fresh, too many are, or the page has a problem.
pub(crate) async fn follow(
    mounted: &Mounted,
    (seat, page): (&Seat, &'static Page),
    visit: Visit,
) -> Result<HttpResponse, Problem> {
    let place = mounted.site.watchers.enter(&seat.form_token)?;
    let mut feed = Feed {
        mounted: mounted.clone(),
        token: seat.token.clone(),
        page,
        filters: visit.filters,
        part: visit.part,
        until: Timestamp(mounted.site.desk().admin.clock.now().0 + LIFE_MS),
        sent: String::new(),
        is_away: false,
        rest: TICK,
        _place: place,
    };
    // The first one is made at once: what is wrong with the page is said as for the page.
    let first = feed.look().await?.unwrap_or_default();
    let hello = format!("retry: {RETRY_MS}\n{}", event("message", &first));
    feed.sent = first;
    let first = stream::once(async { Ok::<_, Infallible>(Bytes::from(hello)) });
    let rest = stream::unfold(feed, Feed::next);
    Ok(frame::kept_by_nobody(StatusCode::OK)
        .content_type(KIND)
        // A proxy that gathers a page before it hands it on would gather for ever.
        .insert_header(("x-accel-buffering", "no"))
        .insert_header((RETRY_AFTER, RETRY_MS / 1_000))
        .streaming(futures_util::StreamExt::chain(first, rest)))
}

/// One open stream.
struct Feed {
    mounted: Mounted,
    token: Secret,
    page: &'static Page,
    filters: Filters,
    part: Option<String>,
    /// When it ends.
    until: Timestamp,
    /// What was sent last.
    sent: String,
    /// Whether the last look failed.
    is_away: bool,
    rest: Duration,
    _place: Place,
}

impl Feed {
    /// The next event; none at the end of the session, of the stream's life, or of the server.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        tokio::select! {
            _ = self.mounted.ending.wait_for(|is_ending| *is_ending) => return None,
            () = tokio::time::sleep(self.rest) => {}
        }
        let clock = self.mounted.site.desk().admin.clock;
        let begun = clock.now();
        if begun >= self.until {
            return None;
        }
        let text = match self.look().await {
            Ok(live) => self.told(live?),
            Err(problem) => {
                self.is_away = true;
                event("away", &problem.text())
            }
        };
        let took = u64::try_from(clock.now().0 - begun.0).unwrap_or(0);
        self.rest = TICK.max(Duration::from_millis(took) * RESTS);
        Some((Ok(Bytes::from(text)), self))
    }

    /// What to send of what was seen. A comment, where nothing is new: it finds out who has gone.
    fn told(&mut self, live: String) -> String {
        let back =
            if std::mem::take(&mut self.is_away) { event("back", "") } else { String::new() };
        if live == self.sent {
            return format!("{back}:\n\n");
        }
        self.sent = live;
        format!("{back}{}", event("message", &self.sent))
    }

    /// The part of the page that changes, as it is now; `None` for who may not see it any more.
    async fn look(&self) -> Result<Option<String>, Problem> {
        let (mounted, desk) = (&self.mounted, self.mounted.site.desk());
        let seat = mounted.run(Seat::watching(desk.clone(), self.token.clone())).await??;
        let may_see = |seat: &Seat| self.page.roles.contains(&seat.viewer.role);
        let Some(seat) = seat.filter(may_see) else { return Ok(None) };
        let view = View::new(&desk, seat.viewer);
        let visit = Visit { view, filters: self.filters.clone(), part: self.part.clone() };
        let content = mounted.run((self.page.show)(visit)).await??;
        let live = content.live().ok_or_else(|| {
            Problem::new(StatusCode::NOT_ACCEPTABLE, "usage", "this page is not kept fresh")
                .hint("load it again by hand")
        })?;
        frame::live(live).map(Some)
    }
}

/// One event: its name, and what it says, line by line.
fn event(name: &str, text: &str) -> String {
    let mut lines = format!("event: {name}\n");
    for line in text.split('\n') {
        lines.push_str("data: ");
        lines.push_str(line.trim_end_matches('\r'));
        lines.push('\n');
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_what_is_sent_can_be_taken_for_another_event() {
        let text = "<p>a</p>\nevent: evil\r\ndata: x";
        let lines = event("message", text);
        assert_eq!(lines, "event: message\ndata: <p>a</p>\ndata: event: evil\ndata: data: x\n\n");
    }

    #[test]
    fn places_are_few_for_a_session_and_in_all_and_are_given_back() {
        let watchers = Watchers::default();
        let mut places: Vec<Place> =
            (0..OF_SESSION_MAX).map(|_| watchers.enter("a").unwrap()).collect();
        assert_eq!(watchers.enter("a").unwrap_err().status, StatusCode::TOO_MANY_REQUESTS);
        for number in OF_SESSION_MAX..IN_ALL_MAX {
            places.push(watchers.enter(&format!("session {number}")).unwrap());
        }
        assert!(watchers.enter("z").unwrap_err().message.contains("64 pages"));
        places.clear();
        assert!(watchers.0.lock().unwrap().is_empty());
        watchers.enter("a").unwrap();
    }
}
