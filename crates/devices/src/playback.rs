//! Plays a bus on a device.
//!
//! The main output reads the programme and tells the engine how far it has read: its callbacks are the
//! desk's clock, and where its rate is not the desk's, a resampler of fixed ratio stands between. Every
//! other output is bridged: an asynchronous resampler follows both clocks by their timestamps.

mod bridged_player;
mod callback;
mod main_player;
mod mix_cursor;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::time::Duration;

use airdesk_dsp::resample::Quality;
use airdesk_dsp::{Frames, SampleRate};
use airdesk_engine::mix_queue::MixReader;
use airdesk_engine::outlet_clock::OutletStamper;
use airdesk_engine::time::Clock;
use cpal::traits::DeviceTrait;

use crate::mac::HogMode;
use crate::stream::config::{self, Wish};
use crate::stream::health::{Pulse, StreamStats};
use crate::stream::opening::{self, Found};
use crate::stream::{OpenStream, priority};
use crate::{DeviceId, HostChoice, OpenError};
use bridged_player::BridgedPlayer;
use callback::{PlaybackCallback, Player};
use main_player::MainPlayer;

/// Where to play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first host's default. Hosts that can move such a stream when the default changes; it then
    /// counts in [`StreamStats::reroutes`] and plays on.
    Default,
    /// This one and no other.
    Device(DeviceId),
}

impl From<DeviceId> for DeviceChoice {
    fn from(id: DeviceId) -> Self {
        Self::Device(id)
    }
}

/// What to play on.
#[derive(Clone)]
pub struct PlaybackRequest {
    /// The device.
    pub device: DeviceChoice,
    /// Where to look for it.
    pub hosts: HostChoice,
    /// The desk's clock, to stamp callbacks with.
    pub clock: Clock,
    /// The rate the bus runs at; also the rate the device is asked for, where it has it.
    pub desk_rate: SampleRate,
    /// Frames a callback to ask for; none: 256 at 48 kHz.
    pub buffer: Option<Frames>,
    /// How exact its resampler is, and how late.
    pub quality: Quality,
    /// Keep other programs away from the device while it is open. Only where [`crate::mac::EXCLUSIVE_OUTPUTS`].
    pub exclusive: bool,
}

impl PlaybackRequest {
    /// Plays a bus of `desk_rate` on `device` of this machine.
    pub fn new(device: impl Into<DeviceChoice>, clock: Clock, desk_rate: SampleRate) -> Self {
        Self {
            device: device.into(),
            hosts: HostChoice::system(),
            clock,
            desk_rate,
            buffer: None,
            quality: Quality::default(),
            exclusive: false,
        }
    }
}

/// What an output has been doing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PlaybackStats {
    /// As for any stream.
    pub stream: StreamStats,
    /// Frames of the bus that were not there when the device wanted them: heard as silence.
    pub missing: u64,
    /// Seconds from the moment a frame of the bus is due to be mixed to the callback in which the device takes it, its
    /// resampler's delay included. What the host and the hardware hold comes on top.
    pub latency: f32,
    /// The device's clock against the desk's, parts per million; positive is fast. The main output *is*
    /// the desk's clock: always zero.
    pub ppm: f32,
    /// By how much the delay through the bridge is off its target, seconds; positive is too long. Always zero
    /// on the main output.
    pub error: f32,
    /// The bridge holds the delay within a quarter of a millisecond, and its ratio hardly moves.
    /// Never so on the main output: it has no bridge, and the engine says how well its clock is followed.
    pub locked: bool,
    /// Times a bridged output lost its place and took it anew.
    pub reseats: u32,
}

/// What a player counts, shared with the stream's owner. All relaxed: statistics order nothing.
#[derive(Debug, Default)]
struct PlayerCounts {
    missing: AtomicU64,
    latency: AtomicU32,
    ppm: AtomicU32,
    error: AtomicU32,
    locked: AtomicBool,
    reseats: AtomicU32,
}

/// A device playing. Dropping it ends that, on another thread.
pub struct PlaybackStream {
    stream: OpenStream,
    counts: Arc<PlayerCounts>,
}

impl PlaybackStream {
    /// Opens the main output. Blocks, `limit` at most. Hand the engine the other end of `stamper` once
    /// this has succeeded.
    ///
    /// # Errors
    /// See [`OpenError`]. `reader` and `stamper` are dropped.
    pub fn open_main(
        request: PlaybackRequest,
        limit: Duration,
        reader: MixReader,
        stamper: OutletStamper,
    ) -> Result<Self, OpenError> {
        let quality = request.quality;
        open_within(request, limit, move |device_hz, desk_hz, counts| {
            MainPlayer::new(reader, stamper, (device_hz, desk_hz), quality, counts)
        })
    }

    /// Opens a further output, such as the headphones for cue. Blocks, `limit` at most.
    ///
    /// # Errors
    /// See [`OpenError`]. `reader` is dropped.
    pub fn open_bridged(request: PlaybackRequest, limit: Duration, reader: MixReader) -> Result<Self, OpenError> {
        let quality = request.quality;
        open_within(request, limit, move |device_hz, desk_hz, counts| {
            BridgedPlayer::new(reader, (device_hz, desk_hz), quality, counts)
        })
    }

    /// What it has been doing, as a stream and as an output.
    pub fn stats(&self) -> PlaybackStats {
        PlaybackStats {
            stream: self.stream.stats(),
            missing: self.counts.missing.load(Relaxed),
            latency: f32::from_bits(self.counts.latency.load(Relaxed)),
            ppm: f32::from_bits(self.counts.ppm.load(Relaxed)),
            error: f32::from_bits(self.counts.error.load(Relaxed)),
            locked: self.counts.locked.load(Relaxed),
            reseats: self.counts.reseats.load(Relaxed),
        }
    }
}

impl Deref for PlaybackStream {
    type Target = OpenStream;

    fn deref(&self) -> &OpenStream {
        &self.stream
    }
}

/// Opens a device with the player that `make` makes once both rates are known.
fn open_within<P: Player>(
    request: PlaybackRequest,
    limit: Duration,
    make: impl FnOnce(f64, f64, Arc<PlayerCounts>) -> P + Send + 'static,
) -> Result<PlaybackStream, OpenError> {
    let pulse = Arc::new(Pulse::default());
    let shared = pulse.clone();
    let device = match &request.device {
        DeviceChoice::Device(id) => id.clone(),
        DeviceChoice::Default => DeviceId::new("default", "output"),
    };
    opening::open_within(limit, device, pulse, move || open(&request, &shared, make))
}

/// On the opening thread.
fn open<P: Player>(
    request: &PlaybackRequest,
    pulse: &Arc<Pulse>,
    make: impl FnOnce(f64, f64, Arc<PlayerCounts>) -> P,
) -> Result<(PlaybackStream, priority::Candidate), OpenError> {
    let (id, device) = match &request.device {
        DeviceChoice::Default => request.hosts.default_output()?,
        DeviceChoice::Device(id) => (id.clone(), request.hosts.device(id)?),
    };
    let wish = Wish {
        rate: Some(request.desk_rate),
        buffer: request.buffer,
    };
    // Before the stream is made: a program that has the device alone would silence it.
    let alone = (request.exclusive)
        .then(|| HogMode::take(&name_of(&device, &id), false))
        .transpose()?;
    let chosen = config::for_playback(&device, wish).map_err(|error| OpenError::of(&id, &error))?;
    let counts = Arc::new(PlayerCounts::default());
    let (device_hz, desk_hz) = (f64::from(chosen.config.sample_rate), f64::from(request.desk_rate.hz()));
    let player = make(device_hz, desk_hz, counts.clone());
    let (volunteer, candidate) = priority::volunteer(id.host());
    let callback = PlaybackCallback::new(&chosen.config, request.clock.clone(), player, pulse, volunteer);
    let found = Found {
        id,
        device,
        chosen,
        records: false,
    };
    let mut stream = opening::build(&found, callback, pulse, &request.clock, |config, mut lent| {
        let witness = pulse.clone();
        found.device.build_output_stream_raw(
            config,
            chosen.format,
            move |data, info| {
                if let Some(callback) = lent.get() {
                    let times = info.timestamp();
                    callback.run(data, times.playback.saturating_duration_since(times.callback));
                }
            },
            move |error| witness.fault(error.kind()),
            None,
        )
    })?;
    stream.keep_alone(alone);
    Ok((PlaybackStream { stream, counts }, candidate))
}

/// What the host calls a device.
fn name_of(device: &cpal::Device, id: &DeviceId) -> String {
    let description = device.description().ok();
    description.map_or_else(|| id.to_string(), |description| description.name().to_owned())
}
