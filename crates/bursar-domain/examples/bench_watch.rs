//! What watching costs a stream: `cargo run --release --example bench_watch -- FRAMES` prints one
//! line of JSON, the nanoseconds of one frame with every limit set and repetition looked for.
//!
//! A frame is a piece of twenty bytes, about five tokens: more than a model's frames mostly have.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use bursar_domain::money::{Micros, Rate};
use bursar_domain::price::Rates;
use bursar_domain::usage::Usage;
use bursar_domain::watch::{OnCut, OnRepetition, Sight, StreamLimits, Verdict, Watch};

const ROUNDS: u32 = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let frames = std::env::args().nth(1).unwrap_or_else(|| "1000000".to_owned());
    let frames: u32 = frames.parse().map_err(|_| "usage: bench_watch FRAMES")?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(round(frames)?);
    }
    rounds.sort_by(f64::total_cmp);
    let median = rounds[rounds.len() / 2];
    println!("{{\"frames\":{frames},\"rounds\":{ROUNDS},\"frame_ns_p50\":{median:.0}}}");
    Ok(())
}

/// Nanoseconds a frame.
fn round(frames: u32) -> Result<f64, &'static str> {
    let limits = StreamLimits {
        money: Some(Micros(i64::MAX)),
        output_tokens: Some(u64::MAX),
        seconds: Some(3_600),
        idle_seconds: Some(60),
        on_repetition: OnRepetition::Cut,
        on_cut: OnCut::Drain,
    };
    let rates = Rates { input: Some(Rate(3)), output: Some(Rate(15)), ..Rates::default() };
    let mut watch = Watch::new(limits, Some(rates), 1_000);
    let usage = Usage { input: 1_000, output: 1, ..Usage::default() };
    let begun = Instant::now();
    for number in 0..frames {
        // Text that never repeats itself, made outside of what is measured as cheaply as can be.
        let mut piece = *b"and 0000000000 more ";
        let mut rest = number;
        for digit in piece[4..14].iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        let text = std::str::from_utf8(&piece).map_err(|_| "a piece is ASCII")?;
        let seen = watch.observe(black_box(Sight::Text(text)));
        let told = watch.observe(black_box(Sight::Usage(&usage)));
        let timed = watch.observe(black_box(Sight::Elapsed(begun.elapsed())));
        if [seen, told, timed].iter().any(|verdict| *verdict != Verdict::Go) {
            return Err("the stream was cut");
        }
    }
    Ok(begun.elapsed().as_secs_f64() * 1e9 / f64::from(frames))
}
