//! Advice on the way to Bedrock and back: names, connections, proxies, silence, and our own limits.

use super::scene::Scene;
use super::{Advice, Cause};

const ENDPOINT: &str = "check `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` and the region: `bursar config` \
    shows what is set";
const KNOCK: &str = "`bursar doctor` knocks at the endpoint, and tells who answers";

pub(super) fn advise(scene: &Scene<'_>, cause: Cause) -> Option<Advice> {
    Some(match cause {
        Cause::Proxy => proxy(scene),
        Cause::ConnectionRefused => refused(scene),
        Cause::UnknownHost => unknown_host(scene),
        Cause::Tls => tls(scene),
        Cause::ConnectTimeout | Cause::ConnectFailed => not_connected(scene, cause),
        Cause::FirstByteTimeout => no_first_byte(scene),
        Cause::IdleTimeout => silent(scene),
        Cause::ConnectionLost => lost(scene),
        Cause::BrokenReply => broken(scene),
        Cause::ReplyTooLarge => too_large(scene),
        Cause::NotSent => not_sent(scene),
        Cause::TimeLimit => time_limit(scene),
        Cause::Stopped => stopped(scene),
        _ => return None,
    })
}

fn proxy(scene: &Scene<'_>) -> Advice {
    let status = scene.trouble.status;
    let what = match status {
        Some(407) => "a proxy asks for a name and a password".to_owned(),
        Some(status) => {
            format!("something between here and Bedrock answered, with status {status}")
        }
        None => "a proxy did not let the connection through".to_owned(),
    };
    let said = scene.trouble.message.trim_start();
    let why = if status.is_none() {
        scene.transport()
    } else if said.starts_with('<') {
        "the answer is a web page, and Bedrock sends none".to_owned()
    } else {
        format!("the answer is not of Bedrock's form; it said {}", scene.quoted())
    };
    let sign_in = "put the proxy's user and password into its URL, or ask for a way without";
    Advice::of(Cause::Proxy, what, why)
        .then_if((status == Some(407)).then(|| sign_in.to_owned()))
        .then("add `.amazonaws.com` to `NO_PROXY`, or use a VPC endpoint for Bedrock")
        .then("a captive portal, a load balancer or a VPN answers like this too: open a web page")
        .then(ENDPOINT)
        .then(KNOCK)
}

fn refused(scene: &Scene<'_>) -> Advice {
    let what = format!("nobody listens at the endpoint{}", scene.tries());
    Advice::of(Cause::ConnectionRefused, what, "the machine is there, and refused the connection")
        .then("if it is a simulator, start it: `bursar simulate`")
        .then(ENDPOINT)
        .then("or a firewall refuses it: Bedrock needs outgoing port 443")
        .then(KNOCK)
}

fn unknown_host(scene: &Scene<'_>) -> Advice {
    let what = format!("the endpoint's name leads nowhere{}", scene.tries());
    let why = format!("this machine's name server does not know it; {}", scene.transport());
    Advice::of(Cause::UnknownHost, what, why)
        .then("check that this machine is on the network")
        .then(format!("check that {} is spelt right and has Bedrock", scene.region()))
        .then(ENDPOINT)
        .then(KNOCK)
}

fn tls(scene: &Scene<'_>) -> Advice {
    let what = format!("no trusted connection to the endpoint can be made{}", scene.tries());
    Advice::of(Cause::Tls, what, scene.transport())
        .then("a company proxy that reads traffic has its own root certificate: install it here")
        .then("an endpoint without TLS is `http://`, not `https://`")
        .then("a wrong clock makes good certificates invalid: `bursar doctor` checks it")
}

fn not_connected(scene: &Scene<'_>, cause: Cause) -> Advice {
    let what = match cause {
        Cause::ConnectTimeout => format!("the endpoint did not answer the door{}", scene.tries()),
        _ => format!("no connection to the endpoint could be made{}", scene.tries()),
    };
    Advice::of(cause, what, scene.transport())
        .then("check that this machine is on the network, and may reach port 443 outside")
        .then("in a private subnet, Bedrock needs a NAT gateway or a VPC endpoint")
        .then(ENDPOINT)
        .then(KNOCK)
}

fn no_first_byte(scene: &Scene<'_>) -> Advice {
    let what = format!("{} did not begin to answer in time", scene.named());
    let is_stream = scene.trouble.operation.is_some_and(crate::call::Operation::is_stream);
    let stream = "stream the answer: without that, nothing comes until all of it is generated";
    Advice::of(Cause::FirstByteTimeout, what, scene.transport())
        .then_if((!is_stream).then(|| stream.to_owned()))
        .then("raise `first_byte_ms` under `[limits]` in the configuration")
}

fn silent(scene: &Scene<'_>) -> Advice {
    let what = format!("the answer of {} fell silent", scene.named());
    let why = "a stream that stalls does not come back, so it was closed";
    Advice::of(Cause::IdleTimeout, what, why).then("ask again").then(
        "if the model thinks for longer, raise `idle_ms` under `[limits]` in the configuration",
    )
}

fn lost(scene: &Scene<'_>) -> Advice {
    let what = format!("the connection broke during the call to {}", scene.named());
    Advice::of(Cause::ConnectionLost, what, scene.transport())
        .then("ask again; if it happens at the same time each call, something closes idle connections")
        .then("NAT gateways and load balancers close what is silent for 350 seconds or less")
}

fn broken(scene: &Scene<'_>) -> Advice {
    let what = format!("the answer of {} is not whole", scene.named());
    let why = format!("it ended before its end, or came damaged: {}", scene.quoted());
    Advice::of(Cause::BrokenReply, what, why)
        .then("ask again")
        .then("if it comes back, a proxy on the way may cut or rewrite streams: go around it")
}

fn too_large(scene: &Scene<'_>) -> Advice {
    let what = format!("the answer of {} is too large to be taken", scene.named());
    Advice::of(Cause::ReplyTooLarge, what, "a limit of ours on one answer keeps memory in bounds")
        .then("ask for fewer or smaller images, or stream the answer")
        .then("`bursar config` shows the limits that can be set")
}

fn not_sent(scene: &Scene<'_>) -> Advice {
    let what = "the request could not be built, and nothing was sent";
    Advice::of(Cause::NotSent, what, scene.transport())
        .then("set a region with `AWS_REGION`, and check the endpoint's URL")
        .then("`bursar doctor` shows whether there are credentials")
}

fn time_limit(scene: &Scene<'_>) -> Advice {
    let what = format!("the answer of {} was cut off by the limit on a call's time", scene.named());
    Advice::of(Cause::TimeLimit, what, "a call that never ends would keep its hold for ever")
        .then("ask for less in one call, or raise the limit under `[limits]` in the configuration")
        .then("Bedrock most likely charges for what it generates beyond the cut")
}

fn stopped(scene: &Scene<'_>) -> Advice {
    let what = format!("the call to {} was stopped", scene.named());
    let trouble = &scene.trouble;
    let why = match trouble.code {
        "OutputClosed" => "nobody reads the answer any more",
        "Interrupted" => "somebody asked for it",
        // A limit's figures, or who cut it and why.
        _ => trouble.message,
    };
    let is_limit = trouble.code.starts_with("Stream");
    let limits = "ask for less, or see which limits are set: `bursar streams limit`";
    Advice::of(Cause::Stopped, what, why)
        .then_if(is_limit.then(|| limits.to_owned()))
        .then("Bedrock most likely charges for what it generates beyond the stop")
}
