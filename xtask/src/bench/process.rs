//! One `bursar converse` to the simulator, the whole process, beside the AWS CLI's.

use anyhow::Result;

use super::report::Finding;
use super::sandbox::{RAM_DISK, Sandbox, Simulator, binary};
use super::timing::{in_turns, millis, once};
use crate::test::python;

/// The AWS CLI takes half a second and more.
const TURNS: usize = 31;
const LIMIT_MS: f64 = 30.0;
const TIMES: f64 = 15.0;
const MODEL: &str = "amazon.nova-lite-v1:0";
const PROMPT: &str = "Name the five verbs of a metered call.";
/// As the AWS CLI's own starter does, wherever that was installed to.
const STARTER: &str = "import sys, awscli.clidriver; sys.exit(awscli.clidriver.main())";

pub(super) fn run() -> Result<Vec<Finding>> {
    let python = python::prepare()?;
    let sandbox = Sandbox::new(RAM_DISK.as_ref())?;
    let simulator = Simulator::start()?;
    let mut aws = simulator.called_by(sandbox.program(python.as_ref()));
    let message = format!(r#"[{{"role": "user", "content": [{{"text": "{PROMPT}"}}]}}]"#);
    aws.args(["-c", STARTER, "bedrock-runtime", "converse", "--model-id", MODEL])
        .args(["--messages", message.as_str()])
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_MAX_ATTEMPTS", "1");
    let mut bursar = simulator.called_by(sandbox.program(&binary("bursar")?));
    bursar.args(["converse", "-m", MODEL, "--no-stream", PROMPT]);
    let (of_aws, of_bursar) = in_turns(TURNS, || once(&mut aws), || once(&mut bursar))?;
    let ratio = of_aws.as_secs_f64() / of_bursar.as_secs_f64();
    Ok(vec![
        Finding::plain(
            "`aws bedrock-runtime converse`, median",
            format!("{:.0} ms", millis(of_aws)),
        ),
        Finding::at_most("`bursar converse`, median", millis(of_bursar), LIMIT_MS, " ms"),
        Finding::at_least("so many times as fast", ratio, TIMES, " ×"),
    ])
}
