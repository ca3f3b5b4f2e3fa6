use super::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// 2026-11-23, ten past ten.
const NOW: Timestamp = Timestamp(1_795_428_600_000);

fn call(id: &str, age_s: i64, tokens: u64, cost: &str) -> RunningCall {
    RunningCall {
        id: id.to_owned(),
        age_ms: age_s * 1_000,
        is_stream: true,
        team: (id != "c").then(|| format!("team-{id}")),
        user: None,
        key: None,
        model: "amazon.nova-lite-v1:0".to_owned(),
        output_tokens: Some(tokens),
        tokens_per_second: None,
        cost_usd: Some(cost.to_owned()),
        held_usd: Some("1".to_owned()),
        room_usd: Some("0.9".to_owned()),
        checkpoint_at: None,
        owner: "owner".to_owned(),
        cut_code: None,
        cut_wished_by: None,
    }
}

fn view() -> View {
    let mut view = View::new();
    view.show(Scene {
        at: NOW,
        running: vec![call("a", 5, 300, "0.02"), call("b", 90, 20, "0.01"), call("c", 8, 9, "0.5")],
        minutes: vec![Minute {
            at: Timestamp(NOW.0 - 60_000),
            calls: 3,
            cost: Total(250_000_000_000),
        }],
        troubles: vec![Trouble {
            model: "amazon.nova-pro-v1:0".to_owned(),
            team: "research".to_owned(),
            calls: 4,
            refused: 7,
            throttled_attempts: 2,
        }],
    });
    view
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn press(view: &mut View, letters: &str) -> Vec<Wish> {
    letters.chars().map(|letter| view.press(key(KeyCode::Char(letter)))).collect()
}

fn text(view: &View, columns: u16, rows: u16) -> String {
    let mut screen = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    screen.draw(|frame| draw(frame, view)).unwrap();
    screen.backend().to_string()
}

#[test]
fn a_frame_says_what_runs_what_is_spent_and_what_is_refused() {
    let told = text(&view(), 140, 20);
    for word in [
        "10:10:00 UTC · 3 running, $0.530 so far · $0.250 in the last minute",
        "1m30s",
        "team-a",
        "amazon.nova-lite-v1:0",
        "amazon.nova-pro-v1:0",
        "research",
        "q quit",
        "█",
    ] {
        assert!(told.contains(word), "{word} is not in\n{told}");
    }
}

#[test]
fn an_empty_ledger_is_said_to_be_quiet() {
    let mut view = View::new();
    assert!(text(&view, 80, 24).contains("nothing runs just now"));
    assert_eq!(press(&mut view, "jkxfact"), vec![Wish::Nothing; 7]);
    assert_eq!(view.asked, None);
}

#[test]
fn no_size_of_the_terminal_is_too_small() {
    for (columns, rows) in [(20, 10), (20, 3), (1, 1), (300, 100), (0, 0)] {
        let mut screen = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let mut view = view();
        screen.draw(|frame| draw(frame, &view)).unwrap();
        press(&mut view, "jjx");
        screen.draw(|frame| draw(frame, &view)).unwrap();
    }
}

#[test]
fn calls_are_sorted_and_the_selected_one_stays_selected() {
    let mut view = view();
    let order = |view: &View| view.scene.running.iter().map(|c| c.id.clone()).collect::<String>();
    assert_eq!(order(&view), "bca");
    view.press(key(KeyCode::Down));
    press(&mut view, "c");
    assert_eq!((order(&view), view.position()), ("cab".to_owned(), Some(0)));
    press(&mut view, "t");
    assert_eq!((order(&view), view.position()), ("abc".to_owned(), Some(2)));
    // It has ended: the first one is selected then.
    let mut scene = view.scene.clone();
    scene.running.pop();
    view.show(scene);
    assert_eq!(view.position(), Some(0));
}

#[test]
fn a_cut_and_a_freeze_are_asked_for_first() {
    let mut view = view();
    assert_eq!(press(&mut view, "xn"), [Wish::Nothing, Wish::Nothing]);
    assert_eq!(press(&mut view, "xy"), [Wish::Nothing, Wish::Cut("b".to_owned())]);
    press(&mut view, "f");
    assert!(text(&view, 80, 24).contains("freeze team team-b? y/n"));
    assert_eq!(press(&mut view, "y"), [Wish::Freeze("team-b".to_owned())]);
    assert_eq!(press(&mut view, "jfy"), vec![Wish::Nothing; 3]);
    assert_eq!(view.note, "");
}

#[test]
fn q_escape_and_control_c_end_it_even_while_it_asks() {
    let mut view = view();
    assert_eq!(press(&mut view, "q"), [Wish::Quit]);
    assert_eq!(view.press(key(KeyCode::Esc)), Wish::Quit);
    press(&mut view, "x");
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(view.press(control_c), Wish::Quit);
}
