//! `bursar ledger keygen` and `bursar ledger seal`: what makes the books provable.

use bursar_domain::entropy::Entropy;
use bursar_domain::time::Clock;
use bursar_ledger::SigningKey;
use serde_json::json;

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
    if settings.heads_file.is_none() {
        output.note("heads go to the log alone: name a file in `[ledger] heads_file`");
    }
    Ok(())
}

pub(crate) async fn run(settings: &Settings, adopt: bool, output: Output) -> Result<(), Failure> {
    let signer = wiring::signer(settings)?;
    let ledger = wiring::open_ledger(settings).await?;
    if adopt {
        ledger.adopt().await?;
    }
    let sealed = ledger.seal(Clock::system().now(), signer.as_ref()).await;
    ledger.close().await?;
    let sealed = sealed?;
    if output.json {
        return Ok(Output::object(&json!({"sealed": sealed, "signed": signer.is_some()}))?);
    }
    Output::line(format!("{sealed} calls, corrections and changes were sealed"))?;
    if signer.is_none() {
        output.note("nobody signs: `bursar ledger keygen` makes a key");
    }
    Ok(())
}
