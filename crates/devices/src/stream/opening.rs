//! Opens a stream on a thread of its own under a time limit.
//!
//! A thread that outlives its limit is left behind: when the host answers after all, the stream is
//! closed on that same thread.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_engine::time::Clock;
use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind};

use super::OpenStream;
use super::config::Chosen;
use super::health::Pulse;
use super::priority::{self, Candidate};
use crate::mac::DeviceWatch;
use crate::{DeviceId, OpenError, listing};

/// A device found and a configuration chosen for it.
pub(crate) struct Found {
    pub(crate) id: DeviceId,
    pub(crate) device: cpal::Device,
    pub(crate) chosen: Chosen,
    /// It is opened to record, which may be a device that only plays.
    pub(crate) records: bool,
}

/// A callback on loan to CPAL. It comes back when CPAL drops it before the stream was ever made.
pub(crate) struct Lent<C> {
    callback: Option<C>,
    back: Sender<C>,
}

impl<C> Lent<C> {
    /// The callback, until it is dropped.
    pub(crate) fn get(&mut self) -> Option<&mut C> {
        self.callback.as_mut()
    }
}

impl<C> Drop for Lent<C> {
    fn drop(&mut self) {
        if let Some(callback) = self.callback.take() {
            // The opener is long gone when a running stream ends: then it is dropped with the error.
            let _ = self.back.send(callback);
        }
    }
}

/// Builds and starts a stream: with the buffer wanted, and where the host refuses that, with its own.
pub(crate) fn build<C>(
    found: &Found,
    callback: C,
    pulse: &Arc<Pulse>,
    clock: &Clock,
    mut make: impl FnMut(cpal::StreamConfig, Lent<C>) -> Result<cpal::Stream, cpal::Error>,
) -> Result<OpenStream, OpenError> {
    let (back, returned) = mpsc::channel();
    let mut config = found.chosen.config;
    let built = make(
        config,
        Lent {
            callback: Some(callback),
            back: back.clone(),
        },
    );
    let stream = match built {
        // A device that somebody else has does not mind the buffer.
        Err(refusal) if config.buffer_size != BufferSize::Default && refusal.kind() != ErrorKind::DeviceBusy => {
            // CPAL drops the callback on a thread of its own at the latest.
            let Ok(callback) = returned.recv_timeout(Duration::from_secs(1)) else {
                return Err(OpenError::of(&found.id, &refusal));
            };
            config.buffer_size = BufferSize::Default;
            make(
                config,
                Lent {
                    callback: Some(callback),
                    back,
                },
            )
        }
        built => built,
    }
    .map_err(|error| OpenError::of(&found.id, &error))?;
    let opened = clock.now();
    stream.play().map_err(|error| OpenError::of(&found.id, &error))?;
    let unsuitable = || OpenError::Unsuitable {
        device: found.id.clone(),
        cause: format!("it runs at {} Hz", config.sample_rate),
    };
    let description = found.device.description().ok();
    let watch = description.as_ref().and_then(|description| {
        // A headset is two devices of one name, each with a rate of its own.
        let watch = |input| DeviceWatch::start(description.name(), input);
        let recorded = found.records.then(|| watch(true)).flatten();
        recorded.or_else(|| watch(false)).map(Mutex::new)
    });
    Ok(OpenStream {
        stream: Some(stream),
        alone: None,
        watch,
        device: found.id.clone(),
        name: match description {
            Some(description) => listing::readable(&found.id, description.name()),
            None => found.id.to_string(),
        },
        rate: SampleRate::new(config.sample_rate).ok_or_else(unsuitable)?,
        channels: config.channels,
        pulse: pulse.clone(),
        clock: clock.clone(),
        opened,
    })
}

/// Opens under a time limit: `open` finds the device, makes the stream, and returns it with what its
/// owner keeps. Afterwards the same thread gives the callback's thread its priority.
pub(crate) fn open_within<T: Send + 'static>(
    limit: Duration,
    device: DeviceId,
    pulse: Arc<Pulse>,
    open: impl FnOnce() -> Result<(T, Candidate), OpenError> + Send + 'static,
) -> Result<T, OpenError> {
    let (done, result) = mpsc::channel();
    let spawned = std::thread::Builder::new()
        .name("device".into())
        .spawn(move || match open() {
            Ok((stream, candidate)) => {
                if done.send(Ok(stream)).is_ok() {
                    priority::promote(candidate, &pulse);
                }
            }
            // Nobody waits any more: nobody wants to know.
            Err(error) => _ = done.send(Err(error)),
        });
    if let Err(error) = spawned {
        return Err(OpenError::Refused {
            device,
            cause: error.to_string(),
        });
    }
    result
        .recv_timeout(limit)
        .unwrap_or(Err(OpenError::TimedOut { device, limit }))
}
