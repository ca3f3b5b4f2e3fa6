//! A closed set of words: an enum whose members are known by one fixed text each.
//!
//! The texts are public: they stand in the ledger's columns, in JSON and on the command line.

/// A text that is no member of a closed set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not one of {}", expected.join(", "))]
pub struct UnknownWord {
    /// The text as it came.
    pub given: String,
    /// Every member's text, in declaration order.
    pub expected: Vec<&'static str>,
}

/// Declares an enum with `as_str`, `ALL`, `Display` and `FromStr`, from one list of words.
#[macro_export]
macro_rules! closed_set {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every member, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The member's one text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::closed_set::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|member| member.as_str() == text).ok_or_else(|| {
                    $crate::closed_set::UnknownWord {
                        given: text.to_owned(),
                        expected: Self::ALL.iter().map(|member| member.as_str()).collect(),
                    }
                })
            }
        }
    };
}
