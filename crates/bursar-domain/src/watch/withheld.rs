//! What of a cut stream's output its caller did not get, in the words that the call's row keeps.

use std::fmt;

/// Output tokens of a stream that was read to its end behind its cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withheld {
    /// All of them, as the reply reported.
    pub output: u64,
    /// About so many its caller did not get.
    pub withheld: u64,
}

const BEFORE: &str = "of ";
const BETWEEN: &str = " output tokens, as reported, about ";
const AFTER: &str = " were withheld";

impl Withheld {
    /// Reads it back from what is said of a cut; `None` where that says nothing of it.
    #[must_use]
    pub fn read(said: &str) -> Option<Self> {
        let (before, withheld) = said.strip_suffix(AFTER)?.rsplit_once(BETWEEN)?;
        let (_, output) = before.rsplit_once(BEFORE)?;
        Some(Self { output: output.parse().ok()?, withheld: withheld.parse().ok()? })
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BEFORE}{}{BETWEEN}{}{AFTER}", self.output, self.withheld)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_cut_is_read_back() {
        let withheld = Withheld { output: 40, withheld: 30 };
        let said = format!("it costs too much of 1 thing; it was read to its end: {withheld}");
        assert_eq!(Withheld::read(&said), Some(withheld));
        for other in
            ["", "about 4 were withheld", "of x output tokens, as reported, about 3 were withheld"]
        {
            assert_eq!(Withheld::read(other), None, "{other}");
        }
    }
}
