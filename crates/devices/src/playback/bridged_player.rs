//! An output with a clock of its own: a bus resampled to it, at equal nominal rates too. Real-time.
//!
//! Two delay-locked loops follow the device (by the times of its callbacks) and the desk (by the times
//! its blocks were due). The ratio is that of their rates; a gentle pull holds the delay at its target.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use airdesk_dsp::callback_sizes::CallbackSizes;
use airdesk_dsp::delay_locked_loop::{DelayLockedLoop, Follow};
use airdesk_dsp::margin::Margin;
use airdesk_dsp::resample::Quality;
use airdesk_dsp::steering::{Steer, Steering};
use airdesk_dsp::{BLOCK_FRAMES, Frame};
use airdesk_engine::mix_queue::MixReader;
use airdesk_engine::time::Nanos;

use super::PlayerCounts;
use super::callback::Player;
use super::main_player::Converter;
use super::mix_cursor::MixCursor;

/// The engine mixes two blocks at a time.
const TURN: f64 = 2.0 * BLOCK_FRAMES as f64;
/// Room for an engine that is later than that, at first and at most, seconds.
const MARGIN_SECONDS: (f64, f64) = (0.004, 0.085);
/// By how much it grows after a starvation, seconds, once a second at most and not in the first: one starvation is one,
/// however many callbacks it lasts, and what a desk that begins itself has not mixed yet is none.
const MARGIN_STEP: f64 = 0.001_4;
/// How fast it changes, seconds a second: half of what the resampler can be pulled by.
const MARGIN_PACE: f64 = 5e-4;

/// A device that did not call back for so long has slept, seconds.
const SLEPT_SECONDS: f64 = 0.25;
/// Callbacks are remembered for once to twice as long, seconds: a host that fills its buffer in one gulp at
/// the start is not to be waited for ever after.
const SIZES_SECONDS: f64 = 5.0;
/// The most that is waited for callbacks of varying size, seconds.
const SPREAD_SECONDS: f64 = 0.25;

/// The player.
pub(super) struct BridgedPlayer {
    cursor: MixCursor,
    converter: Converter,
    device: DelayLockedLoop,
    desk: DelayLockedLoop,
    device_hz: f64,
    desk_hz: f64,
    /// Device frames taken, those of the callback at hand included.
    taken: u64,
    sizes: CallbackSizes,
    steering: Steering,
    /// Room for a late engine.
    margin: Margin,
    missing: u64,
    /// The latest that the engine has been since it was last on time, seconds, and whether that was too late for somebody.
    late: f64,
    too_late: bool,
    /// When the margin grew last, or the seat was taken, in device frames.
    grew: u64,
    /// When the last callback began, seconds.
    last: f64,
    seated: bool,
    counts: Arc<PlayerCounts>,
}

impl BridgedPlayer {
    pub(super) fn new(
        reader: MixReader,
        (device_hz, desk_hz): (f64, f64),
        quality: Quality,
        counts: Arc<PlayerCounts>,
    ) -> Self {
        Self {
            cursor: MixCursor::new(reader),
            converter: Converter::new(desk_hz, device_hz, quality),
            device: DelayLockedLoop::new(device_hz),
            desk: DelayLockedLoop::of_smooth_times(desk_hz),
            device_hz,
            desk_hz,
            taken: 0,
            sizes: CallbackSizes::new((SIZES_SECONDS * device_hz) as u64),
            steering: Steering::new(),
            margin: Margin::new(MARGIN_SECONDS.0, MARGIN_SECONDS.1, MARGIN_PACE),
            missing: 0,
            late: 0.0,
            too_late: false,
            grew: 0,
            last: 0.0,
            seated: false,
            counts,
        }
    }

    /// Desk frames a device frame.
    fn step(&self) -> f64 {
        self.desk_hz / self.device_hz
    }

    /// Desk frames that are to lie between what this callback reads up to and what is published. Callbacks
    /// of varying size come as if early or late by the difference.
    fn target(&self) -> f64 {
        TURN + (self.margin.seconds() + self.spread()) * self.desk_hz + self.converter.ahead() as f64
    }

    /// By how much callbacks differ in length, seconds.
    fn spread(&self) -> f64 {
        (self.sizes.spread() as f64 / self.device_hz).min(SPREAD_SECONDS)
    }

    /// The desk frame this callback hears up to, beside the resampler's delay.
    fn reads_to(&self, frames: usize) -> f64 {
        self.cursor.position() as f64 - self.converter.resampler.ahead()
            + (frames as f64 - self.converter.left() as f64) * self.step()
    }

    fn sit_down(&mut self, frames: usize, at: Nanos) {
        self.converter.clear();
        self.steering.restart();
        self.margin.settle();
        self.counts.locked.store(false, Relaxed);
        let behind = self.target() - self.converter.resampler.ahead() + frames as f64 * self.step();
        self.cursor.seat((behind + self.published_early(at)).max(0.0) as u64);
        self.grew = self.taken;
        (self.late, self.too_late) = (0.0, false);
        self.seated = true;
    }

    /// How many desk frames are published already that are due after `at`, or are not yet: two turns of the engine at most.
    /// A seat that leaves them out of account is off by as much, and has to be pulled to its place. An engine that is further
    /// off stood still, and what was published last is where it goes on.
    fn published_early(&self, at: Nanos) -> f64 {
        if !self.desk.is_running() {
            return 0.0;
        }
        let early = self.cursor.published() as f64 - self.desk.position_at(at.seconds());
        if early.abs() > 2.0 * TURN { 0.0 } else { early }
    }

    /// Learns the two clocks.
    fn follow(&mut self, frames: usize, at: Nanos) {
        if let Some((position, due)) = self.cursor.newest()
            && self.desk.follow(position as f64, due.seconds()) == Follow::Broken
        {
            self.desk.restart(position as f64, due.seconds());
        }
        let (time, expected) = (at.seconds(), frames as f64 / self.device_hz);
        let slept = time - self.last > SLEPT_SECONDS + 2.0 * expected;
        self.last = time;
        if self.seated && slept {
            // Where it stood is long past: not a frame of that is to be heard.
            self.device.pause();
            self.seated = false;
            self.counts.reseats.fetch_add(1, Relaxed);
        }
        if self.device.follow(self.taken as f64, time) == Follow::Broken {
            self.device.restart(self.taken as f64, time);
        }
    }

    /// Learns how late the engine is at `time`, when the device reads, beside the two blocks that it mixes at once: so much
    /// of the room is used. Who has been starved meanwhile has not learnt what would have been enough.
    fn learn_lateness(&mut self, time: f64) {
        let behind = self.desk.position_at(time) - self.cursor.published() as f64 - TURN;
        let late = behind / self.desk_hz;
        if late > 0.0 {
            self.late = self.late.max(late);
            return;
        }
        // Else the clocks are not known well enough to tell.
        if !self.too_late && self.steering.is_near() {
            self.margin.was_late(self.late);
        }
        (self.late, self.too_late) = (0.0, false);
    }

    /// Holds the delay, or gives the place up where that is hopeless.
    fn hold(&mut self, frames: usize, at: Nanos) {
        let elapsed = frames as f64 / self.device_hz;
        let time = self.device.time_at(self.taken as f64);
        // A callback of more frames than usual comes no later for that where the host calls before they are played.
        self.learn_lateness(time.min(at.seconds()));
        let before = self.margin.seconds();
        self.margin.pass(elapsed);
        let drift = (self.margin.seconds() - before) / elapsed;
        let delay = self.desk.position_at(time) - self.reads_to(frames);
        let error = (delay - self.target()) / self.desk_hz;
        let (desk, device) = (self.desk.rate() / self.desk_hz, self.device.rate() / self.device_hz);
        match self.steering.steer(error, desk / device, drift, elapsed) {
            Steer::Pull(pull) => self.converter.resampler.set_pull(pull),
            Steer::Reseat => {
                self.counts.reseats.fetch_add(1, Relaxed);
                self.seated = false;
                return;
            }
        }
        self.counts
            .ppm
            .store((((device / desk - 1.0) * 1e6) as f32).to_bits(), Relaxed);
        self.counts
            .error
            .store((self.steering.error() as f32).to_bits(), Relaxed);
        self.counts.locked.store(self.steering.is_locked(), Relaxed);
        let heard = self.converter.heard(&self.cursor, self.step());
        let latency = (self.desk.position_at(time) - heard) / self.desk_hz;
        self.counts.latency.store((latency as f32).to_bits(), Relaxed);
    }
}

impl Player for BridgedPlayer {
    fn begin(&mut self, frames: usize, at: Nanos) -> bool {
        self.taken += frames as u64;
        let spread = self.spread();
        self.sizes.saw(frames as u64, self.taken);
        self.margin.beside(self.spread() - spread);
        self.follow(frames, at);
        if self.seated && self.desk.is_running() {
            self.hold(frames, at);
        }
        let anew = !self.seated;
        if anew {
            self.sit_down(frames, at);
        }
        anew
    }

    fn fill(&mut self, out: &mut [Frame]) {
        self.converter.fill(&mut self.cursor, out);
    }

    fn end(&mut self, _frames: usize, _at: Nanos) {
        let missing = self.cursor.missing();
        if missing > self.missing {
            self.missing = missing;
            self.too_late = true;
            if (self.taken - self.grew) as f64 >= self.device_hz {
                self.grew = self.taken;
                self.margin.was_late((self.margin.seconds() + MARGIN_STEP) / 2.0);
            }
        }
        self.counts.missing.store(missing, Relaxed);
    }
}
