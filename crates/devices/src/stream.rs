//! What capture and playback streams have in common: opening, closing, priority, health, and what their owners ask.

pub(crate) mod config;
pub(crate) mod health;
pub(crate) mod opening;
pub(crate) mod priority;

use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, PoisonError};

use airdesk_dsp::SampleRate;
use airdesk_engine::time::{Clock, Nanos};

use crate::DeviceId;
use crate::mac::{DeviceWatch, HogMode};
use health::{LossReason, Pulse, StreamHealth, StreamStats};

/// A stream that was opened and started, and what is known of it.
pub struct OpenStream {
    stream: Option<cpal::Stream>,
    /// The device is kept from other programs until the stream is closed.
    alone: Option<HogMode>,
    device: DeviceId,
    name: String,
    rate: SampleRate,
    channels: u16,
    pulse: Arc<Pulse>,
    clock: Clock,
    opened: Nanos,
    /// What the system itself announces about the device, where it does.
    watch: Option<Mutex<DeviceWatch>>,
}

impl OpenStream {
    /// The device. Where the default was asked for: what stands for it.
    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    /// What the device is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rate it was opened at: of a capture, the rate to make inlets with.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The channels it was opened with.
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// Seconds it has been open.
    pub fn age(&self) -> f64 {
        self.clock.now().seconds() - self.opened.seconds()
    }

    /// Whether it lives, as of now.
    pub fn health(&self) -> StreamHealth {
        match self.announced() {
            Some(reason) => StreamHealth::Lost { reason },
            None => self.pulse.health(self.clock.now(), self.opened, self.rate.hz()),
        }
    }

    /// Why the device is lost, when the system has said so.
    fn announced(&self) -> Option<LossReason> {
        let mut watch = self.watch.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        if !watch.is_alive() {
            return Some(LossReason::DeviceGone);
        }
        let hz = watch.new_rate()?;
        ((hz - f64::from(self.rate.hz())).abs() > 1.0).then_some(LossReason::RateChanged { hz })
    }

    /// Other programs are kept from the device for as long as this stream is open.
    pub(crate) fn keep_alone(&mut self, alone: Option<HogMode>) {
        self.alone = alone;
    }

    /// What it has been doing.
    pub fn stats(&self) -> StreamStats {
        self.pulse.stats()
    }
}

impl Drop for OpenStream {
    /// Hosts have been seen to hang here. The thread may hang with them; nobody waits for it.
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            // In this order: other programs may have the device once nothing of ours plays on it.
            bury((stream, self.alone.take()), |burial| {
                // Refused, there is no thread to spare: the stream stays open.
                let _ = std::thread::Builder::new().name("undertaker".into()).spawn(burial);
            });
        }
    }
}

/// Has `spawn` close a stream on another thread. Where the burial is dropped instead, the stream leaks until
/// the program ends: closed on this thread, which is the station's, it could hang and take the desk along.
fn bury<S: Send + 'static>(stream: S, spawn: impl FnOnce(Box<dyn FnOnce() + Send>)) {
    // Not dropped with a burial that never runs.
    let stream = ManuallyDrop::new(stream);
    spawn(Box::new(move || drop(ManuallyDrop::into_inner(stream))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_closed_by_its_undertaker_and_by_nobody_else() {
        let stream = Arc::new(());
        bury(stream.clone(), drop);
        assert_eq!(Arc::strong_count(&stream), 2, "closed without an undertaker");
        let mut kept = None;
        bury(stream.clone(), |burial| kept = Some(burial));
        assert_eq!(Arc::strong_count(&stream), 3, "closed before its undertaker came");
        kept.expect("a burial")();
        assert_eq!(Arc::strong_count(&stream), 2);
    }
}
