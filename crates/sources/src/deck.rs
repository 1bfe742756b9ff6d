//! A deck: plays one item after the other into a strip, and does at once what it is told.
//!
//! A thread of its own mixes what the tracks have decoded into a [`Transport`], a quarter of a second ahead of what is
//! heard; the engine starts, pauses and jumps within a block. Each file is opened and decoded on a thread of its own, so
//! that one that hangs or is hostile costs itself. Which item follows is the caller's to say, with [`DeckCommand::LineUp`].

mod fade;
mod machine;
mod score;
mod track;

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use airdesk_dsp::{Decibels, Frame};
use airdesk_engine::transport::Transport;

use crate::decode::{DecodeError, Recovery};

pub use self::fade::Curve;
use self::machine::Machine;
pub use self::machine::ROOM;
pub use self::track::{Opener, Repeat};

/// How often the deck looks after itself: a fraction of what it writes ahead; and while it waits for nothing.
const ROUND: Duration = Duration::from_millis(20);
const REST: Duration = Duration::from_millis(250);

/// Frames at the desk's rate that can be read from any place. Used on a track's own thread, which may wait for it.
pub trait Medium: Send {
    /// Fills `out` from its beginning. Fewer frames than asked for mean the end.
    ///
    /// # Errors
    /// When it cannot be played on.
    fn read(&mut self, out: &mut [Frame]) -> Result<usize, Fault>;

    /// Goes to a frame, counted from the beginning: it is the next that is read. Behind the end: the end.
    ///
    /// # Errors
    /// When it cannot be played on.
    fn seek(&mut self, frame: u64) -> Result<(), Fault>;

    /// How long it is, where that is known before it was played.
    fn frames(&self) -> Option<u64>;
}

/// Why a file cannot be played (on).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What the operator should read.
    pub reason: String,
    /// It may pass, as a disk that is away does: the same file can be tried again. Else only another file helps.
    pub passes: bool,
}

impl Fault {
    /// One that may pass.
    pub fn passing(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { reason, passes: true }
    }

    /// One that stays.
    pub fn lasting(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { reason, passes: false }
    }
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        // What cannot be opened may be on a disk that is away.
        let passes = error.recovery() == Recovery::Retry || matches!(error, DecodeError::Open { .. });
        let reason = error.to_string();
        Self { reason, passes }
    }
}

/// What a deck plays.
pub struct Item {
    /// The caller's number of it. The same one may come again.
    pub id: u64,
    /// Opens it.
    pub open: Opener,
    /// How much louder than it is in the file: levelling.
    pub gain: Decibels,
    /// The first frame that is played.
    pub cue_in: u64,
    /// The frame before which it ends, where that is not the file's end.
    pub cue_out: Option<u64>,
    /// The deck stops behind it, with what follows ready.
    pub stops: bool,
}

/// What a deck is told.
pub enum DeckCommand {
    /// Put this on in place of what is on, as soon as it can be played; what is on plays until then. Playing at once, or
    /// ready to be played.
    Load(Box<Item>, bool),
    /// This follows what is on; or nothing does.
    LineUp(Option<Box<Item>>),
    /// Play what is on.
    Play,
    /// Fade out within a block and stay there.
    Pause,
    /// Go to a frame of the file that is on.
    Seek(u64),
    /// Play this part of the file that is on again and again, or no more.
    Repeat(Option<Repeat>),
    /// Pass into what follows, now.
    Next,
    /// How one item passes into the next: frames of crossfade, or none, and its curve.
    Passing(u64, Curve),
    /// Stop behind this item, or go on with what follows it.
    StopBehind(u64, bool),
    /// Take off what is on, and what follows.
    Eject,
    /// Go on through this one: the engine of the one before is gone.
    Through(Box<Transport>),
}

/// What a deck is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeckState {
    /// Nothing is on.
    #[default]
    Empty,
    /// What is on is being opened, or looks for a place; nothing is heard yet.
    Loading,
    /// Ready to be played.
    Paused,
    /// It plays.
    Playing,
    /// What was on has been played to its end, and nothing follows.
    Ended,
}

/// How a deck is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeckStatus {
    /// What it is doing.
    pub state: DeckState,
    /// The item that is heard, or would be.
    pub item: Option<u64>,
    /// Where in its file that is, frames of the desk.
    pub place: u64,
    /// How long it is, where that is known, up to its end cue.
    pub length: Option<u64>,
    /// The item that follows, once it can be played.
    pub follows: Option<u64>,
    /// One item is passing into another.
    pub passing: bool,
    /// The part that is played again and again.
    pub repeat: Option<Repeat>,
}

/// What has happened, since the caller asked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeckNews {
    /// An item is heard from now on.
    Began(u64),
    /// An item was played to its end, or has passed into the next.
    Ended(u64),
    /// An item cannot be played (on).
    Broke(u64, Fault),
}

/// A deck. Dropped, it ends: its strip falls silent.
pub struct Deck {
    commands: Sender<DeckCommand>,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    status: DeckStatus,
    news: Vec<DeckNews>,
}

impl Deck {
    /// Starts a deck with nothing on, that plays into `transport`.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(transport: Transport) -> std::io::Result<Self> {
        let (commands, told) = mpsc::channel();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let seen = shared.clone();
        thread::Builder::new().name("deck".into()).spawn(move || {
            let mut machine = Machine::new(transport);
            loop {
                let round = if machine.is_at_rest() { REST } else { ROUND };
                match told.recv_timeout(round) {
                    Ok(command) => {
                        machine.obey(command);
                        // One look for all that were told at once.
                        told.try_iter().for_each(|command| machine.obey(command));
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                machine.look();
                let mut shared = lock(&seen);
                shared.status = machine.status();
                shared.news.append(&mut machine.news);
            }
        })?;
        Ok(Self { commands, shared })
    }

    /// Tells it something. It is done within milliseconds, or as soon as a file can be played.
    pub fn tell(&self, command: DeckCommand) {
        // Its thread ends with this handle.
        let _ = self.commands.send(command);
    }

    /// How it is doing.
    pub fn status(&self) -> DeckStatus {
        lock(&self.shared).status
    }

    /// What has happened since this was asked last, oldest first.
    pub fn take_news(&self) -> Vec<DeckNews> {
        std::mem::take(&mut lock(&self.shared).news)
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // Both are replaced whole.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
