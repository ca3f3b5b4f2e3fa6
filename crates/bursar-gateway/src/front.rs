//! What all requests share.

use bursar_core::Bursar;
use tokio::sync::Semaphore;

use crate::settings::Settings;

/// The front doors' common ground.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) bursar: Bursar,
    pub(crate) settings: Settings,
    /// Room for bodies in memory, in KiB.
    pub(crate) bodies: Semaphore,
}

impl Front {
    pub(crate) fn new(bursar: Bursar, settings: Settings) -> Self {
        let bodies = Semaphore::new((settings.bodies_bytes_max >> 10).max(1));
        Self { bursar, settings, bodies }
    }
}
