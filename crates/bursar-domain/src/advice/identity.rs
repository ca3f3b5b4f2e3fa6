//! Advice on who the caller is: credentials, keys, signatures and the clock that they depend on.

use super::scene::Scene;
use super::{Advice, Cause};

const WHO: &str =
    "`bursar doctor` shows whom AWS takes you for, and where the credentials come from";

/// What the AWS SDK says when it has asked everywhere; a page on where it asked follows it.
const NOWHERE: &str = "no credentials found in chain";

pub(super) fn advise(scene: &Scene<'_>, cause: Cause) -> Option<Advice> {
    Some(match cause {
        Cause::NoCredentials => no_credentials(scene),
        Cause::ExpiredCredentials => expired(scene),
        Cause::InvalidCredentials => invalid(scene),
        Cause::ApiKey => api_key(scene),
        Cause::BadSignature => bad_signature(scene),
        Cause::ClockSkew => clock_skew(scene),
        _ => return None,
    })
}

fn no_credentials(scene: &Scene<'_>) -> Advice {
    let why = if scene.trouble.message.contains(NOWHERE) {
        "neither the environment, nor a profile, nor the machine's role has any".to_owned()
    } else {
        format!("those that were looked for cannot be used; with it came {}", scene.quoted())
    };
    Advice::of(Cause::NoCredentials, "there are no AWS credentials", why)
        .then("with IAM Identity Center: run `aws sso login`, and set `AWS_PROFILE` to the profile")
        .then(
            "with an access key: run `aws configure`, or set `AWS_ACCESS_KEY_ID` and \
             `AWS_SECRET_ACCESS_KEY`",
        )
        .then("with a Bedrock API key: set `AWS_BEARER_TOKEN_BEDROCK`")
        .then("then see by `bursar doctor` that they are found, and whose they are")
}

fn expired(scene: &Scene<'_>) -> Advice {
    let why =
        format!("temporary credentials last minutes to hours; with it came {}", scene.quoted());
    Advice::of(Cause::ExpiredCredentials, "the AWS credentials have expired", why)
        .then("with IAM Identity Center: run `aws sso login`")
        .then(
            "with keys in the environment: assume the role anew, and set `AWS_ACCESS_KEY_ID`, \
             `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` together",
        )
        .then(WHO)
}

fn invalid(scene: &Scene<'_>) -> Advice {
    let why = format!(
        "the access key is unknown, deleted or of another partition, or its session \
        token is missing; AWS said {}",
        scene.quoted()
    );
    Advice::of(Cause::InvalidCredentials, "AWS does not know these credentials", why)
        .then(WHO)
        .then(
            "temporary keys (they begin with ASIA) need their `AWS_SESSION_TOKEN`; lasting ones \
             (AKIA) must not have one",
        )
        .then(format!("if {} is an opt-in region, enable it for the account", scene.region()))
}

fn api_key(scene: &Scene<'_>) -> Advice {
    let why = format!(
        "it has expired, was revoked, or was made for another region; AWS said {}",
        scene.quoted()
    );
    Advice::of(Cause::ApiKey, "Bedrock refused the API key", why)
        .then(format!("make a new one in the Bedrock console of {}", scene.region()))
        .then(
            "a short-term key lasts 12 hours at most, and no longer than the session that made it",
        )
        .then(
            "unset `AWS_BEARER_TOKEN_BEDROCK` to use your other AWS credentials: it wins over them",
        )
}

fn bad_signature(scene: &Scene<'_>) -> Advice {
    let why = format!(
        "the secret key is not that of the access key, or something on the way changed \
        the request; AWS said {}",
        scene.quoted()
    );
    Advice::of(Cause::BadSignature, "the request's signature does not fit", why)
        .then(
            "set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` again, from one source and without \
             blanks or line ends",
        )
        .then("a proxy that changes the path or signed headers breaks signatures: go around it")
        .then(WHO)
}

fn clock_skew(scene: &Scene<'_>) -> Advice {
    let why = format!(
        "a signature is good for five minutes around its time; AWS said {}",
        scene.quoted()
    );
    Advice::of(Cause::ClockSkew, "this machine's clock and AWS's differ too much", why)
        .then("set the clock: `timedatectl set-ntp true`, or restart the machine's time service")
        .then(
            "in a virtual machine or container, set the host's clock; after a suspend, restart it",
        )
        .then("`bursar doctor` tells how far it is off")
}
