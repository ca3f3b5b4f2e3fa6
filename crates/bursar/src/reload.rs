//! A gateway that reads its configuration again, at SIGHUP or when the admin API is asked to. What is
//! wrong changes nothing, and says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bursar_admin::{Desk, Reload, Reloaded};
use bursar_core::{Bursar, Limits, Pricing};
use bursar_gateway::{Lobby, Terms};
use tokio::sync::watch;

use crate::failure::Failure;
use crate::log::Level;
use crate::settings::Settings;
use crate::wiring;

/// What a gateway goes by, and what it was started with.
pub(crate) struct Reloading {
    /// What needs a restart is compared with these.
    started_with: Settings,
    lobby: Lobby,
    log: Level,
    desk: watch::Sender<Desk>,
    /// One at a time, so that who reads last is what counts.
    turn: Mutex<()>,
    is_good: AtomicBool,
}

impl Reloading {
    /// Of a gateway that goes by these settings.
    pub(crate) fn new(
        started_with: Settings,
        (lobby, log): (Lobby, Level),
        desk: Desk,
    ) -> Arc<Self> {
        let (desk, turn) = (watch::Sender::new(desk), Mutex::default());
        let is_good = AtomicBool::new(true);
        let reloading = Arc::new(Self { started_with, lobby, log, desk, turn, is_good });
        // What the desk knows must not keep the desk.
        let weak = Arc::downgrade(&reloading);
        let reload = Reload::new(move || match weak.upgrade() {
            Some(reloading) => reloading.again().map_err(|failure| told(&failure)),
            None => Err("this process stops".to_owned()),
        });
        reloading.desk.send_modify(|desk| desk.reload = Some(reload));
        reloading
    }

    /// What words can stand for, as it changes.
    pub(crate) fn desk(&self) -> watch::Receiver<Desk> {
        self.desk.subscribe()
    }

    /// Whether what was read last is what counts.
    pub(crate) fn is_good(&self) -> bool {
        self.is_good.load(Ordering::Relaxed)
    }

    /// Reads it all again, and goes by it from the next request on.
    pub(crate) fn again(&self) -> Result<Reloaded, Failure> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let read = self.started_with.load_again();
        self.is_good.store(read.is_ok(), Ordering::Relaxed);
        let settings = read.inspect_err(|failure| {
            tracing::error!("the configuration stays as it was: {}", failure.message);
        })?;
        self.log.set(settings.log_level);
        self.lobby.change(terms(&settings, &self.started_with));
        self.desk.send_modify(|desk| {
            (desk.prices, desk.names) = (settings.prices.clone(), settings.names.clone());
            desk.quotas.clone_from(&settings.quotas);
        });
        let needs_restart = self.started_with.needs_restart(&settings);
        let file = settings.file.map(|file| file.display().to_string());
        tracing::info!(file, needs_restart = needs_restart.join(", "), "configuration read again");
        Ok(Reloaded { file, needs_restart })
    }
}

/// How a gateway makes calls: each once, since every client tries again by itself, and together they
/// would multiply; each with its labels.
pub(crate) fn as_gateway(bursar: &mut Bursar) {
    bursar.labels = true;
    bursar.limits.attempts_max = 1;
}

/// What counts from now on; calls still go where they went.
fn terms(settings: &Settings, started_with: &Settings) -> Terms {
    let region = started_with.region.clone();
    Terms {
        pricing: Pricing { region, ..wiring::pricing(settings) },
        limits: Limits { attempts_max: 1, ..settings.limits.clone() },
        names: settings.names.clone(),
        fallbacks: settings.fallbacks.clone(),
    }
}

fn told(failure: &Failure) -> String {
    let hints = failure.hints.iter().map(|hint| format!("\nhint: {hint}"));
    std::iter::once(failure.message.clone()).chain(hints.take(1)).collect()
}
