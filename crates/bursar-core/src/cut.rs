//! Cutting a call that is running: a wish from outside, obeyed by the task that owns the upstream.

use std::sync::Arc;

use tokio::sync::watch;

/// The end that wishes. Dropping it wishes nothing.
#[derive(Debug, Clone)]
pub struct Cutter(Arc<watch::Sender<Option<Wish>>>);

/// The end that obeys.
#[derive(Debug, Clone)]
pub struct CutSignal {
    wish: watch::Receiver<Option<Wish>>,
    cutter: Cutter,
}

/// That a call ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The error code that the call's row gets.
    pub(crate) code: String,
    /// Who wants it and why, for people.
    pub(crate) why: String,
    /// Whether nobody waits for the answer any more: nothing is drained then, and nobody is told.
    pub(crate) at_once: bool,
}

/// A cutter and its signal, for one call.
#[must_use]
pub fn cut_pair() -> (Cutter, CutSignal) {
    let (sender, wish) = watch::channel(None);
    let cutter = Cutter(Arc::new(sender));
    (cutter.clone(), CutSignal { wish, cutter })
}

impl Cutter {
    /// Ends the call now, as the one who reads its answer; `reason` becomes its error code. The
    /// first reason stands.
    pub fn cut(&self, reason: &str) {
        let why = "cut while the answer came".to_owned();
        self.wish(Wish { code: reason.to_owned(), why, at_once: true });
    }

    /// The first wish stands, but for one that does not wait.
    pub(crate) fn wish(&self, wish: Wish) {
        self.0.send_if_modified(|known| {
            let is_news = known.as_ref().is_none_or(|known| wish.at_once && !known.at_once);
            if is_news {
                *known = Some(wish);
            }
            is_news
        });
    }
}

impl CutSignal {
    /// The end that wishes for this one.
    pub(crate) fn cutter(&self) -> Cutter {
        self.cutter.clone()
    }

    /// The wish, once there is one; with `at_once`, only one that does not wait.
    pub(crate) async fn wish(&mut self, at_once: bool) -> Wish {
        let is_meant =
            |wish: &Option<Wish>| wish.as_ref().is_some_and(|wish| wish.at_once || !at_once);
        let wish = self.wish.wait_for(is_meant).await.ok().and_then(|wish| wish.clone());
        match wish {
            Some(wish) => wish,
            None => std::future::pending().await,
        }
    }
}
