//! A process that serves: when it is told to stop or to read its configuration again, and how many
//! files it may have open.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::reload::Reloading;

/// Listens for Ctrl-C and SIGTERM from now on, so that whoever has been told that the process is
/// there can stop it; returns what ends once one has come.
#[cfg(unix)]
pub(crate) fn told() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
pub(crate) async fn told() {
    drop(tokio::signal::ctrl_c().await);
}

/// Reads the configuration again at each SIGHUP, from now on until what it gives is dropped.
#[cfg(unix)]
pub(crate) fn at_hangup(reloading: Arc<Reloading>) -> JoinSet<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut listening = JoinSet::new();
    match signal(SignalKind::hangup()) {
        Ok(mut hangup) => drop(listening.spawn(async move {
            while hangup.recv().await.is_some() {
                // It has logged what is wrong.
                drop(reloading.again());
            }
        })),
        Err(error) => tracing::warn!("SIGHUP is not listened for: {error}"),
    }
    listening
}

#[cfg(not(unix))]
pub(crate) fn at_hangup(_: Arc<Reloading>) -> JoinSet<()> {
    JoinSet::new()
}

/// Lets this process open as many files as the system allows it: each stream takes two.
#[cfg(unix)]
pub(crate) fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!("cannot raise the limit on open files, {:?}: {error}", limit.current);
    }
}

#[cfg(not(unix))]
pub(crate) fn raise_file_limit() {}
