//! Between source and stages: to the bit at defaults; channels, polarity, balance, delay.

use airdesk_dsp::delay::DelaySettings;
use airdesk_dsp::input_matrix::ChannelMode;
use airdesk_dsp::{Frame, Pan};

use super::*;
use crate::strip::delay_line;

/// A second of two different tones left and right, so that sides and signs cannot be confused.
fn two_sided() -> Vec<Frame> {
    let (left, right) = (sine(440.0, 0.5, 48_000), sine(660.0, 0.25, 48_000));
    left.iter().zip(&right).map(|(l, r)| [l[0], r[0]]).collect()
}

fn milliseconds(delay_ms: f32) -> DelaySettings {
    DelaySettings { delay_ms }
}

fn set_delay(rig: &mut Rig, id: StripId, delay_ms: f32) -> Option<Discard> {
    let settings = milliseconds(delay_ms);
    rig.obey(EngineCommand::SetDelay(
        id,
        delay_line(SampleRate::DESK, &settings),
        settings,
    ))
}

#[test]
fn below_the_ceiling_every_bit_passes_the_limiter_as_late_as_the_console_says() {
    let mut rig = Rig::with_limiter();
    let audio: Vec<Frame> = (0..64 * 40_u32)
        .map(|n| [0, 1].map(|side| ((2 * n + side).wrapping_mul(2_654_435_761) as i32) as f32 / 8_589_934_592.0))
        .collect();
    rig.strip(0, &audio, plain());
    let latency = rig.console.latency().0 as usize;
    assert!(latency > 0);
    let (programme, _) = rig.hear(39);
    let (before, after) = programme.split_at(latency);
    assert!(is_silent(before));
    assert_eq!(difference_at(after, &audio), None);
    assert_eq!(rig.report().buses[0].limiter, 0.0);
}

#[test]
fn every_channel_mode_and_polarity_arrives_and_none_clicks() {
    let mut rig = Rig::new();
    let audio: Vec<Frame> = two_sided().repeat(3);
    let id = rig.strip(0, &audio, plain());
    rig.hear(10);
    let mut at = 10 * 64;
    let mut all = Vec::new();
    type Sides = fn(Frame) -> Frame;
    let modes: [(ChannelMode, [bool; 2], Sides); 8] = [
        (ChannelMode::Mono, [false; 2], |[l, r]| [0.5 * (l + r); 2]),
        (ChannelMode::Mono, [false, true], |[l, r]| [0.5 * (l - r); 2]),
        (ChannelMode::Swapped, [false; 2], |[l, r]| [r, l]),
        (ChannelMode::Swapped, [true, false], |[l, r]| [r, -l]),
        (ChannelMode::LeftOnly, [false; 2], |[l, _]| [l; 2]),
        (ChannelMode::RightOnly, [false, true], |[_, r]| [-r; 2]),
        (ChannelMode::Stereo, [true; 2], |[l, r]| [-l, -r]),
        (ChannelMode::Stereo, [false; 2], |frame| frame),
    ];
    for (mode, inverted, sides) in modes {
        rig.obey(EngineCommand::SetChannels(id, mode));
        rig.obey(EngineCommand::SetInverted(id, inverted));
        all.extend(rig.hear(SETTLED).0);
        at += SETTLED * 64;
        let (programme, _) = rig.hear(10);
        let expected: Vec<Frame> = audio[at..].iter().map(|frame| sides(*frame)).collect();
        let null = null_db(&programme, &expected, [1.0; 2]);
        assert!(null < -120.0, "{mode:?}, {inverted:?}: {null:.1} dBFS");
        at += 10 * 64;
        all.extend(programme);
    }
    let click = click_db(&all);
    assert!(click < -80.0, "{click:.1} dBFS");
}

#[test]
fn balance_turns_down_the_far_side_alone_and_pan_moves_power() {
    let mut rig = Rig::new();
    let audio = two_sided();
    let id = rig.strip(0, &audio, plain());
    let mut all = Vec::new();
    let mut at = 0;
    let far = (0.3_f64 * std::f64::consts::FRAC_PI_2).cos();
    let angle = 1.3 * std::f64::consts::FRAC_PI_4;
    for (law, position, gains) in [
        (PanLaw::Balance, 0.0, [1.0, 1.0]),
        (PanLaw::Balance, 0.3, [far, 1.0]),
        (PanLaw::Balance, -0.3, [1.0, far]),
        (PanLaw::Balance, -1.0, [1.0, 0.0]),
        (PanLaw::Pan, 0.3, [angle.cos(), angle.sin()]),
        (PanLaw::Pan, 0.0, [CENTRE; 2]),
    ] {
        rig.obey(EngineCommand::SetPanLaw(id, law));
        rig.obey(EngineCommand::SetPan(id, Pan::new(position).expect("a position")));
        all.extend(rig.hear(40).0);
        at += 40 * 64;
        let (programme, _) = rig.hear(5);
        let null = null_db(&programme, &audio[at..], gains);
        assert!(null < -120.0, "{law:?} at {position}: {null:.1} dBFS");
        at += 5 * 64;
        all.extend(programme);
    }
    assert!(click_db(&all) < -80.0);
}

#[test]
fn a_strip_that_comes_with_a_delay_is_late_from_its_first_frame() {
    let mut rig = Rig::new();
    let mut audio = vec![[0.0; 2]; 64 * 40];
    audio[5] = [0.5, -0.5];
    audio[200] = [0.25, 0.125];
    let controls = StripControls {
        delay: milliseconds(20.0),
        ..plain()
    };
    rig.strip(0, &audio, controls);
    let (programme, _) = rig.hear(38);
    assert!(is_silent(&programme[..960]));
    assert_eq!(difference_at(&programme[960..], &audio), None);
}

#[test]
fn a_delay_arrives_by_as_many_milliseconds_as_it_says_and_none_is_as_early_as_before() {
    let mut rig = Rig::new();
    let audio: Vec<Frame> = two_sided().repeat(4);
    let id = rig.strip(0, &audio, plain());
    rig.hear(20);
    let mut at = 20 * 64;
    for delay_ms in [100.0, 2.5, 500.0, 0.0, 37.0] {
        set_delay(&mut rig, id, delay_ms);
        rig.hear(500);
        at += 500 * 64;
        let (programme, _) = rig.hear(10);
        let late = (delay_ms * 48.0) as usize;
        assert_eq!(difference_at(&programme, &audio[at - late..]), None, "{delay_ms} ms");
        at += 640;
    }
}

#[test]
fn a_change_of_delay_neither_clicks_nor_leaves_a_hole() {
    let mut rig = Rig::new();
    let id = rig.strip(0, &sine(440.0, 0.5, 48_000 * 6), plain());
    let mut all = rig.hear(20).0;
    // A whole number of periods, half of one, and the longest.
    for delay_ms in [25.0, 101.136, 3.0, 500.0, 0.0] {
        set_delay(&mut rig, id, delay_ms);
        all.extend(rig.hear(500).0);
    }
    let click = click_db(&all[64..]);
    assert!(click < -80.0, "{click:.1} dBFS");
    // The sound is never gone: between two taps in opposite phase for a moment at most.
    let quiet = |frames: &[Frame]| frames.iter().all(|frame| frame[0].abs() < 0.05);
    let hole = all.windows(960).position(quiet);
    assert_eq!(hole, None, "silent for 20 ms");
}

#[test]
fn a_strip_keeps_one_delay_line_and_sends_home_the_others() {
    let mut rig = Rig::new();
    let id = rig.strip(0, &two_sided(), plain());
    assert!(set_delay(&mut rig, id, 10.0).is_none());
    assert!(matches!(set_delay(&mut rig, id, 20.0), Some(Discard::Delay(_))));
    let nobody = StripId::new(9, 1);
    assert!(matches!(set_delay(&mut rig, nobody, 20.0), Some(Discard::Delay(_))));
}
