//! A strip's delay: exact, silent while it changes, within its memory.

mod dynamics_signals;

use airdesk_dsp::delay::{DelaySettings, StripDelay};
use airdesk_dsp::{BLOCK_FRAMES, Frame, Frames, SampleRate};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use dynamics_signals::{click_db, noise, sine};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

/// `blocks` blocks of `signal(n)` through `delay`, which `change` may set before each block.
fn delayed(
    delay: &mut StripDelay,
    blocks: usize,
    signal: impl Fn(usize) -> Frame,
    mut change: impl FnMut(usize, &mut StripDelay),
) -> Vec<Frame> {
    let mut out = Vec::new();
    for index in 0..blocks {
        change(index, delay);
        let mut block = std::array::from_fn(|n| signal(index * BLOCK_FRAMES + n));
        delay.process(&mut block);
        out.extend(block);
    }
    out
}

fn numbered(n: usize) -> Frame {
    [n as f32, -(n as f32)]
}

fn set(delay: &mut StripDelay, delay_ms: f32) {
    delay.set(&DelaySettings { delay_ms }).expect("in range");
}

#[test]
fn frames_come_late_by_the_delay_to_the_bit_at_every_rate() {
    for hz in [44_100, 48_000, 96_000] {
        let rate = SampleRate::new(hz).expect("a rate");
        for ms in [0.0, 0.1, 1.0, 13.7, 250.0, 500.0] {
            let mut delay = StripDelay::new(rate);
            set(&mut delay, ms);
            delay.reset();
            let late = rate.frames_in(f64::from(ms) / 1000.0);
            assert_eq!(delay.delay(), late);
            let out = delayed(&mut delay, 1600, numbered, |_, _| {});
            for (n, frame) in out.iter().enumerate() {
                let expected = n.checked_sub(late.0 as usize).map_or([0.0, 0.0], numbered);
                assert_eq!(*frame, expected, "{hz} Hz, {ms} ms, frame {n}");
            }
        }
    }
}

#[test]
fn a_change_does_not_click_and_ends_exactly_after_30_ms() {
    let mut delay = StripDelay::new(SampleRate::DESK);
    let tone = |n: usize| [(0.9 * sine(n, 1000.0, 0.0)) as f32; 2];
    // Wishes also in the middle of a cross-fade.
    let out = delayed(&mut delay, 600, tone, |index, delay| {
        if index % 37 == 5 {
            set(delay, (index * 7 % 500) as f32 + 0.3);
        }
    });
    let left: Vec<f64> = out[25_000..].iter().map(|frame| f64::from(frame[0])).collect();
    let click = click_db(&left);
    assert!(click < -80.0, "{click:.1} dBFS");

    let mut delay = StripDelay::new(SampleRate::DESK);
    let out = delayed(&mut delay, 200, numbered, |index, delay| {
        if index == 50 {
            set(delay, 10.0);
        }
    });
    let start = 50 * BLOCK_FRAMES;
    assert_eq!(out[start - 1], numbered(start - 1));
    assert!(out[start + 1438][0] > (start + 1438 - 480) as f32);
    assert_eq!(
        out[start + 1440..],
        (start + 1440..out.len()).map(|n| numbered(n - 480)).collect::<Vec<_>>()
    );
}

#[test]
fn the_newest_wish_wins_when_there_were_several_during_a_cross_fade() {
    let mut delay = StripDelay::new(SampleRate::DESK);
    let out = delayed(&mut delay, 200, numbered, |index, delay| match index {
        50 => set(delay, 10.0),
        55 => set(delay, 400.0),
        60 => set(delay, 20.0),
        _ => {}
    });
    assert_eq!(delay.delay(), Frames(960));
    assert_eq!(out.last(), Some(&numbered(out.len() - 1 - 960)));
}

#[test]
fn a_delay_outside_its_range_is_refused_by_name() {
    let mut delay = StripDelay::new(SampleRate::DESK);
    for delay_ms in [-0.1, 500.1, f32::NAN] {
        let refused = delay.set(&DelaySettings { delay_ms }).expect_err("out of range");
        assert_eq!(refused.name, "delay in ms");
    }
    assert_eq!(delay.delay(), Frames(0));
}

#[test]
fn it_never_allocates() {
    let mut delay = StripDelay::new(SampleRate::DESK);
    assert_no_alloc(|| {
        for n in 0..2000_usize {
            set(&mut delay, (n % 501) as f32);
            let mut block = std::array::from_fn(|k| [noise(n * 64 + k) as f32; 2]);
            delay.process(&mut block);
        }
    });
}
