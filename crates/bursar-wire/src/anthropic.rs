//! Anthropic's dialect, as its SDKs and Claude Code speak it. Claude on Bedrock speaks it too: a
//! request only loses what Bedrock has in its path, an answer goes on as it came, and a stream's
//! chunks become server-sent events.

mod render;
mod request;
mod stream;

pub use render::{PING, error_body, error_event, headers, status};
pub use request::{Invoke, Messages, counted};
pub use stream::MessagesStream;

#[cfg(test)]
mod stream_tests;
