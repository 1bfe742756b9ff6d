//! The jitter buffer on the traces: nothing lost, nothing twice, nothing that clicks, no longer than needed.

use airdesk_dsp::{Frame, SampleRate};

use super::replay::{Replay, Sender, replay, session};
use super::{click_db, frequency, traces};
use crate::stream::jitter::Pace;
use crate::stream::machine::{State, Thresholds};

/// A rate at which an hour is short.
fn slow() -> SampleRate {
    SampleRate::new(8_000).expect("a rate")
}

/// A sample that says which it is: any 23 bits are exact.
fn numbered(n: usize) -> Frame {
    let number = (n % (1 << 23)) as f32;
    [number + 1.0, -number - 1.0]
}

fn tone(n: usize) -> Frame {
    let phase = std::f64::consts::TAU * 997.0 * n as f64 / 48_000.0;
    [(0.5 * phase.sin()) as f32; 2]
}

fn thresholds(initial: f64, minimum: f64, resume: f64, maximum: f64) -> Thresholds {
    Thresholds::new(initial, minimum, resume, maximum).expect("they are in order")
}

fn play(
    pace: Pace,
    thresholds: Thresholds,
    trace: &traces::Trace,
    sound: &dyn Fn(usize) -> Frame,
    keep: bool,
) -> Replay {
    let sender = Sender {
        rate: SampleRate::DESK,
        trace,
        sound,
        keep,
    };
    replay(session(SampleRate::DESK, thresholds, pace), &sender)
}

/// Every numbered frame is there once, in order; it may be softer where a gap is faded.
fn all_once_in_order(replay: &Replay, frames: usize) {
    let metrics = replay.session.metrics();
    assert_eq!((metrics.frames_in, metrics.frames_out), (frames as u64, frames as u64));
    let mut next = 0;
    let fades = metrics.underruns as usize * 2 * 240;
    let (mut soft, mut silent) = (0, 0);
    let first = replay
        .heard
        .iter()
        .position(|frame| frame[0] != 0.0)
        .expect("something");
    for frame in &replay.heard[first..] {
        let expected = numbered(next);
        if *frame == expected {
            next += 1;
        } else if frame[0] == 0.0 && silent < metrics.frames_missing {
            silent += 1;
        } else {
            assert!(
                frame[0] >= 0.0 && frame[0] < expected[0] && frame[0] == -frame[1],
                "{frame:?} for {next}"
            );
            soft += 1;
            next += 1;
        }
    }
    assert_eq!(
        (next, silent),
        (frames, metrics.frames_missing),
        "of {fades} soft ones {soft}"
    );
    assert!(soft <= fades, "{soft} of {fades}");
}

#[test]
fn every_frame_that_was_taken_comes_out_once_and_in_order_on_every_way() {
    let small = thresholds(0.1, 0.02, 0.1, 0.5);
    let large = thresholds(1.0, 0.2, 0.5, 3.0);
    for (name, trace) in [
        ("steady", traces::steady(60.0, 0.0, 1)),
        ("wifi", traces::wifi(60.0, 2)),
        ("mobile", traces::mobile(60.0, 3)),
        ("four times", traces::four_times(60.0)),
        ("stalls", traces::stalls(60.0, 4)),
        ("slow", traces::steady(60.0, -5_000.0, 4)),
    ] {
        for limits in [small, large, Thresholds::SPKR] {
            let replay = play(Pace::Ahead, limits, &trace, &numbered, true);
            assert_eq!(replay.session.state(), State::Finished, "{name}");
            all_once_in_order(&replay, 60 * 48_000);
        }
    }
}

#[test]
fn a_gap_is_counted_as_an_event_and_in_frames_and_then_more_is_held() {
    let trace = traces::mobile(120.0, 4);
    let replay = play(Pace::Ahead, thresholds(0.1, 0.02, 0.1, 5.0), &trace, &numbered, true);
    let metrics = replay.session.metrics();
    let silent = replay
        .heard
        .windows(2)
        .filter(|pair| pair[0][0] != 0.0 && pair[1][0] == 0.0)
        .count() as u64;
    assert!(metrics.underruns >= 1 && metrics.underruns < 20, "{metrics:?}");
    assert!(
        silent.abs_diff(metrics.underruns) <= metrics.underruns + 1,
        "{silent} gaps, {metrics:?}"
    );
    assert!(metrics.target > 0.1, "{metrics:?}");
    assert!(metrics.rebuffers >= metrics.underruns);
    // Who holds as much as that from the beginning has no gap.
    let enough = play(Pace::Ahead, thresholds(3.0, 0.02, 1.0, 5.0), &trace, &numbered, false);
    assert_eq!(enough.session.metrics().underruns, 0);
}

#[test]
fn what_is_pulled_is_in_order_and_whole_too() {
    // A ramp, as a resampler gives it: to a frame.
    for trace in [traces::wifi(20.0, 2), traces::steady(20.0, 400.0, 3)] {
        let replay = play(
            Pace::Relay,
            thresholds(0.5, 0.02, 0.1, 2.0),
            &trace,
            &|n| [n as f32 + 1_000.0; 2],
            true,
        );
        assert_eq!(replay.session.metrics().underruns, 0);
        let first = replay
            .heard
            .iter()
            .position(|frame| frame[0] != 0.0)
            .expect("something");
        let ramp = &replay.heard[first + 100..];
        let whole = ramp.len() - 100;
        for (n, pair) in ramp[..whole].windows(2).enumerate() {
            let step = pair[1][0] - pair[0][0];
            assert!((0.5..1.5).contains(&step), "{step} at {n}: {pair:?}");
        }
        let frames = 20.0 * 48_000.0;
        assert!(
            (f64::from(ramp[0][0]) - 1_100.0).abs() < 1.0
                && (replay.heard.len() as f64 - first as f64 - frames).abs() < 400.0
        );
        assert!(
            (f64::from(ramp[whole][0]) - (frames + 1_000.0 - 100.0)).abs() < 2.0,
            "{}",
            ramp[whole][0]
        );
    }
}

#[test]
fn a_sender_that_is_too_fast_waits_and_loses_nothing() {
    let trace = traces::four_times(600.0);
    let replay = play(Pace::Ahead, thresholds(0.25, 0.05, 0.25, 2.0), &trace, &numbered, true);
    all_once_in_order(&replay, 600 * 48_000);
    assert!(replay.waited > 48_000, "it was not made to wait");
    assert_eq!(replay.session.metrics().underruns, 0);
}

#[test]
fn gaps_fade_within_five_milliseconds_and_do_not_click() {
    for (pace, trace) in [
        (Pace::Ahead, traces::stalls(60.0, 5)),
        (Pace::Live, traces::mobile(60.0, 5)),
        (Pace::Relay, traces::mobile(60.0, 5)),
    ] {
        let replay = play(pace, thresholds(0.06, 0.02, 0.06, 4.0), &trace, &tone, true);
        let metrics = replay.session.metrics();
        assert!(metrics.underruns > 0, "{pace:?}: {metrics:?}");
        let first = replay
            .heard
            .iter()
            .position(|frame| frame[0] != 0.0)
            .expect("something");
        let click = click_db(&replay.heard[first + 480..replay.heard.len() - 480]);
        assert!(
            click < -80.0,
            "{pace:?}: {click:.1} dBFS after {} gaps",
            metrics.underruns
        );
    }
}

#[test]
fn a_live_tone_over_wifi_keeps_its_pitch_and_has_no_seam() {
    let trace = traces::wifi(120.0, 6);
    let replay = play(Pace::Live, thresholds(0.3, 0.02, 0.1, 2.0), &trace, &tone, true);
    let metrics = replay.session.metrics();
    assert_eq!(metrics.underruns, 0, "{metrics:?}");
    let first = replay
        .heard
        .iter()
        .position(|frame| frame[0] != 0.0)
        .expect("something");
    let part = &replay.heard[first + 480..replay.heard.len() - 960];
    let click = click_db(part);
    assert!(
        click < -80.0,
        "{click:.1} dBFS, {} frames stretched",
        metrics.frames_stretched
    );
    for part in part.chunks_exact(48_000) {
        let cents = 1_200.0 * (frequency(part, 997.0, 48_000.0) / 997.0).log2();
        assert!(cents.abs() < 1.0, "{cents:.2} cents");
    }
}

#[test]
fn a_far_clock_is_followed_for_an_hour() {
    for pace in [Pace::Relay, Pace::Live] {
        for ppm in [-300.0, 300.0] {
            let trace = traces::steady(3_600.0, ppm, 7);
            // Tenths of a hertz apart are no matter: noise cannot be cut, so that it must be pulled.
            let dice = std::cell::RefCell::new(super::Dice::new(1));
            let sender = Sender {
                rate: slow(),
                trace: &trace,
                sound: &|_| [0.3 * dice.borrow_mut().noise(); 2],
                keep: false,
            };
            let replay = replay(session(slow(), thresholds(0.2, 0.02, 0.2, 2.0), pace), &sender);
            let metrics = replay.session.metrics();
            assert_eq!(
                (metrics.underruns, metrics.frames_stretched),
                (0, 0),
                "{pace:?} {ppm} ppm: {metrics:?}"
            );
            assert!(
                (metrics.drift_ppm - ppm).abs() < 5.0,
                "{:.1} ppm instead of {ppm}",
                metrics.drift_ppm
            );
            let (shortest, longest) = replay.delays;
            assert!(
                longest - shortest < 0.030,
                "{pace:?} {ppm} ppm: {shortest:.4} to {longest:.4} s"
            );
        }
    }
}

#[test]
fn after_a_gap_more_is_held_and_after_quiet_minutes_less_again() {
    // Two seconds of nothing after half a minute; then a way that is even.
    let mut trace = traces::steady(600.0, 0.0, 8);
    for arrival in &mut trace {
        if (30.0..31.0).contains(arrival) {
            *arrival = 31.0;
        }
    }
    let replay = play(Pace::Live, thresholds(0.06, 0.02, 0.06, 3.0), &trace, &tone, false);
    let metrics = replay.session.metrics();
    assert_eq!(metrics.underruns, 1, "{metrics:?}");
    let (shortest, longest) = replay.delays;
    assert!(longest > 0.08, "{longest}");
    assert!(shortest < 0.075, "{shortest}: {metrics:?}");
    assert!(metrics.frames_stretched > 20_000, "{metrics:?}");
}
