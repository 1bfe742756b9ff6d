//! The programme's limiter: what leaves it never rises above the ceiling, also between the samples.
//!
//! It looks ahead. The true peak of both sides is found at four times oversampling, with a parabola
//! through each three points, which finds the top of a wave up to half the rate within 0.1 dB; the filter
//! is longer and flatter than the meter's of BS.1770, whose error would be heard as level. The gain that
//! a peak needs is held over a window, released exponentially and averaged twice (a triangular window),
//! so that it has arrived when the peak does, see [`crate::dynamics::gain_window`]. Left and right get
//! the same gain. What stays below the ceiling passes to the bit, [`Limiter::latency`] frames late.
//!
//! For the engine's thread: allocates in `new` only. Costs less while nothing is limited.

mod oversampler;

use serde::{Deserialize, Serialize};

use self::oversampler::{Oversampler, TAPS};
use crate::dynamics::gain_window::{BoxMean, SlidingMinimum, UNITY};
use crate::lanes::Arch;
use crate::ramp::GLIDE_SECONDS;
use crate::range::{OutOfRange, within};
use crate::{BLOCK_FRAMES, Block, Decibels, Frame, Frames, SampleRate};

/// How long the gain takes to come down, in seconds. Shorter makes more distortion, longer more delay
/// on the speakers; look-ahead limiters for broadcast take 1.5 to 5 ms.
pub const LOOK_AHEAD_SECONDS: f64 = 0.002;

/// Frames on either side of a peak on which its gain holds: those that carry most of the wave between them.
const HOLD_FRAMES: usize = 16;

/// The gain is at rest when it is this near to unity, -120 dB; an exponential never arrives by itself.
const ARRIVED: f64 = 1e-6;

/// What the operator sets. The ranges are choices of this desk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LimiterSettings {
    /// Limits. On unless set. Off, it still delays by [`Limiter::latency`], so that nothing jumps.
    pub on: bool,
    /// The highest true peak in dBTP, as ITU-R BS.1770-5, Annex 2, defines it, -20 to 0; -1 unless set: the maximum of
    /// EBU R 128 and of its supplement 2, for streams.
    pub ceiling_dbtp: f32,
    /// Milliseconds in which 63 % (`1 - 1/e`) of the way of the linear gain back to unity is done, 10 to 1000; 100 unless
    /// set. Shorter is louder and distorts bass.
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
    /// How much of the gain is applied.
    effect: Switch,
    on: bool,
    lowest: f32,
}

impl Limiter {
    /// A limiter with the settings' defaults. Allocates.
    pub fn new(rate: SampleRate) -> Self {
        Self::on_arch(rate, Arch::best())
    }

    /// The same on these instructions, with the same result to the bit. Allocates.
    pub fn on_arch(rate: SampleRate, arch: Arch) -> Self {
        let settings = LimiterSettings::default();
        let look_ahead = (rate.frames_in(LOOK_AHEAD_SECONDS).0 as usize).max(4);
        // Two boxes make a triangle as long as both less one frame.
        let first = look_ahead / 2;
        let second = look_ahead + 1 - first;
        let latency = TAPS / 2 + HOLD_FRAMES + look_ahead - 1;
        Self {
            rate,
            oversampler: Oversampler::new(arch),
            ceiling: Ceiling::new(settings.ceiling_dbtp, rate),
            held: SlidingMinimum::new(look_ahead + 2 * HOLD_FRAMES + 1),
            release: release_of(settings.release_ms, rate),
            released: 1.0,
            means: [BoxMean::new(first), BoxMean::new(second)],
            line: vec![[0.0; 2]; latency].into(),
            place: 0,
            effect: Switch::new(rate),
            on: settings.on,
            lowest: 1.0,
        }
    }

    /// Obeys new settings. The ceiling glides and the switch fades over 30 ms, over up to 45 ms when it is
    /// thrown back on its way.
    pub fn set(&mut self, settings: &LimiterSettings) -> Result<(), OutOfRange> {
        settings.check()?;
        self.on = settings.on;
        self.ceiling.set(settings.ceiling_dbtp);
        self.release = release_of(settings.release_ms, self.rate);
        Ok(())
    }

    /// Ceiling and switch arrive at once: nothing has been heard yet.
    pub fn settle(&mut self) {
        self.ceiling.settle();
        self.effect.settle(self.on);
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
        let mut gains = [1.0; BLOCK_FRAMES];
        let highest = self.oversampler.peaks(block, self.ceiling.lowest(), &mut gains);
        self.lowest = 1.0;
        if self.rests_below(highest) {
            self.held.hold(BLOCK_FRAMES as u32);
            gains = [1.0; BLOCK_FRAMES];
        } else {
            for gain in &mut gains {
                *gain = self.gain_after(*gain);
                self.lowest = self.lowest.min(*gain);
            }
        }
        self.delay(block);
        for (frame, gain) in block.iter_mut().zip(gains) {
            *frame = [frame[0] * gain, frame[1] * gain];
        }
    }

    /// Nothing moves, and nothing will as long as no peak is higher than this: all gains of the block are unity, and
    /// to work them out frame by frame would change nothing.
    fn rests_below(&self, highest: f32) -> bool {
        highest <= self.ceiling.now
            && self.ceiling.frames_left == 0
            && self.effect.is_at(self.on)
            && self.released == 1.0
            && self.held.newest() == Some(1.0)
            && self.means.iter().all(BoxMean::is_unity)
    }

    /// Exchanges the block for what came so much earlier.
    fn delay(&mut self, block: &mut Block) {
        let mut rest = block.as_mut_slice();
        while let Some(waiting) = self.line.get_mut(self.place..)
            && !rest.is_empty()
        {
            let count = waiting.len().min(rest.len());
            let (waiting, _) = waiting.split_at_mut(count);
            let (leaving, behind) = rest.split_at_mut(count);
            leaving.swap_with_slice(waiting);
            rest = behind;
            self.place += count;
            if self.place == self.line.len() {
                self.place = 0;
            }
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
        // Written as a sum of both parts: the gain itself may be too small to be taken from unity and back.
        let dry = 1.0 - self.effect.towards(self.on);
        gain + dry * (1.0 - gain)
    }
}

/// From off (0) to on (1) in 30 ms, speeding up half the way and slowing down for the other half; also when it is thrown
/// back on the way: where the speed leapt, that was heard.
#[derive(Debug, Clone)]
struct Switch {
    now: f32,
    /// A frame.
    speed: f32,
    /// By how much the speed changes a frame.
    bend: f32,
}

impl Switch {
    /// On.
    fn new(rate: SampleRate) -> Self {
        let frames = rate.frames_in(GLIDE_SECONDS).0.max(1) as f32;
        Self {
            now: 1.0,
            speed: 0.0,
            bend: 4.0 / (frames * frames),
        }
    }

    fn end(on: bool) -> f32 {
        if on { 1.0 } else { 0.0 }
    }

    fn is_at(&self, on: bool) -> bool {
        self.now == Self::end(on)
    }

    fn settle(&mut self, on: bool) {
        (self.now, self.speed) = (Self::end(on), 0.0);
    }

    /// One frame further.
    fn towards(&mut self, on: bool) -> f32 {
        if self.is_at(on) {
            self.speed = 0.0;
            return self.now;
        }
        let left = Self::end(on) - self.now;
        // The speed from which it can still stop there.
        let most = (2.0 * self.bend * left.abs()).sqrt().copysign(left);
        self.speed += (most - self.speed).clamp(-self.bend, self.bend);
        self.now += self.speed;
        if (Self::end(on) - self.now) * left <= 0.0 && self.speed * left >= 0.0 {
            self.settle(on);
        }
        self.now
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

    fn settle(&mut self) {
        (self.now, self.frames_left) = (self.target, 0);
    }

    /// On its way it goes no lower.
    fn lowest(&self) -> f32 {
        self.now.min(self.target)
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
