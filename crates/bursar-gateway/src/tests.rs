//! The front doors as clients find them: the AWS SDK for Rust is the referee.
