//! Brings a device's audio from its own clock to the desk's. Engine thread, real-time after `new`.
//!
//! A delay-locked loop over the callbacks' time stamps says, free of jitter, where the device is at the
//! moment a block is due; a resampler reads the device's ring at a fixed delay behind that place, and a
//! pull on its ratio keeps it there. The ring's fill decides nothing: it is full of the callbacks'
//! sawtooth. It runs also when both clocks claim the same rate, for they never have it.

use airdesk_dsp::callback_sizes::CallbackSizes;
use airdesk_dsp::delay_locked_loop::{DelayLockedLoop, Follow};
use airdesk_dsp::margin::Margin;
use airdesk_dsp::resample::{Quality, StereoResampler};
use airdesk_dsp::steering::{Steer, Steering};
use airdesk_dsp::{BLOCK_FRAMES, Block, Frame, SILENCE, SampleRate};

use super::{BlockTime, fade_in, fade_out};
use crate::inlet::Inlet;
use crate::report::{InputPhase, InputReport};

/// Callbacks to see, and how long to follow them, before the first frame is heard: the largest size
/// counts, and one late callback at the start would have to be pulled out again.
const STAMPS_FIRST: u32 = 4;
const SECONDS_FIRST: f64 = 0.3;
/// The same behind a break of the time line: its rate and its sizes are known, and the stamps have agreed on where it is.
const SECONDS_AGAIN: f64 = 0.010;
/// Room for callbacks that come late, at first and at most, seconds.
const MARGIN_SECONDS: (f64, f64) = (0.003, 0.100);
/// At least this share of the largest callback, up to so many seconds: where other programs work within the same period,
/// as on a sound server, a device comes late when they do, and more latency is not felt beside its period.
const MARGIN_OF_PERIOD: f64 = 0.25;
const MARGIN_OF_PERIOD_MOST: f64 = 0.010;
/// Callbacks are remembered for once to twice as long, seconds: one that was larger than all others is not waited for
/// ever after.
const SIZES_SECONDS: f64 = 30.0;
/// How fast that room changes, seconds a second: half of what the resampler can be pulled by.
const MARGIN_PACE: f64 = 5e-4;
/// How much more there is after a gap, seconds.
const MARGIN_STEP: f64 = 0.001;
/// A device that has run so long without a break has started up: what is missing from then on counts.
const STARTED_SECONDS: f64 = 2.0;
/// A device that has not called back for so long is not where it was: it is not read until it does.
const GONE_SECONDS: f64 = 0.5;

/// The engine's side of a device.
pub struct Bridge {
    inlet: Inlet,
    device: DelayLockedLoop,
    resampler: StereoResampler,
    staging: Box<[Frame]>,
    /// Blocks until it is heard in full: the resampler knows of nothing before its seat, and what it gives begins with
    /// a crack, as late as its filter is. Not heard but for the last, which fades in.
    first_blocks: usize,
    desk_rate: f64,
    /// One block in the device's frames.
    block: f64,
    phase: InputPhase,
    /// When it last began to sound, and whether it has ever sounded for a while.
    sounds_since: f64,
    started: bool,
    /// Frames taken out of the ring.
    popped: u64,
    /// Frames the device had lost before the place the ring is at.
    lost_before: u64,
    last_stamp: Option<crate::inlet::Stamp>,
    stamps: u32,
    sizes: CallbackSizes,
    margin: Margin,
    /// The latest of the stamps that may be behind a step of the device, seconds.
    suspected: f64,
    /// By how many seconds the present seat is further back than the loop's line says, because a step was suspected.
    assumed: f64,
    /// No stamp has come in time since the last outlier.
    stood_still: bool,
    steering: Steering,
    delay: f64,
    speed: f64,
    /// Frames of silence for a device that had started up, as long as its stream is open.
    frames_missing: u64,
}

impl Bridge {
    /// Bridges `inlet` to a desk that runs at `desk_rate`. Allocates, and takes milliseconds.
    pub fn new(inlet: Inlet, desk_rate: SampleRate) -> Self {
        Self::with_quality(inlet, desk_rate, Quality::default())
    }

    /// The same, as exact and as late as `quality` says.
    pub fn with_quality(inlet: Inlet, desk_rate: SampleRate, quality: Quality) -> Self {
        let desk_rate = f64::from(desk_rate.hz());
        let resampler = StereoResampler::with_quality(inlet.rate(), desk_rate, BLOCK_FRAMES, quality);
        Self {
            desk_rate,
            block: BLOCK_FRAMES as f64 * inlet.rate() / desk_rate,
            device: DelayLockedLoop::new(inlet.rate()),
            sizes: CallbackSizes::new((SIZES_SECONDS * inlet.rate()) as u64),
            staging: vec![[0.0; 2]; resampler.frames_needed_max()].into(),
            resampler,
            first_blocks: 0,
            inlet,
            phase: InputPhase::Waiting,
            sounds_since: 0.0,
            started: false,
            popped: 0,
            lost_before: 0,
            last_stamp: None,
            stamps: 0,
            margin: Margin::new(MARGIN_SECONDS.0, MARGIN_SECONDS.1, MARGIN_PACE),
            suspected: 0.0,
            assumed: 0.0,
            stood_still: false,
            steering: Steering::new(),
            delay: 0.0,
            speed: 1.0,
            frames_missing: 0,
        }
    }

    pub(super) fn phase(&self) -> InputPhase {
        self.phase
    }

    /// Fills one block from where the device was a fixed delay ago, and counts it when nothing is heard in it.
    pub(super) fn read(&mut self, block: &mut Block, time: &BlockTime) -> bool {
        let heard = self.hear(block, time);
        if !heard {
            self.count_missing(BLOCK_FRAMES);
        }
        heard
    }

    fn count_missing(&mut self, frames: usize) {
        if self.started && !self.inlet.is_abandoned() {
            self.frames_missing += frames as u64;
        }
    }

    fn hear(&mut self, block: &mut Block, time: &BlockTime) -> bool {
        let broken = self.follow();
        self.speed = time.speed;
        if broken && self.phase == InputPhase::Running {
            // There is more room than it stood still for: what was delivered before ends softly, too.
            return self.stop_with(block);
        }
        if self.phase == InputPhase::Waiting {
            if !self.take_seat(time.due) {
                return false;
            }
            self.phase = InputPhase::Running;
            self.sounds_since = time.due;
            return self.fill(block);
        }
        self.started |= time.due - self.sounds_since > STARTED_SECONDS;
        let elapsed = BLOCK_FRAMES as f64 / self.desk_rate;
        let before = self.margin.seconds();
        self.margin.pass(elapsed);
        let drift = (self.margin.seconds() - before) / elapsed;
        let rate = self.inlet.rate();
        self.delay = (self.device.position_at(time.due) - self.place()) / rate - self.assumed;
        let clocks = self.device.rate() / rate / time.speed;
        let Steer::Pull(pull) = self
            .steering
            .steer(self.delay - self.target() / rate, clocks, drift, elapsed)
        else {
            // The device's time line jumped, or ours: finish this block softly and take a new seat.
            return self.stop_with(block);
        };
        self.resampler.set_pull(pull);
        if self.inlet.waiting() < self.resampler.frames_needed() {
            self.margin.was_short(MARGIN_STEP);
            return self.stop_with(block);
        }
        self.fill(block)
    }

    /// Takes in the stamps that have arrived. True when they say that the device is not where it was.
    fn follow(&mut self) -> bool {
        let mut broken = false;
        while let Some(stamp) = self.inlet.stamp() {
            let time = stamp.at.seconds();
            let before = self.last_stamp.replace(stamp);
            let Some(before) = before else {
                self.device.restart(stamp.position as f64, time);
                self.callback_of(stamp.position, stamp.position);
                self.stamps = 1;
                continue;
            };
            self.stamps = self.stamps.saturating_add(1);
            self.callback_of(stamp.position - before.position, stamp.position);
            let late = time - self.device.time_at(stamp.position as f64);
            match self.device.follow(stamp.position as f64, time) {
                Follow::Steady => {
                    (self.stood_still, self.assumed) = (false, 0.0);
                    let late = late.max(std::mem::take(&mut self.suspected));
                    if self.device.age(time) > SECONDS_FIRST {
                        self.margin.was_late(late);
                    }
                }
                Follow::Suspect if self.stood_still => {}
                Follow::Suspect => self.suspected = self.suspected.max(late),
                // Where the device is now is not late.
                Follow::Stepped => (self.suspected, self.assumed) = (0.0, 0.0),
                // A device that stood still for so long is no reason to lag behind it ever after; nor is the
                // end of what it then delivers in one go.
                Follow::Outlier => (self.stood_still, self.suspected) = (true, 0.0),
                Follow::Broken => {
                    self.device.restart(stamp.position as f64, time);
                    self.suspected = 0.0;
                    broken = true;
                }
            }
            if stamp.lost != self.lost_before {
                // The ring has a hole behind what it holds: skip to the far side of it.
                self.drop_frames(usize::MAX);
                self.lost_before = stamp.lost;
                self.phase = InputPhase::Waiting;
            }
        }
        broken
    }

    /// The device has delivered so many frames at once, `delivered` in all.
    fn callback_of(&mut self, frames: u64, delivered: u64) {
        let before = self.sizes.largest();
        self.sizes.saw(frames, delivered);
        let largest = self.sizes.largest();
        if largest != before {
            let period = |frames| frames as f64 / self.inlet.rate();
            let share = (MARGIN_OF_PERIOD * period(largest)).clamp(MARGIN_SECONDS.0, MARGIN_OF_PERIOD_MOST);
            self.margin.leave_at_least(share);
            // Nobody hears that the delay becomes shorter when it does so slowly.
            self.margin.beside(period(largest) - period(before));
        }
    }

    /// The device frame that is heard next, beside the resampler's delay.
    fn place(&self) -> f64 {
        (self.popped + self.lost_before) as f64 - self.resampler.ahead()
    }

    /// How far behind the device to read, in its frames: nothing younger is sure to have arrived.
    fn target(&self) -> f64 {
        self.sizes.largest() as f64 + self.block + 2.0 + self.margin.seconds() * self.inlet.rate()
    }

    /// Goes to the target delay. False while the device has not delivered that far.
    fn take_seat(&mut self, due: f64) -> bool {
        let alive = self
            .last_stamp
            .is_some_and(|stamp| due - stamp.at.seconds() < GONE_SECONDS);
        let known = if self.started { SECONDS_AGAIN } else { SECONDS_FIRST };
        if self.stamps < STAMPS_FIRST || self.device.age(due) < known || !alive {
            return false;
        }
        self.margin.settle();
        self.resampler.reset();
        self.first_blocks = 1 + self.resampler.delay().div_ceil(BLOCK_FRAMES);
        self.steering.restart();
        self.resampler
            .set_pull(self.device.rate() / self.inlet.rate() / self.speed);
        // Should this be a step, the place behind it is right already; else a new seat is taken, with more room.
        self.assumed = self.device.suspected().max(0.0);
        let goal = self.device.position_at(due) - self.target() - self.assumed * self.inlet.rate();
        let behind = goal - self.place();
        if behind < 0.0 {
            return false;
        }
        self.drop_frames(behind as usize);
        self.inlet.waiting() >= self.resampler.frames_needed()
    }

    fn drop_frames(&mut self, count: usize) {
        let mut left = count.min(self.inlet.waiting());
        while left > 0 {
            let step = left.min(self.staging.len());
            let Some(staging) = self.staging.get_mut(..step) else {
                return;
            };
            self.popped += self.inlet.read(staging) as u64;
            left -= step;
        }
    }

    /// One block through the resampler; what the ring does not hold is silence. False while nothing is heard yet.
    fn fill(&mut self, block: &mut Block) -> bool {
        let needed = self.resampler.frames_needed();
        let Some(staging) = self.staging.get_mut(..needed) else {
            return false;
        };
        self.popped += self.inlet.read(staging) as u64;
        self.resampler.process(staging, block);
        let softly = self.first_blocks;
        self.first_blocks = softly.saturating_sub(1);
        match softly {
            0 => {}
            1 => fade_in(block),
            _ => *block = SILENCE,
        }
        softly <= 1
    }

    /// Fades out with what is left, which is never nothing: the resampler holds its delay. So no audio is kept waiting
    /// for the case that it be the last.
    fn stop_with(&mut self, block: &mut Block) -> bool {
        self.phase = InputPhase::Waiting;
        let left = self.inlet.waiting() * BLOCK_FRAMES / self.resampler.frames_needed().max(1);
        let known = BLOCK_FRAMES.min(left + self.resampler.delay());
        let heard = self.fill(block);
        fade_out(block, known);
        if heard {
            self.count_missing(BLOCK_FRAMES - known);
        }
        heard
    }

    pub(super) fn report(&self) -> InputReport {
        // The frame heard first in a block is mixed when the block ends, but due a block before that.
        let resampler_delay = (self.resampler.delay() as f64 - BLOCK_FRAMES as f64) / self.desk_rate;
        let ppm = (self.device.rate() / self.inlet.rate() / self.speed - 1.0) * 1e6;
        InputReport {
            phase: self.phase,
            latency: (self.delay + resampler_delay).max(0.0) as f32,
            ppm: ppm as f32,
            error: self.steering.error() as f32,
            locked: self.phase == InputPhase::Running && self.steering.is_locked(),
            frames_lost: self.inlet.frames_lost(),
            frames_missing: self.frames_missing,
        }
    }
}

#[cfg(test)]
mod tests;
