//! Cutting a call that is running: a wish from outside, obeyed by the task that owns the upstream.

use tokio::sync::watch;

/// The end that wishes. Dropping it wishes nothing.
#[derive(Debug)]
pub struct Cutter(watch::Sender<Option<String>>);

/// The end that obeys.
#[derive(Debug, Clone)]
pub struct CutSignal(watch::Receiver<Option<String>>);

/// A cutter and its signal, for one call.
#[must_use]
pub fn cut_pair() -> (Cutter, CutSignal) {
    let (sender, receiver) = watch::channel(None);
    (Cutter(sender), CutSignal(receiver))
}

impl Cutter {
    /// Ends the call now; `reason` becomes its error code. The first reason stands.
    pub fn cut(&self, reason: &str) {
        self.0.send_if_modified(|wish| {
            let is_first = wish.is_none();
            wish.get_or_insert_with(|| reason.to_owned());
            is_first
        });
    }
}

impl CutSignal {
    /// The reason, once there is one; waits for ever when nobody can wish any more.
    pub(crate) async fn reason(&mut self) -> String {
        let wish = self.0.wait_for(Option::is_some).await.ok().and_then(|wish| wish.clone());
        match wish {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }
}
