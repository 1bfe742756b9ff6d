//! How long a step may take, and whether anybody still wants it. Sockets wait for a slice of a second at most.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::error::{Stage, TuneError};

/// The longest that a socket call waits before it is asked again whether to stop.
pub(crate) const SLICE: Duration = Duration::from_millis(100);

/// Whether a stream is still wanted. Clones share the answer.
#[derive(Debug, Clone, Default)]
pub struct Patience(Arc<AtomicBool>);

impl Patience {
    /// Ends whatever waits with this patience.
    pub fn end(&self) {
        // Relaxed: whoever waits only has to see it some time.
        self.0.store(true, Ordering::Relaxed);
    }

    /// It has been ended.
    pub fn has_ended(&self) -> bool {
        // Relaxed: see above.
        self.0.load(Ordering::Relaxed)
    }

    /// Waits, unless it ends. False: it has.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while !self.has_ended() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(SLICE));
        }
        false
    }

    /// A limit for one step.
    pub(super) fn step(&self, host: &str, step: Stage, limit: Duration) -> Step {
        Step {
            patience: self.clone(),
            host: host.into(),
            step,
            limit,
            until: Instant::now() + limit,
        }
    }
}

/// One step, with its limit.
pub(super) struct Step {
    patience: Patience,
    host: String,
    step: Stage,
    limit: Duration,
    until: Instant,
}

impl Step {
    /// What is left of the limit, or why there is no point in going on.
    pub(super) fn left(&self) -> Result<Duration, TuneError> {
        if self.patience.has_ended() {
            return Err(TuneError::Stopped);
        }
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(self.timed_out())
        } else {
            Ok(left)
        }
    }

    pub(super) fn timed_out(&self) -> TuneError {
        TuneError::TimedOut {
            host: self.host.clone(),
            step: self.step,
            seconds: self.limit.as_secs_f64(),
        }
    }

    /// Repeats `call`, whose socket waits at most a [`SLICE`], until it is done or the limit is over.
    pub(super) fn repeat<T>(&self, mut call: impl FnMut() -> io::Result<T>) -> Result<T, TuneError> {
        loop {
            self.left()?;
            match call() {
                Ok(done) => return Ok(done),
                Err(error) if must_wait(&error) => {}
                Err(error) => return Err(self.lost(&error)),
            }
        }
    }

    pub(super) fn lost(&self, error: &io::Error) -> TuneError {
        TuneError::Lost {
            host: self.host.clone(),
            reason: error.to_string(),
        }
    }
}

/// The socket had nothing to give or no room: no fault.
pub(crate) fn must_wait(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
