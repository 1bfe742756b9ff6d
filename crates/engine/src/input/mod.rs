//! What feeds a strip: nothing, a source that keeps the desk's time, one that is played like a tape, a cart wall, or a device
//! with its own clock.

mod bridge;
mod direct;
mod staged;
mod voices;

use airdesk_dsp::Block;

pub use bridge::Bridge;
pub use direct::Direct;
pub use staged::Staged;
pub use voices::Voices;

use crate::report::{InputPhase, InputReport};

/// When a block is due, on the desk's clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockTime {
    /// The moment, in seconds on the machine's monotonic clock.
    pub due: f64,
    /// The desk's clock against the machine's, as a factor.
    pub speed: f64,
}

/// A strip's source, the engine's side. Made by the station, owned by the engine.
// Always boxed whole: the station makes it, the engine swaps pointers.
#[allow(clippy::large_enum_variant)]
pub enum StripInput {
    /// No source.
    Silent,
    /// A deck or other worker that writes at the desk's rate, as fast as it is read.
    Direct(Direct),
    /// A source that prepares what it plays, and is started, paused and moved within a block.
    Staged(Staged),
    /// A cart wall: what sounds of it.
    Carts(Voices),
    /// A device, bridged to the desk's clock.
    Bridged(Bridge),
}

impl StripInput {
    /// Fills one block. Returns false, and leaves the block alone, when there is nothing to hear.
    pub fn read(&mut self, block: &mut Block, time: &BlockTime) -> bool {
        match self {
            Self::Silent => false,
            Self::Direct(direct) => direct.read(block),
            Self::Staged(staged) => staged.read(block),
            Self::Carts(voices) => voices.read(block),
            Self::Bridged(bridge) => bridge.read(block, time),
        }
    }

    /// Nothing sounds now, so nothing has to be faded out.
    pub(crate) fn is_quiet(&self) -> bool {
        match self {
            Self::Silent => true,
            Self::Direct(direct) => direct.phase() != InputPhase::Running,
            Self::Staged(staged) => staged.phase() != InputPhase::Running,
            Self::Carts(voices) => voices.phase() != InputPhase::Running,
            Self::Bridged(bridge) => bridge.phase() != InputPhase::Running,
        }
    }

    /// What sounds now asks music to step back.
    pub(crate) fn ducks(&self) -> bool {
        matches!(self, Self::Carts(voices) if voices.duck())
    }

    pub(crate) fn report(&self) -> InputReport {
        match self {
            Self::Silent => InputReport::default(),
            Self::Direct(direct) => direct.report(),
            Self::Staged(staged) => staged.report(),
            Self::Carts(voices) => voices.report(),
            Self::Bridged(bridge) => bridge.report(),
        }
    }
}

/// Fades one block out, within its first `frames` where it has more: what stops here stops without a click.
fn fade_out(block: &mut Block, frames: usize) {
    let step = 1.0 / frames.clamp(1, block.len()) as f32;
    for (n, frame) in block.iter_mut().enumerate() {
        *frame = frame.map(|sample| sample * (1.0 - (n + 1) as f32 * step).max(0.0));
    }
}

/// Fades one block in.
fn fade_in(block: &mut Block) {
    let step = 1.0 / block.len() as f32;
    for (n, frame) in block.iter_mut().enumerate() {
        *frame = frame.map(|sample| sample * (n + 1) as f32 * step);
    }
}
