//! The cases: what is tried at each route. A route that is in no table here fails the test.

use serde_json::json;

use super::super::fixture::*;

/// What has to become of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expect {
    /// 4xx.
    Refused,
    /// Anything but a failure of ours: it cannot spend.
    Harmless,
}

pub(super) struct Case {
    pub(super) name: String,
    pub(super) request: String,
    pub(super) expect: Expect,
}

/// The route of guardrails.
const GUARDRAIL: &str = "/guardrail/{guardrail}/version/{version}/apply";

/// A path as it is asked for.
pub(super) fn path_of(path: &str) -> String {
    let model = if path.contains("/invoke") { HAIKU } else { NOVA };
    let model =
        if path.ends_with("count-tokens") { HAIKU.trim_start_matches("us.") } else { model };
    let path = path.replace("{guardrail}", "ab12").replace("{version}", "1");
    path.replace("{model}", model)
}

/// A body that would be served.
fn body_of(path: &str) -> String {
    let messages = json!([{"role": "user", "content": "Hello"}]);
    let claude = json!({
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": messages,
    });
    let body = match path {
        "/model/{model}/invoke" | "/model/{model}/invoke-with-response-stream" => claude,
        "/model/{model}/converse" | "/model/{model}/converse-stream" => conversation(""),
        "/model/{model}/count-tokens" => json!({"input": {"converse": conversation("")}}),
        GUARDRAIL => json!({"source": "INPUT", "content": [{"text": {"text": "Hello"}}]}),
        "/v1/chat/completions" => json!({"model": NOVA, "messages": messages}),
        "/v1/embeddings" => json!({"model": "amazon.titan-embed-text-v2:0", "input": "Hello"}),
        "/v1/messages" => json!({"model": HAIKU, "max_tokens": 9, "messages": messages}),
        "/v1/messages/count_tokens" => json!({"model": HAIKU, "messages": messages}),
        "/v1/models" | "/v1/models/{model}" | "/" | "/healthz" | "/readyz" | "/version" => {
            return String::new();
        }
        other => panic!("the route `{other}` has no cases: write them"),
    };
    body.to_string()
}

fn spends(path: &str) -> bool {
    !body_of(path).is_empty()
}

fn takes_key(path: &str) -> bool {
    spends(path) || path.starts_with("/v1/")
}

/// Everything that is tried at a route.
pub(super) fn cases(method: &str, path: &str, world: &World, revoked: &str) -> Vec<Case> {
    let body = body_of(path);
    let key = format!("authorization: Bearer {}\r\n", world.key.secret.expose());
    let request = |method: &str, path: &str, headers: &str| {
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\
             content-length: {length}\r\n\r\n{body}"
        )
    };
    let asked = path_of(path);
    let mut cases = Vec::new();
    if takes_key(path) {
        for (name, query, headers) in strangers(world, revoked) {
            let request = request(method, &format!("{asked}{query}"), &headers);
            cases.push(Case { name, request, expect: Expect::Refused });
        }
        for crooked in crooked(&asked) {
            let request = request(method, &crooked, &key);
            cases.push(Case { name: crooked, request, expect: Expect::Refused });
        }
    }
    for verb in
        ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "POST", "post", "BREW"]
    {
        if verb == method || (method == "GET" && verb == "HEAD") {
            continue;
        }
        let expect = if spends(path) { Expect::Refused } else { Expect::Harmless };
        cases.push(Case { name: verb.to_owned(), request: request(verb, &asked, &key), expect });
    }
    cases
}

/// Those who have no right: what they put into the query, and which headers they send.
fn strangers(world: &World, revoked: &str) -> Vec<(String, String, String)> {
    let key = world.key.secret.expose();
    let bearer = |key: &str| format!("authorization: Bearer {key}\r\n");
    let forged = format!("{}x", &key[..key.len() - 1]);
    let signed = |id: &str, more: &str| {
        let date = world.admin.clock.now().to_string().replace(['-', ':'], "");
        let (day, time) = (&date[..8], &date[..15]);
        format!(
            "x-amz-date: {time}Z\r\n{more}authorization: AWS4-HMAC-SHA256 Credential={id}/{day}/\
             us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature={}\r\n",
            "0".repeat(64)
        )
    };
    let id = &world.key.access_key_id;
    let unsigned = "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n";
    let cases = [
        ("nobody", "", String::new()),
        ("a revoked key", "", bearer(revoked)),
        ("a forged key", "", bearer(&forged)),
        ("a key's beginning", "", bearer(&key[..20])),
        ("a key of somebody else's make", "", bearer("sk-ant-api03-x")),
        ("no bearer", "", "authorization: Bearer \r\n".to_owned()),
        ("no scheme", "", format!("authorization: {key}\r\n")),
        ("basic", "", "authorization: Basic YTpi\r\n".to_owned()),
        ("a forged api key", "", format!("x-api-key: {forged}\r\n")),
        ("two keys", "", format!("{}{}", bearer(key), bearer(&forged))),
        ("a key in a cookie", "", format!("cookie: authorization={key}\r\n")),
        ("a key in the query", &format!("?key={key}"), String::new()),
        ("a right key, and one in the query", &format!("?a={key}"), bearer(key)),
        ("presigned", "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0", String::new()),
        ("presigned, and a right key", "?X-Amz-Signature=0", bearer(key)),
        ("an unknown pair", "", signed("AKIAEXAMPLE", "")),
        ("a wrong signature", "", signed(id, "")),
        ("an unsigned payload", "", signed(id, unsigned)),
        ("half a signature", "", "authorization: AWS4-HMAC-SHA256 Credential=a\r\n".to_owned()),
    ];
    cases.map(|(name, query, headers)| (name.to_owned(), query.to_owned(), headers)).into()
}

/// Paths that look like the route's, for who has a right.
fn crooked(path: &str) -> Vec<String> {
    let (before, last) = path.rsplit_once('/').unwrap();
    let mut paths = vec![
        format!("{path}/"),
        format!("/{path}"),
        format!("//{path}"),
        format!("/x/..{path}"),
        format!("/..{path}"),
        format!("/%2e%2e{path}"),
        format!("/..;{path}"),
        format!("/.{path}"),
        format!("{before}//{last}"),
        format!("{before}/./{last}"),
        format!("{before}/{last}%00"),
        format!("{before}/{last}%20"),
        format!("{before}%2F{last}"),
        format!("{before}/{last};x=y"),
        format!("{before}/{last}/../{last}x"),
        path.to_uppercase(),
        format!("/team{path}"),
        format!("/team/sales{path}"),
        format!("/team/%00{path}"),
        format!("/nothing{path}"),
    ];
    if path.starts_with("/model/") {
        paths.push(format!("{path}?model=other"));
        paths.push(path.replace("/model/", "/model/denied%2F..%2F"));
        paths.push(path.replace("/model/", "/model/..%2F"));
        paths.push(path.replace("/model/", "/model/%252e%252e%252F"));
        paths.push(path.replace("/model/", "/model/..;/"));
        paths.push(path.replace("/model/", "/model/a/"));
        paths.push(path.replace("/model/", "/model/%23"));
        paths.push(path.replace("/model/", "/model/%3F"));
    }
    if path.starts_with("/guardrail/") {
        for id in ["", "AB12", "..", "a%2Fb", "a%252Fb", "%00", "arn:aws:s3:::a", "ab12%20"] {
            paths.push(path.replace("/ab12/", &format!("/{id}/")));
        }
        for version in ["", "0", "01", "draft", "1%2F2", "-1", "100000000"] {
            paths.push(path.replace("/1/", &format!("/{version}/")));
        }
        paths.push(path.replace("/guardrail/", "/model/"));
        paths.push(path.replace("/version/", "/versions/"));
    }
    paths
}

/// Bodies that mean two things, or nothing.
pub(super) fn bodies(path: &str) -> Vec<(String, Vec<u8>)> {
    let good = body_of(path);
    if good.is_empty() {
        return Vec::new();
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let mut bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("no JSON", b"x".to_vec()),
        ("half of it", good.as_bytes()[..good.len() - 1].to_vec()),
        ("two of it", [good.as_bytes(), good.as_bytes()].concat()),
        ("a list", b"[]".to_vec()),
        ("null", b"null".to_vec()),
        ("a mark before it", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
        (
            "no UTF-8",
            good.replace("Hello", "\u{0}")
                .into_bytes()
                .into_iter()
                .map(|byte| if byte == 0 { 0xff } else { byte })
                .collect(),
        ),
        ("too deep", deep.into_bytes()),
        ("a key twice", good.replacen('{', "{\"messages\":[],\"messages\":[],", 1).into_bytes()),
    ];
    let bounds: &[&str] = match path {
        "/model/{model}/converse" | "/model/{model}/converse-stream" => &["inferenceConfig"],
        "/model/{model}/invoke" | "/model/{model}/invoke-with-response-stream" | "/v1/messages" => {
            &["max_tokens"]
        }
        "/v1/chat/completions" => &["max_tokens", "max_completion_tokens"],
        _ => &[],
    };
    for name in bounds {
        for value in ["-1", "1e400", "\"10\"", "10.5", "9223372036854775808", "[1]", "{}", "1e3x"] {
            let value = match *name {
                "inferenceConfig" => format!("{{\"maxTokens\":{value}}}"),
                _ => value.to_owned(),
            };
            let bounded = good.replace("\"max_tokens\":9,", "");
            let body = bounded.replacen('{', &format!("{{\"{name}\":{value},"), 1);
            bodies.push(("a bound that is none", body.into_bytes()));
        }
        let twice = good.replace("\"max_tokens\":9,", "");
        let twice = match *name {
            "inferenceConfig" => twice.replacen(
                '{',
                "{\"inferenceConfig\":{\"maxTokens\":10,\"maxTokens\":1000000},",
                1,
            ),
            _ => twice.replacen('{', &format!("{{\"{name}\":10,\"{name}\":1000000,"), 1),
        };
        bodies.push(("a bound twice", twice.into_bytes()));
    }
    bodies.extend(contents(path));
    let named = |(name, body): (&str, Vec<u8>)| {
        let shown: String = String::from_utf8_lossy(&body).chars().take(120).collect();
        (format!("{name}: {shown}"), body)
    };
    bodies.into_iter().map(named).collect()
}

/// Of guardrails: what no unit can be counted of.
fn contents(path: &str) -> Vec<(&'static str, Vec<u8>)> {
    if path != GUARDRAIL {
        return Vec::new();
    }
    let contents = [
        "null",
        "{}",
        "[{}]",
        "[1]",
        r#"[{"text":{"text":1}}]"#,
        r#"[{"text":{"text":"a"},"image":{}}]"#,
        r#"[{"video":{}}]"#,
        r#"[{"text":{"text":"a","text":"bb"}}]"#,
    ];
    let body = |content: &str| format!("{{\"source\":\"INPUT\",\"content\":{content}}}");
    let named = |content: &str| ("a content that bounds nothing", body(content).into_bytes());
    contents.into_iter().map(named).collect()
}
