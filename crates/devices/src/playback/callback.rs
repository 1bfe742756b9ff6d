//! The playing device's callback. Real-time: it asks its player for frames, converts, stamps, counts.

use std::sync::Arc;
use std::time::Duration;

use airdesk_dsp::Frame;
use airdesk_dsp::denormals::Flushed;
use airdesk_engine::real_time;
use airdesk_engine::time::{Clock, Nanos};

use crate::sample::{DeviceSample, with_sample_type};
use crate::stream::health::{Pulse, RateWatch};
use crate::stream::priority::Volunteer;

/// Frames converted at a time: a callback may want any number.
const SCRATCH: usize = 256;

/// What a device holds is looked at so long after it began, seconds: before that its buffers may still be filling, and
/// later its clock has moved away.
const HELD_SECONDS: (f64, f64) = (0.5, 1.5);

/// Measures how much a device takes ahead of its time. Real-time.
struct Hold {
    hz: f64,
    began: Option<Nanos>,
    taken: u64,
    held: f64,
}

impl Hold {
    fn new(hz: u32) -> Self {
        Self {
            hz: f64::from(hz),
            began: None,
            taken: 0,
            held: 0.0,
        }
    }

    /// Takes in a callback; returns what the device held when it came, seconds, while that is being measured.
    fn observe(&mut self, frames: usize, at: Nanos) -> Option<f64> {
        let began = *self.began.get_or_insert(at);
        let elapsed = at.seconds() - began.seconds();
        let held = self.taken as f64 / self.hz - elapsed;
        self.taken += frames as u64;
        if !(HELD_SECONDS.0..HELD_SECONDS.1).contains(&elapsed) {
            return None;
        }
        // Callbacks come late, never early: the most is the truth.
        self.held = self.held.max(held);
        Some(self.held)
    }
}

/// Frames to silence for what is broken off.
const FADE_OUT: f32 = 64.0;

/// The end of what was played before a new place was taken: it fades while the new begins. Real-time.
#[derive(Default)]
struct Ending {
    /// The last frame played.
    last: Frame,
    /// The one that is being faded, and how much of it is left.
    fading: Frame,
    gain: f32,
}

impl Ending {
    /// What comes next does not continue what was played.
    fn begin(&mut self) {
        (self.fading, self.gain) = (self.last, 1.0);
    }

    fn mix_into(&mut self, frames: &mut [Frame]) {
        for frame in frames.iter_mut() {
            if self.gain == 0.0 {
                break;
            }
            self.gain = (self.gain - FADE_OUT.recip()).max(0.0);
            for (to, from) in frame.iter_mut().zip(self.fading) {
                *to += from * self.gain;
            }
        }
        self.last = frames.last().copied().unwrap_or(self.last);
    }
}

/// Where a callback's frames come from. Real-time.
pub(super) trait Player: Send + 'static {
    /// A callback for `frames` began `at`. True when a new place has been taken: the next frames begin there, from silence.
    fn begin(&mut self, frames: usize, at: Nanos) -> bool;
    /// The next frames of it.
    fn fill(&mut self, out: &mut [Frame]);
    /// It has all its frames.
    fn end(&mut self, frames: usize, at: Nanos);
}

/// What CPAL calls.
pub(super) struct PlaybackCallback<P> {
    clock: Clock,
    channels: usize,
    player: P,
    ending: Ending,
    scratch: [Frame; SCRATCH],
    pulse: Arc<Pulse>,
    rate: RateWatch,
    hold: Hold,
    volunteer: Volunteer,
}

impl<P: Player> PlaybackCallback<P> {
    pub(super) fn new(
        config: &cpal::StreamConfig,
        clock: Clock,
        player: P,
        pulse: &Arc<Pulse>,
        volunteer: Volunteer,
    ) -> Self {
        Self {
            clock,
            channels: usize::from(config.channels).max(1),
            player,
            ending: Ending::default(),
            scratch: [[0.0; 2]; SCRATCH],
            pulse: pulse.clone(),
            rate: RateWatch::new(config.sample_rate),
            hold: Hold::new(config.sample_rate),
            volunteer,
        }
    }

    /// One callback, for audio that the host says is heard `latency` from now.
    pub(super) fn run(&mut self, data: &mut cpal::Data, latency: Duration) {
        let at = self.clock.now(); // before anything else: the desk follows the device by it
        let _flushed = Flushed::begin();
        real_time(|| {
            self.volunteer.step_forward();
            let frames = data.len() / self.channels;
            if self.player.begin(frames, at) {
                self.ending.begin();
            }
            with_sample_type!(data.sample_format(), self.deliver(data));
            self.player.end(frames, at);
            self.pulse.beat(frames, at);
            self.pulse.host_latency(latency);
            self.rate.observe(frames, at, &self.pulse);
            if let Some(held) = self.hold.observe(frames, at) {
                self.pulse.holds(held);
            }
        });
    }

    fn deliver<T: DeviceSample>(&mut self, data: &mut cpal::Data) {
        let Some(samples) = data.as_slice_mut::<T>() else {
            return;
        };
        for piece in samples.chunks_mut(SCRATCH * self.channels) {
            let frames = self.scratch.get_mut(..piece.len() / self.channels).unwrap_or_default();
            self.player.fill(frames);
            self.ending.mix_into(frames);
            for (to, from) in piece.chunks_exact_mut(self.channels).zip(frames) {
                spread(to, *from);
            }
        }
    }
}

/// A stereo frame on a device's channels: the first two, or the mean on the only one.
fn spread<T: DeviceSample>(to: &mut [T], [left, right]: Frame) {
    match to {
        [only] => *only = T::of_desk((left + right) * 0.5),
        [first, second, rest @ ..] => {
            (*first, *second) = (T::of_desk(left), T::of_desk(right));
            rest.fill(T::of_desk(0.0));
        }
        [] => {}
    }
}
