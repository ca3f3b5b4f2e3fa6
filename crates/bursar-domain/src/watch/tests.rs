use super::*;
use proptest::prelude::*;

/// A dollar a million tokens in, and a million times as much out: a dollar a token.
const RATES: Rates = Rates {
    input: Some(Rate(1_000_000)),
    output: Some(Rate(1_000_000_000_000)),
    cache_read: None,
    cache_write_5m: None,
    cache_write_1h: None,
};

fn watch(change: impl FnOnce(&mut StreamLimits)) -> Watch {
    let mut limits = StreamLimits::NONE;
    change(&mut limits);
    Watch::new(limits, Some(RATES), 1_000)
}

fn cut_code(verdict: &Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Cut(reason) => Some(reason.code()),
        Verdict::Go | Verdict::Alarm(_) => None,
    }
}

#[test]
fn without_limits_nothing_is_cut() {
    let mut watch = watch(|_| {});
    assert_eq!(watch.observe(Sight::Text(&"again ".repeat(10_000))), Verdict::Go);
    assert_eq!(watch.observe(Sight::Elapsed(Duration::MAX)), Verdict::Go);
    assert_eq!(watch.observe(Sight::Idle(Duration::MAX)), Verdict::Go);
}

#[test]
fn a_piece_is_a_token_at_least_and_four_bytes_are_about_one() {
    let mut watch = watch(|limits| limits.output_tokens = Some(3));
    for _ in 0..3 {
        assert_eq!(watch.observe(Sight::Text("a")), Verdict::Go);
    }
    assert_eq!(watch.observe(Sight::Text("")), Verdict::Go);
    let verdict = watch.observe(Sight::Text("twelve bytes"));
    assert_eq!(cut_code(&verdict), Some("StreamTokenLimit"));
    assert_eq!((watch.pieces(), watch.so_far().output_tokens), (4, 4));
    assert_eq!(watch.observe(Sight::Text("one more piece of 24 byt")).clone(), {
        let so_far = watch.so_far();
        assert_eq!(so_far.output_tokens, 10);
        Verdict::Cut(CutReason::Tokens { limit: 3, so_far })
    });
}

#[test]
fn what_is_reported_counts_where_it_is_more() {
    let mut watch = watch(|limits| limits.output_tokens = Some(50));
    let mut usage = Usage { input: 7, output: 50, ..Usage::default() };
    assert_eq!(watch.observe(Sight::Usage(&usage)), Verdict::Go);
    assert!(!watch.so_far().is_estimate);
    usage.output = 51;
    assert_eq!(cut_code(&watch.observe(Sight::Usage(&usage))), Some("StreamTokenLimit"));
}

#[test]
fn money_is_counted_with_the_input_that_is_estimated_until_it_is_reported() {
    let mut watch = watch(|limits| limits.money = Some(Micros(2_001_000)));
    assert_eq!(watch.observe(Sight::Text("a")), Verdict::Go);
    assert_eq!(watch.so_far().cost.map(Cost::micros_up), Some(Micros(1_001_000)));
    assert_eq!(watch.observe(Sight::Text("b")), Verdict::Go);
    let usage = Usage { input: 1_001, output: 1, ..Usage::default() };
    let verdict = watch.observe(Sight::Usage(&usage));
    assert_eq!(cut_code(&verdict), Some("StreamMoneyLimit"));
    let Verdict::Cut(reason) = verdict else { panic!("it was cut") };
    assert_eq!(
        reason.to_string(),
        "the stream's limit of $2.001 is reached: it has come to $2.001001, by an estimate from \
         what was seen"
    );
}

#[test]
fn a_limit_of_money_cuts_what_has_no_price() {
    let limits = StreamLimits { money: Some(Micros(1)), ..StreamLimits::NONE };
    let mut watch = Watch::new(limits, None, 0);
    assert_eq!(cut_code(&watch.observe(Sight::Text("a"))), Some("StreamMoneyLimit"));
}

#[test]
fn a_sum_that_no_row_holds_is_over_every_limit() {
    let mut watch = watch(|limits| limits.money = Some(Micros(i64::MAX)));
    let usage = Usage { input: 1, output: u64::MAX, ..Usage::default() };
    assert_eq!(watch.observe(Sight::Usage(&usage)), Verdict::Go);
    assert_eq!(watch.so_far().cost, Some(Cost::MAX));
}

#[test]
fn time_and_silence_cut_when_they_are_reached() {
    let mut watch = watch(|limits| {
        limits.seconds = Some(10);
        limits.idle_seconds = Some(3);
    });
    let ms = Duration::from_millis;
    assert_eq!(watch.observe(Sight::Elapsed(ms(9_999))), Verdict::Go);
    assert_eq!(watch.observe(Sight::Idle(ms(2_999))), Verdict::Go);
    assert_eq!(cut_code(&watch.observe(Sight::Idle(ms(3_000)))), Some("StreamIdleLimit"));
    assert_eq!(cut_code(&watch.observe(Sight::Elapsed(ms(10_000)))), Some("StreamTimeLimit"));
}

#[test]
fn repetition_raises_one_alarm_and_cuts_only_where_that_is_asked() {
    let passage = "I am sorry, I cannot find that file. Let me look for it again.\n";
    let mut alarmed = watch(|limits| limits.on_repetition = OnRepetition::Alarm);
    let verdicts: Vec<Verdict> = (0..100).map(|_| alarmed.observe(Sight::Text(passage))).collect();
    let alarms = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Alarm(_))).count();
    assert_eq!(alarms, 1);
    assert!(verdicts.iter().all(|verdict| cut_code(verdict).is_none()));
    let mut cut = watch(|limits| limits.on_repetition = OnRepetition::Cut);
    let at = (0..100).find(|_| cut_code(&cut.observe(Sight::Text(passage))).is_some());
    // A thousand bytes of 63 each: the sixteenth time, and a little to notice.
    assert!(at.is_some_and(|at| (15..18).contains(&at)), "{at:?}");
}

#[test]
fn several_sources_are_combined_by_the_strictest_of_each_limit() {
    let team = StreamLimits {
        money: Some(Micros(500_000)),
        seconds: Some(60),
        on_repetition: OnRepetition::Alarm,
        ..StreamLimits::NONE
    };
    let request = StreamLimits {
        money: Some(Micros(900_000)),
        output_tokens: Some(10),
        seconds: Some(30),
        on_repetition: OnRepetition::Cut,
        on_cut: OnCut::Drop,
        ..StreamLimits::NONE
    };
    let both = team.strictest(request);
    assert_eq!(both, request.strictest(team));
    assert_eq!((both.money, both.output_tokens), (Some(Micros(500_000)), Some(10)));
    assert_eq!((both.seconds, both.idle_seconds), (Some(30), None));
    assert_eq!(both.words(), "$0.5, 10 output tokens, 30 s, cut on repetition, drop the upstream");
    assert_eq!(StreamLimits::NONE.words(), "no limit");
}

fn limits() -> impl Strategy<Value = StreamLimits> {
    let amount = || proptest::option::of(1..1_000_u64);
    (amount(), amount(), amount(), amount(), 0..3_usize, 0..2_usize).prop_map(
        |(money, output_tokens, seconds, idle_seconds, repetition, on_cut)| StreamLimits {
            money: money.map(|money| Micros(money.cast_signed())),
            output_tokens,
            seconds,
            idle_seconds,
            on_repetition: OnRepetition::ALL[repetition],
            on_cut: OnCut::ALL[on_cut],
        },
    )
}

proptest! {
    #[test]
    fn more_sources_never_let_a_stream_go_further(
        one in limits(),
        other in limits(),
        pieces in proptest::collection::vec("[a-c ]{0,12}", 0..200),
    ) {
        let reached = |limits: StreamLimits| {
            let mut watch = Watch::new(limits, Some(RATES), 3);
            pieces.iter().take_while(|piece| cut_code(&watch.observe(Sight::Text(piece))).is_none())
                .count()
        };
        let both = reached(one.strictest(other));
        prop_assert!(both <= reached(one).min(reached(other)));
        prop_assert_eq!(one.strictest(other), other.strictest(one));
        prop_assert_eq!(one.strictest(one), one);
        prop_assert_eq!(one.strictest(StreamLimits::NONE), one);
    }

    #[test]
    fn a_token_limit_lets_as_many_tokens_pass_and_not_one_more(limit in 1..100_u64) {
        let mut watch = watch(|limits| limits.output_tokens = Some(limit));
        let passed = (0..200).take_while(|_| watch.observe(Sight::Text("abcd")) == Verdict::Go);
        prop_assert_eq!(passed.count() as u64, limit);
    }
}
