//! The whole simulator, over real sockets: by the AWS SDK where a client's view counts, and by
//! plain HTTP where the SDK hides what came.

mod fixture;

mod broken;
mod errors;
mod limits;
mod listing;
mod providers;
mod recorded;
mod sdk;
mod signed;
mod transport;
