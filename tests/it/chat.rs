//! Talks and attachments: the program between a person's pipe and the simulator.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::world::{HAIKU, NOVA, World};

/// A model that answers in words and sees nothing.
const BLIND: &str = "amazon.nova-micro-v1:0";

/// How a talk went.
struct Held {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Pipes `said` into a talk and waits for its end.
fn hold(world: &World, arguments: &[&str], said: &str) -> Held {
    let mut child = start(world, arguments);
    child.stdin.take().expect("piped").write_all(said.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    Held { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn start(world: &World, arguments: &[&str]) -> Child {
    let mut command = world.command();
    command.arg("chat").args(arguments).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

fn say(child: &mut Child, text: &str) {
    child.stdin.as_mut().expect("piped").write_all(text.as_bytes()).expect("it reads");
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

#[test]
fn a_talk_is_metered_turn_by_turn_under_one_session() {
    let world = World::start();
    let metadata = "bursar-sim=input=100 output=20";
    let arguments = ["-m", NOVA, "-s", "Be brief.", "--tag", "app=it", "--metadata", metadata];
    let held = hold(&world, &arguments, "hi\n\nagain\n/cost\n");
    assert_eq!(held.code, Some(0), "{}", held.stderr);
    // 200 × 0.06 + 40 × 0.24 micro-dollars
    let sums = "2 turns, 200 in, 40 out, $0.0000216";
    assert!(
        held.stdout.contains(&format!("{sums}; {NOVA}, context 120 of 300000")),
        "{}",
        held.stdout
    );
    assert!(held.stderr.contains(&format!("{sums} · session ")), "{}", held.stderr);
    let calls = world.calls();
    assert_eq!(calls.len(), 2);
    for call in &calls {
        assert_eq!(call["operation"], "ConverseStream");
        assert_eq!(call["tags"], json!({"app": "it"}));
        assert_eq!(call["client_session"], calls[0]["client_session"]);
        let session = call["client_session"].as_str().expect("a talk is a session");
        assert!(held.stderr.contains(session), "{}", held.stderr);
    }
    world.audit();
}

#[test]
fn what_was_said_before_is_sent_again_until_it_is_cleared() {
    let world = World::start();
    let said = format!("{}\nagain\n/clear\nhi\n", "a long story ".repeat(40));
    assert_eq!(hold(&world, &["-m", NOVA, "--max-tokens", "20"], &said).code, Some(0));
    let served = world.served();
    let input: Vec<u64> =
        served.iter().map(|call| call["input_tokens"].as_u64().expect("counted")).collect();
    assert!(input[1] > input[0] && input[2] < 10, "{input:?}");
    world.audit();
}

#[test]
fn orders_change_the_model_the_system_prompt_and_write_the_talk() {
    let world = World::start();
    let config = world.write("config.toml", &format!("[models.aliases]\nquick = \"{NOVA}\"\n"));
    let file = world.path("talk.md").to_str().expect("UTF-8").to_owned();
    let said = format!(
        "/help\n/model\n/model quick\n/system Say little.\nhello\\\nthere\n/save {file}\n/save {file}\n"
    );
    let held = hold(&world, &["--config", &config, "-m", HAIKU], &said);
    assert_eq!(held.code, Some(0), "{}", held.stderr);
    assert!(held.stdout.contains("/system TEXT"), "{}", held.stdout);
    assert!(held.stdout.contains(HAIKU), "{}", held.stdout);
    let call = world.only_call();
    assert_eq!((&call["model_requested"], &call["model"]), (&json!("quick"), &json!(NOVA)));
    let talk = std::fs::read_to_string(&file).expect("it was written");
    let begin = "# A talk\n\n## System\n\nSay little.\n\n## You\n\nhello\nthere\n\n## ";
    assert!(talk.starts_with(&format!("{begin}{NOVA}\n\n")), "{talk}");
    assert!(talk.trim_end().contains("\n---\n\n1 turn, "), "{talk}");
    // Another talk's file is not this one's to write over.
    let held = hold(&world, &["-m", NOVA], &format!("/save {file}\n"));
    assert_eq!(held.code, Some(66), "{}", held.stderr);
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), talk);
}

#[test]
fn a_failure_is_shown_and_the_talk_goes_on() {
    let world = World::start();
    let said = "/model nova-none\n/nope\nhello\n/quit\nnever said\n";
    let held = hold(&world, &["-m", NOVA], said);
    assert_eq!(held.code, Some(2), "{}", held.stderr);
    assert_eq!(held.stderr.matches("error:").count(), 3, "{}", held.stderr);
    assert!(held.stderr.contains("1 turn, "), "{}", held.stderr);
    assert!(!held.stdout.trim().is_empty());
    assert_eq!(world.only_call()["outcome"], "succeeded");
    // A call that fails is no part of what is said next.
    let fault = ["-m", NOVA, "--metadata", "bursar-sim=fault=validation"];
    let held = hold(&world, &fault, "one\ntwo\n");
    assert_eq!(held.code, Some(8), "{}", held.stderr);
    assert!(held.stderr.contains("2 turns (2 failed)"), "{}", held.stderr);
    world.audit();
}

#[test]
fn ctrl_c_stops_the_answer_and_keeps_the_talk() {
    let world = World::start();
    let endless = "bursar-sim=input=20 output=4000 gap-ms=200";
    let mut child = start(&world, &["-m", NOVA, "--max-tokens", "4000", "--metadata", endless]);
    say(&mut child, "hello\n");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    stdout.read_exact(&mut [0]).expect("the answer begins");
    interrupt(&child);
    stdout.read_line(&mut String::new()).expect("the answer ends");
    say(&mut child, "/cost\n");
    let mut cost = String::new();
    stdout.read_line(&mut cost).expect("the talk goes on");
    assert!(cost.starts_with("1 turn, ") && cost.contains("≤ $"), "{cost}");
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let call = world.only_call();
    assert_eq!((&call["outcome"], &call["error_code"]), (&json!("cut"), &json!("Interrupted")));
    world.audit();
}

#[test]
fn ctrl_c_between_two_messages_of_a_pipe_ends_the_talk() {
    let world = World::start();
    let mut child = start(&world, &["-m", NOVA]);
    say(&mut child, "/model\n");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    stdout.read_line(&mut String::new()).expect("it has begun to listen");
    let status = loop {
        // Again, since one that comes before it waits for the next message is about no message.
        interrupt(&child);
        if let Some(status) = child.try_wait().expect("it is ours") {
            break status;
        }
    };
    assert_eq!(status.code(), Some(130));
}

/// Reads what a terminal shows up to a text that must come.
pub(crate) fn wait_for(shown: &mut impl Read, text: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(text.as_bytes()) {
        let mut byte = [0];
        let end = || panic!("no {text:?} in {:?}", String::from_utf8_lossy(&bytes));
        shown.read_exact(&mut byte).unwrap_or_else(|_| end());
        bytes.push(byte[0]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_terminal_of_twenty_columns_has_a_prompt_history_and_an_end() {
    let world = World::start();
    let endless = format!(
        "stty cols 20; exec {} chat -m {NOVA} --metadata 'bursar-sim=output=4000 gap-ms=50'",
        env!("CARGO_BIN_EXE_bursar"),
    );
    // `script` gives it a terminal.
    let mut command = Command::new("script");
    let settings = world.command();
    let settings = settings.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.env_clear().envs(settings).env("TERM", "xterm").args(["-qec", &endless, "/dev/null"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("script is a part of every Linux");
    let mut shown = child.stdout.take().expect("piped");
    wait_for(&mut shown, "$0.00 0%\r\n> ");
    say(&mut child, "hello\r");
    wait_for(&mut shown, "day");
    say(&mut child, "\u{3}");
    wait_for(&mut shown, "(stopped");
    wait_for(&mut shown, "%\r\n> ");
    // What is cleared by Ctrl-C is not sent; the key up brings back what was.
    say(&mut child, "nothing\u{3}");
    wait_for(&mut shown, "%\r\n> ");
    say(&mut child, "\u{1b}[A");
    wait_for(&mut shown, "hello");
    say(&mut child, "\u{15}/cost\r");
    wait_for(&mut shown, "1 turn, ");
    wait_for(&mut shown, "%\r\n> ");
    say(&mut child, "\u{4}");
    assert!(wait_for(&mut shown, "session ").contains("1 turn, "));
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert_eq!(world.only_call()["error_code"], "Interrupted");
    world.audit();
}

#[test]
fn a_pipe_that_nobody_reads_ends_the_talk() {
    let world = World::start();
    let endless = "bursar-sim=input=20 output=4000 gap-ms=20";
    let mut child = start(&world, &["-m", NOVA, "--metadata", endless]);
    say(&mut child, "hello\n");
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_exact(&mut [0]).expect("the answer begins");
    drop(stdout);
    assert_eq!(child.wait().expect("it ends").code(), Some(6));
    assert_eq!(world.only_call()["error_code"], "OutputClosed");
    world.audit();
}

#[test]
fn json_is_the_talk_as_one_object() {
    let world = World::start();
    let held = hold(&world, &["-m", NOVA, "--json"], "hi\n/cost\nagain\n");
    assert_eq!(held.code, Some(0), "{}", held.stderr);
    let talk: Value = serde_json::from_str(&held.stdout).expect("one object");
    let roles: Vec<&Value> =
        talk["messages"].as_array().expect("messages").iter().map(|one| &one["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    assert_eq!((&talk["turns"], &talk["failed"]), (&json!(2), &json!(0)));
    assert!(talk["cost_usd"].is_string() && talk["session"].is_string(), "{talk:#}");
    let held = hold(&world, &["-m", NOVA, "--json"], "hi\n/nope\n");
    assert_eq!(held.code, Some(2), "{}", held.stderr);
    let failed: Value = serde_json::from_str(&held.stdout).expect("one object");
    assert_eq!((&failed["error"]["code"], &failed["call"]["turns"]), (&json!("usage"), &json!(1)));
}

#[test]
fn images_and_documents_go_with_a_question() {
    let world = World::start();
    let png = world.write("site.dat", "");
    std::fs::write(&png, b"\x89PNG\r\n\x1a\nnot much of one").expect("it is written");
    let csv = world.write("sums.csv", "a,b\n1,2\n");
    let twin = world.path("twin");
    std::fs::create_dir(&twin).expect("a folder can be made");
    let twin = world.write("twin/sums.csv", "a,b\n3,4\n");
    let arguments =
        ["converse", "-m", NOVA, "--attach", &png, "--attach", &csv, "--attach", &twin, "Why?"];
    world.bursar(&arguments).exits(0);
    // A blob counts as a thousand tokens; the words and the names are a few more.
    let input = world.only_call()["input_tokens"].as_u64().expect("counted");
    assert!((3_000..3_050).contains(&input), "{input}");
    let preview = world.json(&[&arguments[..], &["--dry-run"]].concat());
    assert_eq!(preview["input_tokens_max"], 300_000, "what a file becomes is not known before");
    world.audit();
}

#[test]
fn an_attachment_that_cannot_go_is_refused_before_anything_is_sent() {
    let world = World::start();
    let text = world.write("plan.txt", "a plan");
    let image = world.write("image.gif", "GIF89a");
    let refuse = |model: &str, attached: &[&str], code: i32, said: &str| {
        let attach = attached.iter().flat_map(|file| ["--attach", file]);
        let arguments: Vec<&str> =
            ["converse", "-m", model].into_iter().chain(attach).chain(["Why?"]).collect();
        let ran = world.bursar(&arguments).exits(code);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint:"), "{}", ran.stderr);
    };
    let write = |name: &str, start: &[u8], bytes: usize| {
        let mut content = start.to_vec();
        content.resize(bytes, b'a');
        let file = world.write(name, "");
        std::fs::write(&file, content).expect("it is written");
        file
    };
    refuse(NOVA, &["no/such.pdf"], 66, "cannot be read");
    refuse(NOVA, &[world.path("").to_str().expect("UTF-8")], 66, "cannot be read");
    refuse(NOVA, &[&world.write("a.png", "no image")], 65, "is not what its name says");
    refuse(NOVA, &[&world.write("a.bin", "\0")], 65, "is of no kind");
    refuse(NOVA, &[&write("big.txt", b"", 4_500_001)], 65, "larger than a document may be");
    refuse(NOVA, &[&write("big.jpg", b"\xff\xd8\xff", 3_750_001)], 65, "larger than an image");
    refuse(NOVA, &[text.as_str(); 6], 65, "6 documents are attached");
    refuse(NOVA, &[image.as_str(); 21], 65, "21 images are attached");
    refuse(NOVA, &[&write("full.txt", b"", 4_500_000); 5].map(String::as_str), 65, "make a body");
    refuse(BLIND, &[&image], 65, "cannot see");
    assert!(world.served().is_empty());
    world.bursar(&["converse", "-m", BLIND, "--attach", &text, "Why?"]).exits(0);
}
