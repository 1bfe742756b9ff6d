//! What travels between the station and the engine.

use airdesk_dsp::delay::{DelaySettings, StripDelay};
use airdesk_dsp::ducker::DuckerSettings;
use airdesk_dsp::input_matrix::ChannelMode;
use airdesk_dsp::limiter::LimiterSettings;
use airdesk_dsp::{Decibels, Pan};

use crate::bus::BusId;
use crate::chain::{BusChainSettings, ChainSettings};
use crate::id::StripId;
use crate::input::StripInput;
use crate::outlet_clock::OutletClock;
use crate::send::SendSettings;
use crate::strip::{PanLaw, Strip, Talkover};
use crate::tap::{TapPoint, TapWriter};

/// A request, obeyed between two blocks in the order sent; what a turn has no time for, in the next. A strip that is gone
/// is ignored.
pub enum EngineCommand {
    /// Put a strip into its place, replacing whatever is there.
    AddStrip(Box<Strip>),
    /// Fade a strip out and send it home.
    RemoveStrip(StripId),
    /// Feed a strip from something else: the old input fades out first.
    SetInput(StripId, Box<StripInput>),
    /// Hear other channels of a strip's source.
    SetChannels(StripId, ChannelMode),
    /// Turn the polarity of a source's left and right channel.
    SetInverted(StripId, [bool; 2]),
    /// Move a strip's trim.
    SetTrim(StripId, Decibels),
    /// Delay a strip. It keeps the line if it has none yet.
    SetDelay(StripId, Box<StripDelay>, DelaySettings),
    /// Set the stages of a strip or a bus.
    SetStages(Box<Stages>),
    /// Move a strip's fader.
    SetFader(StripId, Decibels),
    /// Move a strip's pan.
    SetPan(StripId, Pan),
    /// Let pan place a source or balance its sides.
    SetPanLaw(StripId, PanLaw),
    /// Send a strip to an aux bus, counted from 0.
    SetSend(StripId, u8, SendSettings),
    /// Put a strip into a VCA group, counted from 0.
    SetVcaOf(StripId, Option<u8>),
    /// Give a strip a part in talkover.
    SetTalkover(StripId, Talkover),
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
    /// Set the programme's limiter.
    SetLimiter(LimiterSettings),
    /// Set how music steps back.
    SetDucker(DuckerSettings),
    /// Move a VCA group, counted from 0.
    SetVca(u8, Decibels),
    /// Let an aux bus, counted from 0, carry the programme without a strip.
    SetMixMinus(u8, Option<StripId>),
    /// Let a scope, counted from 0, look at a strip after its stages and before its fader; at none it publishes nothing.
    SetScope(u8, Option<StripId>),
    /// Let somebody have a strip's blocks, from the next on. A strip that is gone or has [`TAPS`](crate::TAPS) already
    /// sends the tap home at once, else it comes once its reader is gone.
    AddTap(StripId, TapPoint, Box<TapWriter>),
    /// Follow this output's clock from its first callback on.
    FollowOutlet(Box<OutletClock>),
    /// Follow the machine's clock.
    FollowMachine,
    /// Mix every other block as soon as it is due, for those who hear themselves; or, while no device plays what is mixed,
    /// eight at once.
    SetPrompt(bool),
    /// Count clips from zero again.
    ClearClips,
}

impl EngineCommand {
    /// What it takes to obey, at most, where a fader takes one: filters are worked out.
    pub(crate) fn cost(&self) -> u32 {
        match self {
            Self::AddStrip(_) | Self::SetStages(_) => 16,
            _ => 1,
        }
    }
}

// The ring is copied through on every block: keep an entry within half a cache line.
const _: () = assert!(size_of::<EngineCommand>() <= 32);

/// The stages of a strip or a bus, all at once. What stays as it was costs nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
// Always boxed.
#[allow(clippy::large_enum_variant)]
pub enum Stages {
    /// Of a strip.
    Strip(StripId, ChainSettings),
    /// Of a bus.
    Bus(BusId, BusChainSettings),
}

/// What the engine is done with: freed by whoever drains the ring, never by the engine.
pub enum Discard {
    /// A strip that was removed, with its taps.
    Strip(Box<Strip>),
    /// An input that was replaced.
    Input(Box<StripInput>),
    /// A delay line that a strip had no use for.
    Delay(Box<StripDelay>),
    /// A tap that found no strip or no place, or whose reader is gone.
    Tap(Box<TapWriter>),
    /// Settings that have been read.
    Stages(Box<Stages>),
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
