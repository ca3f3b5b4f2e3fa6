//! One thing that can be asked: by which method and path over HTTP, with what, and who answers.
//!
//! The same value is asked at a ledger by the command line, mounted by the API, and sent by a client,
//! so that none of them can do what the others cannot. Nothing here opens a socket.

use std::pin::Pin;

use bursar_domain::closed_set;

use crate::{Desk, Error, View};

closed_set! {
    /// How something is asked over HTTP.
    Method {
        /// It is only looked up.
        Get = "GET",
        /// Something is made or done.
        Post = "POST",
        /// Something is set, in place of what was.
        Put = "PUT",
        /// What is said is changed, and the rest stays.
        Patch = "PATCH",
        /// Something is ended.
        Delete = "DELETE",
    }
}

/// An answer that is being looked for.
pub type Answer<'d, Reply> = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send + 'd>>;

/// Who answers.
pub(crate) type Answerer<Ask, Reply> = for<'d> fn(&'d Desk, Ask) -> Answer<'d, Reply>;

/// Who answers for a part of the ledger.
pub(crate) type PartAnswerer<Ask, Reply> = for<'v> fn(&'v View, Ask) -> Answer<'v, Reply>;

/// One thing that can be asked.
pub struct Route<Ask, Reply> {
    /// How.
    pub method: Method,
    /// Where, below `/api/v1`: fields of the ask in braces, the others being the query of a GET or
    /// DELETE, or the body.
    pub path: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Whether nothing is changed by it.
    pub is_read: bool,
    pub(crate) answerer: Answerer<Ask, Reply>,
    /// Who answers those that see a part of the ledger; nobody, where nothing is said.
    pub(crate) part: Option<PartAnswerer<Ask, Reply>>,
}

impl<Ask, Reply> Route<Ask, Reply> {
    pub(crate) const fn new(
        (method, path): (Method, &'static str),
        about: &'static str,
        answerer: Answerer<Ask, Reply>,
    ) -> Self {
        Self { method, path, about, is_read: matches!(method, Method::Get), answerer, part: None }
    }

    /// The same, where what is asked for is too much for a query, and nothing is changed.
    pub(crate) const fn reading(mut self) -> Self {
        self.is_read = true;
        self
    }

    /// The same, which also answers who sees a part of the ledger, for that part.
    pub(crate) const fn for_part(mut self, answerer: PartAnswerer<Ask, Reply>) -> Self {
        self.part = Some(answerer);
        self
    }

    /// Asks.
    ///
    /// # Errors
    /// Whatever stands in the way of what was asked.
    pub async fn ask(&self, desk: &Desk, ask: Ask) -> Result<Reply, Error> {
        (self.answerer)(desk, ask).await
    }
}
