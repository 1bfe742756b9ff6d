//! Rates that differ, and that change in the middle.

use airdesk_dsp::{Frame, SampleRate};

use super::{Dice, click_db, tone};
use crate::stream::convert::Converter;

fn rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).expect("a rate")
}

/// A tone of 997 Hz that goes on through chunks of so many frames at these rates.
fn through(chunks: &[(u32, usize)], piece: usize) -> (Vec<Frame>, f64) {
    let mut converter = Converter::new(rate(chunks[0].0), SampleRate::DESK);
    let (mut out, mut seconds) = (Vec::new(), 0.0);
    for (hz, frames) in chunks {
        converter.change(rate(*hz), &mut out);
        let hz = f64::from(*hz);
        let source: Vec<Frame> = (0..*frames)
            .map(|n| {
                let phase = std::f64::consts::TAU * 997.0 * (seconds + n as f64 / hz);
                [(0.5 * phase.sin()) as f32; 2]
            })
            .collect();
        for part in source.chunks(piece) {
            converter.push(part, &mut out);
        }
        seconds += *frames as f64 / hz;
    }
    converter.finish(&mut out);
    (out, seconds)
}

#[test]
fn as_many_frames_come_out_as_the_source_lasts_whatever_its_rates() {
    let mut dice = Dice::new(3);
    let rates = [
        8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000,
    ];
    for one in rates {
        for frames in [1, 2, 63, 64, 1_000, 5_001] {
            let (out, seconds) = through(&[(one, frames)], 1 + dice.below(700) as usize);
            assert_eq!(
                out.len(),
                (seconds * 48_000.0).round() as usize,
                "{frames} frames at {one} Hz"
            );
        }
    }
    let chunks: Vec<(u32, usize)> = (0..60)
        .map(|_| (rates[dice.below(11) as usize], 1 + dice.below(3_000) as usize))
        .collect();
    let (out, seconds) = through(&chunks, 333);
    assert_eq!(out.len(), (seconds * 48_000.0).round() as usize);
}

#[test]
fn the_desks_own_rate_comes_through_as_it_is() {
    let source = tone(997.0, 48_000.0, 0, 5_000);
    let (out, _) = through(&[(48_000, 5_000)], 77);
    assert_eq!(out, source);
}

#[test]
fn a_tone_goes_on_without_a_click_where_its_rate_changes() {
    for (one, other) in [
        (24_000, 48_000),
        (48_000, 24_000),
        (44_100, 48_000),
        (16_000, 44_100),
        (44_100, 22_050),
        (96_000, 48_000),
        (192_000, 24_000),
    ] {
        for piece in [64, 1_000, 100_000] {
            let (out, _) = through(
                &[
                    (one, one as usize / 4 + 7),
                    (other, other as usize / 4),
                    (one, one as usize / 4),
                ],
                piece,
            );
            let click = click_db(&out[2_000..out.len() - 2_000]);
            assert!(click < -80.0, "{one} to {other}, {piece} at a time: {click:.1} dBFS");
        }
    }
}

#[test]
fn the_last_frame_is_there_and_where_it_belongs() {
    for hz in [8_000, 24_000, 44_100, 96_000] {
        let mut converter = Converter::new(rate(hz), SampleRate::DESK);
        let mut source = vec![[0.0; 2]; hz as usize / 10];
        // Ends with a pulse that lasts two milliseconds.
        let pulse = source.len() - hz as usize / 500;
        source[pulse..].fill([0.5; 2]);
        let mut out = Vec::new();
        converter.push(&source, &mut out);
        converter.finish(&mut out);
        assert_eq!(out.len(), 4_800);
        let begins = out.iter().position(|frame| frame[0] > 0.25).expect("a pulse");
        // Half of it is reached half a source frame before the first that is in full.
        let expected = 4_704.0 - 24_000.0 / f64::from(hz);
        assert!((begins as f64 - expected).abs() <= 1.5, "{hz} Hz: {begins}");
        assert!(out[4_740..4_780].iter().all(|frame| (frame[0] - 0.5).abs() < 0.1));
        // And begins anew, as if nothing had been.
        let mut again = Vec::new();
        converter.push(&source, &mut again);
        converter.finish(&mut again);
        assert_eq!(out, again);
    }
}
