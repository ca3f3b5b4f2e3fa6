//! Answers by the AWS SDK alone, streamed: what `bursar chat` is measured against.
//!
//! Every line on stdin is a question of its own; its answer's words go to stdout as they come, and
//! a line end after them. Bursar's TLS and no retries; no price, no ledger, no metering. Arguments:
//! the model id, and the most tokens of an answer.

use std::io::Write;

use aws_config::BehaviorVersion;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ConverseStreamOutput, InferenceConfiguration, Message,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("give a model id")?;
    let tokens: i32 = arguments.next().ok_or("give the most tokens of an answer")?.parse()?;
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .load()
        .await;
    let client = Client::new(&config);
    for line in std::io::stdin().lines() {
        let question = Message::builder()
            .role(ConversationRole::User)
            .content(ContentBlock::Text(line?))
            .build()?;
        let limit = InferenceConfiguration::builder().max_tokens(tokens).build();
        let asked = client.converse_stream().model_id(&model).messages(question);
        let mut answer = asked.inference_config(limit).send().await?;
        while let Some(event) = answer.stream.recv().await? {
            show(&event)?;
        }
        println!();
    }
    Ok(())
}

/// Writes an event's words, at once.
fn show(event: &ConverseStreamOutput) -> std::io::Result<()> {
    let ConverseStreamOutput::ContentBlockDelta(delta) = event else { return Ok(()) };
    let text = delta.delta().and_then(|delta| delta.as_text().ok());
    let mut out = std::io::stdout().lock();
    out.write_all(text.map(String::as_bytes).unwrap_or_default())?;
    out.flush()
}
