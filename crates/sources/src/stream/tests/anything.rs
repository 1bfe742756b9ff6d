//! Whatever happens in whatever order: no panic, nothing but numbers, nothing heard that was not sent.

use airdesk_dsp::{BLOCK_FRAMES, Frame, SampleRate};

use super::Dice;
use super::replay::{Sender, replay, session};
use super::traces::{self, CHUNK};
use crate::stream::format::{Encoding, Format};
use crate::stream::jitter::Pace;
use crate::stream::machine::{RULES, Rule, State, Thresholds};

#[test]
fn anything_in_any_order_is_survived_and_only_numbers_are_heard() {
    let encodings = [Encoding::U8, Encoding::S16, Encoding::S24, Encoding::S32, Encoding::F32];
    let rates = [8_000, 24_000, 44_100, 48_000, 192_000];
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let pace = [Pace::Ahead, Pace::Relay, Pace::Live][seed as usize % 3];
        let limits = Thresholds::new(0.05, 0.01, 0.03, 0.3).expect("in order");
        let mut session = session(SampleRate::DESK, limits, pace);
        let mut now = 0.0;
        let bytes: Vec<u8> = (0..40_000).map(|_| dice.below(256) as u8).collect();
        for _ in 0..3_000 {
            let before = session.state();
            match dice.below(40) {
                0 => session.start(now),
                1 if dice.below(4) == 0 => session.end(now),
                2 if dice.below(8) == 0 => session.fail(now, "dice"),
                3 if dice.below(8) == 0 => session.cancel(),
                4 => session.look(),
                5 => now += 3.0 * dice.share(),
                6 => {
                    let encoding = encodings[dice.below(5) as usize];
                    let rate = rates[dice.below(5) as usize];
                    session.declare(Format::new(encoding, 1 + dice.below(8) as usize, rate).expect("a format"));
                }
                7..15 => {
                    let piece = &bytes[..dice.below(40_000) as usize];
                    assert!(session.push_bytes(now, piece) <= piece.len());
                }
                15 => {
                    let frames = vec![[f32::NAN, 0.5]; dice.below(3_000) as usize];
                    let rate = SampleRate::new(rates[dice.below(5) as usize]).expect("a rate");
                    assert!(session.push_frames(now, rate, &frames, 0) <= frames.len());
                }
                _ => {
                    let mut out = vec![[f32::NAN; 2]; dice.below(700) as usize];
                    let heard = session.pull(now, &mut out);
                    assert!(out.as_flattened().iter().all(|sample| sample.is_finite()));
                    assert!(out[heard..].iter().all(|frame| *frame == [0.0; 2]));
                    now += out.len() as f64 / 48_000.0;
                }
            }
            assert!(
                session.jitter().buffered() < 0.3 + 0.2,
                "{}",
                session.jitter().buffered()
            );
            let mut state = before;
            while let Some(change) = session.take_change() {
                let is_legal = |rule: &Rule| (rule.from, rule.event, rule.to) == (change.from, change.event, change.to);
                assert!(RULES.iter().any(is_legal), "{change:?}");
                // A start after an end begins again at IDLE.
                let anew = state.is_terminal() && change.from == State::Idle;
                assert!(change.from == state || anew, "{change:?} in {state:?}");
                state = change.to;
            }
            assert_eq!(state, session.state(), "every change is told");
            let metrics = session.metrics();
            let given = metrics.frames_out as i64 + metrics.frames_stretched;
            assert!(given <= metrics.frames_in as i64 + 1_000, "{metrics:?}");
        }
    }
}

#[test]
fn a_station_that_sends_a_burst_first_keeps_what_it_has_ahead_and_its_clock_is_followed() {
    // Four seconds at once, as an Icecast server's burst; then its clock, 100 ppm fast.
    let trace: traces::Trace = traces::steady(900.0, 100.0, 12)
        .iter()
        .map(|arrival| f64::max(arrival - 4.0, 0.1))
        .collect();
    let sender = Sender {
        rate: SampleRate::new(8_000).expect("a rate"),
        trace: &trace,
        sound: &|n| [(n as f32 * 0.01).sin(); 2],
        keep: false,
    };
    let limits = Thresholds::new(0.06, 0.05, 1.0, 10.0).expect("in order");
    let replay = replay(session(sender.rate, limits, Pace::Relay), &sender);
    let metrics = replay.session.metrics();
    assert!(metrics.first_audio.is_some_and(|first| first < 0.12), "{metrics:?}");
    assert_eq!((metrics.underruns, metrics.frames_stretched), (0, 0));
    // Chunks are looked for every 8 ms only, which beats with their 20.
    assert!((metrics.drift_ppm - 100.0).abs() < 15.0, "{metrics:?}");
    assert!((3.8..4.1).contains(&metrics.buffered_mean), "{metrics:?}");
    assert!(replay.delays.1 - replay.delays.0 < 0.02, "{:?}", replay.delays);
}

#[test]
fn a_server_that_stalls_for_half_a_minute_is_rebuffered_and_heard_again_whole() {
    let mut trace = traces::steady(120.0, 0.0, 13);
    for arrival in &mut trace {
        if *arrival > 40.0 && *arrival < 70.0 {
            *arrival = 70.0;
        }
    }
    let sender = Sender {
        rate: SampleRate::DESK,
        trace: &trace,
        sound: &|n| [(n + 1) as f32; 2],
        keep: true,
    };
    let limits = Thresholds::new(0.5, 0.2, 0.5, 5.0).expect("in order");
    let replay = replay(session(sender.rate, limits, Pace::Ahead), &sender);
    let metrics = replay.session.metrics();
    assert_eq!(
        (replay.session.state(), metrics.underruns, metrics.rebuffers),
        (State::Finished, 1, 1)
    );
    assert_eq!(metrics.frames_out, (trace.len() as f64 * CHUNK * 48_000.0) as u64);
    assert!(
        (29.0..30.0).contains(&(metrics.frames_missing as f64 / 48_000.0)),
        "{metrics:?}"
    );
}

#[test]
#[ignore = "prints a figure"]
fn what_a_stream_costs() {
    for (name, pace, rate) in [
        ("ahead, 48 kHz", Pace::Ahead, 48_000),
        ("ahead, 44.1 kHz", Pace::Ahead, 44_100),
        ("live, 48 kHz", Pace::Live, 48_000),
        ("live, 44.1 kHz", Pace::Live, 44_100),
    ] {
        let limits = Thresholds::new(0.1, 0.01, 0.1, 1.0).expect("in order");
        let mut session = session(SampleRate::DESK, limits, pace);
        session.declare(Format::new(Encoding::S16, 2, rate).expect("a format"));
        session.start(0.0);
        let bytes: Vec<u8> = (0..rate / 50 * 4).map(|n| (n * 7) as u8).collect();
        let began = std::time::Instant::now();
        let seconds = 60;
        let mut out: [Frame; BLOCK_FRAMES] = [[0.0; 2]; BLOCK_FRAMES];
        for chunk in 0..seconds * 50 {
            let now = f64::from(chunk) * CHUNK;
            session.push_bytes(now, &bytes);
            for block in 0..15 {
                session.pull(now + f64::from(block) * 64.0 / 48_000.0, &mut out);
            }
        }
        let share = began.elapsed().as_secs_f64() / f64::from(seconds);
        println!("{name}: {:.3} % of a core", share * 100.0);
    }
}
