use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const CLAUDE: &str = "anthropic.claude-sonnet-4-6";
const NOVA: &str = "amazon.nova-lite-v1:0";

fn read(
    operation: Operation,
    id: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<RequestFacts, MalformedBody> {
    let pair = |(name, value): &(&str, &str)| {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    };
    let headers = headers.iter().map(pair).collect();
    read_request(operation, &ModelId::parse(id).unwrap(), &headers, body.as_bytes())
}

fn invoke(id: &str, body: &Value) -> Result<RequestFacts, MalformedBody> {
    read(Operation::InvokeModel, id, &[], &body.to_string())
}

fn converse(body: &Value) -> Result<RequestFacts, MalformedBody> {
    read(Operation::Converse, NOVA, &[], &body.to_string())
}

#[test]
fn each_providers_name_for_the_most_tokens_is_known() {
    for (id, body) in [
        (CLAUDE, json!({ "max_tokens": 7 })),
        ("anthropic.claude-v2", json!({ "max_tokens_to_sample": 7 })),
        (NOVA, json!({ "inferenceConfig": { "maxTokens": 7 } })),
        (NOVA, json!({ "inferenceConfig": { "max_new_tokens": 7 } })),
        ("amazon.titan-text-lite-v1", json!({ "textGenerationConfig": { "maxTokenCount": 7 } })),
        ("meta.llama3-8b-instruct-v1:0", json!({ "max_gen_len": 7 })),
        ("mistral.mistral-7b-instruct-v0:2", json!({ "max_tokens": 7 })),
        ("mistral.ministral-3-8b-instruct", json!({ "max_tokens": 7 })),
        ("cohere.command-text-v14", json!({ "max_tokens": 7 })),
        ("cohere.command-r-v1:0", json!({ "max_tokens": 7 })),
        ("ai21.j2-mid-v1", json!({ "maxTokens": 7 })),
        ("ai21.jamba-1-5-mini-v1:0", json!({ "max_tokens": 7 })),
        ("deepseek.r1-v1:0", json!({ "max_tokens": 7 })),
        ("openai.gpt-oss-120b-1:0", json!({ "max_completion_tokens": 7, "max_tokens": 3 })),
        ("qwen.qwen3-32b-v1:0", json!({ "max_tokens": 7 })),
        ("twelvelabs.pegasus-1-5-v1:0", json!({ "maxOutputTokens": 7 })),
    ] {
        assert_eq!(invoke(id, &body).unwrap().max_tokens, Some(7), "{id} {body}");
    }
    // Another provider's name bounds nothing.
    assert_eq!(invoke(CLAUDE, &json!({ "max_gen_len": 7 })).unwrap().max_tokens, None);
    assert_eq!(invoke("cohere.embed-v4:0", &json!({ "texts": [] })).unwrap().max_tokens, Some(0));
}

#[test]
fn converse_is_bounded_by_the_largest_limit_that_is_sent() {
    let body = |limits: Value| converse(&limits).unwrap().max_tokens;
    assert_eq!(body(json!({ "inferenceConfig": { "maxTokens": 7 } })), Some(7));
    assert_eq!(body(json!({ "additionalModelRequestFields": { "max_tokens": 9 } })), Some(9));
    let both = json!({
        "inferenceConfig": { "maxTokens": 7 },
        "additionalModelRequestFields": { "thinking": { "budget_tokens": 20 } },
    });
    assert_eq!(body(both), Some(20));
    let budget = json!({ "additionalModelRequestFields": { "thinking": { "budget_tokens": 20 } } });
    assert_eq!(body(budget), None);
    assert_eq!(body(json!({ "inferenceConfig": { "maxTokens": null } })), None);
}

#[test]
fn a_limit_that_is_no_whole_number_is_refused_with_its_place_and_value() {
    for bad in [json!(-1), json!(1.5), json!("9"), json!([7]), json!(1e30)] {
        let error = converse(&json!({ "inferenceConfig": { "maxTokens": bad } })).unwrap_err();
        assert_eq!(error.path, "/inferenceConfig/maxTokens");
        assert!(error.why.contains(&bad.to_string()), "{error}");
        assert!(invoke("openai.gpt-oss-20b-1:0", &json!({ "n": bad })).is_err(), "{bad}");
    }
}

#[test]
fn a_key_that_comes_twice_is_refused() {
    for body in [
        r#"{"max_tokens":1,"max_tokens":99}"#,
        r#"{"inferenceConfig":{"maxTokens":1},"inferenceConfig":{"maxTokens":99}}"#,
        r#"{"messages":[{"content":[{"text":"a","text":"bb"}]}]}"#,
    ] {
        let error = read(Operation::InvokeModel, CLAUDE, &[], body).unwrap_err();
        assert!(error.why.contains("twice"), "{error}");
    }
}

#[test]
fn bodies_that_are_no_objects_or_over_the_limit_are_refused() {
    for body in ["", "[]", "7", "{", "{}{}", "null"] {
        for &operation in Operation::ALL {
            assert!(read(operation, CLAUDE, &[], body).is_err(), "{body:?}");
        }
    }
    let padded = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
    assert!(read(Operation::InvokeModel, CLAUDE, &[], &padded(BODY_BYTES_MAX)).is_ok());
    assert!(read(Operation::InvokeModel, CLAUDE, &[], &padded(BODY_BYTES_MAX + 1)).is_err());
}

#[test]
fn candidates_multiply_and_are_at_least_one() {
    let candidates = |id, body: Value| invoke(id, &body).unwrap().candidates;
    assert_eq!(candidates("openai.gpt-oss-20b-1:0", json!({ "n": 3 })), 3);
    assert_eq!(candidates("cohere.command-text-v14", json!({ "num_generations": 4 })), 4);
    assert_eq!(candidates("ai21.j2-mid-v1", json!({ "numResults": 5 })), 5);
    assert_eq!(candidates("ai21.jamba-1-5-mini-v1:0", json!({ "n": 0 })), 1);
    assert_eq!(candidates(CLAUDE, json!({ "n": 3 })), 1);
}

#[test]
fn images_are_counted_with_their_size_and_quality() {
    let config = json!({ "numberOfImages": 3, "width": 512, "height": 768, "quality": "premium" });
    let facts =
        invoke("amazon.nova-canvas-v1:0", &json!({ "imageGenerationConfig": config })).unwrap();
    assert_eq!((facts.images, facts.max_tokens), (Some(3), Some(0)));
    assert_eq!(facts.image_variant["size"], "512x768");
    assert_eq!(facts.image_variant["quality"], "premium");
    let facts = invoke("amazon.nova-canvas-v1:0", &json!({})).unwrap();
    assert_eq!((facts.images, facts.image_variant["size"].as_str()), (Some(1), "1024x1024"));
    let facts = invoke("stability.sd3-5-large-v1:0", &json!({ "prompt": "x" })).unwrap();
    assert_eq!((facts.images, facts.image_variant.len()), (Some(1), 0));
    assert_eq!(invoke(NOVA, &json!({})).unwrap().images, None);
}

#[test]
fn every_byte_counts_but_those_of_pictures_and_sound() {
    let text = json!({ "messages": [{ "content": [{ "text": "héllo" }] }] });
    let bytes = text.to_string().len() as u64;
    assert_eq!(converse(&text).unwrap().input_bytes, bytes);

    let image = json!({ "image": { "format": "png", "source": { "bytes": "A".repeat(1000) } } });
    let document = json!({ "document": { "source": { "bytes": "B".repeat(1000) } } });
    let nested = json!({ "toolResult": { "content": [image.clone()] } });
    let body = json!({ "messages": [{ "content": [image, document, nested] }] });
    let facts = converse(&body).unwrap();
    assert_eq!(facts.attachments, 3);
    assert_eq!(facts.input_bytes, body.to_string().len() as u64 - 2000);

    let claude = json!({ "messages": [{ "content": [
        { "type": "image", "source": { "type": "base64", "data": "A".repeat(1000) } },
        { "type": "tool_result", "content": [
            { "type": "image", "source": { "type": "base64", "data": "A".repeat(1000) } },
        ] },
    ] }] });
    let facts = invoke(CLAUDE, &claude).unwrap();
    assert_eq!(facts.attachments, 2);
    assert_eq!(facts.input_bytes, claude.to_string().len() as u64 - 2000);
}

#[test]
fn text_dressed_as_an_image_inside_free_json_still_counts() {
    let hidden = json!({ "image": { "source": { "bytes": "words ".repeat(100) } } });
    let body = json!({ "messages": [{ "content": [{ "toolUse": { "input": hidden } }] }] });
    let facts = converse(&body).unwrap();
    assert_eq!((facts.attachments, facts.input_bytes), (0, body.to_string().len() as u64));
}

#[test]
fn input_that_is_not_in_the_request_is_unbounded() {
    let block = |block: Value| json!({ "messages": [{ "content": [block] }] });
    let s3 = json!({ "s3Location": { "uri": "s3://b/k" } });
    for body in [
        block(json!({ "document": { "source": s3 } })),
        block(json!({ "video": { "source": s3 } })),
        json!({ "promptVariables": { "a": { "text": "b" } } }),
        json!({ "toolConfig": { "tools": [{ "systemTool": { "name": "nova_grounding" } }] } }),
        json!({ "additionalModelRequestFields": { "tools": [{ "type": "web_search_20250305" }] } }),
    ] {
        assert!(converse(&body).unwrap().unbounded.is_some(), "{body}");
    }
    for (id, body) in [
        (CLAUDE, block(json!({ "type": "document", "source": { "type": "url", "url": "x" } }))),
        (CLAUDE, json!({ "tools": [{ "type": "web_search_20250305", "name": "web_search" }] })),
        (CLAUDE, json!({ "mcp_servers": [{}] })),
        (
            "openai.gpt-oss-20b-1:0",
            block(json!({ "type": "image_url", "image_url": { "url": "https://x" } })),
        ),
        ("twelvelabs.pegasus-1-5-v1:0", json!({ "mediaSource": s3 })),
        (
            "amazon.nova-2-multimodal-embeddings-v1:0",
            json!({ "singleEmbeddingParams": { "video": { "source": s3 } } }),
        ),
    ] {
        assert!(invoke(id, &body).unwrap().unbounded.is_some(), "{id} {body}");
    }
    for (id, body) in [
        (CLAUDE, json!({ "tools": [{ "name": "mine" }, { "type": "bash_20250124" }] })),
        ("openai.gpt-oss-20b-1:0", json!({ "tools": [{ "type": "function" }] })),
        (
            "openai.gpt-oss-20b-1:0",
            block(
                json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,AA" } }),
            ),
        ),
    ] {
        assert_eq!(invoke(id, &body).unwrap().unbounded, None, "{id} {body}");
    }
}

#[test]
fn caching_is_seen_wherever_it_is_asked_for() {
    let caching = |facts: RequestFacts| (facts.caches, facts.cache_ttl_1h);
    assert_eq!(caching(converse(&json!({})).unwrap()), (false, false));
    let point = json!({ "system": [{ "text": "x" }, { "cachePoint": { "type": "default" } }] });
    assert_eq!(caching(converse(&point).unwrap()), (true, false));
    let tools = json!({ "toolConfig": { "tools": [{ "cachePoint": { "ttl": "1h" } }] },
        "system": [{ "cachePoint": { "ttl": "5m" } }] });
    assert_eq!(caching(converse(&tools).unwrap()), (true, true));
    let control = json!({ "messages": [{ "content": [
        { "type": "text", "cache_control": { "type": "ephemeral", "ttl": "1h" } },
    ] }] });
    assert_eq!(caching(invoke(CLAUDE, &control).unwrap()), (true, true));
    let none = json!({ "messages": [{ "content": [{ "cache_control": null }] }] });
    assert_eq!(caching(invoke(CLAUDE, &none).unwrap()), (false, false));
}

#[test]
fn tier_guardrail_and_metadata_are_in_converses_body() {
    let facts = converse(&json!({
        "serviceTier": { "type": "flex" },
        "guardrailConfig": { "guardrailIdentifier": "gr1", "guardrailVersion": "1" },
        "requestMetadata": { "team": "red" },
    }))
    .unwrap();
    assert_eq!((facts.tier, facts.guardrail.as_deref()), (Tier::Flex, Some("gr1")));
    assert_eq!(facts.metadata["team"], "red");
    let fast = converse(&json!({ "performanceConfig": { "latency": "optimized" } })).unwrap();
    assert_eq!(fast.tier, Tier::LatencyOptimised);
    assert!(converse(&json!({ "serviceTier": { "type": "gold" } })).is_err());
    assert!(converse(&json!({ "requestMetadata": { "team": 1 } })).is_err());
}

#[test]
fn tier_guardrail_and_metadata_are_in_invoke_models_headers() {
    let with = |headers: &[(&str, &str)]| read(Operation::InvokeModel, CLAUDE, headers, "{}");
    let facts = with(&[
        ("X-Amzn-Bedrock-Service-Tier", "priority"),
        ("X-Amzn-Bedrock-GuardrailIdentifier", "gr1"),
        ("X-Amzn-Bedrock-Request-Metadata", r#"{"team":"red"}"#),
    ])
    .unwrap();
    assert_eq!((facts.tier, facts.guardrail.as_deref()), (Tier::Priority, Some("gr1")));
    assert_eq!(facts.metadata["team"], "red");
    for bad in ["[]", "{", r#"{"a":1}"#, r#"{"a":"1","a":"2"}"#] {
        assert!(with(&[("X-Amzn-Bedrock-Request-Metadata", bad)]).is_err(), "{bad}");
    }
    let sized = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
    let header = "X-Amzn-Bedrock-Request-Metadata";
    assert!(with(&[(header, &sized(METADATA_BYTES_MAX))]).is_ok());
    assert!(with(&[(header, &sized(METADATA_BYTES_MAX + 1))]).is_err());
    assert!(with(&[("X-Amzn-Bedrock-Service-Tier", "gold")]).is_err());
}

#[test]
fn units_that_only_the_request_knows_are_added_to_the_usage() {
    let meter = |name: &str, units| vec![(Meter(name.to_owned()), units)];
    let documents = |count: usize| json!({ "query": "q", "documents": vec!["d"; count] });
    let meters = |id, body: Value| invoke(id, &body).unwrap().meters;
    assert_eq!(meters("cohere.rerank-v3-5:0", documents(100)), meter("search_unit", 1));
    assert_eq!(meters("cohere.rerank-v3-5:0", documents(101)), meter("search_unit", 2));
    assert_eq!(meters("amazon.rerank-v1:0", documents(0)), meter("query", 1));
    assert_eq!(meters("amazon.titan-embed-image-v1", json!({ "inputText": "x" })), []);
    let image = json!({ "inputImage": "aGk=" });
    assert_eq!(meters("amazon.titan-embed-image-v1", image), meter("image", 1));
    let page = json!({ "singleEmbeddingParams": { "image": { "detailLevel": "DOCUMENT_IMAGE" } } });
    let nova = "amazon.nova-2-multimodal-embeddings-v1:0";
    assert_eq!(meters(nova, page), meter("document_image", 1));
    let text = json!({ "inputType": "text", "inputText": "x" });
    assert_eq!(meters("twelvelabs.marengo-embed-2-7-v1:0", text), meter("text_request", 1));

    let facts = invoke("amazon.titan-embed-image-v1", &json!({ "inputImage": "aGk=" })).unwrap();
    let mut usage = Usage { input: 5, meters: meter("image", 2), ..Usage::default() };
    facts.add_meters(&mut usage);
    assert_eq!((usage.input, usage.meters), (5, meter("image", 3)));
}

#[test]
fn counting_tokens_is_free() {
    let body = r#"{"input":{"converse":{"messages":[]}}}"#;
    let facts = read(Operation::CountTokens, CLAUDE, &[], body).unwrap();
    assert_eq!((facts.max_tokens, facts.input_bytes, facts.unbounded), (Some(0), 0, None));
}

proptest! {
    #[test]
    fn arbitrary_bodies_are_read_or_refused(text in r#"[\[\]{}:,"a-z0-9 ._-]{0,80}"#) {
        for &operation in Operation::ALL {
            let _ = read(operation, NOVA, &[], &text);
        }
    }

    #[test]
    fn odd_values_in_the_right_places_never_panic(
        keys in prop::collection::vec(0..KEYS.len(), 1..6),
        leaf in prop_oneof![Just("null"), Just("-1"), Just("\"x\""), Just("[{}]"), Just("{}")],
    ) {
        let open: Vec<_> = keys.iter().map(|&key| format!("{{\"{}\":[", KEYS[key])).collect();
        let open = open.concat();
        let body = format!("{open}{leaf}{}", "]}".repeat(keys.len()));
        for &operation in Operation::ALL {
            for id in [NOVA, CLAUDE, "amazon.nova-canvas-v1:0", "cohere.rerank-v3-5:0"] {
                let _ = read(operation, id, &[], &body);
            }
        }
    }
}

const KEYS: [&str; 12] = [
    "messages",
    "content",
    "image",
    "source",
    "type",
    "cachePoint",
    "tools",
    "toolConfig",
    "inferenceConfig",
    "imageGenerationConfig",
    "documents",
    "requestMetadata",
];
