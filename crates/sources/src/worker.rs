//! The thread that keeps a strip's inlet full. It may block on files; the strip then falls silent.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use airdesk_dsp::Frame;
use airdesk_engine::inlet::InletWriter;

use crate::{Player, SourceError};

/// How often room is looked for: a fraction of what the inlet holds.
const ROUND: Duration = Duration::from_millis(10);
/// Frames rendered at a time.
const STEP: usize = 512;

/// A player that is being opened or is running. It ends by itself when the strip lets go of its inlet or the player is done.
pub struct Worker {
    fault: Arc<Mutex<Option<String>>>,
}

impl Worker {
    /// Opens a player and renders it into `writer`. Both happen on the worker's thread; `explain` puts what
    /// goes wrong there into a sentence.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(
        open: impl FnOnce() -> Result<Box<dyn Player>, SourceError> + Send + 'static,
        explain: impl Fn(SourceError) -> String + Send + 'static,
        mut writer: InletWriter,
    ) -> std::io::Result<Self> {
        let fault = Arc::new(Mutex::new(None));
        let told = fault.clone();
        thread::Builder::new().name("source".into()).spawn(move || {
            let tell = |error| *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(explain(error));
            let mut player = match open() {
                Ok(player) => player,
                Err(error) => return tell(error),
            };
            let mut frames: Box<[Frame]> = vec![[0.0; 2]; STEP].into();
            while !writer.is_abandoned() {
                while writer.room() >= STEP {
                    match player.render(&mut frames) {
                        Ok(count) => {
                            writer.write(&frames[..count]);
                            if count < STEP {
                                return; // the inlet, abandoned, says that this was the end
                            }
                        }
                        Err(error) => return tell(error),
                    }
                }
                thread::sleep(ROUND);
            }
        })?;
        Ok(Self { fault })
    }

    /// Why it did not begin or stopped before its end, if so.
    pub fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
