//! `bursar user`, and the link that `bursar serve` prints while there is nobody.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::administration::Served;
use crate::world::{Ran, World};

/// Runs the program with this on stdin.
pub(crate) fn piped(world: &World, arguments: &[&str], text: &str) -> Ran {
    let mut command = world.command();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("its stdin is piped");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    Ran::from(child.wait_with_output().expect("it ends"))
}

#[test]
fn a_user_is_made_by_a_password_on_stdin_or_by_a_link() {
    let world = World::start();
    let create = ["user", "create", "ann", "--role", "admin", "--json"];
    let short = piped(&world, &create, "too short\n").exits(2);
    assert!(short.stdout.contains("15 characters"), "{}", short.stdout);
    let made = piped(&world, &create, "correct horse battery\n").exits(0).json();
    assert_eq!((made["role"].as_str(), made["link"].is_null()), (Some("admin"), true), "{made}");
    world.bursar(&["team", "create", "research"]).exits(0);
    let bob = ["user", "create", "bob", "--role", "lead", "--team", "research"];
    let link = world.json(&bob)["link"].as_str().expect("there is one").to_owned();
    assert!(link.starts_with("/link/") && link.len() > 64, "{link}");
    world.bursar(&["user", "create", "cem", "--role", "lead"]).exits(2);
    world.bursar(&["user", "disable", "ann"]).exits(0);
    let users = world.json(&["user", "list"]);
    let states: Vec<_> =
        users["rows"].as_array().expect("rows").iter().map(|row| &row["state"]).collect();
    assert_eq!(states, ["disabled", "invited"]);
    let changes = world.bursar(&["ledger", "changes", "--json"]).exits(0);
    for secret in ["argon2", "correct horse", &link[6..]] {
        assert!(!changes.stdout.contains(secret), "{}", changes.stdout);
    }
    world.audit();
}

#[test]
fn serve_prints_a_link_for_the_first_admin_until_there_is_somebody() {
    let world = World::start();
    for is_first in [true, false] {
        let flags = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        let mut child = world.spawn(&flags);
        let lines = BufReader::new(child.stdout.take().expect("its stdout is piped")).lines();
        let mut lines = lines.map(|line| line.expect("it is a text"));
        let admin = lines.nth(1).expect("it says where");
        let admin = admin.strip_prefix("admin on ").expect("it says where").to_owned();
        if is_first {
            let link = lines.next().expect("there is a link");
            let link = link.strip_prefix("make the first admin at ").expect("it is one").to_owned();
            assert!(link.starts_with(&format!("{admin}/first/")), "{link}");
            let form = "username=root&password=correct+horse+battery";
            let curl = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-d", form, &link];
            let ran = std::process::Command::new("curl").args(curl).output().expect("curl runs");
            assert_eq!(String::from_utf8_lossy(&ran.stdout), "303");
            assert_eq!(world.json(&["user", "list"])["rows"][0]["name"], "root");
        }
        let id = child.id().to_string();
        let told = std::process::Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.expect("it can be told").success());
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
        assert_eq!(lines.next(), None, "nothing more, once there is somebody");
    }
    world.audit();
}

#[test]
fn the_examples_of_its_help_run() {
    let world = World::start();
    world.bursar(&["team", "create", "research"]).exits(0);
    world.write("password.txt", "correct horse battery\n");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_bursar"));
    let folder = program.parent().expect("the program is in a folder").display().to_string();
    for example in crate::reads::examples(&["user"]) {
        let mut shell = world.command();
        shell.env("PATH", format!("{folder}:/usr/bin:/bin"));
        let mut command = std::process::Command::new("sh");
        let set = shell.get_envs().filter_map(|(name, value)| Some((name, value?)));
        command.args(["-c", &example]).current_dir(world.path("")).env_clear().envs(set);
        Ran::from(command.stdin(Stdio::null()).output().expect("sh runs")).exits(0);
    }
    world.audit();
}

#[test]
fn a_provider_of_the_settings_is_offered_and_one_that_cannot_be_stops_the_start() {
    let world = World::start();
    let staff = "[[oidc.groups]]\ngroup = 'staff'\nrole = 'finance'\n";
    let file = |issuer: &str, more: &str, groups: &str| {
        let said = format!(
            "[oidc]\nissuer = '{issuer}'\nclient_id = 'bursar'\nurl = 'https://bursar.example'\n\
             label = 'the works'\n{more}\n{groups}"
        );
        world.write("config.toml", &said)
    };
    let good = file("https://id.example", "passwords = false", staff);
    let served = Served::start_with(&world, &["--config", &good]);
    let login = format!("{}/login", served.admin);
    let ran = std::process::Command::new("curl").args(["-s", &login]).output().expect("curl runs");
    let page = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(page.contains("Sign in with the works") && !page.contains("password"), "{page}");
    assert_eq!(served.stop(), Some(0));
    let near = "http://127.0.0.1:9";
    for (issuer, more, groups, code, said) in [
        ("http://id.example", "", staff, 78, "not encrypted"),
        ("https://169.254.169.254", "", staff, 78, "no provider has"),
        ("file:///etc/passwd", "", staff, 78, "`issuer` is no"),
        ("", "passwords = false", staff, 78, "nobody could sign in"),
        (near, "", "", 78, "no group has a role"),
        (near, "", "[[oidc.groups]]\ngroup = 'a'\nrole = 'boss'\n", 78, "the role of `a`"),
        (near, "", "[[oidc.groups]]\ngroup = 'a'\nrole = 'lead'\n", 78, "of a team"),
        (near, "", "[[oidc.groups]]\ngroup = 'a'\nrole = 'admin'\nteam = 'b'\n", 78, "of no team"),
        (near, "answer_ms = 0", staff, 78, "answer_ms"),
        (near, "client_secret_file = 'missing'", staff, 66, "missing"),
    ] {
        let bad = file(issuer, more, groups);
        let flags = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        let ran = world.bursar(&[&flags[..], &["--config", &bad]].concat()).exits(code);
        assert!(ran.stderr.contains(said), "{issuer} {more}: {}", ran.stderr);
    }
    world.audit();
}
