//! Lines for a shell that call a gateway as people's own clients do, each whole: to be pasted into
//! another terminal, and changed there.

use bursar_admin::NewKey;

/// A model of Amazon's that every client but Anthropic's can ask.
const MODEL: &str = "amazon.nova-lite-v1:0";
/// One of Anthropic's.
const CLAUDE: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
/// What is asked of Bedrock, in its own words and in both houses'.
const MESSAGES: &str = r#"[{"role": "user", "content": [{"text": "Hello"}]}]"#;
const CHAT: &str = r#"[{"role": "user", "content": "Hello"}]"#;

/// A client, and its line.
pub(crate) fn lines(url: &str, key: &NewKey) -> [(&'static str, String); 5] {
    let (id, pair, secret) =
        (&key.access_key_id, key.secret_access_key.expose(), key.secret.expose());
    [
        (
            "curl",
            format!(
                "curl -s {url}/model/{MODEL}/converse -H 'authorization: Bearer {secret}' \
                 -d '{{\"messages\": {MESSAGES}}}'"
            ),
        ),
        (
            "boto3",
            python(&format!(
                r#"import boto3; print(boto3.client("bedrock-runtime", endpoint_url="{url}", region_name="us-east-1", aws_access_key_id="{id}", aws_secret_access_key="{pair}").converse(modelId="{MODEL}", messages={MESSAGES})["output"]["message"]["content"][0]["text"])"#
            )),
        ),
        (
            "aws",
            format!(
                "AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={pair} aws bedrock-runtime converse \
                 --endpoint-url {url} --region us-east-1 --model-id {MODEL} --messages '{MESSAGES}'"
            ),
        ),
        (
            "openai",
            python(&format!(
                r#"import openai; print(openai.OpenAI(base_url="{url}/v1", api_key="{secret}").chat.completions.create(model="{MODEL}", messages={CHAT}).choices[0].message.content)"#
            )),
        ),
        (
            "anthropic",
            python(&format!(
                r#"import anthropic; print(anthropic.Anthropic(base_url="{url}", api_key="{secret}").messages.create(model="{CLAUDE}", max_tokens=200, messages={CHAT}).content[0].text)"#
            )),
        ),
    ]
}

fn python(program: &str) -> String {
    format!("python3 -c '{program}'")
}
