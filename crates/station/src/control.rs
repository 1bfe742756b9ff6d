//! The controls of strips and buses, and where they go: read from a command and checked, passed to the engine, written
//! down. Whatever moves a control (a host, a scene, a rendering) does it here.

use airdesk_dsp::delay::DelaySettings;
use airdesk_dsp::{Decibels, Pan, SampleRate};
use airdesk_engine::{EngineCommand, Stages, StripId, delay_line};

use crate::api::{
    AudioCommand, BusChainSettings, BusName, BusState, ChainSettings, ChannelMode, CommandError, PanLaw, SendSettings,
    StripControls, Talkover,
};
use crate::range;

/// A strip's control and where it goes, within its range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Control {
    Channels(ChannelMode),
    Inverted([bool; 2]),
    Trim(Decibels),
    Delay(DelaySettings),
    Chain(Box<ChainSettings>),
    Fader(Decibels),
    Pan(Pan),
    PanLaw(PanLaw),
    /// The aux bus, counted from 0.
    Send(u8, SendSettings),
    Vca(Option<u8>),
    Talkover(Talkover),
    Mute(bool),
    Solo(bool),
    SoloSafe(bool),
    Cue(bool),
}

impl Control {
    /// The strip's control that a command moves, if it is one.
    ///
    /// # Errors
    /// When it goes too far.
    pub(crate) fn read(command: &AudioCommand) -> Result<Option<(StripId, Self)>, CommandError> {
        Ok(Some(match command {
            AudioCommand::SetChannels { strip, mode } => (*strip, Self::Channels(*mode)),
            AudioCommand::SetInverted { strip, left, right } => (*strip, Self::Inverted([*left, *right])),
            AudioCommand::SetTrim { strip, level } => (*strip, Self::Trim(range::trim(*level)?)),
            AudioCommand::SetDelay { strip, settings } => (*strip, Self::Delay(range::delay(settings)?)),
            AudioCommand::SetStages { strip, stages } => (*strip, Self::Chain(Box::new(range::chain(stages)?))),
            AudioCommand::SetFader { strip, level } => (*strip, Self::Fader(range::fader("fader", *level)?)),
            AudioCommand::SetPan { strip, pan } => (*strip, Self::Pan(range::pan(*pan)?)),
            AudioCommand::SetPanLaw { strip, law } => (*strip, Self::PanLaw(*law)),
            AudioCommand::SetSend { strip, to, level, tap } => {
                let level = range::fader("send", *level)?;
                (*strip, Self::Send(range::aux(*to)?, SendSettings { level, tap: *tap }))
            }
            AudioCommand::SetVca { strip, vca } => (*strip, Self::Vca(vca.map(range::vca).transpose()?)),
            AudioCommand::SetTalkoverPart { strip, part } => (*strip, Self::Talkover(*part)),
            AudioCommand::SetMute { strip, on } => (*strip, Self::Mute(*on)),
            AudioCommand::SetSolo { strip, on } => (*strip, Self::Solo(*on)),
            AudioCommand::SetSoloSafe { strip, on } => (*strip, Self::SoloSafe(*on)),
            AudioCommand::SetCue { strip, on } => (*strip, Self::Cue(*on)),
            _ => return Ok(None),
        }))
    }

    /// Tells the engine.
    pub(crate) fn command(&self, strip: StripId, rate: SampleRate) -> EngineCommand {
        match self {
            Self::Channels(mode) => EngineCommand::SetChannels(strip, *mode),
            Self::Inverted(inverted) => EngineCommand::SetInverted(strip, *inverted),
            Self::Trim(level) => EngineCommand::SetTrim(strip, *level),
            Self::Delay(settings) => EngineCommand::SetDelay(strip, delay_line(rate, settings), *settings),
            Self::Chain(settings) => EngineCommand::SetStages(Box::new(Stages::Strip(strip, **settings))),
            Self::Fader(level) => EngineCommand::SetFader(strip, *level),
            Self::Pan(pan) => EngineCommand::SetPan(strip, *pan),
            Self::PanLaw(law) => EngineCommand::SetPanLaw(strip, *law),
            Self::Send(aux, settings) => EngineCommand::SetSend(strip, *aux, *settings),
            Self::Vca(group) => EngineCommand::SetVcaOf(strip, *group),
            Self::Talkover(part) => EngineCommand::SetTalkover(strip, *part),
            Self::Mute(on) => EngineCommand::SetMute(strip, *on),
            Self::Solo(on) => EngineCommand::SetSolo(strip, *on),
            Self::SoloSafe(on) => EngineCommand::SetSoloSafe(strip, *on),
            Self::Cue(on) => EngineCommand::SetCue(strip, *on),
        }
    }

    /// Writes down where it stands.
    pub(crate) fn write(self, controls: &mut StripControls) {
        match self {
            Self::Channels(mode) => controls.channels = mode,
            Self::Inverted(inverted) => controls.inverted = inverted,
            Self::Trim(level) => controls.trim = level,
            Self::Delay(settings) => controls.delay = settings,
            Self::Chain(settings) => controls.chain = *settings,
            Self::Fader(level) => controls.fader = level,
            Self::Pan(pan) => controls.pan = pan,
            Self::PanLaw(law) => controls.pan_law = law,
            Self::Send(aux, settings) => {
                if let Some(send) = controls.sends.get_mut(usize::from(aux)) {
                    *send = settings;
                }
            }
            Self::Vca(group) => controls.vca = group,
            Self::Talkover(part) => controls.talkover = part,
            Self::Mute(on) => controls.mute = on,
            Self::Solo(on) => controls.solo = on,
            Self::SoloSafe(on) => controls.solo_safe = on,
            Self::Cue(on) => controls.cue = on,
        }
    }
}

/// A bus's control and where it goes, within its range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BusControl {
    Fader(Decibels),
    Chain(Box<BusChainSettings>),
    /// What an aux bus leaves out of the programme.
    Without(Option<StripId>),
}

impl BusControl {
    /// The bus's control that a command moves, if it is one.
    ///
    /// # Errors
    /// When it goes too far.
    pub(crate) fn read(command: &AudioCommand) -> Result<Option<(BusName, Self)>, CommandError> {
        Ok(Some(match command {
            AudioCommand::SetBusFader { bus, level } => (*bus, Self::Fader(range::fader("bus fader", *level)?)),
            AudioCommand::SetBusStages { bus, stages } => (*bus, Self::Chain(Box::new(range::bus_chain(stages)?))),
            AudioCommand::SetMixMinus { bus, without } => {
                range::aux(*bus)?;
                (*bus, Self::Without(*without))
            }
            _ => return Ok(None),
        }))
    }

    /// Tells the engine.
    pub(crate) fn command(&self, bus: BusName) -> EngineCommand {
        match self {
            Self::Fader(level) => EngineCommand::SetBusFader(bus.id(), *level),
            Self::Chain(settings) => EngineCommand::SetStages(Box::new(Stages::Bus(bus.id(), **settings))),
            Self::Without(strip) => EngineCommand::SetMixMinus(bus.aux().unwrap_or_default(), *strip),
        }
    }

    /// Writes down where it stands.
    pub(crate) fn write(self, bus: &mut BusState) {
        match self {
            Self::Fader(level) => bus.fader = level,
            Self::Chain(settings) => bus.stages = *settings,
            Self::Without(strip) => bus.without = strip,
        }
    }

    /// Everything that a bus's state says.
    pub(crate) fn all(bus: &BusState) -> Vec<Self> {
        let mut all = vec![Self::Fader(bus.fader), Self::Chain(Box::new(bus.stages))];
        if bus.bus.aux().is_some() {
            all.push(Self::Without(bus.without));
        }
        all
    }
}
