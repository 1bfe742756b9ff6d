//! The engine's thread: real-time priority where the system grants it, and nothing but turning. A panic
//! ends here: outputs then find no more blocks and play silence, and the station is told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_dsp::denormals::Flushed;

use crate::engine::Engine;
use crate::real_time::real_time;
use crate::time::Clock;

/// The longest and shortest sleep between turns.
const NAP: (Duration, Duration) = (Duration::from_micros(200), Duration::from_millis(11));

struct Shared {
    stop: AtomicBool,
    real_time: AtomicBool,
    panicked: AtomicBool,
    #[cfg(feature = "fault")]
    fault: AtomicBool,
}

/// A running engine. Dropping it stops the engine and waits for its thread.
pub struct EngineThread {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl EngineThread {
    /// Starts turning `engine` by `clock`, which must be the one it was made with.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(mut engine: Engine, clock: Clock, rate: SampleRate) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            real_time: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
            #[cfg(feature = "fault")]
            fault: AtomicBool::new(false),
        });
        let seen = shared.clone();
        let thread = std::thread::Builder::new().name("engine".into()).spawn(move || {
            let priority = audio_thread_priority::promote_current_thread_to_real_time(256, rate.hz());
            // Relaxed, here and below: flags that order nothing else.
            seen.real_time.store(priority.is_ok(), Ordering::Relaxed);
            // A filter's tail must not cost more than its sound.
            let _flushed = Flushed::begin();
            let turned = catch_unwind(AssertUnwindSafe(|| {
                while !seen.stop.load(Ordering::Relaxed) {
                    #[cfg(feature = "fault")]
                    assert!(!seen.fault.load(Ordering::Relaxed), "a test has broken the engine");
                    let next = real_time(|| engine.turn());
                    let nap = Duration::from_nanos(next.0.saturating_sub(clock.now().0));
                    std::thread::sleep(nap.clamp(NAP.0, NAP.1));
                }
            }));
            seen.panicked.store(turned.is_err(), Ordering::Relaxed);
            seen.real_time.store(false, Ordering::Relaxed);
            if let Ok(handle) = priority {
                // The thread ends with the next line: what it was promoted to ends with it.
                let _ = audio_thread_priority::demote_current_thread_from_real_time(handle);
            }
        })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// The system granted real-time priority.
    pub fn is_real_time(&self) -> bool {
        self.shared.real_time.load(Ordering::Relaxed)
    }

    /// The engine broke and plays no more: start another.
    pub fn has_panicked(&self) -> bool {
        self.shared.panicked.load(Ordering::Relaxed)
    }

    /// Makes the engine panic before its next turn.
    #[cfg(feature = "fault")]
    pub fn panic(&self) {
        self.shared.fault.store(true, Ordering::Relaxed);
    }
}

impl Drop for EngineThread {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic was caught and noted above.
            let _ = thread.join();
        }
    }
}
