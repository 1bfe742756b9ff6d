//! The desk's view of time: nanoseconds on one monotonic clock, real or simulated.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// A moment, in nanoseconds since the desk's clock was made. Never wall-clock time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The moment as seconds, for arithmetic.
    pub fn seconds(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// The moment `seconds` after the clock was made.
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds.max(0.0) * 1e9) as u64)
    }
}

/// The clock that device callbacks and the engine stamp with. Real-time: reading it neither locks
/// nor (where the system has a vDSO) enters the kernel.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Machine(Instant),
    Simulated(Arc<AtomicU64>),
}

impl Clock {
    /// The machine's monotonic clock, zero now.
    pub fn machine() -> Self {
        Self(Kind::Machine(Instant::now()))
    }

    /// A clock that stands still until [`SimulatedTime`] moves it.
    pub fn simulated() -> (Self, SimulatedTime) {
        let nanos = Arc::new(AtomicU64::new(0));
        (Self(Kind::Simulated(nanos.clone())), SimulatedTime(nanos))
    }

    /// The time.
    pub fn now(&self) -> Nanos {
        match &self.0 {
            Kind::Machine(origin) => Nanos(origin.elapsed().as_nanos() as u64),
            // Relaxed: one thread drives a simulation.
            Kind::Simulated(nanos) => Nanos(nanos.load(Ordering::Relaxed)),
        }
    }
}

/// Moves a simulated clock.
#[derive(Debug, Clone)]
pub struct SimulatedTime(Arc<AtomicU64>);

impl SimulatedTime {
    /// Sets the time. Going back is a mistake of the test.
    pub fn set(&self, now: Nanos) {
        let before = self.0.swap(now.0, Ordering::Relaxed);
        debug_assert!(before <= now.0, "simulated time went backwards");
    }
}
