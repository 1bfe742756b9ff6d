//! A stereo gain that glides to its target.
//!
//! Each move is a cubic Hermite curve over a fixed number of frames, from where the gain is and how
//! fast it is moving to the target at rest. Value and slope are continuous also when a move is
//! redirected half-way, so a control thrown end to end leaves no step to hear. Costs nothing per
//! frame once it has arrived at zero or unity.

use crate::lanes::{Arch, Kernel, Vector};
use crate::{BLOCK_FRAMES, Block, Frame, Frames, Gain, SILENCE};

/// How long a control takes to arrive, in seconds: short to the hand, long to the ear.
pub const GLIDE_SECONDS: f64 = 0.030;

/// One side of the curve: value, slope in units per move, and target.
#[derive(Debug, Clone, Copy)]
struct Side {
    start: f32,
    slope: f32,
    target: f32,
}

impl Side {
    /// The curve at `t` in 0..=1.
    fn at(self, t: f32) -> f32 {
        let rise = self.target - self.start;
        let quadratic = 3.0 * rise - 2.0 * self.slope;
        let cubic = self.slope - 2.0 * rise;
        self.start + t * (self.slope + t * (quadratic + t * cubic))
    }

    /// The curve's slope at `t`, per move.
    fn slope_at(self, t: f32) -> f32 {
        let rise = self.target - self.start;
        self.slope + t * (2.0 * (3.0 * rise - 2.0 * self.slope) + 3.0 * t * (self.slope - 2.0 * rise))
    }
}

/// Gains for left and right that move smoothly.
#[derive(Debug, Clone)]
pub struct StereoRamp {
    sides: [Side; 2],
    /// Frames of the move that are done; `length` when it has arrived.
    done: u32,
    length: u32,
}

impl StereoRamp {
    /// Rests at `gains`; later moves take `length`.
    pub fn new(gains: [Gain; 2], length: Frames) -> Self {
        let length = length.0.max(1);
        let sides = gains.map(|gain| Side {
            start: gain.linear(),
            slope: 0.0,
            target: gain.linear(),
        });
        Self {
            sides,
            done: length,
            length,
        }
    }

    /// Sets out for `gains`. Setting the same target again does not restart the move.
    pub fn set_target(&mut self, gains: [Gain; 2]) {
        self.set_factors(gains.map(Gain::linear));
    }

    /// Sets out for factors that may be negative: turned polarity.
    pub fn set_factors(&mut self, factors: [f32; 2]) {
        if self.target() == factors {
            return;
        }
        let t = self.progress();
        let arrived = self.has_arrived();
        for (side, target) in self.sides.iter_mut().zip(factors) {
            let slope = if arrived { 0.0 } else { side.slope_at(t) };
            *side = Side {
                start: side.at(t),
                slope,
                target,
            };
        }
        self.done = 0;
    }

    /// Arrives at once: for what nobody hears yet.
    pub fn settle(&mut self) {
        self.done = self.length;
    }

    /// Where it is going, left and right.
    pub fn target(&self) -> [f32; 2] {
        self.sides.map(|side| side.target)
    }

    /// The move is over.
    pub fn has_arrived(&self) -> bool {
        self.done >= self.length
    }

    /// At rest at zero: nothing can be heard through it.
    pub fn is_silent(&self) -> bool {
        self.has_arrived() && self.target() == [0.0, 0.0]
    }

    fn progress(&self) -> f32 {
        self.done as f32 / self.length as f32
    }

    /// The gain of the coming frame, left and right.
    fn next(&mut self) -> [f32; 2] {
        self.done += 1;
        if self.has_arrived() {
            return self.target(); // lands exactly: no rounding left over
        }
        let t = self.progress();
        self.sides.map(|side| side.at(t))
    }

    /// The one gain of all frames of the coming block, if it has arrived.
    fn at_rest(&self) -> Option<[f32; 2]> {
        self.has_arrived().then(|| self.target())
    }

    /// The gains of the coming block, while it moves.
    fn advance(&mut self) -> Block {
        let mut gains = SILENCE;
        let moving = (self.length.saturating_sub(self.done) as usize).min(BLOCK_FRAMES);
        let (on_the_way, at_rest) = gains.split_at_mut(moving);
        for gain in on_the_way {
            *gain = self.next();
        }
        at_rest.fill(self.target());
        gains
    }

    /// Scales one block in place.
    pub fn apply(&mut self, block: &mut Block) {
        match self.at_rest() {
            Some([1.0, 1.0]) => {}
            Some([0.0, 0.0]) => *block = SILENCE,
            Some(gain) => block.iter_mut().for_each(|frame| *frame = scaled(*frame, gain)),
            None => {
                let gains = self.advance();
                for (frame, gain) in block.iter_mut().zip(&gains) {
                    *frame = scaled(*frame, *gain);
                }
            }
        }
    }

    /// Adds one block, scaled, to `sum`.
    pub fn mix(&mut self, block: &Block, sum: &mut Block) {
        match self.at_rest() {
            Some([0.0, 0.0]) => {}
            Some(gain) => Arch::COMMON.run(Added { sum, block, gain }),
            None => {
                let gains = self.advance();
                for ((out, frame), gain) in sum.iter_mut().zip(block).zip(&gains) {
                    *out = added(*out, scaled(*frame, *gain));
                }
            }
        }
    }
}

/// Adds one block to `sum` as it is.
pub fn add(block: &Block, sum: &mut Block) {
    Arch::COMMON.run(Added {
        sum,
        block,
        gain: [1.0; 2],
    });
}

/// Adds a block to a sum with one gain: what most strips of a console do, and nothing that compilers vectorise by
/// themselves.
struct Added<'a> {
    sum: &'a mut Block,
    block: &'a Block,
    gain: [f32; 2],
}

impl Kernel for Added<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let gain = V::load_samples(&std::array::from_fn(|n| self.gain[n % 2]));
        let (sums, _) = self.sum.as_flattened_mut().as_chunks_mut();
        let (blocks, _) = self.block.as_flattened().as_chunks();
        for (sum, samples) in sums.iter_mut().zip(blocks) {
            let added = V::load_samples(samples).mul(gain);
            V::load_samples(sum).add(added).store_samples(sum);
        }
    }
}

fn scaled(frame: Frame, gain: [f32; 2]) -> Frame {
    [frame[0] * gain[0], frame[1] * gain[1]]
}

fn added(a: Frame, b: Frame) -> Frame {
    [a[0] + b[0], a[1] + b[1]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Decibels;

    const LENGTH: Frames = Frames(1440);

    fn gain(db: f32) -> [Gain; 2] {
        [Decibels::new(db).expect("a level").gain(); 2]
    }

    /// What a listener hears of a 1 kHz sine through `ramp` while `redirect` moves it.
    fn heard(ramp: &mut StereoRamp, amplitude: f64, mut redirect: impl FnMut(usize, &mut StereoRamp)) -> Vec<f64> {
        let mut heard = Vec::new();
        for block_index in 0..200 {
            redirect(block_index, ramp);
            let mut block = SILENCE;
            for (n, frame) in block.iter_mut().enumerate() {
                let phase = (block_index * BLOCK_FRAMES + n) as f64 / 48.0 * std::f64::consts::TAU;
                *frame = [(amplitude * phase.sin()) as f32; 2];
            }
            ramp.apply(&mut block);
            heard.extend(block.iter().map(|frame| f64::from(frame[0])));
        }
        heard
    }

    /// The loudest thing above 5 kHz: a step or a kink is broadband, a 1 kHz sine is not. The filter is
    /// a linear-phase windowed sinc, independent of the code under test.
    fn click_db(signal: &[f64]) -> f64 {
        let half = 200_i32;
        let cut = 5_000.0 / 48_000.0;
        let taps: Vec<f64> = (-half..=half)
            .map(|n| {
                let x = std::f64::consts::PI * f64::from(n);
                let low = if n == 0 { 2.0 * cut } else { (2.0 * cut * x).sin() / x };
                let a = x / f64::from(half);
                let window = 0.358_75 + 0.488_29 * a.cos() + 0.141_28 * (2.0 * a).cos() + 0.011_68 * (3.0 * a).cos();
                (if n == 0 { 1.0 } else { 0.0 }) - low * window
            })
            .collect();
        let worst = signal
            .windows(taps.len())
            .map(|w| w.iter().zip(&taps).map(|(a, b)| a * b).sum::<f64>().abs())
            .fold(0.0, f64::max);
        20.0 * worst.log10()
    }

    #[test]
    fn a_control_thrown_end_to_end_leaves_no_step_above_minus_80_dbfs() {
        // From off to +10 dB on a sine that is then at full scale, and back.
        let mut ramp = StereoRamp::new([Gain::ZERO; 2], LENGTH);
        let signal = heard(&mut ramp, 0.316, |block, ramp| match block {
            20 => ramp.set_target(gain(10.0)),
            120 => ramp.set_target([Gain::ZERO; 2]),
            _ => {}
        });
        assert!(click_db(&signal) < -80.0, "{:.1} dBFS", click_db(&signal));
    }

    #[test]
    fn a_step_would_be_heard() {
        let mut signal: Vec<f64> = (0..9600)
            .map(|n| (f64::from(n) / 48.0 * std::f64::consts::TAU).sin())
            .collect();
        signal[4812..].iter_mut().for_each(|sample| *sample *= 0.99);
        assert!(click_db(&signal) > -60.0);
    }

    #[test]
    fn a_move_redirected_on_its_way_stays_smooth() {
        let mut ramp = StereoRamp::new(gain(0.0), LENGTH);
        let signal = heard(&mut ramp, 0.9, |block, ramp| {
            if block > 20 && block % 7 == 0 {
                ramp.set_target(if block % 2 == 0 { [Gain::ZERO; 2] } else { gain(0.0) });
            }
        });
        assert!(click_db(&signal) < -80.0, "{:.1} dBFS", click_db(&signal));
    }

    #[test]
    fn it_arrives_exactly_and_on_time() {
        let mut ramp = StereoRamp::new([Gain::ZERO; 2], Frames(100));
        ramp.set_target([Gain::UNITY, Gain::ZERO]);
        let mut block = [[0.7, 0.7]; BLOCK_FRAMES];
        ramp.apply(&mut block);
        assert!(!ramp.has_arrived());
        let mut block = [[0.7, 0.7]; BLOCK_FRAMES];
        ramp.apply(&mut block);
        assert_eq!(block[99 - BLOCK_FRAMES], [0.7, 0.0]);
        assert!(block[98 - BLOCK_FRAMES][0] < 0.7);
        assert!(ramp.has_arrived());
    }

    #[test]
    fn setting_the_same_target_again_does_not_restart_the_move() {
        let mut ramp = StereoRamp::new([Gain::ZERO; 2], Frames(128));
        for _ in 0..2 {
            ramp.set_target([Gain::UNITY; 2]);
            ramp.apply(&mut [[1.0; 2]; BLOCK_FRAMES]);
        }
        assert!(ramp.has_arrived());
    }
}
