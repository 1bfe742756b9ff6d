//! Records a device: its channels, as stereo frames, into any number of inlets.
//!
//! One stream serves every strip that uses the device. Feeds are handed to the callback through a ring,
//! and come home through another when the engine has let go of their inlet, to be freed here.

mod callback;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use airdesk_dsp::{Frames, SampleRate};
use airdesk_engine::inlet::InletWriter;
use airdesk_engine::time::Clock;
use cpal::traits::DeviceTrait;
use rtrb::{Consumer, Producer, RingBuffer};
use serde::{Deserialize, Serialize};

use crate::stream::config::{self, Wish};
use crate::stream::health::Pulse;
use crate::stream::opening::{self, Found};
use crate::stream::{OpenStream, priority};
use crate::{AttachError, DeviceId, HostChoice, OpenError};
use callback::{CaptureCallback, Feed};

/// Strips one stream can feed.
pub const MAX_FEEDS: usize = 64;

/// Which of a device's channels a strip hears, counted from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChannelPick {
    /// One channel, on both sides.
    Mono {
        /// The channel.
        channel: u16,
    },
    /// Two channels, or one twice.
    Pair {
        /// Heard on the left.
        left: u16,
        /// Heard on the right.
        right: u16,
    },
}

impl ChannelPick {
    /// The channels for left and right.
    pub fn channels(self) -> (u16, u16) {
        match self {
            Self::Mono { channel } => (channel, channel),
            Self::Pair { left, right } => (left, right),
        }
    }
}

impl Default for ChannelPick {
    /// The first two channels.
    fn default() -> Self {
        Self::Pair { left: 0, right: 1 }
    }
}

/// What to record.
#[derive(Clone)]
pub struct CaptureRequest {
    /// The device.
    pub device: DeviceId,
    /// Where to look for it.
    pub hosts: HostChoice,
    /// The desk's clock, to stamp callbacks with.
    pub clock: Clock,
    /// The rate to ask for where the device has it; none: the device's own.
    pub rate: Option<SampleRate>,
    /// Frames a callback to ask for; none: 256 at 48 kHz.
    pub buffer: Option<Frames>,
}

impl CaptureRequest {
    /// Records `device` of this machine as it comes.
    pub fn new(device: DeviceId, clock: Clock) -> Self {
        Self {
            device,
            hosts: HostChoice::system(),
            clock,
            rate: None,
            buffer: None,
        }
    }
}

/// A device being recorded. Dropping it ends that, on another thread; the inlets it fed are abandoned.
pub struct CaptureStream {
    stream: OpenStream,
    feeds: Producer<Feed>,
    returns: Consumer<Feed>,
    attached: usize,
}

impl CaptureStream {
    /// Opens and starts a device. Blocks, `limit` at most.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(request: CaptureRequest, limit: Duration) -> Result<Self, OpenError> {
        let pulse = Arc::new(Pulse::default());
        let (device, shared) = (request.device.clone(), pulse.clone());
        opening::open_within(limit, device, pulse, move || open(&request, &shared))
    }

    /// Feeds a strip from now on. Blocks never; the callback takes the feed up within a period.
    ///
    /// # Errors
    /// When the device has no such channel, or feeds [`MAX_FEEDS`] strips already. `writer` is dropped.
    pub fn attach(&mut self, pick: ChannelPick, writer: InletWriter) -> Result<(), AttachError> {
        self.tidy();
        let (left, right) = pick.channels();
        let (channel, channels) = (left.max(right), self.stream.channels());
        let device = self.stream.name().to_owned();
        if channel >= channels {
            return Err(AttachError::NoSuchChannel {
                device,
                channel,
                channels,
            });
        }
        if self.attached >= MAX_FEEDS {
            return Err(AttachError::TooMany { device });
        }
        self.feeds
            .push(Feed::new(left, right, writer))
            .map_err(|_| AttachError::TooMany { device })?;
        self.attached += 1;
        Ok(())
    }

    /// Frees the feeds whose inlets the engine has let go of. Call it now and then.
    pub fn tidy(&mut self) {
        while let Ok(feed) = self.returns.pop() {
            drop(feed);
            self.attached -= 1;
        }
    }
}

impl Deref for CaptureStream {
    type Target = OpenStream;

    fn deref(&self) -> &OpenStream {
        &self.stream
    }
}

/// On the opening thread.
fn open(request: &CaptureRequest, pulse: &Arc<Pulse>) -> Result<(CaptureStream, priority::Candidate), OpenError> {
    let id = request.device.clone();
    let device = request.hosts.device(&id)?;
    let wish = Wish {
        rate: request.rate,
        buffer: request.buffer,
    };
    let chosen = config::for_capture(&device, id.host(), wish).map_err(|error| OpenError::of(&id, &error))?;
    // Capacity, both: every feed can be on its way at once.
    let (feeds, feeds_out) = RingBuffer::new(MAX_FEEDS);
    let (returns_in, returns) = RingBuffer::new(MAX_FEEDS);
    let (volunteer, candidate) = priority::volunteer(id.host());
    let callback = CaptureCallback::new(
        &chosen.config,
        request.clock.clone(),
        feeds_out,
        returns_in,
        pulse,
        volunteer,
    );
    let found = Found {
        id,
        device,
        chosen,
        records: true,
    };
    let stream = opening::build(&found, callback, pulse, &request.clock, |config, mut lent| {
        let witness = pulse.clone();
        found.device.build_input_stream_raw(
            config,
            chosen.format,
            move |data, info| {
                if let Some(callback) = lent.get() {
                    let times = info.timestamp();
                    callback.run(data, times.callback.saturating_duration_since(times.capture));
                }
            },
            move |error| witness.fault(error.kind()),
            None,
        )
    })?;
    Ok((
        CaptureStream {
            stream,
            feeds,
            returns,
            attached: 0,
        },
        candidate,
    ))
}
