//! A file that is written while it is sent: one piece waits at a time, so that a slow reader slows
//! the reading of the ledger and nothing piles up. A file that fails ends as a broken download, never
//! as a shorter one.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use crate::frame;
use crate::pages::Making;
use crate::problem::Problem;
use crate::site::{Mounted, failed};

/// So many files are written at once.
pub(crate) const FILES_MAX: usize = 4;
/// Who takes no piece for so long is taken for gone.
const READER_WAIT: Duration = Duration::from_mins(1);

type Piece = Result<Bytes, Problem>;

/// Where pieces of a file go.
#[derive(Debug, Clone)]
pub(crate) struct Pipe(mpsc::Sender<Piece>);

impl Pipe {
    /// Sends a piece, as soon as the one before was taken.
    ///
    /// # Errors
    /// Nobody reads any more.
    pub(crate) async fn send(&self, text: String) -> Result<(), Problem> {
        let sent = timeout(READER_WAIT, self.0.send(Ok(Bytes::from(text)))).await;
        sent.map_err(drop).and_then(|sent| sent.map_err(drop)).map_err(|()| {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "failed", "nobody reads the file any more")
        })
    }
}

/// A file that is written as it is sent. What fails before its first piece is a page that says so.
pub(crate) async fn file(
    mounted: &Mounted,
    name: &str,
    write: impl FnOnce(Pipe) -> Making<()>,
) -> Result<HttpResponse, Problem> {
    let busy = |_| {
        let message = format!("{FILES_MAX} files are being written, which is as many as may be");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message)
            .hint("wait until one of them is done, and load this again")
    };
    let place = Semaphore::try_acquire_owned(Arc::clone(&mounted.files)).map_err(busy)?;
    let (sender, mut pieces) = mpsc::channel::<Piece>(1);
    let writing = write(Pipe(sender.clone()));
    mounted.runtime.spawn(async move {
        if let Err(problem) = writing.await {
            // Where nobody reads any more, nobody hears of it.
            drop(sender.send(Err(problem)).await);
        }
        drop(place);
    });
    let first = pieces.recv().await.ok_or_else(failed)??;
    let rest = stream::unfold(pieces, async |mut pieces| Some((pieces.recv().await?, pieces)));
    let broken = |piece: Piece| {
        piece.map_err(|problem| actix_web::error::ErrorInternalServerError(problem.text()))
    };
    Ok(frame::kept_by_nobody(StatusCode::OK)
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(stream::iter([Ok(first)]).chain(rest.map(broken))))
}
