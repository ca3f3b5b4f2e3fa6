//! How far streams may go, as flags say it: of one call, and of a scope's streams.

use bursar_domain::call::Operation;
use bursar_domain::money::{Cost, Micros};
use bursar_domain::watch::{OnCut, OnRepetition, StreamLimits};

use crate::failure::{Failure, Situation};

/// Flags that bound the stream of one call. The ledger's and the settings' limits count too; of
/// each, the strictest.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct StreamArgs {
    /// Cut the stream when it has come to more than this: `0.05usd`
    #[arg(long = "stream-usd", value_name = "USD", value_parser = money, help_heading = "Stream limits")]
    money: Option<Micros>,
    /// Cut it when it has put out more tokens than this
    #[arg(long = "stream-tokens", value_name = "N", value_parser = above_zero(), help_heading = "Stream limits")]
    output_tokens: Option<u64>,
    /// Cut it when it has run for so long
    #[arg(long = "stream-seconds", value_name = "S", value_parser = above_zero(), help_heading = "Stream limits")]
    seconds: Option<u64>,
    /// Cut it when it has been silent for so long
    #[arg(long = "stream-idle", value_name = "S", value_parser = above_zero(), help_heading = "Stream limits")]
    idle_seconds: Option<u64>,
    /// What to do when it says the same again and again: off, alarm or cut
    #[arg(long, value_name = "WHAT", help_heading = "Stream limits")]
    on_repetition: Option<OnRepetition>,
    /// What to do with Bedrock's side of a stream that is cut: drain it to its usage, or drop it
    #[arg(long, value_name = "HOW", help_heading = "Stream limits")]
    on_cut: Option<OnCut>,
}

/// Flags that set how far the streams of a scope may go.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct LimitArgs {
    /// The most a stream may cost: `0.50usd`
    #[arg(long = "usd", value_name = "USD", value_parser = money, help_heading = "How far")]
    money: Option<Micros>,
    /// The most tokens it may put out
    #[arg(long = "tokens", value_name = "N", value_parser = above_zero(), help_heading = "How far")]
    output_tokens: Option<u64>,
    /// The longest it may run, in seconds
    #[arg(long, value_name = "S", value_parser = above_zero(), help_heading = "How far")]
    seconds: Option<u64>,
    /// The longest it may be silent, in seconds
    #[arg(long = "idle", value_name = "S", value_parser = above_zero(), help_heading = "How far")]
    idle_seconds: Option<u64>,
    /// What becomes of one that repeats itself: off, alarm or cut
    #[arg(long, value_name = "WHAT", help_heading = "How far")]
    on_repetition: Option<OnRepetition>,
    /// What becomes of Bedrock's side when one is cut: drain or drop
    #[arg(long, value_name = "HOW", help_heading = "How far")]
    on_cut: Option<OnCut>,
}

impl StreamArgs {
    /// What was said. Of a call that is no stream, nothing can be: nobody would keep to it.
    pub(crate) fn limits(&self, operation: Operation) -> Result<StreamLimits, Failure> {
        let limits = self.said();
        if limits != StreamLimits::NONE && !operation.is_stream() {
            return Err(Failure::new(
                Situation::Usage,
                "a call that is no stream has no limits of one",
            )
            .hint("leave `--no-stream` away, or with `invoke` say `--stream`")
            .hint("`--max-tokens` bounds the answer of any call"));
        }
        Ok(limits)
    }

    fn said(&self) -> StreamLimits {
        StreamLimits {
            money: self.money,
            output_tokens: self.output_tokens,
            seconds: self.seconds,
            idle_seconds: self.idle_seconds,
            on_repetition: self.on_repetition.unwrap_or(OnRepetition::Off),
            on_cut: self.on_cut.unwrap_or(OnCut::Drain),
        }
    }
}

impl LimitArgs {
    /// What was said.
    pub(crate) fn limits(&self) -> StreamLimits {
        StreamLimits {
            money: self.money,
            output_tokens: self.output_tokens,
            seconds: self.seconds,
            idle_seconds: self.idle_seconds,
            on_repetition: self.on_repetition.unwrap_or(OnRepetition::Off),
            on_cut: self.on_cut.unwrap_or(OnCut::Drain),
        }
    }
}

/// The most that a count of tokens or seconds can be: what a column holds.
fn above_zero() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=1 << 40)
}

/// An amount above nothing, to the millionth of a dollar.
pub(crate) fn money(text: &str) -> Result<Micros, String> {
    let cost = Cost::parse_usd(text).map_err(|error| error.to_string())?;
    let micros = cost.micros_up();
    if micros == Micros(0) {
        return Err("a stream that may cost nothing cannot begin".to_owned());
    }
    if micros.cost() != Some(cost) {
        return Err("a limit is kept to the millionth of a dollar: six places".to_owned());
    }
    Ok(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_money_is_exact_and_more_than_nothing() {
        assert_eq!(money("0.05usd"), Ok(Micros(50_000)));
        for text in ["0usd", "-1usd", "0.0000001usd", "5", "NaNusd", "1e400usd", "99999999999usd"] {
            assert!(money(text).is_err(), "{text}");
        }
    }
}
