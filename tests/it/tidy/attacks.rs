//! Which test tries which attack, as docs/reliability.md says: none is left out, and each test that it
//! names is there.

use super::{assert_none, root, rust_sources};

/// The attacks on what people see, by the numbers that the table has.
const ATTACKS: [&str; 11] =
    ["A24", "A25", "A26", "A27", "A28", "A31", "A32", "A33", "A34", "A35", "A36"];

#[test]
fn every_attack_on_what_people_see_is_tried_by_a_test_that_is_there() {
    let document = std::fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let sources = rust_sources();
    let is_test = |name: &str| {
        let line = format!("fn {name}()");
        sources.iter().any(|source| source.text.contains(&line))
    };
    let mut breaches = Vec::new();
    for attack in ATTACKS {
        let row = document.lines().find(|line| line.starts_with(&format!("| {attack} |")));
        // Names stand between backticks, in the last of the row's three fields.
        let tests = row.and_then(|row| row.trim_end_matches(" |").rsplit(" | ").next());
        let named: Vec<&str> = tests.unwrap_or_default().split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            breaches.push(format!("{attack} has no test"));
        }
        let missing = named.into_iter().filter(|name| !is_test(name));
        breaches.extend(missing.map(|name| format!("{attack} names `{name}`, which is no test")));
    }
    assert_none("each attack has a test, in docs/reliability.md", &breaches);
}
