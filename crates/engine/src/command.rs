//! What travels between the station and the engine.

use airdesk_dsp::{Decibels, Pan};

use crate::bus::BusId;
use crate::id::StripId;
use crate::input::StripInput;
use crate::outlet_clock::OutletClock;
use crate::strip::Strip;

/// A request, obeyed at the next block boundary in the order sent. A strip that is gone is ignored.
pub enum EngineCommand {
    /// Put a strip into its place, replacing whatever is there.
    AddStrip(Box<Strip>),
    /// Fade a strip out and send it home.
    RemoveStrip(StripId),
    /// Feed a strip from something else: the old input fades out first.
    SetInput(StripId, Box<StripInput>),
    /// Move a strip's trim.
    SetTrim(StripId, Decibels),
    /// Move a strip's fader.
    SetFader(StripId, Decibels),
    /// Move a strip's pan.
    SetPan(StripId, Pan),
    /// Mute a strip everywhere but in cue.
    SetMute(StripId, bool),
    /// Solo a strip in place.
    SetSolo(StripId, bool),
    /// Keep a strip in the programme whatever is soloed.
    SetSoloSafe(StripId, bool),
    /// Hear a strip before its fader on the cue bus.
    SetCue(StripId, bool),
    /// Move a bus's fader.
    SetBusFader(BusId, Decibels),
    /// Follow this output's clock from its first callback on.
    FollowOutlet(Box<OutletClock>),
    /// Follow the machine's clock.
    FollowMachine,
    /// Count clips from zero again.
    ClearClips,
}

// The ring is copied through on every block: keep an entry within half a cache line.
const _: () = assert!(size_of::<EngineCommand>() <= 32);

/// What the engine is done with: freed by whoever drains the ring, never by the engine.
pub enum Discard {
    /// A strip that was removed.
    Strip(Box<Strip>),
    /// An input that was replaced.
    Input(Box<StripInput>),
    /// The clock of an output that is not followed any more.
    Clock(Box<OutletClock>),
}

/// Something the engine has to say that is no level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Notice {
    /// The main output missed this many frames; the engine now runs this far ahead of it.
    OutletStarved {
        /// Frames that came too late.
        missing: u64,
        /// The new lead, frames.
        lead: u32,
    },
    /// The main output stopped calling back in time and was asked to take its place anew.
    OutletBroken,
    /// The engine did not run for so long that it does not make up for it, seconds.
    Slept(f32),
}
