//! What somebody tries with the figures of a call, and how far a loop gets: products that no row holds,
//! limits said twice in two places, many answers at once, money by the minute.

use bursar_core::Fallbacks;
use bursar_domain::money::Rate;
use bursar_domain::price::{Price, Tier};
use bursar_domain::price_book::{ListedPrice, PriceBook};
use bursar_ledger::{Dimension, UsageQuery};
use serde_json::{Value, json};

use super::super::fixture::*;
use crate::Terms;

/// The pico-dollars that a row holds at most.
const MOST: u64 = u64::MAX / 2;

/// Makes every token of a model that dear.
fn reprice(world: &World, rate: Rate) {
    let lobby = world.gateway.lobby();
    let front = lobby.front();
    let listed = ListedPrice::of(NOVA).find(|listed| listed.price.tier == Tier::Standard).unwrap();
    let mut price = Price { region: "us-east-1".to_owned(), ..listed.price };
    (price.rates.input, price.rates.output) = (Some(rate), Some(rate));
    let mut pricing = front.bursar.pricing.clone();
    pricing.prices = PriceBook { overrides: vec![price], ..PriceBook::embedded_only() }.into();
    let (limits, names) = (front.bursar.limits.clone(), front.settings.names.clone());
    lobby.change(Terms { pricing, limits, names, fallbacks: Fallbacks::default() });
}

async fn ask(world: &World, path: &str, body: &Value) -> (u16, String) {
    let answer = world.post(path).body(body.to_string()).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn at_most(tokens: u64) -> Value {
    let mut body = conversation("");
    body["inferenceConfig"] = json!({"maxTokens": tokens});
    body
}

#[tokio::test]
async fn tokens_times_a_price_past_what_a_row_holds_are_refused_and_never_wrap() {
    let world = World::start().await;
    world.limit("month", "1000usd").await;
    let path = format!("/model/{NOVA}/converse");
    // Each figure fits by itself; the product, or the sum of input and output, does not.
    for (rate, tokens) in
        [(Rate(MOST / 2), 3), (Rate(1 << 40), 1 << 40), (Rate(MOST / 2_000), 2_000)]
    {
        reprice(&world, rate);
        let (status, told) = ask(&world, &path, &at_most(tokens)).await;
        assert_eq!(status, 400, "{rate:?} x {tokens}: {told}");
        assert!(told.contains("worst case"), "{told}");
    }
    // The dearest that fits is over every budget, and is told as that.
    reprice(&world, Rate(MOST / 100_000));
    let (status, told) = ask(&world, &path, &at_most(1)).await;
    assert!(status == 400 && told.contains("limit $1000"), "{status}: {told}");
    assert!(world.served().is_empty());
    assert_eq!(world.calls().await.len(), 0);
    world.end().await;
}

#[tokio::test]
async fn a_bound_that_is_said_again_elsewhere_is_held_at_the_larger() {
    let world = World::start().await;
    // Room for some thousand tokens, and not for a million.
    world.limit("total", "0.01usd").await;
    let path = format!("/model/{NOVA}/converse");
    let small = at_most(10);
    assert_eq!(ask(&world, &path, &small).await.0, 200);
    for (name, value) in [("max_tokens", json!(1_000_000)), ("maxTokens", json!(1_000_000))] {
        let mut body = small.clone();
        body["additionalModelRequestFields"] = json!({name: value});
        let (status, told) = ask(&world, &path, &body).await;
        let sent = world.served().len();
        assert!(status == 400 || sent == 1, "{name}: {status}: {told}");
        assert_eq!(sent, 1, "{name}: what is held would not have covered it");
    }
    world.end().await;
}

#[tokio::test]
async fn many_answers_at_once_are_held_as_many() {
    let world = World::start().await;
    let ask = async |answers: u64| {
        let body = json!({
            "model": NOVA, "n": answers, "max_tokens": 1_000,
            "messages": [{"role": "user", "content": "Hello"}],
        });
        let asked = world.post("/v1/chat/completions").body(body.to_string());
        asked.send().await.unwrap().status().as_u16()
    };
    // One answer of a thousand tokens is at most 0.00024 dollars, and the question a little more.
    world.limit("total", "0.0006usd").await;
    for answers in [4, 128, 1_000_000] {
        assert!((400..500).contains(&ask(answers).await), "{answers}");
    }
    assert!(world.served().is_empty());
    assert_eq!(ask(1).await, 200);
    world.end().await;
}

#[tokio::test]
async fn a_loop_of_tools_spends_no_more_in_a_minute_than_its_limit_says() {
    let world = World::start().await;
    world.limit("1m", "0.002usd").await;
    let path = format!("/model/{NOVA}/converse");
    let mut body = conversation("output=500 stop=tool_use");
    body["inferenceConfig"] = json!({"maxTokens": 600});
    let (mut served, mut refused) = (0_usize, 0_usize);
    for turn in 0..200 {
        let (status, _) = ask(&world, &path, &body).await;
        match status {
            200 => served += 1,
            400 | 429 => refused += 1,
            other => panic!("turn {turn}: {other}"),
        }
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": [{"text": format!("tool {turn}")}]}));
        messages.push(json!({"role": "user", "content": [{"text": format!("result {turn}")}]}));
    }
    assert!(served > 0 && refused > 100, "{served} served, {refused} refused");
    assert_eq!(world.served().len(), served, "what was refused was not sent");
    let query = UsageQuery { by: Dimension::Team, since: None, until: None, count_tokens: false };
    let spent = world.admin.ledger.usage(&query).await.unwrap().total.cost.0;
    // A minute may begin anew within the test, once.
    assert!(spent <= 2 * 2_000_000_000, "{spent}");
    world.end().await;
}
