//! How long a step may take, and whether anybody still wants it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::SourceError;

/// The longest that a socket call waits before it is asked again whether to stop.
pub(crate) const SLICE: Duration = Duration::from_millis(100);

/// Whether an attempt is still wanted. Clones share the answer.
#[derive(Debug, Clone, Default)]
pub struct Patience {
    ended: Arc<AtomicBool>,
    /// When all steps together must be over.
    deadline: Option<Instant>,
}

impl Patience {
    /// Ends whatever waits with this patience.
    pub fn end(&self) {
        // Relaxed: whoever waits only has to see it some time.
        self.ended.store(true, Ordering::Relaxed);
    }

    /// It has ended.
    pub fn has_ended(&self) -> bool {
        // Relaxed: see above.
        self.ended.load(Ordering::Relaxed)
    }

    /// The same, for steps that together take no longer than `limit` from now.
    pub(crate) fn within(&self, limit: Duration) -> Self {
        Self {
            ended: self.ended.clone(),
            deadline: Some(Instant::now() + limit),
        }
    }

    /// A limit for one step.
    pub(crate) fn step(&self, host: &str, step: &'static str, limit: Duration) -> Step {
        let until = Instant::now() + limit;
        let until = self.deadline.map_or(until, |deadline| until.min(deadline));
        Step {
            patience: self.clone(),
            host: host.into(),
            step,
            limit,
            until,
        }
    }
}

/// One step of an attempt, with its limit.
pub(crate) struct Step {
    patience: Patience,
    host: Box<str>,
    step: &'static str,
    limit: Duration,
    until: Instant,
}

impl Step {
    /// What is left of the limit, or why there is no point in going on.
    pub(crate) fn left(&self) -> Result<Duration, SourceError> {
        if self.patience.has_ended() {
            return Err(SourceError::Stopped);
        }
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(self.timed_out())
        } else {
            Ok(left)
        }
    }

    pub(crate) fn timed_out(&self) -> SourceError {
        SourceError::TimedOut {
            host: self.host.to_string(),
            step: self.step,
            seconds: self.limit.as_secs(),
        }
    }

    /// The connection broke meanwhile.
    pub(crate) fn lost(&self, error: &io::Error) -> SourceError {
        SourceError::Disconnected {
            host: self.host.to_string(),
            reason: error.to_string(),
        }
    }

    /// Repeats `call`, whose socket waits at most a [`SLICE`], until it is done or the limit is over.
    pub(crate) fn repeat<T>(&self, mut call: impl FnMut() -> io::Result<T>) -> Result<io::Result<T>, SourceError> {
        loop {
            self.left()?;
            match call() {
                Err(error) if must_wait(&error) => {}
                done => return Ok(done),
            }
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
