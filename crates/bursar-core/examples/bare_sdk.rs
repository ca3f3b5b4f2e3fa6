//! One Converse call with the AWS SDK alone: what `bursar converse` is measured against.
//!
//! It does what the SDK's own guide does, with Bursar's TLS and no retries, and prints the answer's
//! text. No price, no ledger, no metering. Arguments: the model id and the prompt.

use aws_config::BehaviorVersion;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("give a model id")?;
    let prompt = arguments.next().ok_or("give a prompt")?;
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .load()
        .await;
    let question = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(prompt))
        .build()?;
    let reply = Client::new(&config).converse().model_id(model).messages(question).send().await?;
    let answer = reply.output().and_then(|output| output.as_message().ok());
    for block in answer.map(Message::content).unwrap_or_default() {
        println!("{}", block.as_text().map_or("", String::as_str));
    }
    Ok(())
}
