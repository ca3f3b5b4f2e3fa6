//! SHA-256 over fields, each with its length or in a fixed form, so that no two lists of fields are
//! the same bytes.

use ring::digest::{Context, SHA256};

/// Fields on their way to a hash.
pub(crate) struct Fields(Context);

impl Fields {
    /// Begins with what the fields are about.
    pub(crate) fn new(about: &str) -> Self {
        let mut fields = Self(Context::new(&SHA256));
        fields.text(about);
        fields
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.0.update(b"t");
        self.0.update(&(text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
        self
    }

    pub(crate) fn number(&mut self, number: i64) -> &mut Self {
        self.0.update(b"n");
        self.0.update(&number.to_be_bytes());
        self
    }

    /// The hash, in hexadecimal.
    pub(crate) fn hash(self) -> String {
        hex::encode(self.0.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(fill: impl Fn(&mut Fields)) -> String {
        let mut fields = Fields::new("a test");
        fill(&mut fields);
        fields.hash()
    }

    #[test]
    fn fields_that_differ_have_hashes_that_differ() {
        let hashes = [
            hash(|_| {}),
            hash(|fields| {
                fields.text("ab").text("c");
            }),
            hash(|fields| {
                fields.text("a").text("bc");
            }),
            hash(|fields| {
                fields.text("").text("abc");
            }),
            hash(|fields| {
                fields.number(1);
            }),
            hash(|fields| {
                fields.text("1");
            }),
        ];
        for (n, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..n].contains(hash), "{n}");
        }
    }
}
