//! What the equaliser does to sound, measured.

mod response;

use airdesk_dsp::SampleRate;
use airdesk_dsp::equaliser::{Band, BandKind, Equaliser, EqualiserSettings};
use airdesk_dsp::lanes::Arch;
use airdesk_dsp::lanes::{LaneBlock, Lanes, STRIPS};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use response::click::click_db;
use response::signal::{Dice, noise, null_db, sine};
use response::{analogue_db, digital_db, impulse_response, probes};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const KINDS: [BandKind; 3] = [BandKind::Bell, BandKind::LowShelf, BandKind::HighShelf];

fn band(kind: BandKind, frequency: f32, gain: f32, q: f32) -> Band {
    Band::new(kind, frequency, gain, q).expect("in range")
}

/// One band, the others off.
fn only(band: Band) -> EqualiserSettings {
    let off = EqualiserSettings::default().bands.map(|band| band.switched(false));
    EqualiserSettings {
        on: true,
        bands: [off[0], band, off[2], off[3]],
    }
}

/// The response that the analogue circuit has: the cookbook's, written down here a second time.
fn wanted_db(band: &Band, hz: f64) -> f64 {
    let (a, q) = (10.0_f64.powf(f64::from(band.gain()) / 40.0), f64::from(band.q()));
    let slope = a.sqrt() / q;
    let (numerator, denominator) = match band.kind() {
        BandKind::Bell => ([1.0, a / q, 1.0], [1.0, 1.0 / (a * q), 1.0]),
        BandKind::LowShelf => ([a * a, a * slope, a], [1.0, slope, a]),
        BandKind::HighShelf => ([a, a * slope, a * a], [a, slope, 1.0]),
    };
    analogue_db(numerator, denominator, band.frequency().into(), hz)
}

/// The largest deviation from the analogue response up to 16 kHz, in dB, for four bands at a time.
fn deviations(bands: &[Band], rate: SampleRate) -> Vec<(f64, f64, Band)> {
    let mut found = Vec::new();
    for four in bands.chunks(4) {
        let mut equaliser = Equaliser::new(rate);
        let mut frames = 4096.0_f64;
        for (strip, band) in four.iter().enumerate() {
            equaliser.set(strip, only(*band));
            equaliser.settle(strip);
            let q = f64::from(band.q());
            let seconds = 2.9 * q.max(0.5 / q) / (std::f64::consts::PI * f64::from(band.frequency()));
            frames = frames.max(14.0 * seconds * f64::from(rate.hz()));
        }
        let response = impulse_response(frames as usize, |block| equaliser.process(block));
        for (strip, band) in four.iter().enumerate() {
            let worst = probes(band.frequency().into())
                .into_iter()
                .map(|hz| {
                    (
                        digital_db(&response, 2 * strip, hz, rate.hz().into()) - wanted_db(band, hz),
                        hz,
                    )
                })
                .max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()))
                .expect("some probes");
            found.push((worst.0, worst.1, *band));
        }
    }
    found
}

/// All that a grid of frequencies and gains makes of these kinds and Qs.
fn grid(kinds: &[BandKind], frequencies: &[f32], qs: &[f32]) -> Vec<Band> {
    let mut bands = Vec::new();
    for &kind in kinds {
        for &frequency in frequencies {
            for &q in qs {
                bands.extend([-18.0, -6.0, 6.0, 18.0].map(|gain| band(kind, frequency, gain, q)));
            }
        }
    }
    bands
}

const FREQUENCIES: [f32; 12] = [
    20.0, 50.0, 200.0, 1_000.0, 3_000.0, 5_000.0, 7_000.0, 9_000.0, 11_000.0, 13_000.0, 16_000.0, 20_000.0,
];
const QS: [f32; 8] = [0.1, 0.3, 0.5, Band::Q_DEFAULT, 1.0, 2.0, 5.0, 20.0];

fn assert_within(limit: f64, bands: &[Band], rate: SampleRate) {
    assert!(!bands.is_empty());
    for (off, hz, band) in deviations(bands, rate) {
        assert!(off.abs() <= limit, "{off:+.3} dB at {hz:.0} Hz, {rate}: {band:?}");
    }
}

fn rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).expect("a rate")
}

#[test]
fn bells_sound_like_the_analogue_circuit_within_a_tenth_of_a_db_to_16_khz() {
    assert_within(0.1, &grid(&KINDS[..1], &FREQUENCIES, &QS), SampleRate::DESK);
}

#[test]
fn shelves_up_to_q_2_sound_like_the_analogue_circuit_within_a_tenth_of_a_db_to_16_khz() {
    assert_within(0.1, &grid(&KINDS[1..], &FREQUENCIES, &QS[..6]), SampleRate::DESK);
    assert_within(
        0.1,
        &grid(&KINDS[1..], &FREQUENCIES, &[0.45, 0.55, 0.6]),
        SampleRate::DESK,
    );
}

#[test]
fn resonant_shelves_are_off_by_no_more_than_the_decision_says() {
    assert_within(0.31, &grid(&KINDS[1..], &FREQUENCIES, &[5.0]), SampleRate::DESK);
    assert_within(0.45, &grid(&KINDS[1..], &FREQUENCIES, &[10.0]), SampleRate::DESK);
    assert_within(1.7, &grid(&KINDS[1..], &FREQUENCIES, &[20.0]), SampleRate::DESK);
    // Below a tenth of the rate nothing of that is left.
    assert_within(
        0.1,
        &grid(&KINDS[1..], &FREQUENCIES[..4], &[5.0, 20.0]),
        SampleRate::DESK,
    );
}

#[test]
fn other_rates_sound_the_same() {
    for hz in [44_100, 96_000] {
        let frequencies = [20.0, 500.0, 4_000.0, 10_000.0, 14_000.0, 20_000.0];
        assert_within(0.1, &grid(&KINDS[..1], &frequencies, &[0.1, 0.7, 3.0, 20.0]), rate(hz));
        assert_within(0.1, &grid(&KINDS[1..], &frequencies, &[0.1, 0.55, 0.7, 1.4]), rate(hz));
    }
}

/// Bands at the extremes, other ones in every strip.
fn extremes(strip: usize) -> EqualiserSettings {
    let q = [20.0, 0.1, 5.0, 0.7][strip];
    EqualiserSettings {
        on: true,
        bands: [
            band(BandKind::LowShelf, 20.0, 12.0, 0.7),
            band(BandKind::Bell, 20.0 * 10.0_f32.powi(strip as i32), 6.0, q),
            band(BandKind::Bell, 3_000.0, -18.0, q),
            band(BandKind::HighShelf, 16_000.0, 9.0, 1.0),
        ],
    }
}

/// Noise at -20 dBFS through all extremes, with a change under way.
fn through_extremes(arch: Arch) -> Vec<Lanes> {
    let mut equaliser = Equaliser::on_arch(SampleRate::DESK, arch);
    let (mut dice, mut heard) = (Dice(3), Vec::new());
    for block in 0..1500 {
        for strip in 0..STRIPS {
            match block {
                0 => equaliser.set(strip, extremes(strip)),
                500 => equaliser.set(strip, extremes(STRIPS - 1 - strip)),
                _ => {}
            }
        }
        let mut lanes = noise(&mut dice, 0.1);
        equaliser.process(&mut lanes);
        heard.extend(lanes);
    }
    heard
}

#[test]
fn every_architecture_sounds_like_the_scalar_reference_below_minus_120_dbfs() {
    let reference = through_extremes(Arch::SCALAR);
    assert!(reference.iter().any(|lanes| lanes.0[0].abs() > 0.1), "it is heard");
    for arch in Arch::here().filter(|arch| *arch != Arch::SCALAR) {
        let null = null_db(&reference, &through_extremes(arch));
        assert!(null < -120.0, "{}: {null:.1} dBFS", arch.name());
    }
}

/// What is heard of a sine while `change` turns the controls before each block.
fn heard(blocks: usize, mut change: impl FnMut(usize, &mut Equaliser)) -> Vec<f64> {
    let mut equaliser = Equaliser::new(SampleRate::DESK);
    let mut heard = Vec::new();
    for block in 0..blocks {
        change(block, &mut equaliser);
        let mut lanes = sine(block, 1_000.0, 0.1);
        equaliser.process(&mut lanes);
        if block > 10 {
            heard.extend(lanes.iter().map(|lanes| f64::from(lanes.0[0])));
        }
    }
    heard
}

#[test]
fn no_sequence_of_settings_clicks_or_leaves_the_numbers() {
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let heard = heard(400, |_, equaliser| {
            if dice.throw() > 0.08 {
                return;
            }
            let mut settings = EqualiserSettings {
                on: dice.throw() > 0.1,
                ..EqualiserSettings::default()
            };
            for band in &mut settings.bands {
                let kind = KINDS[(dice.throw() * 2.99) as usize];
                let frequency = 20.0 * 1000.0_f32.powf(dice.throw());
                let (gain, q) = (36.0 * dice.throw() - 18.0, 0.1 * 200.0_f32.powf(dice.throw()));
                *band = Band::new(kind, frequency, gain.clamp(-18.0, 18.0), q.clamp(0.1, 20.0))
                    .expect("in range")
                    .switched(dice.throw() > 0.2);
            }
            equaliser.set(0, settings);
        });
        assert!(heard.iter().all(|sample| sample.is_finite()), "seed {seed}");
        // Four bands of +18 dB may lift the sine far beyond full scale: then its peak is what a click is measured by.
        let peak = heard.iter().fold(1.0_f64, |peak, sample| peak.max(sample.abs()));
        let click = click_db(&heard) - 20.0 * peak.log10();
        assert!(click < -80.0, "seed {seed}: {click:.1} dB, peak {peak:.2}");
    }
}

#[test]
fn switching_a_band_is_no_click_and_off_it_costs_nothing() {
    let on = only(band(BandKind::Bell, 1_000.0, 18.0, 1.0));
    let mut off = on;
    off.on = false;
    let mut was_idle = Vec::new();
    let heard = heard(200, |block, equaliser| {
        if block % 50 == 20 {
            equaliser.set(0, if block % 100 < 50 { on } else { off });
        }
        was_idle.push(equaliser.is_idle());
    });
    let click = click_db(&heard);
    assert!(click < -80.0, "{click:.1} dBFS");
    assert!(heard.iter().any(|sample| sample.abs() > 0.7), "18 dB are heard");
    // 30 ms are 22.5 blocks.
    assert_eq!(
        (was_idle[19], was_idle[21], was_idle[90], was_idle[94]),
        (true, false, false, true)
    );
}

#[test]
fn a_flat_equaliser_leaves_every_bit_as_it_is() {
    let mut equaliser = Equaliser::new(SampleRate::DESK);
    // Another strip is busy, so that the flat one is passed too.
    equaliser.set(3, extremes(0));
    let mut dice = Dice(9);
    for _ in 0..50 {
        let before = noise(&mut dice, 1.0);
        let mut after = before;
        equaliser.process(&mut after);
        let strip = |block: &LaneBlock| block.map(|lanes| [lanes.0[0], lanes.0[1]]);
        assert_eq!(strip(&before), strip(&after));
    }
}

#[test]
fn what_is_asked_during_a_glide_is_what_it_ends_at() {
    let (first, last) = (
        only(band(BandKind::Bell, 100.0, 18.0, 1.0)),
        only(band(BandKind::Bell, 1_000.0, 6.0, 1.0)),
    );
    let glided = heard(200, |block, equaliser| match block {
        0 => equaliser.set(0, first),
        5 => equaliser.set(0, extremes(2)),
        7 => equaliser.set(0, last),
        _ => {}
    });
    let level = glided[8_000..].iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    assert!((20.0 * (level / 0.1).log10() - 6.0).abs() < 0.02, "{level}");
}

#[test]
fn a_lane_that_took_in_nan_recovers_with_the_next_block_and_harms_no_other() {
    for arch in Arch::here() {
        let mut equaliser = Equaliser::on_arch(SampleRate::DESK, arch);
        let mut untouched = equaliser.clone();
        for strip in 0..STRIPS {
            equaliser.set(strip, extremes(strip));
            untouched.set(strip, extremes(strip));
        }
        let mut dice = Dice(5);
        for block in 0..60 {
            let mut expected = noise(&mut dice, 0.5);
            let mut lanes = expected;
            if block == 40 {
                lanes[7].0[2] = f32::NAN;
                lanes[9].0[5] = f32::INFINITY;
            }
            equaliser.process(&mut lanes);
            untouched.process(&mut expected);
            for (found, expected) in lanes.iter().zip(&expected) {
                assert_eq!((found.0[0], found.0[7]), (expected.0[0], expected.0[7]));
                assert!(
                    block == 40 || found.0.iter().all(|sample| sample.is_finite()),
                    "{}, {block}",
                    arch.name()
                );
            }
        }
    }
}

#[test]
fn neither_a_change_nor_a_block_allocates() {
    let mut equaliser = Equaliser::new(SampleRate::DESK);
    let mut block = sine(0, 100.0, 0.5);
    assert_no_alloc(|| {
        for n in 0..60 {
            equaliser.set(n % STRIPS, extremes(n / 7 % STRIPS));
            equaliser.process(&mut block);
        }
        equaliser.settle(2);
    });
}

#[test]
fn settings_beyond_their_range_are_refused_by_name() {
    let refusal =
        |frequency, gain, q| Band::new(BandKind::Bell, frequency, gain, q).map_err(|refused| refused.to_string());
    let expected = "band frequency in Hz goes from 20 to 20000, not 19";
    assert_eq!(refusal(19.0, 0.0, 1.0), Err(expected.to_owned()));
    assert!(refusal(100.0, 18.1, 1.0).is_err_and(|text| text.contains("gain in dB")));
    assert!(refusal(100.0, 0.0, f32::NAN).is_err_and(|text| text.contains("band Q")));
    let read = serde_json::from_str::<Band>(r#"{"kind":"bell","on":true,"frequency":100,"gain":0,"q":99}"#);
    assert!(read.is_err_and(|refused| refused.to_string().contains("band Q goes from 0.1 to 20, not 99")));
}

#[test]
fn settings_are_read_as_they_were_written() {
    let mut settings = extremes(1);
    settings.bands[2] = settings.bands[2].switched(false);
    let text = serde_json::to_string(&settings).expect("written");
    assert!(text.contains(r#""kind":"lowShelf""#), "{text}");
    assert_eq!(
        serde_json::from_str::<EqualiserSettings>(&text).expect("read"),
        settings
    );
}
