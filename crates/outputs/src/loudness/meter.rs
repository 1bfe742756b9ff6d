//! The loudness meter of a running bus.

use airdesk_dsp::{Block, SampleRate};
use airdesk_engine::mix_queue::MixTap;

use super::StartError;
use super::measurement::{Loudness, Measurement};
use super::worker::{Gauge, Worker};

/// Measures a bus on a thread of its own. Stops when dropped.
pub struct LoudnessMeter {
    worker: Worker<Measurement>,
}

impl LoudnessMeter {
    /// Measures what the bus publishes from now on, `rate` being the desk's.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(tap: &MixTap, rate: SampleRate) -> Result<Self, StartError> {
        let worker = Worker::start("loudness", tap, Measurement::new(rate))?;
        Ok(Self { worker })
    }

    /// The newest values, at most 25 ms old on a machine that keeps up. When the bus has published nothing for
    /// half a second, those that speak of the present are `None`. Takes microseconds.
    pub fn reading(&self) -> Loudness {
        self.worker.with(|measurement, alive| {
            let reading = measurement.reading();
            if alive {
                return reading;
            }
            Loudness {
                momentary: None,
                short_term: None,
                correlation: None,
                ..reading
            }
        })
    }

    /// Begins integrated loudness, range, maxima and counts again. Done when it returns.
    pub fn reset(&self) {
        self.worker.with(|measurement, _| measurement.reset());
    }

    /// Goes on with another bus, or with the same one after the engine was started again. The measurement goes
    /// on too: reset it where the new bus is another matter.
    pub fn follow(&self, tap: &MixTap) {
        self.worker.follow(tap);
    }
}

impl Gauge for Measurement {
    fn measure(&mut self, block: &Block) {
        Self::measure(self, block);
    }

    fn lose(&mut self, blocks: u64) {
        Self::lose(self, blocks);
    }

    fn join(&mut self) {
        Self::join(self);
    }
}
