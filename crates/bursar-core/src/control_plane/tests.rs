//! The control plane as the SDK reads it, against the simulator.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bursar_domain::catalogue::Names;
use bursar_domain::time::{Clock, Timestamp};
use bursar_simulator::{Scenario, Settings, Simulator, Telling};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::ControlPlane;
use crate::{Connection, Credentials, Error};

const NOVA: &str = "amazon.nova-lite-v1:0";
const APPLICATION: &str =
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12";
const ROUTER: &str = "arn:aws:bedrock:us-east-1:123456789012:prompt-router/ab12";

async fn start(settings: Settings) -> (Simulator, ControlPlane) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let time = Timestamp::parse_date("2026-11-01").unwrap();
    let simulator = Simulator::start(listener, settings, Clock::new(move || time)).unwrap();
    let control_plane = ControlPlane::connect(&at(simulator.url())).await.unwrap();
    (simulator, control_plane)
}

fn at(endpoint: String) -> Connection {
    Connection {
        region: Some("us-east-1".to_owned()),
        endpoint: Some(endpoint),
        credentials: Credentials::Simulated,
        connect_timeout: Duration::from_secs(3),
    }
}

#[tokio::test]
async fn models_are_told_with_their_lives() {
    let (_simulator, control_plane) = start(Settings::default()).await;
    let listed = control_plane.models().await.unwrap();
    let nova = listed.iter().find(|model| model.id == NOVA).unwrap();
    assert_eq!(nova.provider.as_deref(), Some("Amazon"));
    assert!(nova.output_modalities.contains(&"TEXT".to_owned()));
    assert!(nova.lifecycle.unwrap().launch.is_some());
    assert_eq!(control_plane.model(NOVA).await.unwrap().as_ref(), Some(nova));
    assert_eq!(control_plane.model("nobody.nothing-v1:0").await.unwrap(), None);
}

#[tokio::test]
async fn profiles_of_both_kinds_lead_to_their_models() {
    let mut names = Names::default();
    names.base_models.insert(APPLICATION.to_owned(), format!("us.{NOVA}"));
    let (_simulator, control_plane) = start(Settings { names, ..Settings::default() }).await;
    let profiles = control_plane.profiles().await.unwrap();
    let of_system = profiles.iter().find(|profile| profile.id == format!("us.{NOVA}")).unwrap();
    assert!(!of_system.is_application && of_system.models.len() > 1);
    let own = profiles.iter().find(|profile| profile.arn == APPLICATION).unwrap();
    assert!(own.is_application);
    assert_eq!(own.models, of_system.models);
    assert_eq!(control_plane.profile(APPLICATION).await.unwrap().as_ref(), Some(own));
    let other = format!("{APPLICATION}x");
    assert_eq!(control_plane.profile(&other).await.unwrap(), None);
}

#[tokio::test]
async fn a_prompt_router_tells_what_it_chooses_among() {
    let models = vec![format!("us.{NOVA}"), "amazon.nova-pro-v1:0".to_owned()];
    let routers = [(ROUTER.to_owned(), models)].into();
    let (_simulator, control_plane) = start(Settings { routers, ..Settings::default() }).await;
    let router = control_plane.prompt_router(ROUTER).await.unwrap().unwrap();
    let profile = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{NOVA}");
    let model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0";
    assert_eq!(router.models, [profile.as_str(), model]);
    assert_eq!(control_plane.prompt_router(&format!("{ROUTER}x")).await.unwrap(), None);
}

#[tokio::test]
async fn what_the_account_may_use_is_told_apart_from_what_it_may_not() {
    let no_access = [NOVA.to_owned()].into();
    let (_simulator, control_plane) = start(Settings { no_access, ..Settings::default() }).await;
    let refused = control_plane.availability(NOVA).await.unwrap().unwrap();
    assert!(!refused.is_authorized && !refused.is_entitled && refused.is_in_region);
    assert_eq!(refused.agreement.as_deref(), Some("NOT_AVAILABLE"));
    let given = control_plane.availability("amazon.nova-pro-v1:0").await.unwrap().unwrap();
    assert!(given.is_authorized && given.is_entitled && given.is_in_region);
    assert_eq!(control_plane.availability("nobody.nothing-v1:0").await.unwrap(), None);
}

#[tokio::test]
async fn a_denial_names_the_action_and_keeps_bedrocks_words() {
    for (operation, words, code, status) in [
        ("GetInferenceProfile", "fault=access-denied", "AccessDeniedException", 403),
        ("GetInferenceProfile", "fault=throttle", "ThrottlingException", 429),
        ("GetInferenceProfile", "fault=not-json", "Http502", 502),
    ] {
        let rule = format!("[[rule]]\noperation = '{operation}'\nwords = '{words}'\n");
        let scenario = Scenario::parse(&rule).unwrap();
        let (simulator, control_plane) = start(Settings { scenario, ..Settings::default() }).await;
        let Err(Error::Unread(unread)) = control_plane.profile(APPLICATION).await else { panic!() };
        assert_eq!((unread.action, unread.status), ("bedrock:GetInferenceProfile", Some(status)));
        assert_eq!(unread.code, code);
        let asked = simulator.calls();
        assert_eq!(asked.len(), 1, "one attempt: retries are off");
        assert_eq!(asked[0].operation, Telling::GetInferenceProfile.into());
        assert_eq!(asked[0].model_sent, APPLICATION);
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_told() {
    let (simulator, control_plane) = start(Settings::default()).await;
    simulator.stop().await;
    let Err(Error::Unread(unread)) = control_plane.models().await else { panic!() };
    assert_eq!((unread.code.as_str(), unread.status), ("ConnectFailed", None));
}

/// Answers whatever is asked with a page that says there is another, and counts.
async fn endless() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let pages = Arc::new(AtomicUsize::new(0));
    let asked = pages.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            asked.fetch_add(1, Ordering::SeqCst);
            let body = r#"{"inferenceProfileSummaries":[],"nextToken":"more"}"#;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let mut request = [0; 8192];
            let _read = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, pages)
}

#[tokio::test]
async fn a_list_without_an_end_is_given_up() {
    let (endpoint, pages) = endless().await;
    let control_plane = ControlPlane::connect(&at(endpoint)).await.unwrap();
    let Err(Error::Unread(unread)) = control_plane.profiles().await else { panic!() };
    assert_eq!((unread.code.as_str(), unread.status), ("EndlessList", None));
    assert_eq!(pages.load(Ordering::SeqCst), super::PAGES_MAX);
}
