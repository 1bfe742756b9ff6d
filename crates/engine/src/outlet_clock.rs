//! How the main output tells the engine how far it has played: the desk's clock.
//!
//! The output's callback owns an [`OutletStamper`], the engine an [`OutletClock`]. Positions are desk
//! frames: block number × 64 + offset. A position always advances with the device, also when the
//! callback was starved: frames that came too late are skipped, so latency never creeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};

use crate::time::Nanos;

/// How far the output had read when a callback ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutletStamp {
    /// The next desk frame the device will ask for. A fraction where the device has another rate.
    pub position: f64,
    /// When the callback began.
    pub at: Nanos,
    /// Desk frames that were not there in time so far.
    pub missing: u64,
    /// Desk frames the device took in this callback.
    pub frames: u32,
    /// The seat this position belongs to, see [`OutletStamper::seat`].
    pub seat: u32,
}

struct Shared {
    lead: AtomicU32,
    seat: AtomicU32,
    missing: AtomicU64,
}

/// Makes both ends.
pub fn outlet_clock() -> (OutletStamper, OutletClock) {
    // Capacity: the engine drains it every block; 256 callbacks are longer than any stall it survives.
    let (stamps_in, stamps_out) = RingBuffer::new(256);
    let shared = Arc::new(Shared {
        lead: AtomicU32::new(512),
        seat: AtomicU32::new(0),
        missing: AtomicU64::new(0),
    });
    (
        OutletStamper {
            stamps: stamps_in,
            shared: shared.clone(),
        },
        OutletClock {
            stamps: stamps_out,
            shared,
        },
    )
}

/// The callback's end.
pub struct OutletStamper {
    stamps: Producer<OutletStamp>,
    shared: Arc<Shared>,
}

impl OutletStamper {
    /// Says how far the device has read. Real-time, once a callback.
    pub fn took(&mut self, stamp: OutletStamp) {
        // Relaxed: a statistic, it orders nothing.
        self.shared.missing.store(stamp.missing, Ordering::Relaxed);
        // A full ring loses this stamp only: the next one says more.
        let _ = self.stamps.push(stamp);
    }

    /// How far the engine runs ahead of the output, in desk frames: a callback that starts (again)
    /// reads up to this far behind the newest published frame.
    pub fn lead(&self) -> u32 {
        // Relaxed: a hint; any recent value will do.
        self.shared.lead.load(Ordering::Relaxed)
    }

    /// The seat the callback has to be in. When it differs from the one it sits in (and at the first
    /// callback), the callback takes its place anew: it ends [`OutletStamper::lead`] behind the newest
    /// published frame. So a device that slept comes back in time, not late for ever.
    pub fn seat(&self) -> u32 {
        // Relaxed: seen one callback later does no harm.
        self.shared.seat.load(Ordering::Relaxed)
    }

    /// The engine follows another clock now.
    pub fn is_abandoned(&self) -> bool {
        self.stamps.is_abandoned()
    }
}

/// The engine's end.
pub struct OutletClock {
    stamps: Consumer<OutletStamp>,
    shared: Arc<Shared>,
}

impl OutletClock {
    /// The next stamp nobody has read, oldest first.
    pub fn stamp(&mut self) -> Option<OutletStamp> {
        self.stamps.pop().ok()
    }

    /// Tells the callback how far ahead the engine runs.
    pub fn set_lead(&self, frames: u32) {
        self.shared.lead.store(frames, Ordering::Relaxed);
    }

    /// Asks the callback to take its place anew, and returns the seat its stamps will then carry.
    pub fn reseat(&self) -> u32 {
        self.shared.seat.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The callback is gone.
    pub fn is_abandoned(&self) -> bool {
        self.stamps.is_abandoned()
    }

    /// Desk frames that were not there in time so far.
    pub fn missing(&self) -> u64 {
        self.shared.missing.load(Ordering::Relaxed)
    }
}
