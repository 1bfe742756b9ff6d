//! Keeps a little of a session's audio ahead in the engine's ring, and gives the engine its orders. No thread of its own:
//! somebody calls [`Drive::turn`] every few milliseconds, or virtual time does.
//!
//! The session does the waiting. The ring holds only what the engine may take in its longest turn (8 blocks, 11 ms), one
//! round of the caller and some milliseconds in which neither gets to run. A stream sounds later by this lead, which is
//! therefore added to what is buffered at first.

use airdesk_dsp::{BLOCK_FRAMES, SampleRate};
use airdesk_engine::transport::{EngineStands, Order, Transport};

use super::jitter::Pace;
use super::machine::{State, Thresholds};
use super::session::{Session, Setup, SetupError};

/// How far the ring is ahead of what is heard, seconds.
pub const LEAD_SECONDS: f64 = 0.035;
/// How often there should be a turn, seconds.
pub const ROUND_SECONDS: f64 = 0.010;
/// Orders that are kept back for whoever pauses and cancels.
const ORDERS_KEPT: usize = 16;

/// Frames that the ring of a transport for [`Drive`] holds at a rate.
pub fn ring_frames(rate: SampleRate) -> usize {
    2 * rate.frames_in(LEAD_SECONDS).0 as usize
}

/// A session and where it is played.
pub struct Drive {
    session: Session,
    transport: Transport,
    lead: u64,
    /// The engine was told to play this stream.
    sounds: bool,
    paused: bool,
}

impl Drive {
    /// A source that is heard through `transport`, whose ring holds [`ring_frames`].
    ///
    /// # Errors
    /// When the maximum takes too much memory.
    pub fn new(setup: &Setup, transport: Transport) -> Result<Self, SetupError> {
        let thresholds = setup.thresholds.read_ahead(LEAD_SECONDS, ROUND_SECONDS);
        Ok(Self {
            session: Session::new(&Setup { thresholds, ..*setup })?,
            transport,
            lead: u64::from(setup.rate.frames_in(LEAD_SECONDS).0),
            sounds: false,
            paused: false,
        })
    }

    /// The session, to be fed and looked at. Who cancels does so by [`Drive::cancel`].
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Begins a stream that is buffered in its own manner. Does nothing while one runs.
    ///
    /// # Errors
    /// When the maximum takes too much memory; it has not begun then.
    pub fn start_as(&mut self, now: f64, thresholds: Thresholds, pace: Pace) -> Result<(), SetupError> {
        let thresholds = thresholds.read_ahead(LEAD_SECONDS, ROUND_SECONDS);
        self.session.start_as(now, thresholds, pace)
    }

    /// Fills the ring.
    ///
    /// # Errors
    /// When the engine takes no orders.
    pub fn turn(&mut self, now: f64) -> Result<(), EngineStands> {
        // Many streams of a few frames each want more orders than the engine obeys at once: those that come wait.
        if self.paused || self.transport.order_room() < ORDERS_KEPT {
            return Ok(());
        }
        let mut block = [[0.0; 2]; BLOCK_FRAMES];
        let mut begins = false;
        while !matches!(
            self.session.state(),
            State::Idle | State::Finished | State::Error | State::Cancelled
        ) {
            let ahead = self.transport.written() - self.transport.heard();
            if ahead + BLOCK_FRAMES as u64 > self.lead || self.transport.room() < BLOCK_FRAMES {
                break;
            }
            let count = self.session.pull(now, &mut block);
            let ended = self.session.state().is_terminal();
            if count == 0 && !self.sounds && !begins {
                break;
            }
            begins |= !self.sounds;
            // A gap is silence in its place; behind the end there is nothing.
            self.transport.write(&block[..if ended { count } else { BLOCK_FRAMES }]);
        }
        if begins {
            // It may follow another that has not ended yet.
            self.transport.order(Order::PlayOn)?;
            self.transport.order(Order::Play)?;
            self.sounds = true;
        }
        if self.sounds && self.session.state().is_terminal() {
            self.transport.order(Order::PauseAt(self.transport.written()))?;
            self.sounds = false;
        }
        Ok(())
    }

    /// Silent within a block. What is in the ring and in the session stays.
    ///
    /// # Errors
    /// When the engine takes no orders.
    pub fn pause(&mut self) -> Result<(), EngineStands> {
        self.paused = true;
        self.transport.order(Order::Pause)
    }

    /// Goes on where it was paused.
    ///
    /// # Errors
    /// When the engine takes no orders.
    pub fn resume(&mut self) -> Result<(), EngineStands> {
        if !std::mem::take(&mut self.paused) {
            return Ok(());
        }
        if self.is_heard() {
            self.transport.order(Order::Play)
        } else {
            Ok(())
        }
    }

    /// Stops: within a block nothing is heard any more, and what waits is gone.
    ///
    /// # Errors
    /// When the engine takes no orders.
    pub fn cancel(&mut self) -> Result<(), EngineStands> {
        self.session.cancel();
        (self.sounds, self.paused) = (false, false);
        self.transport.order(Order::Pause)?;
        self.transport.order(Order::PlayOn)?;
        self.transport.order(Order::JumpTo(self.transport.written()))
    }

    /// Something of it is still to be heard.
    pub fn is_heard(&self) -> bool {
        self.sounds || self.transport.heard() < self.transport.written()
    }

    /// Somebody stopped listening until further notice.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The engine has let go of it.
    pub fn is_abandoned(&self) -> bool {
        self.transport.is_abandoned()
    }
}

#[cfg(test)]
mod tests;
