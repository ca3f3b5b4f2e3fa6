//! What the simulator says: words of three letters, so that a word and its space are four bytes,
//! which is one token by the rule of `tokens.rs`. Nothing here depends on what was asked but the
//! chance that is passed in.

use crate::chance::Chance;

/// Text stops growing here, however many output tokens are steered: counts may be of any size,
/// but an answer has to be carried. The limit is the largest output of most models.
pub(crate) const TEXT_TOKENS_MAX: u64 = 65_536;

/// The pieces that a text is streamed in, unless the caller steers another number.
pub(crate) const PIECES: u64 = 48;

const WORDS: [&str; 32] = [
    "the", "sun", "and", "sea", "are", "old", "but", "new", "day", "sky", "can", "run", "far",
    "out", "you", "may", "see", "one", "red", "fox", "sit", "low", "for", "two", "big", "owl",
    "who", "ask", "how", "way", "all", "end",
];

/// A text of so many tokens, cut into at most so many pieces; joined, they are the text.
pub(crate) fn speak(chance: Chance, tokens: u64, pieces_max: u64) -> Vec<String> {
    let tokens = tokens.min(TEXT_TOKENS_MAX);
    let per_piece = tokens.div_ceil(pieces_max.max(1)).max(1);
    let mut pieces = Vec::new();
    for number in 0..tokens {
        if number.is_multiple_of(per_piece) {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            if number > 0 {
                piece.push(' ');
            }
            piece.push_str(word(chance, number));
        }
    }
    pieces
}

fn word(chance: Chance, number: u64) -> &'static str {
    let index = chance.with_number(number).below(WORDS.len() as u64);
    usize::try_from(index).ok().and_then(|index| WORDS.get(index)).unwrap_or(&"the")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::tokens_of_bytes;

    #[test]
    fn a_text_has_as_many_tokens_as_were_asked_for() {
        for tokens in [1, 2, 44, 47, 48, 49, 1899] {
            let pieces = speak(Chance::new(1), tokens, PIECES);
            let text = pieces.concat();
            assert_eq!(tokens_of_bytes(text.len() as u64), tokens);
            assert!(pieces.len() as u64 <= PIECES.min(tokens), "{} pieces", pieces.len());
        }
    }

    #[test]
    fn no_tokens_are_no_text() {
        assert_eq!(speak(Chance::new(1), 0, PIECES), Vec::<String>::new());
    }

    #[test]
    fn a_text_stops_growing_at_the_limit() {
        let text = speak(Chance::new(1), u64::MAX, 1).concat();
        assert_eq!(tokens_of_bytes(text.len() as u64), TEXT_TOKENS_MAX);
    }

    #[test]
    fn the_same_chance_says_the_same_and_another_says_something_else() {
        let say = |seed| speak(Chance::new(seed), 20, PIECES).concat();
        assert_eq!(say(1), say(1));
        assert_ne!(say(1), say(2));
    }
}
