//! An error and its causes in one line, each said once, and its hint behind them.

use std::error::Error;

/// An error's own line, and after it each cause that it does not say already, outermost first.
#[must_use]
pub fn with_causes(mut line: String, error: &dyn Error) -> String {
    let mut cause = error.source();
    while let Some(source) = cause {
        let said = source.to_string();
        if !line.contains(&said) {
            line = format!("{line}: {said}");
        }
        cause = source.source();
    }
    line
}

/// The same of an error whose text may have a hint on a line of its own: that stays last.
#[must_use]
pub fn told(error: &dyn Error) -> String {
    let text = error.to_string();
    match text.split_once("\nhint: ") {
        Some((message, hint)) => format!("{}\nhint: {hint}", with_causes(message.into(), error)),
        None => with_causes(text, error),
    }
}
