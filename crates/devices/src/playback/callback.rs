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

/// Where a callback's frames come from. Real-time.
pub(super) trait Player: Send + 'static {
    /// A callback for `frames` began `at`.
    fn begin(&mut self, frames: usize, at: Nanos);
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
    scratch: [Frame; SCRATCH],
    pulse: Arc<Pulse>,
    rate: RateWatch,
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
            scratch: [[0.0; 2]; SCRATCH],
            pulse: pulse.clone(),
            rate: RateWatch::new(config.sample_rate),
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
            self.player.begin(frames, at);
            with_sample_type!(data.sample_format(), self.deliver(data));
            self.player.end(frames, at);
            self.pulse.beat(frames, at);
            self.pulse.host_latency(latency);
            self.rate.observe(frames, at, &self.pulse);
        });
    }

    fn deliver<T: DeviceSample>(&mut self, data: &mut cpal::Data) {
        let Some(samples) = data.as_slice_mut::<T>() else {
            return;
        };
        for piece in samples.chunks_mut(SCRATCH * self.channels) {
            let frames = self.scratch.get_mut(..piece.len() / self.channels).unwrap_or_default();
            self.player.fill(frames);
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
