//! Who calls, as STS tells it: one user, for whoever may ask, and nothing else.

use super::fixture::start;

#[tokio::test]
async fn a_caller_is_told_who_it_is_and_other_questions_are_refused() {
    let simulator = start().await;
    let ask = async |body: &str, authorization: Option<&str>| {
        let mut request = reqwest::Client::new().post(simulator.url() + "/").body(body.to_owned());
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, told) =
        ask("Action=GetCallerIdentity&Version=2011-06-15", Some("Bearer key")).await;
    assert_eq!(status, 200);
    assert!(told.contains("<Account>123456789012</Account>"), "{told}");
    let (status, refused) = ask("Action=GetSessionToken", Some("Bearer key")).await;
    assert_eq!((status, refused.contains("<Code>InvalidAction</Code>")), (400, true), "{refused}");
    let role = "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fbursar";
    for (rest, code) in [
        ("&RoleSessionName=a", "ValidationError"),
        ("&RoleSessionName=a%2Fb", "ValidationError"),
        ("&RoleSessionName=ab&Tags.member.1.Key=team&Tags.member.1.Value=%23", "ValidationError"),
        ("&RoleSessionName=ab&DurationSeconds=60", "ValidationError"),
        ("&RoleSessionName=ab&Tags.member.1.Key=a&Tags.member.2.Key=a", "ValidationError"),
    ] {
        let (status, refused) = ask(&format!("{role}{rest}"), Some("Bearer key")).await;
        let is_told = refused.contains(&format!("<Code>{code}</Code>"));
        assert_eq!((status, is_told), (400, true), "{rest}: {refused}");
    }
    let tags = "&RoleSessionName=ab&Tags.member.1.Key=team&Tags.member.1.Value=a+b";
    let (status, told) = ask(&format!("{role}{tags}"), Some("Bearer key")).await;
    assert_eq!((status, told.contains("assumed-role/bursar/ab</Arn>")), (200, true), "{told}");
    assert_eq!(simulator.sessions()[0].tags["team"], "a b");
    let (status, refused) = ask("Action=GetCallerIdentity", None).await;
    let is_told = refused.contains("<Code>MissingAuthenticationToken</Code>");
    assert_eq!((status, is_told), (403, true), "{refused}");
}
