//! Everything that can be asked, each a [`Route`](crate::Route) with the types of what it takes and
//! gives. What is not here, neither the API nor `bursar --server` can do.

mod keys;
mod limits;
mod process;
mod reads;
mod streams;
mod teams;
mod users;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::Operation;

pub use keys::*;
pub use limits::*;
pub use process::*;
pub use reads::*;
pub use streams::*;
pub use teams::*;
pub use users::*;

/// Asks for nothing in particular.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Rows, all that there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows<Row> {
    /// One after the other.
    pub rows: Vec<Row>,
}

impl<Row: ToSchema> PartialSchema for Rows<Row> {
    fn schema() -> RefOr<Schema> {
        let rows = ArrayBuilder::new().items(Ref::from_schema_name(Row::name()));
        ObjectBuilder::new().property("rows", rows).required("rows").into()
    }
}

impl<Row: ToSchema> ToSchema for Rows<Row> {
    fn schemas(parts: &mut Vec<(String, RefOr<Schema>)>) {
        parts.push((Row::name().into_owned(), Row::schema()));
        Row::schemas(parts);
    }
}

/// Everything that can be asked, in JSON.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let all = [
        teams::operations(),
        keys::operations(),
        limits::operations(),
        streams::operations(),
        reads::operations(),
        process::operations(),
        users::operations(),
    ];
    all.into_iter().flatten().collect()
}
