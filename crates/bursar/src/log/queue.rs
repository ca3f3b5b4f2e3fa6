//! A log that nobody waits for: lines go to a thread of their own, and where its reader has stopped
//! reading, they are dropped and counted. A call is never held up by who watches it.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written, at most.
const LINES_MAX: usize = 4_096;
/// How long the end of the process waits for its last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Where lines are left.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    lines: SyncSender<Vec<u8>>,
    dropped: Arc<AtomicU64>,
}

/// Dropped at the end, it waits a moment for what is not written yet.
#[derive(Debug)]
pub(crate) struct Written {
    lines: SyncSender<Vec<u8>>,
    done: Receiver<()>,
}

impl Queue {
    /// Starts the thread that writes to stderr.
    pub(super) fn start() -> (Self, Written) {
        let (sender, lines) = sync_channel::<Vec<u8>>(LINES_MAX);
        let (done_in, done) = sync_channel(1);
        let dropped = Arc::new(AtomicU64::new(0));
        let queue = Self { lines: sender.clone(), dropped: Arc::clone(&dropped) };
        thread::spawn(move || {
            write(&lines, &dropped);
            drop(done_in);
        });
        (queue, Written { lines: sender, done })
    }
}

fn write(lines: &Receiver<Vec<u8>>, dropped: &AtomicU64) {
    // Nobody is left to tell when stderr is gone.
    while let Ok(line) = lines.recv() {
        if line.is_empty() {
            return;
        }
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(&line);
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(
                stderr,
                "{{\"level\":\"warn\",\"message\":\"lines dropped\",\"lines\":{lost}}}"
            );
        }
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // An empty line is the end.
        if self.lines.try_send(Vec::new()).is_ok() {
            let _ = self.done.recv_timeout(LAST_LINES);
        }
    }
}

impl Write for Queue {
    /// Takes one whole line, as it is formatted.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line.to_owned()) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
