//! The thread of the delay, and its owner's end.
//!
//! Not real-time: the line is behind a lock that is held for some blocks at a time, a millisecond at most while it searches,
//! so that a dump is done when [`BroadcastDelay::dump`] returns. Allocates outside of the lock where it can.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;

use super::line::Line;
use super::{AirDelaySettings, DelayError, DelayState, Dump, Join};

/// How often the thread looks at the programme while the air goes through it.
const ROUND: Duration = Duration::from_millis(10);
/// Blocks passed under one lock.
const BLOCKS_PER_LOCK: usize = 16;

/// The delay between the programme and the air. Its thread ends when it is dropped.
pub struct BroadcastDelay {
    shared: Arc<Shared>,
    tap: MixTap,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    stop: AtomicBool,
    line: Mutex<Line>,
}

impl BroadcastDelay {
    /// Airs `programme` as it is published. Its thread sleeps until a delay is asked for.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(programme: &MixTap, rate: SampleRate) -> Result<Self, DelayError> {
        let line = Line::new(rate, programme);
        let tap = line.tap();
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            line: Mutex::new(line),
        });
        let passed = shared.clone();
        let thread = thread::Builder::new()
            .name("air delay".into())
            .spawn(move || passed.run())
            .map_err(DelayError::Thread)?;
        Ok(Self {
            shared,
            tap,
            thread: Some(thread),
        })
    }

    /// What is aired: follow it as a bus. Stays the same for as long as the delay lives.
    pub fn tap(&self) -> &MixTap {
        &self.tap
    }

    /// Sets how long the delay is to be. It gets there slowly: see [`DelayState::phase`].
    ///
    /// # Errors
    /// When a setting is outside its range. Nothing has changed then.
    pub fn set(&self, settings: &AirDelaySettings) -> Result<(), DelayError> {
        settings.check().map_err(DelayError::OutOfRange)?;
        self.shared.line().set(settings);
        if let Some(thread) = self.thread.as_ref().map(JoinHandle::thread) {
            Thread::unpark(thread);
        }
        Ok(())
    }

    /// Drops the last `seconds` of what is held, or all of it: none of it is aired any more when this returns. The delay
    /// builds itself up again. Says which frames of the programme that are.
    ///
    /// # Errors
    /// When nothing is held.
    pub fn dump(&self, seconds: Option<f64>) -> Result<Dump, DelayError> {
        let mut line = self.shared.line();
        let rate = line.state().rate;
        let frames = seconds.map(|seconds| (seconds * f64::from(rate.hz())).round() as u64);
        line.dump(frames).ok_or(DelayError::NothingHeld)
    }

    /// Where dumps were joined on air since this was asked last.
    pub fn take_joins(&self) -> Vec<Join> {
        self.shared.line().take_joins()
    }

    /// The truth, now.
    pub fn state(&self) -> DelayState {
        self.shared.line().state()
    }

    /// Goes on with another bus, or with the same one after the engine was started again. What is held is aired.
    pub fn follow(&self, programme: &MixTap) {
        self.shared.line().follow(programme);
    }
}

impl Drop for BroadcastDelay {
    fn drop(&mut self) {
        // Relaxed: a wish, it orders nothing.
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the broadcast delay has ended by itself before it was stopped");
            }
        }
    }
}

impl Shared {
    fn run(&self) {
        // Relaxed: a wish, it orders nothing.
        while !self.stop.load(Ordering::Relaxed) {
            let mut line = self.line();
            if line.pass(BLOCKS_PER_LOCK) {
                continue;
            }
            let is_needed = line.is_needed();
            drop(line);
            if is_needed {
                thread::park_timeout(ROUND);
            } else {
                thread::park();
            }
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // A panic in the line ends its thread; nothing is aired from then on, and the meters on air say so.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
