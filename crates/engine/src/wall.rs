//! The cart wall: sounds that wait in memory, and are heard from their first frame with the block after the order.
//!
//! [`Wall`] is the station's end and [`Voices`] the engine's. A sound is never freed by the engine: what was played comes
//! back through a ring of its own. Both ends are wait-free.

use std::sync::Arc;

use airdesk_dsp::{Frame, Gain};
use rtrb::{Consumer, Producer, PushError, RingBuffer};
use triple_buffer::{Input, Output, triple_buffer};

use crate::input::Voices;
use crate::transport::EngineStands;

/// Sounds that are heard at once; more take the place of the oldest.
pub const VOICES: usize = 16;

/// Orders that can wait: the engine obeys all of them at each block, and nobody gives more in a block.
const ORDERS: usize = 64;
/// Sounds on their way back: more than are heard, faded out and ordered before the station looks again.
const SPENT: usize = 256;

/// What a pad plays, at the desk's rate.
pub type Sound = Arc<[Frame]>;

/// How a pad's sound ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoiceKind {
    /// With its last frame.
    Once,
    /// Never: behind its last frame comes its first.
    Looped,
}

/// What is to be heard.
#[derive(Debug, Clone)]
pub struct Start {
    /// The sound.
    pub sound: Sound,
    /// How loud.
    pub gain: Gain,
    /// The caller's number of the pad. What it sounds already is faded out.
    pub pad: u16,
    /// How it ends.
    pub kind: VoiceKind,
    /// The stop group: what else of it sounds is faded out. 0 is none.
    pub group: u8,
    /// Strips that step back in talkover do so while it sounds.
    pub ducks: bool,
}

/// What the engine's end is told. Obeyed at the beginning of the next block, in the order given.
pub(crate) enum WallOrder {
    Start(Start),
    Stop(u16),
    StopAll,
}

// The ring is copied through on every block: keep an entry within half a cache line.
const _: () = assert!(size_of::<WallOrder>() <= 32);

/// A pad that sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoiceState {
    /// The caller's number of the pad.
    pub pad: u16,
    /// Frames up to its end; of a loop up to its next beginning.
    pub left: u64,
}

/// What is heard of a wall.
#[derive(Debug, Clone, Copy, Default)]
pub struct Playing {
    pub(crate) voices: [Option<VoiceState>; VOICES],
    /// Sounds that were faded out because there were too many.
    pub gave_way: u64,
}

impl Playing {
    /// The pads that sound.
    pub fn voices(&self) -> impl Iterator<Item = VoiceState> {
        self.voices.iter().copied().flatten()
    }
}

/// The station's end.
pub struct Wall {
    pub(crate) orders: Producer<WallOrder>,
    spent: Consumer<Sound>,
    playing: Output<Playing>,
}

/// Makes both ends. Nothing sounds.
pub fn wall() -> (Wall, Voices) {
    let (orders, obeyed) = RingBuffer::new(ORDERS);
    let (home, spent) = RingBuffer::new(SPENT);
    let (heard, playing) = triple_buffer(&Playing::default());
    let wall = Wall { orders, spent, playing };
    (wall, Voices::new(obeyed, home, heard))
}

impl Wall {
    /// Has a sound heard from its first frame.
    ///
    /// # Errors
    /// When the engine is gone, or has not taken orders for so long that the ring is full.
    pub fn start(&mut self, start: Start) -> Result<(), EngineStands> {
        self.order(WallOrder::Start(start))
    }

    /// Fades a pad's sound out within a block.
    ///
    /// # Errors
    /// As [`Wall::start`].
    pub fn stop(&mut self, pad: u16) -> Result<(), EngineStands> {
        self.order(WallOrder::Stop(pad))
    }

    /// Fades all that sounds out within a block.
    ///
    /// # Errors
    /// As [`Wall::start`].
    pub fn stop_all(&mut self) -> Result<(), EngineStands> {
        self.order(WallOrder::StopAll)
    }

    fn order(&mut self, order: WallOrder) -> Result<(), EngineStands> {
        self.free();
        if self.orders.is_abandoned() {
            return Err(EngineStands);
        }
        self.orders.push(order).map_err(|PushError::Full(_)| EngineStands)
    }

    /// What is heard now. Frees what was played.
    pub fn playing(&mut self) -> Playing {
        self.free();
        *self.playing.read()
    }

    fn free(&mut self) {
        while self.spent.pop().is_ok() {}
    }
}

/// The engine's ends of the three.
pub(crate) type WallOrders = Consumer<WallOrder>;
pub(crate) type SpentSounds = Producer<Sound>;
pub(crate) type PlayingWriter = Input<Playing>;
