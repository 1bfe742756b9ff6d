//! The analyser against sines, pink noise and the RMS meter.

use airdesk_dsp::level::LevelMeter;
use airdesk_dsp::{BLOCK_FRAMES, Block, Frame, SampleRate};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use realfft::RealFftPlanner;
use realfft::num_complex::Complex64;

use super::analysis::Analysis;
use super::bands::{BANDS, exact_mid_frequency_hz};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

fn blocks(frames: impl Iterator<Item = Frame>) -> impl Iterator<Item = Block> {
    let mut frames = frames.fuse();
    std::iter::from_fn(move || {
        let mut block = [[0.0; 2]; BLOCK_FRAMES];
        for frame in &mut block {
            *frame = frames.next()?;
        }
        Some(block)
    })
}

fn sine(rate: u32, hz: f64, amplitude: f64) -> impl Iterator<Item = f32> {
    (0_u64..).map(move |n| {
        let turns = hz * n as f64 / f64::from(rate);
        (amplitude * (std::f64::consts::TAU * turns.fract()).sin()) as f32
    })
}

/// The levels after `seconds` of `frames`.
fn levels(rate: u32, seconds: f64, frames: impl Iterator<Item = Frame>) -> [f32; BANDS] {
    let mut analysis = Analysis::new(SampleRate::new(rate).expect("a rate"));
    let count = (seconds * f64::from(rate)) as usize;
    blocks(frames.take(count)).for_each(|block| analysis.measure(&block));
    analysis.reading().bands.map(|level| level.db())
}

#[test]
fn a_full_scale_sine_in_the_middle_of_any_band_reads_minus_3_01_there_and_less_elsewhere() {
    for rate in [44_100, 48_000, 96_000] {
        for band in 0..BANDS {
            let hz = exact_mid_frequency_hz(band).expect("there is one");
            let read = levels(rate, 1.0, sine(rate, hz, 1.0).map(|s| [s, s]));
            assert!(
                (read[band] + 3.01).abs() < 0.1,
                "{hz:.1} Hz at {rate}: {:.2}",
                read[band]
            );
            for (other, level) in read.iter().enumerate() {
                // IEC 61260-1, class 1: at least 16.6 dB down in the next band's middle, 41.5 an octave away.
                let limit = match other.abs_diff(band) {
                    0 => continue,
                    1 => -25.0,
                    2 => -45.0,
                    _ => -60.0,
                };
                assert!(*level < limit, "{hz:.1} Hz at {rate} in band {other}: {level:.1}");
            }
        }
    }
}

#[test]
fn a_sine_on_one_side_reads_half_the_power_and_a_side_turned_over_as_much_as_both() {
    let one = levels(48_000, 0.5, sine(48_000, 1000.0, 0.1).map(|s| [s, 0.0]));
    assert!((one[16] + 26.02).abs() < 0.05, "{:.2}", one[16]);
    let turned = levels(48_000, 0.5, sine(48_000, 1000.0, 0.1).map(|s| [s, -s]));
    assert!((turned[16] + 23.01).abs() < 0.05, "{:.2}", turned[16]);
}

#[test]
fn the_powers_of_all_bands_add_up_to_the_rms() {
    let mixture = || {
        let tones = [(63.0, 0.2), (251.0, 0.1), (1000.0, 0.3), (9000.0, 0.25)];
        let mut tones = tones.map(|(hz, amplitude)| sine(48_000, hz, amplitude));
        std::iter::from_fn(move || {
            let sum = tones.iter_mut().filter_map(Iterator::next).sum();
            Some([sum, sum])
        })
    };
    let mut meter = LevelMeter::new(SampleRate::DESK);
    blocks(mixture().take(48_000)).for_each(|block| meter.measure(&block));
    let rms_db = 20.0 * meter.rms()[0].log10();
    let power: f32 = levels(48_000, 1.0, mixture())
        .map(|level| 10_f32.powf(level / 10.0))
        .iter()
        .sum();
    let sum_db = 10.0 * power.log10();
    assert!((sum_db - rms_db).abs() < 0.1, "bands {sum_db:.2}, RMS {rms_db:.2}");
}

/// Random phases, and powers that fall by half with each doubling: pink by construction. A whole period.
fn pink(points: usize, seed: u64) -> Vec<f64> {
    let plan = RealFftPlanner::<f64>::new().plan_fft_inverse(points);
    let mut random = seed;
    let mut bins = plan.make_input_vec();
    let last = bins.len() - 1;
    for (k, bin) in bins.iter_mut().enumerate() {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let phase = (random >> 11) as f64 / (1_u64 << 53) as f64 * std::f64::consts::TAU;
        *bin = if k == 0 || k == last {
            Complex64::default()
        } else {
            Complex64::from_polar(1.0 / (k as f64).sqrt(), phase)
        };
    }
    let mut noise = plan.make_output_vec();
    plan.process(&mut bins, &mut noise).expect("the lengths are the plan's");
    let largest = noise.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    noise.iter().map(|sample| sample / largest).collect()
}

#[test]
fn pink_noise_is_flat_within_1_db() {
    let points = 1 << 22; // 87 s
    let (left, right) = (pink(points, 1), pink(points, 2));
    let mut analysis = Analysis::new(SampleRate::DESK);
    let mut sums = [0.0_f64; BANDS];
    let mut count = 0_u32;
    let mut last = *analysis.reading();
    for (n, block) in blocks(left.iter().zip(&right).map(|(l, r)| [*l as f32, *r as f32])).enumerate() {
        analysis.measure(&block);
        let settled = n * BLOCK_FRAMES > 48_000;
        if settled && *analysis.reading() != last {
            last = *analysis.reading();
            count += 1;
            for (sum, level) in sums.iter_mut().zip(last.bands) {
                *sum += 10_f64.powf(f64::from(level.db()) / 10.0);
            }
        }
    }
    // 86.4 s, 20 a second.
    assert!((1726..=1729).contains(&count), "{count} spectra");
    let levels = sums.map(|sum| 10.0 * (sum / f64::from(count)).log10());
    let mean = levels.iter().sum::<f64>() / BANDS as f64;
    for (band, level) in levels.iter().enumerate() {
        assert!((level - mean).abs() < 1.0, "band {band}: {:+.2} dB", level - mean);
    }
}

#[test]
fn silence_has_no_level_and_a_gap_is_counted_and_leaves_no_splash() {
    let mut analysis = Analysis::new(SampleRate::DESK);
    for block in blocks(std::iter::repeat_n([0.0; 2], 48_000)) {
        analysis.measure(&block);
    }
    assert!(
        analysis
            .reading()
            .bands
            .iter()
            .all(|level| level.db() == f32::NEG_INFINITY)
    );

    let tone: Vec<Block> = blocks(sine(48_000, 1000.0, 0.5).map(|s| [s, s]).take(96_000)).collect();
    tone[..750].iter().for_each(|block| analysis.measure(block));
    analysis.lose(1);
    assert_eq!(analysis.reading().frames_lost, 64);
    // Phase turns by a third of a period in the gap. Silence that ends is a step too, 85 ms later it is gone.
    for block in &tone[751..] {
        analysis.measure(block);
    }
    let far = analysis.reading().bands[26].db();
    assert!(far < -90.0, "{far:.1} dBFS at 10 kHz");
}

#[test]
fn it_never_allocates_once_it_is_made_and_forgets_what_is_no_number() {
    let mut analysis = Analysis::new(SampleRate::DESK);
    assert_no_alloc(|| {
        analysis.measure(&[[f32::NAN, f32::INFINITY]; BLOCK_FRAMES]);
        for block in blocks(sine(48_000, 1000.0, 0.5).map(|s| [s, s]).take(96_000)) {
            analysis.measure(&block);
        }
        analysis.lose(3);
    });
    for block in blocks(sine(48_000, 1000.0, 0.5).map(|s| [s, s]).take(48_000)) {
        analysis.measure(&block);
    }
    assert!((analysis.reading().bands[16].db() + 9.03).abs() < 0.1);
}
