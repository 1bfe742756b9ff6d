//! A whole source: bytes of any kind in, frames out, and every way to end.

use airdesk_dsp::{BLOCK_FRAMES, Frame, SampleRate};

use super::Dice;
use super::replay::session;
use crate::stream::format::{Encoding, Format};
use crate::stream::jitter::Pace;
use crate::stream::machine::{State, Thresholds};
use crate::stream::session::{Session, Setup, SetupError};

fn format(encoding: Encoding, channels: usize, rate: u32) -> Format {
    Format::new(encoding, channels, rate).expect("a format")
}

fn limits(initial: f64, maximum: f64) -> Thresholds {
    Thresholds::new(initial, 0.01, 0.01_f64.max(initial / 2.0), maximum).expect("they are in order")
}

fn new(limits: Thresholds) -> Session {
    session(SampleRate::DESK, limits, Pace::Ahead)
}

/// Pulls until it has ended, a block at a time, and returns what was heard.
fn rest(session: &mut Session, now: &mut f64) -> Vec<Frame> {
    let mut heard = Vec::new();
    let mut block = [[0.0; 2]; BLOCK_FRAMES];
    for _ in 0..1_000_000 {
        let count = session.pull(*now, &mut block);
        *now += BLOCK_FRAMES as f64 / 48_000.0;
        heard.extend(&block[..count]);
        if session.state().is_terminal() {
            return heard;
        }
    }
    unreachable!("it never ends: {:?}", session.state());
}

/// Bytes sent in pieces of up to `most`, as soon as they are taken.
fn sent(session: &mut Session, bytes: &[u8], dice: &mut Dice, most: u64) -> Vec<Frame> {
    let (mut heard, mut block, mut now) = (Vec::new(), [[0.0; 2]; BLOCK_FRAMES], 0.0);
    session.start(now);
    let mut left = bytes;
    while !left.is_empty() {
        let piece = (1 + dice.below(most) as usize).min(left.len());
        let taken = session.push_bytes(now, &left[..piece]);
        left = &left[taken..];
        if taken < piece {
            let count = session.pull(now, &mut block);
            heard.extend(&block[..count]);
            now += BLOCK_FRAMES as f64 / 48_000.0;
        }
    }
    session.end(now);
    heard.append(&mut rest(session, &mut now));
    heard
}

#[test]
fn a_stream_that_is_cut_anywhere_is_heard_as_one_that_came_in_one_piece() {
    let mut dice = Dice::new(21);
    let bytes: Vec<u8> = (0..60_000).map(|_| dice.below(256) as u8).collect();
    for (encoding, channels, rate) in [
        (Encoding::S16, 1, 24_000),
        (Encoding::S24, 2, 44_100),
        (Encoding::U8, 1, 8_000),
        (Encoding::F32, 2, 48_000),
        (Encoding::S32, 6, 96_000),
    ] {
        let mut session = new(limits(0.1, 0.2));
        session.declare(format(encoding, channels, rate));
        let whole = sent(&mut session, &bytes, &mut dice, 1 << 40);
        let frames = bytes.len() / (encoding.bytes() * channels);
        assert_eq!(
            whole.len(),
            (frames as f64 * 48_000.0 / f64::from(rate)).round() as usize
        );
        for most in [1, 3, 100, 5_000] {
            // A session that is used again is as good as a new one.
            let cut = sent(&mut session, &bytes, &mut dice, most);
            assert!(
                cut == whole,
                "{encoding:?}, {channels} channels, {rate} Hz, up to {most} bytes"
            );
        }
    }
}

#[test]
fn a_chunk_larger_than_the_buffer_is_taken_bit_by_bit_and_heard_whole() {
    let mut session = new(limits(0.1, 0.25));
    session.declare(format(Encoding::F32, 1, 24_000));
    let samples: Vec<u8> = (0..24_000 * 20)
        .flat_map(|n| ((n as f32) / 1e6).to_le_bytes())
        .collect();
    session.start(0.0);
    let taken = session.push_bytes(0.0, &samples);
    assert!((20_000..40_000).contains(&taken), "{taken} bytes");
    assert!(session.jitter().buffered() < 0.27);
    session.cancel();
    let heard = sent(&mut session, &samples, &mut Dice::new(1), 1 << 40);
    assert_eq!(heard.len(), 48_000 * 20);
    assert_eq!(session.metrics().underruns, 0);
}

#[test]
fn thousands_of_utterances_are_heard_in_their_order_and_to_their_last_frame() {
    let mut dice = Dice::new(33);
    let mut session = new(limits(0.150, 2.0));
    let format = format(Encoding::F32, 2, 48_000);
    session.declare(format);
    let before = session.jitter().bytes();
    for utterance in 0..3_000_u32 {
        let frames = 1 + dice.below(3_000) as u32;
        let bytes: Vec<u8> = (0..frames)
            .flat_map(|n| [utterance as f32 + 1.0, n as f32])
            .flat_map(f32::to_le_bytes)
            .collect();
        let heard = sent(&mut session, &bytes, &mut dice, 4_000);
        assert_eq!(session.state(), State::Finished);
        assert_eq!(heard.len(), frames as usize);
        assert!(
            heard
                .iter()
                .enumerate()
                .all(|(n, frame)| *frame == [utterance as f32 + 1.0, n as f32])
        );
        assert_eq!(
            (session.metrics().underruns, session.metrics().frames_in),
            (0, u64::from(frames))
        );
    }
    assert_eq!(session.jitter().bytes(), before);
}

/// A session that sounds, with a second of a constant in it.
fn sounding(pace: Pace) -> Session {
    let mut session = session(SampleRate::DESK, limits(0.1, 2.0), pace);
    session.start(0.0);
    session.push_frames(0.0, SampleRate::DESK, &[[0.5; 2]; 48_000], 0);
    for n in 0..20 {
        session.pull(f64::from(n) * 64.0 / 48_000.0, &mut [[0.0; 2]; 64]);
    }
    session
}

#[test]
fn cancel_is_silent_within_a_block_and_is_an_outcome_of_its_own() {
    for pace in [Pace::Ahead, Pace::Live] {
        let mut session = sounding(pace);
        session.cancel();
        assert_eq!(session.state(), State::Cancelled);
        let mut block = [[1.0; 2]; BLOCK_FRAMES];
        session.pull(0.1, &mut block);
        assert!((block[0][0] - 0.5).abs() < 0.01 && block[63][0] < 0.001, "{block:?}");
        assert!(block.windows(2).all(|pair| pair[1][0] <= pair[0][0] + 1e-3), "fades");
        assert_eq!((session.pull(0.2, &mut block), block), (0, [[0.0; 2]; BLOCK_FRAMES]));
        assert_eq!(session.push_frames(0.2, SampleRate::DESK, &[[0.5; 2]; 10], 0), 0);
        session.fail(0.3, "too late");
        assert_eq!((session.state(), session.cause()), (State::Cancelled, None));
    }
    let mut session = new(limits(0.1, 2.0));
    session.cancel();
    assert_eq!(session.state(), State::Cancelled);
    let changes: Vec<_> = std::iter::from_fn(|| session.take_change())
        .map(|change| (change.from, change.to))
        .collect();
    assert_eq!(changes, [(State::Idle, State::Cancelled)]);
}

#[test]
fn an_error_while_it_plays_is_told_after_the_last_frame_which_fades() {
    for pace in [Pace::Ahead, Pace::Live] {
        let mut session = sounding(pace);
        session.fail(0.1, "the server went away");
        assert_eq!(session.state(), State::Draining);
        let heard = rest(&mut session, &mut 0.1);
        assert_eq!(session.state(), State::Error);
        assert_eq!(session.cause(), Some("the server went away"));
        assert!(heard.len().abs_diff(48_000 - 20 * 64) < 70, "{}", heard.len());
        assert!(heard[heard.len() - 1][0] < 0.001);
        assert!((heard[heard.len() - 400][0] - 0.5).abs() < 0.01, "the fade takes 5 ms");
    }
    let mut session = new(limits(0.1, 2.0));
    session.start(0.0);
    session.fail(0.0, "no server");
    assert_eq!(session.state(), State::Error);
}

#[test]
fn short_text_is_heard_though_it_never_fills_the_initial_buffer() {
    for pace in [Pace::Ahead, Pace::Relay, Pace::Live] {
        for rate in [8_000, 24_000, 48_000] {
            let mut session = session(SampleRate::DESK, Thresholds::SPKR, pace);
            session.start(0.0);
            let hz = SampleRate::new(rate).expect("a rate");
            session.push_frames(0.0, hz, &[[0.5; 2]; 240], 0);
            assert_eq!(session.pull(0.0, &mut [[0.0; 2]; 64]), 0);
            session.end(0.1);
            let heard = rest(&mut session, &mut 0.1);
            assert_eq!(heard.len(), 240 * 48_000 / rate as usize, "{pace:?} {rate}");
            assert_eq!((session.state(), session.metrics().underruns), (State::Finished, 0));
        }
    }
    // Nothing at all is finished, too.
    let mut session = new(Thresholds::SPKR);
    session.start(0.0);
    session.end(0.0);
    assert_eq!(
        (rest(&mut session, &mut 0.0).len(), session.state()),
        (0, State::Finished)
    );
}

#[test]
fn low_water_is_seen_while_nothing_comes_and_nobody_reads_what_is_silent() {
    let mut session = session(SampleRate::DESK, Thresholds::SPKR, Pace::Ahead);
    session.start(0.0);
    session.push_frames(0.0, SampleRate::DESK, &vec![[0.5; 2]; 48_000 * 4], 0);
    let mut now = 0.0;
    let mut block = [[0.0; 2]; BLOCK_FRAMES];
    while session.state() == State::Playing {
        session.pull(now, &mut block);
        now += BLOCK_FRAMES as f64 / 48_000.0;
    }
    // Below a second, and it sounds on: a warning, not a gap.
    assert_eq!(session.state(), State::Rebuffering);
    assert!((now - 3.0).abs() < 0.01, "{now}");
    assert_eq!((block[63], session.metrics().underruns), ([0.5; 2], 0));
    // Enough comes before it has run out: nobody hears of it.
    session.push_frames(now, SampleRate::DESK, &vec![[0.5; 2]; 48_000 * 2], 0);
    assert_eq!(session.state(), State::Playing);
    session.pull(now, &mut block);
    assert_eq!((block, session.metrics().rebuffers), ([[0.5; 2]; BLOCK_FRAMES], 1));
}

#[test]
fn what_is_measured_is_what_happened() {
    let mut session = new(limits(0.1, 2.0));
    session.declare(format(Encoding::S16, 1, 48_000));
    session.start(10.0);
    assert_eq!(session.pull(10.0, &mut [[0.0; 2]; 64]), 0);
    session.push_bytes(10.25, &[0; 4_800]);
    session.push_bytes(10.5, &[0; 4_801]);
    session.decoded_in(0.002);
    session.decoded_in(0.004);
    for n in 0..60 {
        session.pull(10.5 + f64::from(n) * 64.0 / 48_000.0, &mut [[0.0; 2]; 64]);
    }
    let metrics = session.metrics();
    assert_eq!((metrics.first_byte, metrics.first_audio), (Some(0.25), Some(0.5)));
    assert_eq!(
        (metrics.bytes, metrics.chunks, metrics.frames_in, metrics.frames_out),
        (9_601, 2, 4_800, 3_840)
    );
    assert!((metrics.throughput - 38_404.0).abs() < 1.0);
    assert!((metrics.buffered - 0.02).abs() < 1e-9 && (0.03..0.09).contains(&metrics.buffered_mean));
    assert!((metrics.decode_mean - 0.003).abs() < 1e-12 && metrics.decode_longest == 0.004);
    assert_eq!(metrics.underruns, 0);
}

#[test]
fn a_buffer_that_takes_too_much_memory_is_refused() {
    let setup = |hz: u32, seconds: f64| Setup {
        rate: SampleRate::new(hz).expect("a rate"),
        thresholds: Thresholds::new(1.0, 0.5, 0.5, seconds).expect("in order"),
        pace: Pace::Ahead,
    };
    assert!(Session::new(&setup(48_000, 20.0)).is_ok());
    assert!(matches!(
        Session::new(&setup(48_000, 60.0)),
        Err(SetupError::TooLong { .. })
    ));
    assert!(Session::new(&setup(96_000, 10.0)).is_ok());
    let refused = Session::new(&setup(96_000, 20.0)).err().expect("too much").to_string();
    assert!(
        refused.contains("20 s at 96000 Hz") && refused.contains("10.0 s"),
        "{refused}"
    );
}
