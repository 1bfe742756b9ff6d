//! Quasi-peak meters against the burst responses that are quoted of IEC 60268-10, and the rectified integrals.

mod dynamics_signals;

use airdesk_dsp::ballistics::{BallisticsBank, QuasiPeaks};
use airdesk_dsp::lanes::Arch;
use airdesk_dsp::{BLOCK_FRAMES, Block, SILENCE, SampleRate};
use dynamics_signals::db;

/// What a test listens to: the left side of the second of four signals.
const PLACE: usize = 1;

struct Rig {
    bank: BallisticsBank,
    rate: f64,
    frames: usize,
}

impl Rig {
    fn new(rate: SampleRate, arch: Arch) -> Self {
        Self {
            bank: BallisticsBank::new(rate, arch),
            rate: rate.hz().into(),
            frames: 0,
        }
    }

    fn hear(&mut self, block: &Block) -> QuasiPeaks {
        self.bank.measure([None, Some(block), None, None]);
        self.frames += BLOCK_FRAMES;
        self.bank.quasi_peaks(PLACE)
    }

    /// The highest reading while a sine of this frequency and amplitude 1 sounds on the left for `seconds`, and shortly
    /// after it.
    fn burst(&mut self, hz: f64, seconds: f64) -> QuasiPeaks {
        self.burst_from(0.0, hz, seconds)
    }

    /// The same, of a sine that begins after so many turns.
    fn burst_from(&mut self, phase: f64, hz: f64, seconds: f64) -> QuasiPeaks {
        let frames = (seconds * self.rate).round() as usize;
        let mut highest = QuasiPeaks::default();
        for start in (0..frames + BLOCK_FRAMES).step_by(BLOCK_FRAMES) {
            let block = std::array::from_fn(|n| {
                let at = start + n;
                let sine = (std::f64::consts::TAU * (phase + hz * at as f64 / self.rate)).sin() as f32;
                [if at < frames { sine } else { 0.0 }, 0.0]
            });
            highest = highest.higher(&self.hear(&block));
        }
        highest
    }

    fn silence(&mut self, seconds: f64) {
        for _ in 0..(seconds * self.rate / BLOCK_FRAMES as f64).round() as usize {
            self.hear(&SILENCE);
        }
    }
}

/// Left, in dB.
fn read(sides: [f32; 2]) -> f64 {
    db(sides[0].into())
}

fn rates() -> impl Iterator<Item = SampleRate> {
    [44_100, 48_000, 96_000]
        .into_iter()
        .map(|hz| SampleRate::new(hz).expect("a rate"))
}

#[test]
fn bursts_of_5_khz_read_as_is_quoted_of_type_i() {
    for rate in rates() {
        for (milliseconds, level, tolerance) in
            [(10.0, -1.0, 0.5), (5.0, -2.0, 1.0), (3.0, -4.0, 1.0), (0.4, -15.0, 4.0)]
        {
            let reading = read(
                Rig::new(rate, Arch::best())
                    .burst(5_000.0, milliseconds / 1_000.0)
                    .type_i,
            );
            assert!(
                (reading - level).abs() <= tolerance,
                "{milliseconds} ms at {rate:?}: {reading:.2} dB, not {level} ± {tolerance}"
            );
        }
    }
}

#[test]
fn bursts_of_5_khz_read_as_is_quoted_of_type_iia() {
    let rows = [
        (100.0, 0.0, 0.5),
        (10.0, -2.5, 0.5),
        (5.0, -4.0, 0.75),
        (1.5, -9.0, 1.0),
        (0.5, -17.0, 2.0),
    ];
    for rate in rates() {
        for (milliseconds, level, tolerance) in rows {
            let reading = read(
                Rig::new(rate, Arch::best())
                    .burst(5_000.0, milliseconds / 1_000.0)
                    .type_iia,
            );
            assert!(
                (reading - level).abs() <= tolerance,
                "{milliseconds} ms at {rate:?}: {reading:.2} dB, not {level} ± {tolerance}"
            );
        }
    }
}

#[test]
fn a_lasting_sine_whose_samples_meet_its_crests_reads_its_amplitude_from_31_5_hz_to_15_8_khz() {
    // Not 12 and 16 kHz, see below.
    for hz in [31.5, 100.0, 997.0, 5_000.0, 10_000.0, 15_800.0] {
        let reading = Rig::new(SampleRate::DESK, Arch::best()).burst(hz, 1.0);
        for level in [read(reading.type_i), read(reading.type_iia)] {
            assert!(level.abs() < 0.2, "{hz} Hz: {level:.2} dB");
        }
        assert_eq!(
            (reading.type_i[1], reading.type_iia[1]),
            (0.0, 0.0),
            "the right side is silent"
        );
    }
}

#[test]
fn a_lasting_sine_of_a_third_or_a_quarter_of_the_rate_reads_up_to_3_db_low_and_never_high() {
    for hz in [12_000.0, 16_000.0] {
        let mut lowest = f64::MAX;
        for degrees in (0..90).step_by(5) {
            let phase = f64::from(degrees) / 360.0;
            let reading = Rig::new(SampleRate::DESK, Arch::best()).burst_from(phase, hz, 1.0);
            for level in [read(reading.type_i), read(reading.type_iia)] {
                assert!(
                    (-3.0..0.2).contains(&level),
                    "{hz} Hz from {degrees} degrees: {level:.2} dB"
                );
                lowest = lowest.min(level);
            }
        }
        assert!(lowest < -0.5, "{hz} Hz: {lowest:.2} dB: its samples met its crests");
    }
}

#[test]
fn a_type_i_meter_comes_back_by_20_db_in_1_7_s_and_a_type_iia_meter_by_24_db_in_2_8_s() {
    for rate in rates() {
        let mut rig = Rig::new(rate, Arch::best());
        let before = rig.burst(1_000.0, 0.5);
        rig.silence(1.7);
        let fallen = read(rig.bank.quasi_peaks(PLACE).type_i) - read(before.type_i);
        assert!((fallen + 20.0).abs() < 0.1, "{fallen:.2} dB");
        rig.silence(1.1);
        let fallen = read(rig.bank.quasi_peaks(PLACE).type_iia) - read(before.type_iia);
        assert!((fallen + 24.0).abs() < 0.1, "{fallen:.2} dB");
    }
}

#[test]
fn in_silence_a_meter_comes_to_rest_at_nothing() {
    let mut rig = Rig::new(SampleRate::DESK, Arch::best());
    rig.burst(1_000.0, 0.1);
    for _ in 0..(20 * 48_000 / BLOCK_FRAMES) {
        rig.bank.measure([None; 4]);
    }
    assert_eq!(rig.bank.quasi_peaks(PLACE), QuasiPeaks::default());
}

#[test]
fn the_rectified_integral_of_a_sine_grows_by_two_over_pi_a_second() {
    let mut rig = Rig::new(SampleRate::DESK, Arch::best());
    rig.burst(1_000.0, 0.5);
    let (before, frames) = (rig.bank.rectified(PLACE), rig.frames);
    rig.burst(1_000.0, 1.0);
    let sums = rig.bank.rectified(PLACE);
    // A block of silence comes after each.
    let seconds = (rig.frames - frames - BLOCK_FRAMES) as f64 / rig.rate;
    let mean = (sums[0] - before[0]) / seconds;
    assert!((mean - std::f64::consts::FRAC_2_PI).abs() < 2e-3, "{mean}");
    assert_eq!(sums[1], 0.0);
}

#[test]
fn what_is_no_number_moves_no_needle() {
    let mut rig = Rig::new(SampleRate::DESK, Arch::best());
    for bad in [f32::NAN, f32::INFINITY] {
        let mut block = SILENCE;
        block[7] = [0.5, bad];
        rig.hear(&block);
    }
    rig.silence(60.0);
    let reading = rig.bank.quasi_peaks(PLACE);
    assert!(reading.type_i[1] < 1e-3 && reading.type_iia[1] < 1e-3, "{reading:?}");
    assert!(rig.bank.rectified(PLACE).iter().all(|sum| sum.is_finite()));
}

#[test]
fn all_instructions_read_what_the_scalar_reference_reads() {
    let reference = Rig::new(SampleRate::DESK, Arch::SCALAR).burst(437.0, 0.05);
    for arch in Arch::here() {
        let reading = Rig::new(SampleRate::DESK, arch).burst(437.0, 0.05);
        for (one, other) in [
            (reading.type_i, reference.type_i),
            (reading.type_iia, reference.type_iia),
        ] {
            assert!(
                (one[0] - other[0]).abs() < 1e-5,
                "{}: {one:?}, not {other:?}",
                arch.name()
            );
        }
    }
}
