//! Converts between two clocks: an asynchronous windowed-sinc resampler for stereo frames.
//!
//! As many taps as its [`Quality`] says, from a table of 256 phases with a parabola between them: -130 dB of distortion and
//! noise is what the tests hold it to. Both channels go through one kernel, eight taps at a time. Construction allocates and
//! takes milliseconds; everything else is real-time.

mod kernel;
mod table;

use serde::{Deserialize, Serialize};

use self::kernel::Passage;
use self::table::Table;
use crate::Frame;
use crate::lanes::Arch;

/// How far the ratio may move from the nominal one, as a factor.
const RANGE: f64 = 1.02;

/// How exact a resampler is, and how late. At 48 kHz; at other rates in proportion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "Resampling"))]
#[serde(rename_all = "camelCase")]
pub enum Quality {
    /// 64 taps: 0.67 ms late, flat to 16 kHz. For a musician who hears himself.
    LowLatency,
    /// 128 taps: 1.33 ms late, flat to 20 kHz.
    #[default]
    Balanced,
    /// 256 taps: 2.67 ms late, flat to 22 kHz. For what nobody waits for.
    Best,
}

impl Quality {
    fn taps(self) -> usize {
        match self {
            Self::LowLatency => 64,
            Self::Balanced => 128,
            Self::Best => 256,
        }
    }
}

/// A stereo resampler that gives a fixed number of frames a call and asks for as many as it needs.
pub struct StereoResampler {
    arch: Arch,
    table: Table,
    /// Frames given for each that is taken, nominally.
    ratio: f64,
    frames_out: usize,
    /// Source frames per frame given, at the end of the last call and of the next.
    steps: (f64, f64),
    /// Source frames taken and not yet passed.
    ahead: f64,
    /// Each side of the source: as many frames as the filter has taps, and then room for what a call takes.
    sides: [Vec<f32>; 2],
}

impl StereoResampler {
    /// From `from` Hz to `to` Hz, `frames_out` frames a call, balanced. Allocates.
    ///
    /// # Panics
    /// If a rate is not positive or `frames_out` is zero.
    pub fn new(from: f64, to: f64, frames_out: usize) -> Self {
        Self::with_quality(from, to, frames_out, Quality::default())
    }

    /// The same, as exact and as late as `quality` says. Allocates.
    ///
    /// # Panics
    /// If a rate is not positive or `frames_out` is zero.
    pub fn with_quality(from: f64, to: f64, frames_out: usize, quality: Quality) -> Self {
        assert!(
            from > 0.0 && to > 0.0 && frames_out > 0,
            "rates and block size are positive"
        );
        let ratio = to / from;
        let table = Table::new(quality.taps(), ratio);
        let most = (frames_out as f64 / ratio * RANGE).ceil() as usize + 2;
        Self {
            arch: Arch::best(),
            ratio,
            frames_out,
            steps: (ratio.recip(), ratio.recip()),
            ahead: 0.0,
            sides: [(); 2].map(|()| vec![0.0; table.taps() + most]),
            table,
        }
    }

    /// Reads the source `pull` times faster than nominal from the next call on, within ±2 %.
    /// The change is spread over that call.
    pub fn set_pull(&mut self, pull: f64) {
        let pull = pull.clamp(RANGE.recip() + 1e-6, RANGE - 1e-6);
        // A number that is none changes nothing.
        if pull.is_finite() {
            self.steps.1 = pull / self.ratio;
        }
    }

    /// Source frames that the next call passes.
    fn passes(&self) -> f64 {
        let (from, to) = self.steps;
        // The step grows evenly from one to the other, and has grown already at the first frame.
        (from + to) / 2.0 * self.frames_out as f64 + (to - from) / 2.0
    }

    /// Source frames the next [`StereoResampler::process`] takes.
    pub fn frames_needed(&self) -> usize {
        ((self.passes() - self.ahead).floor() + 1.0) as usize
    }

    /// The most source frames one call can take.
    pub fn frames_needed_max(&self) -> usize {
        self.sides[0].len() - self.table.taps()
    }

    /// By how many source frames, and parts of one, what was taken is ahead of the place that is heard next, beside
    /// [`StereoResampler::delay`]. Whole frames go in: who steers by those alone sees a sawtooth of 20 µs.
    pub fn ahead(&self) -> f64 {
        self.ahead
    }

    /// Frames each call gives.
    pub fn frames_out(&self) -> usize {
        self.frames_out
    }

    /// The delay through the filter, in frames of the output, to the nearest.
    pub fn delay(&self) -> usize {
        // The first frame given has moved on by one already.
        (self.table.taps() as f64 * self.ratio / 2.0 - 1.0).round() as usize
    }

    /// Fills `out` (exactly [`StereoResampler::frames_out`] frames) from `source` (exactly
    /// [`StereoResampler::frames_needed`]). Buffers of another size give silence.
    pub fn process(&mut self, source: &[Frame], out: &mut [Frame]) {
        let is_right = source.len() == self.frames_needed() && out.len() == self.frames_out;
        debug_assert!(is_right, "{} frames in, {} out", source.len(), out.len());
        if !is_right {
            out.fill([0.0; 2]);
            return;
        }
        let taps = self.table.taps();
        for (n, side) in self.sides.iter_mut().enumerate() {
            for (place, frame) in side[taps..].iter_mut().zip(source) {
                *place = frame[n];
            }
        }
        let (from, to) = self.steps;
        let [left, right] = &self.sides;
        self.arch.run(Passage {
            table: &self.table,
            left,
            right,
            // The source begins `taps` frames in, and the filter looks back by as many.
            place: -self.ahead,
            step: from,
            growth: (to - from) / self.frames_out as f64,
            out,
        });
        for side in &mut self.sides {
            side.copy_within(source.len()..source.len() + taps, 0);
        }
        self.ahead += source.len() as f64 - self.passes();
        self.steps.0 = to;
    }

    /// Forgets what went through.
    pub fn reset(&mut self) {
        self.sides.iter_mut().for_each(|side| side.fill(0.0));
        (self.steps, self.ahead) = ((self.ratio.recip(), self.ratio.recip()), 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A resampled sine by a least-squares fit: distortion and noise, dB below it, and its level, dB.
    fn tone(quality: Quality, (from, to): (f64, f64), hz: f64, pull: f64) -> (f64, f64) {
        let mut resampler = StereoResampler::with_quality(from, to, 64, quality);
        resampler.set_pull(pull);
        let (mut out, mut position) = (Vec::new(), 0_u64);
        for _ in 0..400 {
            let source: Vec<Frame> = (0..resampler.frames_needed())
                .map(|n| {
                    let phase = std::f64::consts::TAU * hz * (position + n as u64) as f64 / from;
                    [(0.5 * phase.sin()) as f32, 0.0]
                })
                .collect();
            position += source.len() as u64;
            let mut block = [[0.0; 2]; 64];
            resampler.process(&source, &mut block);
            out.extend(block.map(|frame| f64::from(frame[0])));
        }
        let settled = &out[4000..24_000];
        let step = std::f64::consts::TAU * hz * pull / to;
        let (mut ss, mut cc, mut sc, mut xs, mut xc) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (n, x) in settled.iter().enumerate() {
            let (s, c) = (step * n as f64).sin_cos();
            (ss, cc, sc, xs, xc) = (ss + s * s, cc + c * c, sc + s * c, xs + x * s, xc + x * c);
        }
        let determinant = ss * cc - sc * sc;
        let (a, b) = ((xs * cc - xc * sc) / determinant, (xc * ss - xs * sc) / determinant);
        let (mut rest, mut power) = (0.0, 0.0);
        for (n, x) in settled.iter().enumerate() {
            let (s, c) = (step * n as f64).sin_cos();
            let fit = a * s + b * c;
            rest += (x - fit).powi(2);
            power += fit * fit;
        }
        let level = 10.0 * (power / settled.len() as f64 / 0.125).log10();
        (10.0 * (rest / power).log10(), level)
    }

    #[test]
    fn each_quality_lets_through_what_it_says() {
        for (quality, hz) in [
            (Quality::LowLatency, 16_000.0),
            (Quality::Balanced, 20_000.0),
            (Quality::Best, 22_000.0),
        ] {
            let (residual, level) = tone(quality, (48_000.0, 48_000.0), hz, 1.000_2);
            assert!(
                residual < -130.0 && level.abs() < 0.05,
                "{quality:?}: {residual:.1} dB, {level:.3} dB"
            );
            let (_, beyond) = tone(quality, (48_000.0, 48_000.0), hz + 2_000.0 - 100.0, 1.000_2);
            assert!(beyond < -1.0, "{quality:?}: {beyond:.1} dB");
        }
    }

    #[test]
    fn a_sine_comes_through_with_130_db_of_silence_around_it() {
        for rates in [
            (48_000.0, 48_000.0),
            (44_100.0, 48_000.0),
            (48_000.0, 44_100.0),
            (96_000.0, 48_000.0),
        ] {
            for pull in [1.000_2, 0.999_8, 1.0] {
                for hz in [1_000.0, 9_973.0, 10_000.0] {
                    for (quality, most) in [
                        (Quality::LowLatency, -130.0),
                        (Quality::Balanced, -130.0),
                        (Quality::Best, -130.0),
                    ] {
                        let (residual, _) = tone(quality, rates, hz, pull);
                        assert!(
                            residual < most,
                            "{quality:?}, {rates:?}, {hz} Hz, {pull}: {residual:.1} dB"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_machine_resamples_alike_and_each_side_by_itself() {
        let sine = |n: usize, hz: f64| (0.5 * (std::f64::consts::TAU * hz * n as f64 / 44_100.0).sin()) as f32;
        let heard = |arch: Arch| {
            let mut resampler = StereoResampler::new(44_100.0, 48_000.0, 64);
            resampler.arch = arch;
            resampler.set_pull(1.000_3);
            let (mut out, mut taken) = (Vec::new(), 0);
            for _ in 0..40 {
                let places = taken..taken + resampler.frames_needed();
                taken = places.end;
                let source: Vec<Frame> = places.map(|n| [sine(n, 997.0), sine(n, 3_001.0)]).collect();
                let mut block = [[0.0; 2]; 64];
                resampler.process(&source, &mut block);
                out.extend(block);
            }
            out
        };
        let reference = heard(Arch::SCALAR);
        for arch in Arch::here() {
            for (one, other) in heard(arch).iter().flatten().zip(reference.iter().flatten()) {
                assert!((one - other).abs() < 1e-6, "{}: {one} instead of {other}", arch.name());
            }
        }
        let crossings = |side: usize| {
            let pairs = reference[200..].windows(2);
            pairs.filter(|pair| pair[0][side] < 0.0 && pair[1][side] >= 0.0).count()
        };
        assert_eq!([crossings(0), crossings(1)].map(|count| count / 40), [1, 3]);
    }

    #[test]
    fn the_delay_is_what_each_quality_says() {
        for (quality, frames) in [(Quality::LowLatency, 31), (Quality::Balanced, 63), (Quality::Best, 127)] {
            let mut resampler = StereoResampler::with_quality(48_000.0, 48_000.0, 64, quality);
            assert_eq!(resampler.delay(), frames);
            let (mut heard, mut taken) = (Vec::new(), 0);
            while heard.len() < 1024 {
                let mut source = vec![[0.0; 2]; resampler.frames_needed()];
                if (taken..taken + source.len()).contains(&500) {
                    source[500 - taken] = [1.0; 2];
                }
                taken += source.len();
                let mut block = [[0.0; 2]; 64];
                resampler.process(&source, &mut block);
                heard.extend(block.map(|frame| frame[0]));
            }
            let loudest = (0..1024).max_by(|a, b| heard[*a].total_cmp(&heard[*b]));
            assert_eq!(loudest, Some(500 + frames), "{quality:?}");
        }
    }

    #[test]
    fn the_place_that_is_heard_is_known_to_a_hundredth_of_a_frame_whatever_the_ratio_does() {
        // A ramp comes out as the place it is read at.
        let mut resampler = StereoResampler::new(44_100.0, 48_000.0, 64);
        let mut taken = 0_u32;
        let mut offset = None;
        for call in 0..2_000_u32 {
            resampler.set_pull(1.0 + 1e-3 * f64::from(call).sin());
            let source: Vec<Frame> = (0..resampler.frames_needed())
                .map(|n| [((taken + n as u32) % 2048) as f32; 2])
                .collect();
            let place = f64::from(taken) - resampler.ahead();
            taken += source.len() as u32;
            let mut block = [[0.0; 2]; 64];
            resampler.process(&source, &mut block);
            let heard = f64::from(block[0][0]);
            if call < 10 || (place % 2048.0 - 1024.0).abs() > 700.0 {
                continue; // the filter is not full, or rings where the ramp begins anew
            }
            let off = heard - place % 2048.0;
            let first = *offset.get_or_insert(off);
            assert!((off - first).abs() < 1e-2, "call {call}: {off} against {first}");
        }
    }
}
