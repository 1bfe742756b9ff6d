//! The recording device's callback. Real-time: it takes feeds up, converts, stamps, counts.

use std::sync::Arc;
use std::time::Duration;

use airdesk_dsp::Frame;
use airdesk_dsp::denormals::Flushed;
use airdesk_engine::inlet::InletWriter;
use airdesk_engine::real_time;
use airdesk_engine::time::{Clock, Nanos};
use rtrb::{Consumer, Producer};

use super::MAX_FEEDS;
use crate::sample::{DeviceSample, with_sample_type};
use crate::stream::health::{Pulse, RateWatch};
use crate::stream::priority::Volunteer;

/// Frames converted at a time: a callback may bring any number.
const SCRATCH: usize = 256;

/// Two channels on their way into one inlet.
pub(super) struct Feed {
    left: usize,
    right: usize,
    writer: InletWriter,
}

impl Feed {
    /// The channels must be among the device's.
    pub(super) fn new(left: u16, right: u16, writer: InletWriter) -> Self {
        Self {
            left: left.into(),
            right: right.into(),
            writer,
        }
    }
}

/// What CPAL calls.
pub(super) struct CaptureCallback {
    clock: Clock,
    channels: usize,
    incoming: Consumer<Feed>,
    returns: Producer<Feed>,
    feeds: [Option<Feed>; MAX_FEEDS],
    scratch: [Frame; SCRATCH],
    pulse: Arc<Pulse>,
    rate: RateWatch,
    volunteer: Volunteer,
}

impl CaptureCallback {
    pub(super) fn new(
        config: &cpal::StreamConfig,
        clock: Clock,
        incoming: Consumer<Feed>,
        returns: Producer<Feed>,
        pulse: &Arc<Pulse>,
        volunteer: Volunteer,
    ) -> Self {
        Self {
            clock,
            channels: usize::from(config.channels).max(1),
            incoming,
            returns,
            feeds: [const { None }; MAX_FEEDS],
            scratch: [[0.0; 2]; SCRATCH],
            pulse: pulse.clone(),
            rate: RateWatch::new(config.sample_rate),
            volunteer,
        }
    }

    /// One callback, for audio that the host says is `latency` old.
    pub(super) fn run(&mut self, data: &cpal::Data, latency: Duration) {
        let at = self.clock.now(); // before anything else: the engine follows the device by it
        let _flushed = Flushed::begin();
        real_time(|| {
            self.volunteer.step_forward();
            self.take_up();
            with_sample_type!(data.sample_format(), self.deliver(data, at));
            let frames = data.len() / self.channels;
            self.pulse.beat(frames, at);
            self.pulse.host_latency(latency);
            self.rate.observe(frames, at, &self.pulse);
        });
    }

    /// Sends feeds home that nobody hears, then takes new ones up where there is a place.
    fn take_up(&mut self) {
        for place in &mut self.feeds {
            let unheard = place.as_ref().is_some_and(|feed| feed.writer.is_abandoned());
            if unheard && !self.returns.is_full() {
                // There is room, so nothing comes back to be freed here.
                _ = place.take().map(|feed| self.returns.push(feed));
            }
            if place.is_none() {
                *place = self.incoming.pop().ok();
            }
        }
    }

    fn deliver<T: DeviceSample>(&mut self, data: &cpal::Data, at: Nanos) {
        let Some(samples) = data.as_slice::<T>() else { return };
        for feed in self.feeds.iter_mut().flatten() {
            let mut rest = samples;
            while rest.len() > SCRATCH * self.channels {
                let (now, later) = rest.split_at(SCRATCH * self.channels);
                feed.writer
                    .write(convert(now, self.channels, (feed.left, feed.right), &mut self.scratch));
                rest = later;
            }
            let last = convert(rest, self.channels, (feed.left, feed.right), &mut self.scratch);
            feed.writer.write_stamped(last, at);
        }
    }
}

/// Two of the channels as frames.
fn convert<'s, T: DeviceSample>(
    samples: &[T],
    channels: usize,
    (left, right): (usize, usize),
    scratch: &'s mut [Frame; SCRATCH],
) -> &'s [Frame] {
    let mut frames = 0;
    for (to, from) in scratch.iter_mut().zip(samples.chunks_exact(channels)) {
        let pick = |channel| from.get(channel).map_or(0.0, |sample: &T| sample.to_desk());
        *to = [pick(left), pick(right)];
        frames += 1;
    }
    scratch.get(..frames).unwrap_or_default()
}
