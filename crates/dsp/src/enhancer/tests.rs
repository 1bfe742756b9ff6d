use super::*;
use crate::true_peak::TruePeakMeter;

const RATE: SampleRate = SampleRate::DESK;

/// So many blocks of a sine, with what the enhancer makes of it.
fn sine(hz: f64, amplitude: f64, blocks: usize, mut work: impl FnMut(&mut Block)) -> Vec<Frame> {
    let mut out = Vec::new();
    for n in 0..blocks {
        let mut block: Block = std::array::from_fn(|frame| {
            let at = (n * BLOCK_FRAMES + frame) as f64 / f64::from(RATE.hz());
            [(amplitude * (std::f64::consts::TAU * hz * at).sin()) as f32; 2]
        });
        work(&mut block);
        out.extend(block);
    }
    out
}

/// RMS of the last second, dB relative to a sine of this amplitude.
fn gain_of(out: &[Frame], amplitude: f64) -> f64 {
    let last = &out[out.len() - 48_000..];
    let power: f64 = last.iter().map(|frame| f64::from(frame[0]).powi(2)).sum::<f64>() / 48_000.0;
    10.0 * (power / (amplitude * amplitude / 2.0)).log10()
}

#[test]
fn the_presets_are_those_of_the_protocols_table() {
    // Low shelf, low-mid, mid, high-mid, high shelf; ratio, threshold, attack, release; limit and its release; both blends; targets.
    let table = [
        (
            "adaptive",
            [2.5, 0.5, 0.0, 0.5, 0.8],
            [1.5, -26.0, 25.0, 250.0],
            [-2.5, 100.0],
            [0.75, 0.40],
            [-14.0, -0.50],
        ),
        (
            "gentle",
            [0.3, 0.0, 0.0, 0.2, 0.5],
            [1.8, -20.0, 15.0, 150.0],
            [-2.0, 75.0],
            [0.60, 0.50],
            [-16.0, -0.30],
        ),
        (
            "warm",
            [1.5, 1.2, 0.3, -0.3, 0.8],
            [2.2, -19.0, 20.0, 200.0],
            [-1.5, 100.0],
            [1.0, 0.75],
            [-13.0, -0.35],
        ),
        (
            "bright",
            [0.0, -0.5, 0.5, 2.0, 2.5],
            [2.8, -17.0, 5.0, 80.0],
            [-0.8, 40.0],
            [1.0, 0.90],
            [-12.0, -0.30],
        ),
        (
            "punchy",
            [1.8, 0.5, 0.0, 1.5, 0.8],
            [2.5, -18.0, 5.0, 100.0],
            [-2.0, 80.0],
            [0.75, 0.65],
            [-14.0, -0.20],
        ),
    ];
    for (name, bands, dynamics, limit, blends, targets) in table {
        let p = Preset::named(&name.to_uppercase()).expect("known").profile();
        assert_eq!(p.bands_db, bands, "{name}");
        assert_eq!(
            [p.ratio, p.threshold_dbfs, p.attack_ms, p.release_ms],
            dynamics,
            "{name}"
        );
        assert_eq!([p.limit_dbfs, p.limit_release_ms], limit, "{name}");
        assert_eq!([p.eq_blend, p.dynamics_blend], blends, "{name}");
        assert_eq!([p.target_lufs, p.peak_dbtp], targets, "{name}");
        assert!(Enhancer::new(RATE, &p, 0.0, 1.0).is_ok(), "{name}");
    }
    assert_eq!(Preset::named("live"), None);
}

#[test]
fn each_band_of_a_preset_is_heard_where_it_works() {
    // Quiet, so that nothing is compressed; all of the bands is heard with warm and bright.
    for preset in [Preset::Warm, Preset::Bright] {
        let profile = preset.profile();
        let [low, low_mid, _, high_mid, high] = profile.bands_db;
        for (hz, expected) in [(30.0, low), (400.0, low_mid), (4_899.0, high_mid), (15_000.0, high)] {
            let mut enhancer = Enhancer::new(RATE, &profile, 0.0, 1.0).expect("in range");
            let out = sine(hz, 0.02, 1500, |block| enhancer.process(block));
            let gain = gain_of(&out, 0.02);
            // Neighbours reach over.
            assert!(
                (gain - f64::from(expected)).abs() < 1.0,
                "{preset} at {hz} Hz: {gain} dB, not {expected}"
            );
        }
    }
}

#[test]
fn without_intensity_a_track_passes_to_the_bit_and_as_late() {
    let mut enhancer = Enhancer::new(RATE, &Preset::Punchy.profile(), 6.0, 0.0).expect("in range");
    let latency = enhancer.latency().0 as usize;
    let dry = sine(997.0, 0.5, 50, |_| {});
    let out = sine(997.0, 0.5, 50, |block| enhancer.process(block));
    assert_eq!(out[latency..], dry[..dry.len() - latency]);
}

#[test]
fn what_leaves_never_peaks_above_the_profiles_peak() {
    for preset in Preset::ALL {
        let profile = preset.profile();
        let mut enhancer = Enhancer::new(RATE, &profile, 12.0, 1.0).expect("in range");
        let mut meter = TruePeakMeter::new();
        sine(11_025.0, 0.9, 500, |block| {
            enhancer.process(block);
            meter.measure(block);
        });
        let peak = 20.0 * meter.peak()[0].log10();
        assert!(peak <= profile.peak_dbtp + 0.1, "{preset}: {peak} dBTP");
        // A steady sound does not stay above the limit.
        let mut enhancer = Enhancer::new(RATE, &profile, 12.0, 1.0).expect("in range");
        let out = sine(1_000.0, 0.9, 1500, |block| enhancer.process(block));
        let top = out[out.len() - 4800..]
            .iter()
            .fold(0.0_f32, |top, frame| top.max(frame[0].abs()));
        let top = 20.0 * top.log10();
        assert!(
            top <= profile.limit_dbfs + 0.3 && top > profile.limit_dbfs - 3.0,
            "{preset}: {top} dBFS"
        );
    }
}

#[test]
fn a_tracks_gain_leads_to_the_target_and_silence_has_none() {
    let profile = Preset::Warm.profile();
    assert_eq!(profile.gain_db(Some(-20.0)), 7.0);
    assert_eq!(profile.gain_db(Some(-60.0)), GAIN_DB_MAX);
    assert_eq!(profile.gain_db(None), 0.0);
}
