//! The list of models that `models refresh` keeps, read over the embedded catalogue.

use std::path::Path;

use bursar_domain::catalogue::{Catalogue, Offers};

use crate::failure::{Failure, Situation};
use crate::kept_file;

/// Many times what Bedrock lists.
const BYTES_MAX: u64 = 4 << 20;

/// The catalogue with the list in it; without a file, the embedded one.
pub(super) fn read(path: &Path) -> Result<Catalogue, Failure> {
    let refuse = |problem: String| {
        let message = format!("cannot read the list of models in `{}`: {problem}", path.display());
        Failure::new(Situation::Configuration, message)
            .hint("`bursar models refresh` writes it anew; without it the built-in list serves")
    };
    let Some(text) = kept_file::read(path, BYTES_MAX).map_err(|error| refuse(error.to_string()))?
    else {
        return Ok(Catalogue::embedded());
    };
    let offers = Offers::parse(&text).map_err(|broken| refuse(broken.to_string()))?;
    Ok(Catalogue::embedded().with(Box::leak(Box::new(offers))))
}
