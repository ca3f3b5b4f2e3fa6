//! OpenAI's dialect, as its SDKs speak it: chat completions become Converse, embeddings become
//! InvokeModel, and what Bedrock answers becomes what they expect.
//!
//! Each parameter has its place in one table, `parameter`: what would change the cost or the
//! meaning without anybody seeing it is refused by name. Nothing here knows HTTP or a clock.

mod chat;
mod embedding;
mod format;
mod message;
mod parameter;
mod part;
mod render;
mod reply;
mod setting;
mod stream;
mod tool;
mod usage;

pub use chat::Chat;
pub use embedding::{Embedding, INPUTS_MAX};
pub use parameter::parameter_names;
pub use render::{error_body, error_event, headers, status};
pub use reply::{Stamp, chat_completion};
pub use stream::ChatStream;

#[cfg(test)]
mod chat_tests;
#[cfg(test)]
mod embedding_tests;
#[cfg(test)]
mod reply_tests;
#[cfg(test)]
mod stream_tests;
