use super::scene::edition;
use super::*;
use crate::catalogue::{Catalogue, Names};

const AT: Timestamp = Timestamp(1_795_392_000_000);

fn model(text: &str) -> ModelRef {
    Catalogue::embedded().resolve(text, &Names::default()).unwrap()
}

fn advice_on(code: &str, status: Option<u16>, message: &str, model: &ModelRef) -> Advice {
    let trouble = Trouble {
        code,
        status,
        message,
        operation: Some(Operation::ConverseStream),
        model: Some(model),
        region: "eu-central-1",
        attempts: 1,
        body_bytes: 0,
        at: AT,
    };
    advise(&trouble, &PriceBook::embedded_only())
}

#[test]
fn the_version_in_a_name_orders_a_family() {
    let ordered = [
        "anthropic.claude-3-sonnet-20240229-v1:0",
        "anthropic.claude-3-5-sonnet-20240620-v1:0",
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "anthropic.claude-3-7-sonnet-20250219-v1:0",
        "anthropic.claude-sonnet-4-20250514-v1:0",
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "anthropic.claude-sonnet-4-6",
        "anthropic.claude-sonnet-5-5",
    ];
    assert!(ordered.is_sorted_by_key(|id| edition(id)));
    assert!(edition("mistral.mistral-large-2407-v1:0") < edition("mistral.mistral-large-3-675b"));
    assert!(edition("deepseek.v3-v1:0") < edition("deepseek.v3.1"));
    assert!(edition("meta.llama3-2-90b-instruct-v1:0") < edition("meta.llama4-scout-17b"));
}

#[test]
fn a_successor_is_newer_in_offer_and_never_the_model_itself() {
    let prices = PriceBook::embedded_only();
    let mut found = 0;
    for listed in Catalogue::embedded().models() {
        let old = model(listed.id);
        let trouble = Trouble {
            code: "ResourceNotFoundException",
            status: Some(404),
            message: "This model version has reached the end of its life.",
            operation: None,
            model: Some(&old),
            region: "us-east-1",
            attempts: 1,
            body_bytes: 0,
            at: AT,
        };
        let scene = Scene { trouble: &trouble, prices: &prices };
        let Some(next) = scene.successor() else { continue };
        assert_ne!(next.id, listed.id);
        assert_eq!(next.provider, listed.provider, "{} after {}", next.id, listed.id);
        assert!(!next.is_over(AT), "{} after {}", next.id, listed.id);
        found += 1;
    }
    assert!(found > 30, "only {found} models have a successor");
}

#[test]
fn a_page_of_html_is_a_proxys_whatever_it_says() {
    let nova = model("amazon.nova-lite-v1:0");
    let page = "<html><body>You have sent too many requests</body></html>";
    for (code, status) in [("Http429", 429), ("Http403", 403), ("Http502", 502)] {
        assert_eq!(advice_on(code, Some(status), page, &nova).cause, Cause::Proxy, "{code}");
    }
    assert_eq!(advice_on("Http407", Some(407), "", &nova).cause, Cause::Proxy);
    assert_eq!(advice_on("Http429", Some(429), "", &nova).cause, Cause::Throttled);
}

#[test]
fn what_an_answer_says_cannot_move_the_terminals_cursor_nor_fill_it() {
    let nova = model("amazon.nova-lite-v1:0");
    let long = format!("\u{1b}[2J\u{7}{}", "words that go on\n".repeat(200));
    for code in ["ValidationException", "Novel\u{1b}Exception", "AccessDeniedException"] {
        let advice = advice_on(code, Some(400), &long, &nova);
        let mut texts = vec![advice.what, advice.why, advice.answer.unwrap()];
        texts.extend(advice.next);
        for text in texts {
            assert!(!text.chars().any(char::is_control), "{text:?}");
            assert!(text.chars().count() < 600, "{text}");
        }
    }
}

#[test]
fn an_answer_that_had_begun_is_said_to_be_incomplete() {
    let nova = model("amazon.nova-lite-v1:0");
    let text = "Bedrock is unable to process your request.";
    let incomplete = |status| {
        let advice = advice_on("ServiceUnavailableException", Some(status), text, &nova);
        advice.next.iter().any(|step| step.contains("incomplete"))
    };
    assert!(incomplete(200));
    assert!(!incomplete(503));
}

#[test]
fn a_model_that_is_offered_elsewhere_is_a_wrong_region() {
    let text = "The provided model identifier is invalid.";
    let micro = model("amazon.nova-micro-v1:0");
    let here = advice_on("ValidationException", Some(400), text, &micro);
    assert_eq!(here.cause, Cause::UnknownModel, "a profile of it reaches eu-central-1");
    let elsewhere = Catalogue::embedded().models().find(|model| {
        let regions = scene::regions_of(model);
        !regions.is_empty() && !regions.contains(&"eu-central-1")
    });
    let elsewhere = model(elsewhere.unwrap().id);
    let advice = advice_on("ValidationException", Some(400), text, &elsewhere);
    assert_eq!(advice.cause, Cause::WrongRegion);
}

#[test]
fn every_text_is_lower_case_and_without_a_full_stop() {
    let nova = model("amazon.nova-lite-v1:0");
    for message in ["", "Something. Else."] {
        for code in ["ValidationException", "ModelErrorException", "X", "ConnectFailed"] {
            let advice = advice_on(code, Some(400), message, &nova);
            for text in [&advice.what, &advice.why].into_iter().chain(&advice.next) {
                assert!(!text.ends_with('.') && !text.is_empty(), "{text}");
            }
        }
    }
}

#[test]
fn a_denial_of_what_was_looked_up_is_lifted_on_the_arn_itself() {
    let account = "arn:aws:bedrock:eu-central-1:123456789012";
    let nova = crate::model::Candidate {
        base: crate::model::ModelId::parse("amazon.nova-lite-v1:0").unwrap(),
        geography: Some("eu".to_owned()),
    };
    let remedies = |arn: &str| {
        let model = model(arn).standing_for(vec![nova.clone()]);
        let said = "User: u is not authorized to perform: bedrock:InvokeModel";
        advice_on("AccessDeniedException", Some(403), said, &model).next.join("\n")
    };
    let profile = format!("{account}:application-inference-profile/ab12");
    let told = remedies(&profile);
    let behind = "arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0";
    assert!(told.contains(&format!(r#""Resource":["{profile}","{behind}"]"#)), "{told}");
    let router = format!("{account}:prompt-router/ab12");
    let told = remedies(&router);
    assert!(told.contains(&format!(r#""Resource":["{router}"]"#)), "{told}");
}
