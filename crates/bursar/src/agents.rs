//! The demo's agents: a team whose streams go on as long as somebody looks, so that there is something to
//! see and to cut where running calls are shown. What is cut or ends is begun again.

use std::time::Duration;

use bursar_admin::{Admin, TeamFacts};
use bursar_core::{Bursar, Cutter, Invocation, Prompt, cut_pair};
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelRef;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::failure::Failure;
use crate::player::STEERING_KEY;
use crate::settings::Settings;

const TEAM: &str = "agents";
/// Who works, on what, and how fast: milliseconds between two frames.
const AGENTS: [(&str, &str, u64); 3] = [
    ("planner", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 250),
    ("coder", "us.anthropic.claude-haiku-4-5-20251001-v1:0", 200),
    ("reviewer", "amazon.nova-pro-v1:0", 150),
];
/// A stream of so many tokens takes minutes at that pace.
const TOKENS: u64 = 6_000;
/// The frames that they come in.
const PIECES: u64 = 1_500;
/// Before an agent that was stopped begins again.
const PAUSE: Duration = Duration::from_secs(5);
/// What is told of a stream that runs when the demo ends.
const OVER: &str = "DemoOver";

/// Those who work.
pub(crate) struct Agents {
    end: watch::Sender<bool>,
    working: JoinSet<Result<(), Failure>>,
}

impl Agents {
    /// Lets them begin.
    pub(crate) async fn start(
        bursar: &Bursar,
        settings: &Settings,
        admin: &Admin,
    ) -> Result<Self, Failure> {
        if admin.teams().await?.iter().all(|row| row.name != TEAM) {
            admin.create_team(TEAM, TeamFacts::default()).await?;
            admin.add_users(TEAM, &AGENTS.map(|(name, ..)| name.to_owned())).await?;
        }
        let (end, ending) = watch::channel(false);
        let mut working = JoinSet::new();
        for (name, model, gap_ms) in AGENTS {
            let (bursar, ending) = (bursar.clone(), ending.clone());
            let model = settings.resolve(model)?;
            working.spawn(async move { work(&bursar, (name, &model, gap_ms), ending).await });
        }
        Ok(Self { end, working })
    }

    /// Ends their streams, and waits until each is settled.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.end.send_replace(true);
        while let Some(ended) = self.working.join_next().await {
            if let Ok(ended) = ended {
                ended?;
            }
        }
        Ok(())
    }
}

async fn work(
    bursar: &Bursar,
    (name, model, gap_ms): (&str, &ModelRef, u64),
    mut ending: watch::Receiver<bool>,
) -> Result<(), Failure> {
    loop {
        let (cutter, signal) = cut_pair();
        let who = Attribution {
            team: Some(TEAM.to_owned()),
            user: Some(name.to_owned()),
            ..Attribution::default()
        };
        // Refused is who was frozen; whatever else is wrong passes, too, or the demo ends.
        if let Ok(reply) = bursar.invoke(who, stream(model, gap_ms), signal).await {
            let ended = until_over(reply.settled(), &cutter, &mut ending).await;
            ended.map_err(Failure::from)?;
        }
        tokio::select! {
            _ = ending.wait_for(|is_over| *is_over) => return Ok(()),
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Waits for a call's end, and cuts it where the demo ends before.
async fn until_over<T>(
    call: impl Future<Output = T>,
    cutter: &Cutter,
    ending: &mut watch::Receiver<bool>,
) -> T {
    let mut call = Box::pin(call);
    tokio::select! {
        ended = &mut call => return ended,
        _ = ending.wait_for(|is_over| *is_over) => cutter.cut(OVER),
    }
    call.await
}

fn stream(model: &ModelRef, gap_ms: u64) -> Invocation {
    let words = format!("input=900 output={TOKENS} pieces={PIECES} gap-ms={gap_ms}");
    let prompt = Prompt {
        text: "Go on. ".repeat(200),
        max_tokens: Some(TOKENS),
        metadata: [(STEERING_KEY.to_owned(), words)].into(),
        ..Prompt::default()
    };
    Invocation::converse(model.clone(), &prompt, true)
}
