//! The programme's limiter: what leaves it never rises above the ceiling, also between the samples.
//!
//! It looks ahead. The true peak of both sides is found at four times oversampling, with a parabola
//! through each three points, which finds the top of a wave up to half the rate within 0.1 dB; the filter
//! is longer and flatter than the meter's of BS.1770, whose error would be heard as level. The gain that
//! a peak needs is held over a window, released exponentially and averaged twice (a triangular window),
//! so that it has arrived when the peak does, see [`crate::dynamics::gain_window`]. Left and right get
//! the same gain. What stays below the ceiling passes to the bit, [`Limiter::latency`] frames late.
//!
//! For the engine's thread: allocates in `new` only, and costs the same whatever the signal.

use serde::{Deserialize, Serialize};

use crate::dynamics::gain_window::{BoxMean, SlidingMinimum, UNITY};
use crate::ramp::GLIDE_SECONDS;
use crate::range::{OutOfRange, within};
use crate::true_peak::{interpolated, remember};
use crate::{BLOCK_FRAMES, Block, Decibels, Frame, Frames, SILENCE, SampleRate};

/// How long the gain takes to come down, in seconds. Shorter makes more distortion, longer more delay
/// on the speakers; look-ahead limiters for broadcast take 1.5 to 5 ms.
pub const LOOK_AHEAD_SECONDS: f64 = 0.002;

/// Frames that one interpolated value is made of.
const TAPS: usize = 64;

/// The shape of the filter's window. Short filters under wider windows miss what noise and steps put just
/// below half the rate: 32 taps and beta 6 left 0.7 dB above the ceiling, these 0.01 dB.
const KAISER_BETA: f64 = 5.0;

/// Frames on either side of a peak on which its gain holds: those that carry most of the wave between them.
const HOLD_FRAMES: usize = 16;

/// The gain is at rest when it is this near to unity, -120 dB; an exponential never arrives by itself.
const ARRIVED: f64 = 1e-6;

/// What the operator sets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LimiterSettings {
    /// Limits. On unless set. Off, it still delays by [`Limiter::latency`], so that nothing jumps.
    pub on: bool,
    /// The highest true peak in dBTP, -20 to 0; -1 unless set: the maximum of EBU R 128 s 2 for streams
    /// and what lossy encoders need as room.
    pub ceiling_dbtp: f32,
    /// Milliseconds in which 63 % of the way back to unity is done, 10 to 1000; 100 unless set. Shorter
    /// is louder and distorts bass; the range of the usual programme limiters.
    pub release_ms: f32,
}

impl Default for LimiterSettings {
    fn default() -> Self {
        Self {
            on: true,
            ceiling_dbtp: -1.0,
            release_ms: 100.0,
        }
    }
}

impl LimiterSettings {
    /// Refuses what is outside its range, by name.
    pub fn check(&self) -> Result<(), OutOfRange> {
        within("limiter ceiling in dBTP", self.ceiling_dbtp, (-20.0, 0.0))?;
        within("limiter release in ms", self.release_ms, (10.0, 1000.0)).map(drop)
    }
}

/// A stereo true-peak limiter.
#[derive(Debug, Clone)]
pub struct Limiter {
    rate: SampleRate,
    oversampler: Oversampler,
    ceiling: Ceiling,
    held: SlidingMinimum,
    /// Of the release: the part of the way to go that is left after a frame.
    release: f64,
    released: f64,
    means: [BoxMean; 2],
    /// Audio on its way; a ring as long as the latency.
    line: Box<[Frame]>,
    place: usize,
    /// How much of the gain is applied: 1 on, 0 off, between the two while it is switched.
    effect: f32,
    on: bool,
    lowest: f32,
}

impl Limiter {
    /// A limiter with the settings' defaults. Allocates.
    pub fn new(rate: SampleRate) -> Self {
        let settings = LimiterSettings::default();
        let look_ahead = (rate.frames_in(LOOK_AHEAD_SECONDS).0 as usize).max(4);
        // Two boxes make a triangle as long as both less one frame.
        let first = look_ahead / 2;
        let second = look_ahead + 1 - first;
        let latency = TAPS / 2 + HOLD_FRAMES + look_ahead - 1;
        Self {
            rate,
            oversampler: Oversampler::new(),
            ceiling: Ceiling::new(settings.ceiling_dbtp, rate),
            held: SlidingMinimum::new(look_ahead + 2 * HOLD_FRAMES + 1),
            release: release_of(settings.release_ms, rate),
            released: 1.0,
            means: [BoxMean::new(first), BoxMean::new(second)],
            line: vec![[0.0; 2]; latency].into(),
            place: 0,
            effect: 1.0,
            on: settings.on,
            lowest: 1.0,
        }
    }

    /// Obeys new settings. The ceiling glides and the switch fades over 30 ms.
    pub fn set(&mut self, settings: &LimiterSettings) -> Result<(), OutOfRange> {
        settings.check()?;
        self.on = settings.on;
        self.ceiling.set(settings.ceiling_dbtp);
        self.release = release_of(settings.release_ms, self.rate);
        Ok(())
    }

    /// How much later than it came a frame leaves: the look-ahead, half the oversampling filter and the
    /// hold. 143 frames (3.0 ms) at 48 kHz. It never changes.
    pub fn latency(&self) -> Frames {
        Frames(self.line.len() as u32)
    }

    /// The lowest gain of the last block, 0 dB when nothing was limited: for the meter.
    pub fn reduction(&self) -> Decibels {
        Decibels::of_amplitude(self.lowest)
    }

    /// Limits one block in place.
    pub fn process(&mut self, block: &mut Block) {
        // Nothing that is no number, or that a filter could not carry, comes in.
        for sample in block.as_flattened_mut() {
            *sample = if sample.abs() <= LARGEST_SAMPLE { *sample } else { 0.0 };
        }
        let mut gains = [0.0; BLOCK_FRAMES];
        self.oversampler.peaks(block, &mut gains);
        self.lowest = 1.0;
        for gain in &mut gains {
            *gain = self.gain_after(*gain);
            self.lowest = self.lowest.min(*gain);
        }
        for (frame, gain) in block.iter_mut().zip(gains) {
            let Some(waiting) = self.line.get_mut(self.place) else {
                return;
            };
            let leaving = std::mem::replace(waiting, *frame);
            *frame = [leaving[0] * gain, leaving[1] * gain];
            self.place = if self.place + 1 == self.line.len() {
                0
            } else {
                self.place + 1
            };
        }
    }

    /// The gain of the frame that leaves when `peak` has just been found.
    fn gain_after(&mut self, peak: f32) -> f32 {
        let ceiling = self.ceiling.next();
        let held = f64::from(self.held.push(if peak > ceiling { ceiling / peak } else { 1.0 }));
        // Down at once (the means make it smooth), up exponentially.
        let risen = held + (self.released - held) * self.release;
        self.released = if held <= self.released || held - risen < ARRIVED {
            held
        } else {
            risen
        };
        let [first, second] = &mut self.means;
        let mean = second.push(first.push((self.released * f64::from(UNITY)) as u32));
        let gain = mean as f32 / UNITY as f32;
        let step = self.ceiling.switch_step;
        self.effect = (self.effect + if self.on { step } else { -step }).clamp(0.0, 1.0);
        let effect = self.effect * self.effect * (3.0 - 2.0 * self.effect);
        1.0 - effect * (1.0 - gain)
    }
}

/// Above this, +120 dBFS, a sample is no audio.
const LARGEST_SAMPLE: f32 = 1e6;

/// What is left of the way to unity after one frame.
fn release_of(milliseconds: f32, rate: SampleRate) -> f64 {
    (-1000.0 / (f64::from(milliseconds) * f64::from(rate.hz()))).exp()
}

/// The ceiling, linear, gliding evenly in dB over 30 ms.
#[derive(Debug, Clone)]
struct Ceiling {
    now: f32,
    target: f32,
    factor: f32,
    frames_left: u32,
    glide: u32,
    /// By how much a switch moves per frame.
    switch_step: f32,
}

impl Ceiling {
    fn new(dbtp: f32, rate: SampleRate) -> Self {
        let glide = rate.frames_in(GLIDE_SECONDS).0.max(1);
        let linear = 10.0_f32.powf(dbtp / 20.0);
        Self {
            now: linear,
            target: linear,
            factor: 1.0,
            frames_left: 0,
            glide,
            switch_step: 1.0 / glide as f32,
        }
    }

    fn set(&mut self, dbtp: f32) {
        let linear = 10.0_f32.powf(dbtp / 20.0);
        if linear != self.target {
            self.target = linear;
            self.factor = (linear / self.now).powf(1.0 / self.glide as f32);
            self.frames_left = self.glide;
        }
    }

    fn next(&mut self) -> f32 {
        if self.frames_left > 0 {
            self.frames_left -= 1;
            self.now = if self.frames_left == 0 {
                self.target
            } else {
                self.now * self.factor
            };
        }
        self.now
    }
}

/// Finds the highest point of the wave around each frame.
#[derive(Debug, Clone)]
struct Oversampler {
    /// The branches a quarter, a half and three quarters of a frame on.
    branches: [[f32; TAPS]; 3],
    heard: [Frame; TAPS - 1 + BLOCK_FRAMES],
    /// The point a quarter of a frame before the block's first.
    before: Frame,
}

impl Oversampler {
    fn new() -> Self {
        Self {
            branches: [1, 2, 3].map(branch),
            heard: [[0.0; 2]; TAPS - 1 + BLOCK_FRAMES],
            before: [0.0; 2],
        }
    }

    /// The highest point from an eighth before to seven eighths after each frame, half the filter late.
    fn peaks(&mut self, block: &Block, peaks: &mut [f32; BLOCK_FRAMES]) {
        remember(&mut self.heard, block);
        let [quarter, half, three_quarters] = &self.branches;
        let points = [quarter, half, three_quarters].map(|branch| {
            let mut points = SILENCE;
            for (points, values) in points
                .as_flattened_mut()
                .as_chunks_mut()
                .0
                .iter_mut()
                .zip(interpolated(branch, &self.heard))
            {
                *points = values;
            }
            points
        });
        // The frames themselves need no filter: the one that the branches lie behind, and its successor.
        let here = &self.heard[TAPS / 2 - 1..][..BLOCK_FRAMES];
        let next = &self.heard[TAPS / 2..][..BLOCK_FRAMES];
        let mut before = SILENCE;
        before[0] = self.before;
        before[1..].copy_from_slice(&points[2][..BLOCK_FRAMES - 1]);
        self.before = points[2][BLOCK_FRAMES - 1];
        let mut tops = SILENCE;
        let mut raise = |a: &[Frame], b: &[Frame], c: &[Frame]| {
            let triples = a.as_flattened().iter().zip(b.as_flattened()).zip(c.as_flattened());
            for (top, ((a, b), c)) in tops.as_flattened_mut().iter_mut().zip(triples) {
                let found = summit(*a, *b, *c);
                *top = if found > *top { found } else { *top };
            }
        };
        raise(&before, here, &points[0]);
        raise(here, &points[0], &points[1]);
        raise(&points[0], &points[1], &points[2]);
        raise(&points[1], &points[2], next);
        for (peak, [left, right]) in peaks.iter_mut().zip(tops) {
            *peak = left.max(right);
        }
    }
}

/// The height of the parabola through three points if its top is nearest to the middle one, else the middle one's.
fn summit(a: f32, b: f32, c: f32) -> f32 {
    let bend = 2.0 * b - a - c;
    let slope = c - a;
    let inside = slope.abs() <= bend.abs() && bend != 0.0;
    let rise = if inside { slope * slope / (8.0 * bend) } else { 0.0 };
    (b + rise).abs()
}

/// A branch of the interpolator, `quarters` of a frame on: a sinc under a Kaiser window, flat within
/// 0.03 dB to 0.46 of the rate. Its coefficients add up to one, so that a constant stays what it is.
fn branch(quarters: u32) -> [f32; TAPS] {
    let offset = f64::from(quarters) / 4.0;
    let exact: [f64; TAPS] = std::array::from_fn(|tap| {
        // The first coefficient meets the newest frame.
        let x = offset + tap as f64 - (TAPS / 2) as f64;
        let angle = std::f64::consts::PI * x;
        let inside = 1.0 - (x / (TAPS / 2) as f64).powi(2);
        angle.sin() / angle * bessel_i0(KAISER_BETA * inside.max(0.0).sqrt())
    });
    let sum: f64 = exact.iter().sum();
    exact.map(|coefficient| (coefficient / sum) as f32)
}

/// The modified Bessel function of order zero, by its series.
fn bessel_i0(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}
