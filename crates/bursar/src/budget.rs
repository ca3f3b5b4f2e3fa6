//! What `bursar budget` prints, and what it answers a pipeline with.

pub(crate) mod check;
pub(crate) mod forecast;
pub(crate) mod show;
