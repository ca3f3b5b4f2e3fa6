//! A request's body, read whole: within a size, a silence, a time, and a share of the memory.

use axum::body::Body;
use bursar_wire::problem::{Problem, ProblemKind};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::BodyExt;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use crate::front::Front;

/// A body, and its share of the memory until it is dropped.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    pub(crate) bytes: Bytes,
    _room: SemaphorePermit<'a>,
}

impl Front {
    /// Reads a body whole. One that says it is too long, or is compressed, is not read at all.
    pub(crate) async fn read_body(
        &self,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Held<'_>, Problem> {
        let length = declared_length(headers, self.settings.body_bytes_max)?;
        let room = self.room_for(length).await?;
        let reading = self.read(body, length);
        let bytes = timeout(self.settings.body_timeout, reading).await.map_err(|_| late())??;
        Ok(Held { bytes, _room: room })
    }

    async fn room_for(&self, length: usize) -> Result<SemaphorePermit<'_>, Problem> {
        let whole = self.settings.bodies_bytes_max >> 10;
        let asked = (length.div_ceil(1 << 10)).clamp(1, whole.max(1));
        let permits = u32::try_from(asked).unwrap_or(u32::MAX);
        match timeout(self.settings.room_patience, self.bodies.acquire_many(permits)).await {
            Ok(Ok(room)) => Ok(room),
            _ => Err(Problem {
                retry_after_ms: Some(1_000),
                ..Problem::new(
                    ProblemKind::Unavailable,
                    "too many large requests are in memory at this moment",
                )
            }),
        }
    }

    async fn read(&self, mut body: Body, length: usize) -> Result<Bytes, Problem> {
        let most = self.settings.body_bytes_max;
        let mut bytes = BytesMut::with_capacity(length.min(1 << 16));
        loop {
            let next = timeout(self.settings.body_idle, body.frame()).await.map_err(|_| late())?;
            let frame = match next {
                None => return Ok(bytes.freeze()),
                Some(frame) => frame.map_err(|error| broken(&error))?,
            };
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > most {
                return Err(too_large(most));
            }
            bytes.extend_from_slice(&data);
        }
    }
}

/// How many bytes to make room for: those that are declared, or as many as there may be.
fn declared_length(headers: &HeaderMap, most: usize) -> Result<usize, Problem> {
    if let Some(encoding) = headers.get(CONTENT_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        return Err(Problem::invalid(
            "content-encoding",
            "a compressed body is not taken\nhint: send it as it is",
        ));
    }
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match declared.map(str::parse::<usize>) {
        None => Ok(most),
        Some(Ok(length)) if length <= most => Ok(length),
        Some(_) => Err(too_large(most)),
    }
}

fn too_large(most: usize) -> Problem {
    Problem::new(ProblemKind::TooLarge, format!("the body is over {most} bytes"))
}

fn late() -> Problem {
    Problem::new(ProblemKind::Invalid, "the body did not come in time")
}

fn broken(error: &axum::Error) -> Problem {
    Problem::new(ProblemKind::Invalid, format!("the body broke off: {error}"))
}
