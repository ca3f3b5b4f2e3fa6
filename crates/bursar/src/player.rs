//! Plays a trace: row by row as metered calls, several at a time, each with its tokens told to the
//! simulator in the request's metadata.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bursar_core::{Bursar, Invocation, Prompt, cut_pair};
use bursar_domain::closed_set;
use bursar_domain::identity::Attribution;
use bursar_domain::model::ModelRef;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use crate::failure::Failure;
use crate::output::Output;
use crate::tally::Tally;
use crate::trace::TraceRow;

/// The metadata key that steers a simulator.
pub(crate) const STEERING_KEY: &str = "bursar-sim";
/// What a prompt is padded with: a token is never less than a byte of it.
const PADDING: &str = "replay of a recorded trace ";

closed_set! {
    /// Which operations the rows are sent by.
    Api {
        /// Converse.
        Converse = "converse",
        /// ConverseStream.
        ConverseStream = "converse-stream",
        /// InvokeModel.
        Invoke = "invoke",
        /// InvokeModelWithResponseStream.
        InvokeStream = "invoke-stream",
        /// The four in turn.
        Mix = "mix",
    }
}

/// How a trace is played.
pub(crate) struct Player {
    pub(crate) bursar: Bursar,
    pub(crate) models: Vec<ModelRef>,
    /// Whom the calls are recorded under.
    pub(crate) caller: Attribution,
    pub(crate) api: Api,
    /// Calls at a time.
    pub(crate) concurrency: usize,
    /// How many times faster than recorded; `None` for as fast as it goes.
    pub(crate) speed: Option<u32>,
    /// Words for the simulator, besides the tokens, by row number.
    pub(crate) extra: fn(usize) -> &'static str,
}

/// What was played, and whether it was stopped by Ctrl-C.
pub(crate) struct Played {
    pub(crate) tally: Tally,
    pub(crate) interrupted: bool,
}

impl Player {
    /// Plays every row, or stops early at Ctrl-C when what was begun has been settled.
    pub(crate) async fn play(&self, rows: &[TraceRow], output: Output) -> Result<Played, Failure> {
        let tally = Arc::new(Mutex::new(Tally::default()));
        let progress = progress_bar(rows.len(), output);
        let stopped = Arc::new(Mutex::new(false));
        let stop = stopped.clone();
        let interrupt = Box::pin(async move {
            // Without a signal handler Ctrl-C ends the process at once; the sweep settles then.
            drop(tokio::signal::ctrl_c().await);
            *stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
        });
        let start = Instant::now();
        stream::iter(rows.iter().enumerate())
            .take_until(interrupt)
            .map(|(index, row)| {
                let (tally, progress) = (tally.clone(), progress.clone());
                async move {
                    self.wait_for(start, row).await;
                    self.send(index, row, &tally).await?;
                    progress.inc(1);
                    Ok::<_, Failure>(())
                }
            })
            .buffer_unordered(self.concurrency)
            .try_collect::<()>()
            .await?;
        progress.finish_and_clear();
        let tally = std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner));
        let interrupted = *stopped.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Played { tally, interrupted })
    }

    async fn wait_for(&self, start: Instant, row: &TraceRow) {
        let Some(speed) = self.speed else { return };
        let offset_ms = u64::try_from(row.offset_ms).unwrap_or(0) / u64::from(speed.max(1));
        tokio::time::sleep_until(start + Duration::from_millis(offset_ms)).await;
    }

    async fn send(
        &self,
        index: usize,
        row: &TraceRow,
        tally: &Mutex<Tally>,
    ) -> Result<(), Failure> {
        let invocation = self.invocation(index, row)?;
        let model = invocation.model.base.clone();
        let (_cutter, signal) = cut_pair();
        let reply = self.bursar.invoke(self.caller.clone(), invocation, signal).await?;
        let receipt = reply.settled().await?;
        if let Some(model) = model {
            tally.lock().unwrap_or_else(PoisonError::into_inner).add(&model, &receipt);
        }
        Ok(())
    }

    fn invocation(&self, index: usize, row: &TraceRow) -> Result<Invocation, Failure> {
        let model = self.models[index % self.models.len()].clone();
        let prompt = self.prompt(index, row);
        let api = match self.api {
            Api::Mix => Api::ALL[index % 4],
            api => api,
        };
        Ok(match api {
            Api::Converse => Invocation::converse(model, &prompt, false),
            Api::ConverseStream | Api::Mix => Invocation::converse(model, &prompt, true),
            Api::Invoke => Invocation::invoke(model, &prompt, false)?,
            Api::InvokeStream => Invocation::invoke(model, &prompt, true)?,
        })
    }

    /// As long a text as the row has input tokens, so that what is held for the call is a bound.
    fn prompt(&self, index: usize, row: &TraceRow) -> Prompt {
        let bytes = usize::try_from(row.input + row.cache_read).unwrap_or(usize::MAX).max(1);
        let text: String = PADDING.chars().cycle().take(bytes).collect();
        let TraceRow { input, output, cache_read, .. } = row;
        let extra = (self.extra)(index);
        let words = format!("input={input} output={output} cache-read={cache_read} {extra}");
        Prompt {
            text,
            max_tokens: Some((*output).max(1)),
            metadata: [(STEERING_KEY.to_owned(), words.trim_end().to_owned())].into(),
            ..Prompt::default()
        }
    }
}

fn progress_bar(rows: usize, output: Output) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(rows as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} calls, {per_sec}, {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
