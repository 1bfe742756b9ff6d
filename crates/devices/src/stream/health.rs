//! Whether a device's stream lives, and what it has been doing.
//!
//! The callback writes these numbers, anybody reads them; all are relaxed atomics and none orders
//! anything. CPAL's error callback is only a witness: it has been seen silent while a device was
//! gone, and shouting 350 000 times a second while it played. What counts is whether callbacks come.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64};
use std::time::Duration;

use airdesk_engine::time::Nanos;
use cpal::ErrorKind;

/// A stream is not called quiet before this time without a callback, seconds.
const QUIET: f64 = 0.250;
/// Nor a new one before it has had this long to start, seconds.
const START: f64 = 2.0;
/// After the host said that the device is gone, this long without a callback confirms it, seconds.
const CONFIRMED: f64 = 0.050;

/// The state of a stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StreamHealth {
    /// Callbacks come.
    Running,
    /// None has come for two periods and 250 ms. They may come again.
    Stalled {
        /// The last one.
        since: Nanos,
    },
    /// None will come, or what comes is wrong: close it and open the device again when it is there.
    Lost {
        /// Why.
        reason: LossReason,
    },
}

/// Why a stream is lost.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum LossReason {
    /// The device was unplugged or its server ended.
    #[error("the device is gone; plug it in or choose another")]
    DeviceGone,
    /// The host wants it opened anew, as after a change of its settings.
    #[error("the device's settings were changed; wait until it is open again")]
    Invalidated,
    /// The host gave another format than agreed.
    #[error("the host would not deliver the format agreed on; choose another device")]
    FormatRefused,
    /// The system took the permission away.
    #[error("the system no longer allows the use of the device; grant access to sound devices")]
    NotAllowed,
    /// It runs at another rate than agreed, and nobody said so.
    #[error("the device runs at {} Hz now; wait until it is open again", hz.round())]
    RateChanged {
        /// Frames a second, as measured.
        hz: f64,
    },
}

impl LossReason {
    /// The device is there, runs, and only its settings are others: it can be opened again at once. Every variant is
    /// listed: a new reason must decide.
    pub fn is_other_settings(&self) -> bool {
        match self {
            Self::Invalidated | Self::RateChanged { .. } => true,
            Self::DeviceGone | Self::FormatRefused | Self::NotAllowed => false,
        }
    }
}

/// What a stream has been doing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StreamStats {
    /// Callbacks so far.
    pub callbacks: u64,
    /// Frames so far.
    pub frames: u64,
    /// Frames in the smallest callback. Zero before the first.
    pub smallest: u32,
    /// Frames in the largest callback.
    pub largest: u32,
    /// Overruns and underruns that the host reported without saying which. Not all hosts do.
    pub host_losses: u64,
    /// Times the host moved the stream to another device, as it does when the default changes.
    pub reroutes: u64,
    /// Other errors the host reported.
    pub errors: u64,
    /// The device's rate over the last steady half second, Hz. Zero before.
    pub measured_hz: f64,
    /// Seconds between a callback and the converter, as the host says. Some (PipeWire) always say zero.
    pub host_latency: f32,
    /// Seconds of audio that a playing device had taken ahead of its time soon after it began: what it holds in
    /// buffers of its own, whatever the host says. Zero of a device that records.
    pub held: f32,
    /// The callback's thread was given real-time priority by this program. Hosts that give their own
    /// (JACK, CoreAudio, WASAPI) leave it false.
    pub promoted: bool,
}

/// What the host said about the stream's end; zero is nothing.
const GONE: u8 = 1;
const INVALIDATED: u8 = 2;
const FORMAT: u8 = 3;
const DENIED: u8 = 4;

/// The numbers, shared by callback, error callback and owner.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    callbacks: AtomicU64,
    frames: AtomicU64,
    smallest: AtomicU32,
    largest: AtomicU32,
    last_at: AtomicU64,
    host_losses: AtomicU64,
    reroutes: AtomicU64,
    errors: AtomicU64,
    verdict: AtomicU8,
    measured_millihertz: AtomicU64,
    host_latency_micros: AtomicU32,
    held_micros: AtomicU32,
    off_rate: AtomicBool,
    promoted: AtomicBool,
}

impl Pulse {
    /// A callback of `frames` began `at`. Real-time; one thread at a time.
    pub(crate) fn beat(&self, frames: usize, at: Nanos) {
        let size = u32::try_from(frames).unwrap_or(u32::MAX);
        let before = self.smallest.load(Relaxed);
        if before == 0 || size < before {
            self.smallest.store(size.max(1), Relaxed);
        }
        self.largest.fetch_max(size, Relaxed);
        self.frames.fetch_add(frames as u64, Relaxed);
        self.last_at.store(at.0, Relaxed);
        self.callbacks.fetch_add(1, Relaxed);
    }

    /// How far the host says a callback is from the converter. Real-time.
    pub(crate) fn host_latency(&self, latency: Duration) {
        let micros = u32::try_from(latency.as_micros()).unwrap_or(u32::MAX);
        self.host_latency_micros.store(micros, Relaxed);
    }

    /// A device that plays holds so many seconds. Real-time.
    pub(crate) fn holds(&self, seconds: f64) {
        self.held_micros.store((seconds * 1e6) as u32, Relaxed);
    }

    /// What the host says went wrong. Real-time, and cheap however often it is said.
    pub(crate) fn fault(&self, kind: ErrorKind) {
        match kind {
            ErrorKind::Xrun => _ = self.host_losses.fetch_add(1, Relaxed),
            ErrorKind::DeviceChanged => _ = self.reroutes.fetch_add(1, Relaxed),
            // Said once by hosts that cannot promote their thread; it plays on.
            ErrorKind::RealtimeDenied => {}
            ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => self.judge(GONE),
            ErrorKind::StreamInvalidated => self.judge(INVALIDATED),
            ErrorKind::UnsupportedConfig => self.judge(FORMAT),
            ErrorKind::PermissionDenied => self.judge(DENIED),
            _ => _ = self.errors.fetch_add(1, Relaxed),
        }
    }

    fn judge(&self, verdict: u8) {
        self.errors.fetch_add(1, Relaxed);
        self.verdict.store(verdict, Relaxed);
    }

    /// The rate measured over a steady stretch, and whether it has been another than agreed for long.
    pub(crate) fn measured(&self, hz: f64, off_rate: bool) {
        self.measured_millihertz.store((hz * 1e3) as u64, Relaxed);
        self.off_rate.store(off_rate, Relaxed);
    }

    /// The callback's thread is real-time by our doing.
    #[cfg(target_os = "linux")]
    pub(crate) fn set_promoted(&self) {
        self.promoted.store(true, Relaxed);
    }

    /// The numbers now.
    pub(crate) fn stats(&self) -> StreamStats {
        StreamStats {
            callbacks: self.callbacks.load(Relaxed),
            frames: self.frames.load(Relaxed),
            smallest: self.smallest.load(Relaxed),
            largest: self.largest.load(Relaxed),
            host_losses: self.host_losses.load(Relaxed),
            reroutes: self.reroutes.load(Relaxed),
            errors: self.errors.load(Relaxed),
            measured_hz: self.measured_millihertz.load(Relaxed) as f64 * 1e-3,
            held: self.held_micros.load(Relaxed) as f32 * 1e-6,
            host_latency: self.host_latency_micros.load(Relaxed) as f32 * 1e-6,
            promoted: self.promoted.load(Relaxed),
        }
    }

    /// The verdict `now` on a stream of `rate` Hz opened at `opened`.
    pub(crate) fn health(&self, now: Nanos, opened: Nanos, rate: u32) -> StreamHealth {
        let verdict = self.verdict.load(Relaxed);
        if let Some(reason) = at_once(verdict) {
            return StreamHealth::Lost { reason };
        }
        if self.off_rate.load(Relaxed) {
            let hz = self.stats().measured_hz;
            return StreamHealth::Lost {
                reason: LossReason::RateChanged { hz },
            };
        }
        let started = self.callbacks.load(Relaxed) > 0;
        let since = if started {
            Nanos(self.last_at.load(Relaxed))
        } else {
            opened
        };
        let quiet = Duration::from_nanos(now.0.saturating_sub(since.0)).as_secs_f64();
        let two_periods = 2.0 * f64::from(self.largest.load(Relaxed)) / f64::from(rate);
        if verdict == GONE && quiet > two_periods.max(CONFIRMED) {
            return StreamHealth::Lost {
                reason: LossReason::DeviceGone,
            };
        }
        let limit = if started { two_periods.max(QUIET) } else { START };
        if quiet > limit {
            StreamHealth::Stalled { since }
        } else {
            StreamHealth::Running
        }
    }
}

/// What needs no confirmation by silence: a stream may go on calling back with the wrong audio.
fn at_once(verdict: u8) -> Option<LossReason> {
    match verdict {
        INVALIDATED => Some(LossReason::Invalidated),
        FORMAT => Some(LossReason::FormatRefused),
        DENIED => Some(LossReason::NotAllowed),
        _ => None,
    }
}

/// The rates devices run at, Hz.
const RATES: [f64; 11] = [
    8_000.0, 11_025.0, 16_000.0, 22_050.0, 24_000.0, 32_000.0, 44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0,
];
/// How near a measured rate must be to one of them: a stretch of half a second ends within a callback.
const RATE_TOLERANCE: f64 = 0.006;

/// Measures a device's rate from its callbacks, to find one that changed without a word. Real-time.
///
/// Half-second stretches without a hole in them count; three in a row at the same one of the
/// [`RATES`], and that not the agreed one, are the truth. A machine with too much to do also loses
/// callbacks, and then looks slow, but never by the same proportion three times.
#[derive(Debug)]
pub(crate) struct RateWatch {
    nominal: f64,
    suspect: Option<f64>,
    began: Option<Nanos>,
    last: Nanos,
    frames: u64,
    off: u32,
}

impl RateWatch {
    /// For a device that claims `rate` Hz.
    pub(crate) fn new(rate: u32) -> Self {
        Self {
            nominal: f64::from(rate),
            began: None,
            last: Nanos(0),
            frames: 0,
            suspect: None,
            off: 0,
        }
    }

    /// Takes in a callback; tells `pulse` at the end of a stretch.
    pub(crate) fn observe(&mut self, frames: usize, at: Nanos, pulse: &Pulse) {
        let gap = at.seconds() - self.last.seconds();
        self.last = at;
        let expected = frames as f64 / self.nominal;
        let Some(began) = self.began.filter(|_| gap < 2.0 * expected + 0.1) else {
            (self.began, self.frames) = (Some(at), 0);
            return;
        };
        self.frames += frames as u64;
        let seconds = at.seconds() - began.seconds();
        if seconds < 0.5 {
            return;
        }
        let hz = self.frames as f64 / seconds;
        let near = |rate: &f64| (hz / rate - 1.0).abs() < RATE_TOLERANCE;
        let now = RATES
            .into_iter()
            .find(near)
            .filter(|rate| (rate / self.nominal - 1.0).abs() > 0.04);
        self.off = match now {
            Some(_) if now == self.suspect => self.off + 1,
            Some(_) => 1,
            None => 0,
        };
        self.suspect = now;
        pulse.measured(hz, self.off >= 3);
        (self.began, self.frames) = (Some(at), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Nanos {
        Nanos::from_seconds(seconds)
    }

    #[test]
    fn a_stream_without_callbacks_is_stalled_and_with_the_hosts_word_lost() {
        let pulse = Pulse::default();
        assert_eq!(pulse.health(at(1.9), at(0.0), 48_000), StreamHealth::Running);
        pulse.beat(256, at(2.0));
        assert_eq!(pulse.health(at(2.2), at(0.0), 48_000), StreamHealth::Running);
        assert_eq!(
            pulse.health(at(2.3), at(0.0), 48_000),
            StreamHealth::Stalled { since: at(2.0) }
        );
        pulse.fault(ErrorKind::DeviceNotAvailable);
        let lost = StreamHealth::Lost {
            reason: LossReason::DeviceGone,
        };
        assert_eq!(pulse.health(at(2.1), at(0.0), 48_000), lost);
        pulse.beat(256, at(2.4)); // a false alarm, as PipeWire's at every close
        assert_eq!(pulse.health(at(2.41), at(0.0), 48_000), StreamHealth::Running);
    }

    #[test]
    fn a_storm_of_errors_is_counted_and_kills_nothing() {
        let pulse = Pulse::default();
        pulse.beat(256, at(1.0));
        for _ in 0..350_000 {
            pulse.fault(ErrorKind::BackendError);
        }
        assert_eq!(pulse.stats().errors, 350_000);
        assert_eq!(pulse.health(at(1.01), at(0.0), 48_000), StreamHealth::Running);
    }

    #[test]
    fn a_rate_that_changed_without_a_word_is_found_in_two_seconds() {
        let (pulse, mut watch) = (Pulse::default(), RateWatch::new(48_000));
        let (mut now, mut found) = (1.0, None);
        for n in 0..2000 {
            now += 256.0 / if n < 500 { 48_000.0 } else { 44_100.0 };
            pulse.beat(256, at(now));
            watch.observe(256, at(now), &pulse);
            if found.is_none() && pulse.health(at(now), at(0.0), 48_000) != StreamHealth::Running {
                found = Some(now - (1.0 + 500.0 * 256.0 / 48_000.0));
            }
        }
        assert!(found.is_some_and(|seconds| seconds < 2.1), "{found:?}");
        let StreamHealth::Lost {
            reason: LossReason::RateChanged { hz },
        } = pulse.health(at(now), at(0.0), 48_000)
        else {
            panic!("not found");
        };
        assert!((hz - 44_100.0).abs() < 200.0);
    }

    #[test]
    fn a_machine_that_loses_callbacks_has_not_changed_its_rate() {
        let (pulse, mut watch) = (Pulse::default(), RateWatch::new(48_000));
        let mut now = 1.0;
        for n in 0..5000_u32 {
            // Between 4 and 15 % of the callbacks never come, never the same part of them.
            let every = 7 + (n / 90) % 19;
            now += 256.0 / 48_000.0 * if n % every == 0 { 2.0 } else { 1.0 };
            pulse.beat(256, at(now));
            watch.observe(256, at(now), &pulse);
            assert_eq!(
                pulse.health(at(now), at(0.0), 48_000),
                StreamHealth::Running,
                "after {now} s"
            );
        }
    }
}
