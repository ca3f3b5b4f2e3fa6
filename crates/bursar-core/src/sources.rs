//! Whether a reply's two sources agree: Bedrock's own count, and the body's. Metering does not wait
//! for this; it is for reports of how Bedrock behaves.

use bursar_domain::call::Operation;
use bursar_domain::model::ModelId;
use bursar_wire::reply::{Counts, read_sources};
use http::HeaderMap;

/// Tokens as one source tells them; `None` for what it does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldTokens {
    /// Input tokens.
    pub input: Option<u64>,
    /// Output tokens.
    pub output: Option<u64>,
    /// Tokens read from a cache.
    pub cache_read: Option<u64>,
    /// Tokens written to a cache.
    pub cache_write: Option<u64>,
}

/// What both sources told of one reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldTwice {
    /// Bedrock: headers, or a stream's last chunk.
    pub bedrock: Option<ToldTokens>,
    /// The body.
    pub body: Option<ToldTokens>,
}

impl ToldTwice {
    /// Reads a whole reply, as far as it came.
    #[must_use]
    pub fn read(operation: Operation, model: &ModelId, headers: &HeaderMap, body: &[u8]) -> Self {
        let sources = read_sources(operation, model, headers, body);
        Self { bedrock: sources.bedrock.map(told), body: sources.body.map(told) }
    }
}

fn told(counts: Counts) -> ToldTokens {
    let Counts { input, output, cache_read, cache_write, .. } = counts;
    ToldTokens { input, output, cache_read, cache_write }
}
