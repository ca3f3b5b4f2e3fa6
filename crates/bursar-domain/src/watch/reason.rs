//! Why a watched stream is cut, in a code for programs and a sentence for people.

use std::fmt;

use super::{Repeated, SoFar};
use crate::money::Micros;

/// The limit that a stream has come over, and its figures then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CutReason {
    /// It costs more than it may.
    Money {
        /// The most it may cost.
        limit: Micros,
        /// What it had come to.
        so_far: SoFar,
    },
    /// It put out more than it may.
    Tokens {
        /// The most output tokens.
        limit: u64,
        /// What it had come to.
        so_far: SoFar,
    },
    /// It ran for longer than it may.
    Seconds {
        /// The most seconds.
        limit: u64,
    },
    /// It was silent for longer than it may.
    Idle {
        /// The most seconds.
        limit: u64,
    },
    /// It repeats itself.
    Repetition(Repeated),
}

impl CutReason {
    /// The error code that the call's row has.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Money { .. } => "StreamMoneyLimit",
            Self::Tokens { .. } => "StreamTokenLimit",
            Self::Seconds { .. } => "StreamTimeLimit",
            Self::Idle { .. } => "StreamIdleLimit",
            Self::Repetition(_) => "StreamRepetition",
        }
    }
}

impl fmt::Display for CutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money { limit, so_far } => {
                let limit = limit.cost().unwrap_or(crate::money::Cost::MAX);
                match so_far.cost {
                    Some(cost) => write!(
                        f,
                        "the stream's limit of {limit} is reached: it has come to {cost}{}",
                        counted(so_far)
                    ),
                    None => {
                        write!(f, "the stream has a limit of {limit} and no price to count it by")
                    }
                }
            }
            Self::Tokens { limit, so_far } => write!(
                f,
                "the stream's limit of {limit} output tokens is reached: it has come to {}{}",
                so_far.output_tokens,
                counted(so_far)
            ),
            Self::Seconds { limit } => {
                write!(f, "the stream's limit of {limit} s is reached")
            }
            Self::Idle { limit } => {
                write!(f, "the stream's limit of {limit} s of silence is reached")
            }
            Self::Repetition(repeated) => write!(f, "the stream repeats itself: {repeated}"),
        }
    }
}

const fn counted(so_far: &SoFar) -> &'static str {
    if so_far.is_estimate { ", by an estimate from what was seen" } else { "" }
}
