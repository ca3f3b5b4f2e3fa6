//! A conversation on the terminal: what is typed, what is said, and what it has cost so far.
//!
//! Every answer is one metered call; nothing of the talk is kept but in memory, until `/save`.

mod input;
mod order;
mod sums;
mod talk;

pub(crate) use input::{Input, Line};
pub(crate) use talk::{Next, Talk};
