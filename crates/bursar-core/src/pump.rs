//! The reply on its way from Bedrock to the caller: frame by frame, until it ends or is cut.
//!
//! A cut ends what the caller receives, with an exception in Bedrock's own wire. The upstream is then
//! read on to its usage, within bounds, or closed. How a call is judged by what came is `meter`'s.

use aws_smithy_types::body::SdkBody;
use bursar_domain::watch::{OnCut, Sight, Verdict};
use bursar_wire::border::Borders;
use bursar_wire::error::{ErrorCode, WireError};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep_until, timeout};

use crate::Bursar;
use crate::cut::Wish;
use crate::meter::Line;
use crate::running::TOTAL_TIME_LIMIT;

/// How a body stopped coming.
pub(crate) enum End {
    /// At its end.
    Finished,
    /// With its connection.
    Lost(String),
    /// It fell silent.
    Silent,
    /// It cannot be read any more.
    Broken(String),
    /// It is over our limit.
    TooLarge,
    /// We closed it.
    Closed(Wish),
}

/// Between the upstream and the caller.
pub(crate) struct Pump<'p, 'l, 'a> {
    bursar: &'p Bursar,
    line: &'l mut Line<'a>,
    /// Of a stream.
    borders: Option<Borders>,
    begun: Instant,
    /// Until when the upstream is read for its usage alone.
    drain_until: Option<Instant>,
}

impl<'p, 'l, 'a> Pump<'p, 'l, 'a> {
    pub(crate) fn new(bursar: &'p Bursar, line: &'l mut Line<'a>) -> Self {
        let borders = line.tap.is_stream().then(Borders::default);
        Self { bursar, line, borders, begun: Instant::now(), drain_until: None }
    }

    /// Passes the body on until it ends.
    pub(crate) async fn run(mut self, mut body: SdkBody) -> End {
        let end = loop {
            let (wake, patience) = (self.wake(), self.patience());
            let is_cut = self.line.tap.cut.is_some();
            let passed = tokio::select! {
                next = timeout(patience, body.frame()) => match next {
                    Err(_) => self.silence().await,
                    Ok(None) => Err(End::Finished),
                    Ok(Some(Err(error))) => Err(End::Lost(error.to_string())),
                    Ok(Some(Ok(frame))) => self.pass(frame.into_data().unwrap_or_default()).await,
                },
                wish = self.line.cut.wish(is_cut) => self.cut(wish).await,
                () = sleep_until(wake) => self.woken().await,
            };
            if let Err(end) = passed {
                break end;
            }
        };
        if let Some(borders) = &mut self.borders {
            // What never became a frame is the caller's all the same.
            let rest = borders.rest().freeze();
            drop(self.forward(rest).await);
        }
        end
    }

    /// When time is to be looked at: the call's own bound, the stream's limit, the drain's end.
    fn wake(&self) -> Instant {
        let limits = self.line.tap.watch.limits();
        let seconds = limits.seconds.filter(|_| self.is_watched());
        let watched = seconds.map(|seconds| self.begun + std::time::Duration::from_secs(seconds));
        let total = self.begun + self.bursar.limits.total;
        [watched, self.drain_until].into_iter().flatten().fold(total, Instant::min)
    }

    async fn woken(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if self.drain_until.is_some_and(|until| now >= until) {
            return Err(End::Closed(self.line.tap.cut_short()));
        }
        if self.is_watched() {
            let seen = Sight::Elapsed(now.duration_since(self.begun));
            let verdict = self.line.tap.watch.observe(seen);
            self.obey(verdict).await?;
        }
        if now < self.begun + self.bursar.limits.total {
            return Ok(());
        }
        let why = "the limit on a call's time is reached".to_owned();
        let wish = Wish { code: TOTAL_TIME_LIMIT.to_owned(), why, at_once: false };
        self.tell(&wish).await;
        self.line.tap.cut(wish.clone());
        Err(End::Closed(wish))
    }

    /// How long a silence is borne.
    fn patience(&self) -> std::time::Duration {
        let idle = self.line.tap.watch.limits().idle_seconds.filter(|_| self.is_watched());
        let idle = idle.map(std::time::Duration::from_secs);
        idle.map_or(self.bursar.limits.idle, |idle| idle.min(self.bursar.limits.idle))
    }

    async fn silence(&mut self) -> Result<(), End> {
        if !self.is_watched() {
            return Err(End::Silent);
        }
        let verdict = self.line.tap.watch.observe(Sight::Idle(self.patience()));
        if verdict == Verdict::Go {
            return Err(End::Silent);
        }
        self.obey(verdict).await
    }

    /// Counts the next bytes and hands on those that the caller may have.
    async fn pass(&mut self, bytes: Bytes) -> Result<(), End> {
        let Some(borders) = &mut self.borders else {
            if self.line.tap.buffered() + bytes.len() > self.bursar.limits.reply_bytes_max {
                return Err(End::TooLarge);
            }
            // A plain body is only read when it is whole.
            drop(self.line.tap.observe(&bytes));
            return self.forward(bytes).await;
        };
        borders.push(&bytes);
        loop {
            let (allowed, verdict) = self.count();
            self.forward(allowed).await?;
            match verdict {
                Ok(Verdict::Cut(reason)) => self.obey(Verdict::Cut(reason)).await?,
                Ok(_) => break,
                Err(broken) => return Err(End::Broken(broken)),
            }
        }
        if self.drain_until.is_some() && self.line.tap.is_over_hold() {
            return Err(End::Closed(self.line.tap.cut_short()));
        }
        Ok(())
    }

    /// Counts the frames that have come whole, up to one that is too much: those before it.
    fn count(&mut self) -> (Bytes, Result<Verdict, String>) {
        let (borders, tap) = (self.borders.get_or_insert_default(), &mut self.line.tap);
        let mut allowed = BytesMut::new();
        while let Some(frame) = borders.next() {
            match tap.observe(&frame) {
                Ok(Verdict::Cut(reason)) if tap.cut.is_none() => {
                    return (allowed.freeze(), Ok(Verdict::Cut(reason)));
                }
                Ok(_) => allowed.unsplit(frame),
                Err(broken) => {
                    allowed.unsplit(frame);
                    allowed.unsplit(borders.rest());
                    return (allowed.freeze(), Err(broken.to_string()));
                }
            }
        }
        (allowed.freeze(), Ok(Verdict::Go))
    }

    /// A caller that does not read for too long is taken for gone. Then the reply is read for its
    /// usage alone, or closed.
    async fn forward(&mut self, bytes: Bytes) -> Result<(), End> {
        let line = &mut *self.line;
        if line.tap.client_gone || line.tap.cut.is_some() || bytes.is_empty() {
            return Ok(());
        }
        let taken = timeout(self.bursar.limits.slow_caller, line.sink.forward(bytes)).await;
        line.tap.client_gone = !matches!(taken, Ok(true));
        if line.tap.client_gone { self.drain() } else { Ok(()) }
    }

    async fn obey(&mut self, verdict: Verdict) -> Result<(), End> {
        match verdict {
            Verdict::Cut(reason) => {
                let (code, why) = (reason.code().to_owned(), reason.to_string());
                self.cut(Wish { code, why, at_once: false }).await
            }
            Verdict::Go | Verdict::Alarm(_) => Ok(()),
        }
    }

    /// Ends what the caller receives.
    async fn cut(&mut self, wish: Wish) -> Result<(), End> {
        if wish.at_once {
            return Err(End::Closed(wish));
        }
        self.tell(&wish).await;
        self.line.tap.cut(wish);
        self.drain()
    }

    /// Tells a stream's caller why it ends, so that no client takes it for the end of the answer.
    async fn tell(&mut self, wish: &Wish) {
        let message = format!("{}; call {}", wish.why, self.line.tap.id());
        let error = WireError::new(ErrorCode::ModelStreamError, message);
        if let (Some(_), Ok(frame)) = (&self.borders, error.frame().encode()) {
            drop(self.forward(frame).await);
        }
        self.line.sink.end();
    }

    /// From here on the upstream is read for its usage alone, or not at all.
    fn drain(&mut self) -> Result<(), End> {
        if self.line.tap.watch.limits().on_cut == OnCut::Drop {
            return Err(End::Closed(self.line.tap.cut_short()));
        }
        let until = Instant::now() + self.bursar.limits.drain;
        self.drain_until.get_or_insert(until);
        Ok(())
    }

    /// Whether the limits of streams count: for streams, until they are cut.
    fn is_watched(&self) -> bool {
        self.borders.is_some() && self.line.tap.cut.is_none()
    }
}

#[cfg(test)]
mod tests;
