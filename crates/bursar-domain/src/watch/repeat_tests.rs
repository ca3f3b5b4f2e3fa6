use super::repeat::{Repeated, Repeats};
use proptest::prelude::*;

fn found(text: &str) -> Option<Repeated> {
    Repeats::new().push(text.as_bytes())
}

/// Prose, by chance but always the same: words of a small language, none of it said twice in a row.
fn prose(words: &[&str], count: usize) -> String {
    let mut state = 7_u64;
    let mut text = String::new();
    for number in 0..count {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let index = usize::try_from(state >> 33).unwrap() % words.len();
        text.push_str(words[index]);
        text.push_str(if number % 11 == 10 { ". " } else { " " });
    }
    text
}

#[test]
fn a_passage_of_any_length_is_found_once_it_is_a_loop() {
    for length in [1, 2, 3, 7, 15, 16, 17, 40, 63, 64, 200, 1_000, 4_096] {
        let passage = prose(&["alpha", "beta", "gamma", "delta", "epsilon"], 2_000);
        let passage = &passage[..length];
        let repeated = found(&passage.repeat(5 + 8_000 / length));
        let repeated = repeated.unwrap_or_else(|| panic!("{length} bytes were not found"));
        // A passage of `ab` is one of `abab` too: whichever, it divides.
        assert_eq!(repeated.passage_bytes % length as u64, 0, "{length}: {repeated}");
        assert!(repeated.times >= 5);
    }
}

#[test]
fn what_comes_before_a_loop_does_not_hide_it() {
    let before = prose(&["one", "two", "three", "four", "five", "six"], 5_000);
    let looped = "And then I will try once more, exactly as I did before. ".repeat(30);
    let repeated = found(&format!("{before}{looped}")).expect("the loop is found");
    assert_eq!(repeated.passage_bytes, 56);
}

#[test]
fn a_loop_is_found_however_it_is_cut_into_pieces() {
    let text = "the same sentence, said once more, and once more. ".repeat(40);
    for size in [1, 3, 17, 999] {
        let mut repeats = Repeats::new();
        let mut pieces = text.as_bytes().chunks(size);
        assert!(pieces.any(|piece| repeats.push(piece).is_some()), "in pieces of {size}");
    }
}

#[test]
fn four_times_and_a_short_loop_are_none() {
    assert_eq!(found(&prose(&["a", "longer", "passage"], 200).repeat(4)), None);
    assert_eq!(found(&"Row, row, row your boat, gently down the stream.\n".repeat(5)), None);
    assert_eq!(found(&"ha ".repeat(300)), None);
}

#[test]
fn ordinary_prose_raises_no_alarm() {
    let english = [
        "the", "of", "and", "to", "in", "that", "it", "is", "was", "for", "as", "with", "be", "on",
        "not", "he", "by", "are", "or", "his", "from", "at", "which", "but", "have", "an", "had",
        "they", "you", "were", "their", "one", "all", "we", "can", "her", "has", "there", "been",
    ];
    assert_eq!(found(&prose(&english, 50_000)), None);
    let chinese =
        ["的", "一", "是", "不", "了", "人", "我", "在", "有", "他", "这", "中", "大", "来"];
    assert_eq!(found(&prose(&chinese, 50_000)), None);
    let japanese = ["これは", "それは", "猫", "犬", "です", "ます", "。", "が", "を", "に", "走る"];
    assert_eq!(found(&prose(&japanese, 50_000)), None);
}

#[test]
fn code_tables_and_numbers_raise_no_alarm() {
    let code = include_str!("../watch.rs").repeat(2);
    assert_eq!(found(&code), None);
    let rows =
        |number: usize| format!("| {number} | us-east-1 | 0.{:03} | ok | ok |\n", number * 7);
    let table = (0..500).map(rows).collect::<Vec<_>>().concat();
    assert_eq!(
        found(&format!("| id | region | cost | a | b |\n{}\n{table}", "|---".repeat(40))),
        None
    );
    let rule = format!("{}\nTitle\n{}\n", "=".repeat(200), "-".repeat(200));
    assert_eq!(found(&rule.repeat(2)), None);
    let matrix = format!("[{}]\n", vec!["0.0"; 64].join(", "));
    assert_eq!(found(&matrix.repeat(4)), None);
    let csv: Vec<_> = (0..1_000).map(|n| format!("2026-11-{:02},{n},7,7,7\n", n % 30)).collect();
    assert_eq!(found(&csv.concat()), None);
    let steps: Vec<_> = (1..200).map(|n| format!("Step {n}: do the same as before.\n")).collect();
    assert_eq!(found(&steps.concat()), None);
}

#[test]
fn the_text_is_not_shown() {
    let mut repeats = Repeats::new();
    repeats.push(b"a secret");
    assert!(!format!("{repeats:?}").contains("secret"));
}

proptest! {
    #[test]
    fn nothing_is_found_where_nothing_is_repeated(
        text in proptest::collection::vec(any::<u8>(), 0..20_000),
    ) {
        prop_assert_eq!(Repeats::new().push(&text), None);
    }

    #[test]
    fn what_is_found_is_there(
        before in "[a-z ]{0,300}",
        passage in "[a-z ]{1,400}",
        times in 1..60_usize,
        after in "[a-z ]{0,300}",
    ) {
        let text = format!("{before}{}{after}", passage.repeat(times));
        let mut repeats = Repeats::new();
        for (end, byte) in text.bytes().enumerate() {
            if let Some(repeated) = repeats.push(&[byte]) {
                let length = usize::try_from(repeated.passage_bytes).unwrap();
                let said = &text.as_bytes()[..=end];
                let last = &said[said.len() - length * usize::try_from(repeated.times).unwrap()..];
                let first = &last[..length];
                prop_assert!(last.chunks(length).all(|again| again == first));
            }
        }
    }
}
