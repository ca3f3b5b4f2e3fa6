//! The front doors as clients find them, over real sockets, a real ledger and the real simulator:
//! by the AWS SDK where a client's view counts, and by plain HTTP where the SDK hides what came.

mod fixture;

mod attacks;
mod bodies;
mod dialects;
mod guardrails;
mod limits;
mod meanwhile;
mod models;
mod private;
mod sdk;
mod stop;
mod wishes;
