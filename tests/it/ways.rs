//! Where calls go, as the configuration says it: models that stand in, regions, accounts. What a person
//! and a program are told of it.

use serde_json::{Value, json};

use crate::serve::{converse_with, serve, terminate};
use crate::world::{BOTH, NOVA, World};

const MICRO: &str = "amazon.nova-micro-v1:0";
const TOKYO: &str = "ap-northeast-1";

/// A world where one model is throttled.
fn throttled(database: crate::world::Database) -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let rules = folder.path().join("rules.toml");
    let rule = format!("[[rule]]\nmodel = \"{NOVA}\"\nwords = \"fault=throttle\"\n");
    std::fs::write(&rules, rule).expect("a file can be written");
    let rules = rules.to_str().expect("its name is UTF-8");
    (World::on(database, &["--scenario", rules]), folder)
}

#[test]
fn a_model_that_stands_in_is_told_by_the_call_the_answer_and_why() {
    for database in BOTH {
        let (world, _rules) = throttled(database);
        let chain = format!("[models.fallback]\n\"{NOVA}\" = [\"{MICRO}\"]\n");
        let config = world.write("config.toml", &chain);
        let call = world.json(&["--config", &config, "converse", "-m", NOVA, "hello"]);
        assert_eq!((&call["model_requested"], &call["model"]), (&json!(NOVA), &json!(MICRO)));
        let id = call["id"].as_str().expect("it has an id");
        let why = world.json(&["why", id]);
        let told: Vec<[&Value; 3]> = why["attempts"]
            .as_array()
            .expect("attempts")
            .iter()
            .map(|attempt| [&attempt["model"], &attempt["region"], &attempt["outcome"]])
            .collect();
        let sent = |model: &str, outcome: &str| [json!(model), json!("us-east-1"), json!(outcome)];
        let expected = [sent(NOVA, "throttled"), sent(MICRO, "succeeded")];
        assert_eq!(told, expected.each_ref().map(<[Value; 3]>::each_ref));
        let said = world.bursar(&["why", id]).exits(0).stdout;
        assert!(said.contains(&format!("throttled 429 ThrottlingException  {NOVA} · us-east-1")));
        let (gateway, address) = serve(&world, &["--open", "--config", &config]);
        let reply = converse_with(&address, NOVA);
        terminate(gateway);
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        for header in [&format!("x-bursar-model: {MICRO}"), "x-bursar-region: us-east-1"] {
            assert!(reply.lines().any(|line| line == header), "{header}: {reply}");
        }
        let policy = world.bursar(&["--config", &config, "iam-policy"]).exits(0).stdout;
        assert!(policy.contains(NOVA) && policy.contains(MICRO), "{policy}");
        world.audit();
    }
}

#[test]
fn calls_go_to_the_regions_and_accounts_that_the_configuration_names() {
    for database in BOTH {
        let (world, _rules) = throttled(database);
        let keys = ["--access-key-id", "AKIDOTHER", "--secret-access-key", "other-secret"];
        let tokyo = World::start_with(&keys);
        std::fs::create_dir_all(world.path(".aws")).expect("a folder can be made");
        let profile = "[other]\naws_access_key_id = AKIDOTHER\n\
                       aws_secret_access_key = other-secret\n";
        world.write(".aws/credentials", profile);
        let ways = |profile: &str| {
            format!(
                "[[upstream]]\nname = \"here\"\nregion = \"us-east-1\"\nendpoint = \"{}\"\n\n\
                 [[upstream]]\nname = \"tokyo\"\nregion = \"{TOKYO}\"\nendpoint = \"{}\"\n\
                 priority = 2\nprofile = \"{profile}\"\n",
                world.endpoint, tokyo.endpoint
            )
        };
        let config = world.write("config.toml", &ways("other"));
        let call = world.json(&["--config", &config, "converse", "-m", NOVA, "hello"]);
        assert_eq!((&call["region"], &call["simulated"]), (&json!(TOKYO), &json!(true)));
        let why = world.json(&["why", call["id"].as_str().expect("it has an id")]);
        let names: Vec<&Value> =
            why["attempts"].as_array().expect("attempts").iter().map(|a| &a["upstream"]).collect();
        assert_eq!(names, ["here", "tokyo"]);
        // By the environment's own key it is nobody there.
        let config = world.write("config.toml", &ways(""));
        let said = world.bursar(&["--config", &config, "converse", "-m", NOVA, "hello"]);
        assert_eq!(said.code, Some(4), "{}", said.stderr);
        // A profile that is not there is told by the upstream that names it.
        let config = world.write("config.toml", &ways("nobody"));
        let said = world.bursar(&["--config", &config, "converse", "-m", NOVA, "hello"]);
        assert!(
            said.code == Some(4) && said.stderr.contains("upstream `tokyo`"),
            "{}",
            said.stderr
        );
        world.audit();
    }
}
