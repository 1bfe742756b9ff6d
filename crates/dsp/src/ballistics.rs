//! What meters with a needle are fed with, for four stereo signals at a time: the quasi-peaks of IEC 60268-10,
//! Type I and Type IIa, and the mean of the rectified signal, which the needle of IEC 60268-17 (VU) follows.
//!
//! A quasi-peak is the mean of two integrators, one fast and one slow, that a rectified sample above them charges and
//! that fall by themselves. Their four times were fitted here to the responses to bursts of 5 kHz that are quoted of
//! IEC 60268-10; its text was not at hand. Type I: 10 ms -1 ± 0.5 dB, 5 ms -2 ± 1, 3 ms -4 ± 1, 0.4 ms -15 ± 4; back by
//! 20 dB in 1.7 s. Type IIa: 100 ms 0 ± 0.5, 10 ms -2.5 ± 0.5, 5 ms -4 ± 0.75, 1.5 ms -9 ± 1, 0.5 ms -17 ± 2; back by
//! 24 dB in 2.8 s. Samples are taken as they are: a lasting tone of exactly a third or a quarter of the rate, whose
//! samples miss its crests, reads up to 2.8 dB low.
//! For the engine's thread: no allocation, no branch per sample. Linear, full scale 1.0.

use crate::lanes::{Arch, Kernel, LANES, LaneBlock, Lanes, SILENT_LANES, STRIPS, Vector, interleave};
use crate::level::LARGEST_SAMPLE;
use crate::{Block, SampleRate};

/// A kind of quasi-peak meter.
#[derive(Debug, Clone, Copy)]
struct Kind {
    /// Charging times of the two integrators, seconds.
    rise_seconds: [f64; 2],
    /// How far they fall, dB, and in what time, seconds.
    fall: (f64, f64),
    /// Makes a lasting sine read its amplitude.
    gain: f32,
}

/// DIN and Nordic scales.
const TYPE_I: Kind = Kind {
    rise_seconds: [0.000_8, 0.002_4],
    fall: (20.0, 1.7),
    gain: 1.0250,
};

/// The scale of the BBC, 1 to 7.
const TYPE_IIA: Kind = Kind {
    rise_seconds: [0.001_1, 0.005_9],
    fall: (24.0, 2.8),
    gain: 1.0297,
};

/// Frames between two falls: so slow a fall is not heard of in a tenth of a millisecond.
const STEP: usize = 4;

/// Below this, -140 dBFS, an integrator has come to rest.
const AT_REST: f32 = 1e-7;

/// What a quasi-peak meter of each type reads, left and right. A lasting sine reads its amplitude.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct QuasiPeaks {
    /// Type I: DIN and Nordic scales.
    pub type_i: [f32; 2],
    /// Type IIa: the BBC's.
    pub type_iia: [f32; 2],
}

impl QuasiPeaks {
    /// The higher of both readings, each for itself.
    #[must_use]
    pub fn higher(&self, other: &Self) -> Self {
        let higher = |a: [f32; 2], b: [f32; 2]| [a[0].max(b[0]), a[1].max(b[1])];
        Self {
            type_i: higher(self.type_i, other.type_i),
            type_iia: higher(self.type_iia, other.type_iia),
        }
    }
}

/// Measures four stereo signals block by block.
#[derive(Debug, Clone)]
pub struct BallisticsBank {
    arch: Arch,
    lanes: LaneBlock,
    meters: [QuasiPeakMeter; 2],
    /// Integrals of the rectified samples since the beginning, seconds at full scale.
    rectified: [f64; LANES],
    frame_seconds: f64,
    at_rest: bool,
}

/// One kind of quasi-peak meter on every lane.
#[derive(Debug, Clone)]
struct QuasiPeakMeter {
    rise: [f32; 2],
    /// What is left after [`STEP`] frames.
    fall: f32,
    gain: f32,
    /// The integrators, over their `rise`.
    stages: [Lanes; 2],
    /// The highest sum of both in the last block.
    highest: Lanes,
}

impl QuasiPeakMeter {
    fn new(kind: &Kind, rate: SampleRate) -> Self {
        let rate = f64::from(rate.hz());
        let (db, seconds) = kind.fall;
        Self {
            rise: kind
                .rise_seconds
                .map(|rise| (1.0 - (-1.0 / (rise * rate)).exp()) as f32),
            fall: 10_f64.powf(-db / 20.0 * STEP as f64 / (seconds * rate)) as f32,
            gain: kind.gain / 2.0,
            stages: [Lanes::ZERO; 2],
            highest: Lanes::ZERO,
        }
    }

    fn reading(&self, place: usize) -> [f32; 2] {
        let (sides, _) = self.highest.0.as_chunks::<2>();
        sides
            .get(place)
            .map_or([0.0; 2], |sides| sides.map(|sum| sum * self.gain))
    }

    fn is_at_rest(&self) -> bool {
        self.highest.0.iter().all(|sum| *sum < AT_REST)
    }

    fn rest(&mut self) {
        self.stages = [Lanes::ZERO; 2];
        self.highest = Lanes::ZERO;
    }
}

impl BallisticsBank {
    /// Meters that have heard silence.
    pub fn new(rate: SampleRate, arch: Arch) -> Self {
        Self {
            arch,
            lanes: SILENT_LANES,
            meters: [TYPE_I, TYPE_IIA].map(|kind| QuasiPeakMeter::new(&kind, rate)),
            rectified: [0.0; LANES],
            frame_seconds: 1.0 / f64::from(rate.hz()),
            at_rest: true,
        }
    }

    /// Listens to one block of each. `None` is silence; where all are silent and the meters at rest it costs nothing,
    /// and says that nothing has moved.
    pub fn measure(&mut self, blocks: [Option<&Block>; STRIPS]) -> bool {
        let silent = blocks.iter().all(Option::is_none);
        if silent && self.at_rest {
            return false;
        }
        interleave(blocks, &mut self.lanes);
        let rectified = self.arch.run(Listen {
            lanes: &self.lanes,
            meters: &mut self.meters,
        });
        for (sum, block) in self.rectified.iter_mut().zip(rectified.0) {
            // A block with something in it that is no number is left out: the sum would never recover.
            if block.is_finite() {
                *sum += f64::from(block) * self.frame_seconds;
            }
        }
        self.at_rest = silent && self.meters.iter().all(QuasiPeakMeter::is_at_rest);
        if self.at_rest {
            self.meters.iter_mut().for_each(QuasiPeakMeter::rest);
        }
        true
    }

    /// The highest readings during the last block.
    pub fn quasi_peaks(&self, place: usize) -> QuasiPeaks {
        let [type_i, type_iia] = &self.meters;
        QuasiPeaks {
            type_i: type_i.reading(place),
            type_iia: type_iia.reading(place),
        }
    }

    /// Integral of the magnitude over time since the beginning, left and right, in seconds at full scale: the difference
    /// of two of these over the time between them is the mean, also where some were not looked at.
    pub fn rectified(&self, place: usize) -> [f64; 2] {
        let (sides, _) = self.rectified.as_chunks::<2>();
        sides.get(place).copied().unwrap_or_default()
    }
}

/// Listens to one block. Gives the sum of the magnitudes.
struct Listen<'a> {
    lanes: &'a LaneBlock,
    meters: &'a mut [QuasiPeakMeter; 2],
}

/// An integrator in registers. With `y` what it holds and `z = y / rise`, a sample `x` above it charges it by
/// `rise·(x - y)`, which is `z ← max(z, (1 - rise)·z + x)`: but one product between one sample and the next.
struct Integrator<V> {
    kept: V,
    rise: V,
    fall: V,
    value: V,
}

impl<V: Vector> Integrator<V> {
    #[inline(always)]
    fn new(meter: &QuasiPeakMeter, rise: f32, value: &Lanes) -> Self {
        Self {
            kept: V::splat(1.0 - rise),
            rise: V::splat(rise),
            fall: V::splat(meter.fall),
            value: V::load(value),
        }
    }

    #[inline(always)]
    fn charge(&mut self, size: V) {
        // In this order what is no number charges nothing.
        self.value = self.value.mul_add(self.kept, size).max(self.value);
    }

    #[inline(always)]
    fn fall(&mut self) {
        self.value = self.value.mul(self.fall);
    }
}

/// The two integrators of one kind of meter, and the highest that they held together.
struct Pair<V> {
    fast: Integrator<V>,
    slow: Integrator<V>,
    highest: V,
}

impl<V: Vector> Pair<V> {
    #[inline(always)]
    fn new(meter: &QuasiPeakMeter) -> Self {
        let [fast, slow] = [0, 1].map(|at| Integrator::new(meter, meter.rise[at], &meter.stages[at]));
        Self {
            fast,
            slow,
            highest: V::splat(0.0),
        }
    }

    #[inline(always)]
    fn charge(&mut self, size: V) {
        self.fast.charge(size);
        self.slow.charge(size);
    }

    /// Between two falls nothing but rises: looked at before each, no peak is missed.
    #[inline(always)]
    fn look_and_fall(&mut self) {
        let slow = self.slow.value.mul(self.slow.rise);
        self.highest = self.highest.max(self.fast.value.mul_add(self.fast.rise, slow));
        self.fast.fall();
        self.slow.fall();
    }

    #[inline(always)]
    fn keep(self, meter: &mut QuasiPeakMeter) {
        self.fast.value.store(&mut meter.stages[0]);
        self.slow.value.store(&mut meter.stages[1]);
        self.highest.store(&mut meter.highest);
    }
}

impl Kernel for Listen<'_> {
    type Output = Lanes;

    #[inline(always)]
    fn run<V: Vector>(self) -> Lanes {
        let [type_i, type_iia] = self.meters;
        let (mut one, mut two) = (Pair::<V>::new(type_i), Pair::<V>::new(type_iia));
        let mut sum = V::splat(0.0);
        let (steps, _) = self.lanes.as_chunks::<STEP>();
        for step in steps {
            for lanes in step {
                let size = V::splat(LARGEST_SAMPLE).min(V::load(lanes).abs());
                sum = sum.add(size);
                one.charge(size);
                two.charge(size);
            }
            one.look_and_fall();
            two.look_and_fall();
        }
        one.keep(type_i);
        two.keep(type_iia);
        let mut sums = Lanes::ZERO;
        sum.store(&mut sums);
        sums
    }
}
