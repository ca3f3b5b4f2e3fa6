//! Clients that nobody here wrote, unchanged. The Rust SDK's own checks of each operation, stream
//! and fault stand beside the simulator's code; this is boto3's.

use std::process::Command;

use crate::world::World;

#[test]
fn boto3_is_served_every_operation_stream_and_error() {
    #[expect(clippy::disallowed_methods, reason = "the interpreter's place comes from outside")]
    let python = std::env::var("BURSAR_TEST_PYTHON")
        .expect("this test needs Python with boto3: run it with `cargo xtask test`");
    let world =
        World::start_with(&["--access-key-id", "AKIDEXAMPLE", "--secret-access-key", "secret"]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/it/boto3_conformance.py");
    let ran = Command::new(python)
        .args([script, &world.endpoint])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .expect("Python starts");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(said.lines().count(), 9, "{said}");
    assert!(world.served().len() > 30, "the calls did reach the simulator");
}
