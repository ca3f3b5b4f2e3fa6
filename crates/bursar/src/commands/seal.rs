//! `bursar ledger keygen` and `bursar ledger seal`: what makes the books provable.

use bursar_domain::entropy::Entropy;
use bursar_domain::time::Clock;
use bursar_ledger::{HeadDelivery, Ledger, Signer, SigningKey};
use serde_json::{Value, json};

use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;
use crate::wiring;

pub(crate) fn keygen(settings: &Settings, output: Output) -> Result<(), Failure> {
    let Some(path) = settings.signing_key_file()? else {
        let message = "nobody says where the signing key is to be";
        return Err(Failure::new(Situation::Configuration, message)
            .hint("name a file in `[ledger] signing_key_file`"));
    };
    let key = SigningKey::create(&path, &Entropy::system())?.public();
    if output.json {
        let file = path.display().to_string();
        return Ok(Output::object(&json!({"file": file, "public_key": key.to_string()}))?);
    }
    Output::line(key.to_string())?;
    output.note(format!("the key is in {}; what stands above is its public half", path.display()));
    if settings.heads_file.is_none() && settings.heads_hook.is_none() {
        output.note("heads go to the log alone: name a file in `[ledger] heads_file`");
    }
    Ok(())
}

/// Seals, and waits for the webhook where there is one.
async fn seal(
    ledger: &Ledger,
    signer: Option<&Signer>,
) -> Result<(u64, Option<HeadDelivery>), Failure> {
    let clock = Clock::system();
    let sealed = ledger.seal(clock.now(), signer).await?;
    let Some(signer) = signer else { return Ok((sealed, None)) };
    Ok((sealed, ledger.hand_over(signer, &clock).await?))
}

fn delivery_json(delivery: &HeadDelivery) -> Value {
    let (block, at) = delivery.taken.unzip();
    json!({
        "taken_block": block,
        "taken_at": at.map(|at| at.to_string()),
        "failure": delivery.failure,
    })
}

pub(crate) async fn run(settings: &Settings, adopt: bool, output: Output) -> Result<(), Failure> {
    let signer = wiring::signer(settings)?;
    let ledger = wiring::open_ledger(settings).await?;
    if adopt {
        ledger.adopt().await?;
    }
    let done = seal(&ledger, signer.as_ref()).await;
    ledger.close().await?;
    let (sealed, delivery) = done?;
    let mut object = json!({"sealed": sealed, "signed": signer.is_some()});
    if let Some(delivery) = &delivery {
        object["webhook"] = delivery_json(delivery);
    }
    if let Some(why) = delivery.and_then(|delivery| delivery.failure) {
        let message =
            format!("{sealed} rows were sealed, and the webhook did not take the head: {why}");
        let failure = Failure::new(Situation::Failed, message)
            .hint("the next head covers this one too: run it again when the webhook is back")
            .hint("see `[ledger] heads_url`");
        return Err(Failure { object: Some(object), ..failure });
    }
    if output.json {
        return Ok(Output::object(&object)?);
    }
    Output::line(format!("{sealed} calls, corrections and changes were sealed"))?;
    if signer.is_none() {
        output.note("nobody signs: `bursar ledger keygen` makes a key");
    }
    Ok(())
}
