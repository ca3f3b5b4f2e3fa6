//! The whole simulator, over real sockets: by the AWS SDK where a client's view counts, and by
//! plain HTTP where the SDK hides what came.

mod fixture;

mod broken;
mod control_plane;
mod errors;
mod guardrail;
mod limits;
mod listing;
mod manual;
mod modelled;
mod providers;
mod quotas;
mod recorded;
mod sdk;
mod signed;
mod sts;
mod tls;
mod transport;
