//! The contract that the ledger keeps on all of its databases: every case runs on a SQLite file,
//! on SQLite in memory and on a real PostgreSQL, and ends with an audit that finds nothing.

mod access;
mod accounts;
mod admin_keys;
mod archive;
mod away;
mod backup;
mod books;
mod caps;
mod checkup;
mod contract;
mod copy;
mod crash;
mod keyring;
mod limits;
mod migrating;
mod once;
mod open;
mod outage;
mod properties;
mod queries;
mod races;
mod resent;
mod restore;
mod roles;
mod seal;
mod server;
mod spool;
mod standings;
mod stragglers;
mod streams;
mod sweep;
mod usage;
mod waiting;
mod windows;
mod world;
