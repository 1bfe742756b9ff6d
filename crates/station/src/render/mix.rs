//! A console at work on a rendering: on the programme, or on what some strips add to it.
//!
//! A stem leaves its console through an aux bus, to which its strip sends at unity, after its fader: the same gains as
//! into the programme, and nothing of what the programme does to the sum. A console has eight of these buses.

use airdesk_dsp::denormals::Flushed;
use airdesk_dsp::limiter::LimiterSettings;
use airdesk_dsp::{BLOCK_FRAMES, Decibels, SampleRate};
use airdesk_engine::input::{BlockTime, StripInput};
use airdesk_engine::mix_queue::{MixBlock, MixReader, mix_queue};
use airdesk_engine::{
    AUX_BUSES, BusId, Console, EngineCommand, SendSettings, SendTap, Stages, Strip, StripControls, StripId, Talkover,
};

use super::RenderError;
use super::feed::Feeds;
use super::sound_file::SoundFile;
use crate::api::BusName;
use crate::automation::Change;
use crate::control::Control;
use crate::session::Session;

/// Stems that one console has ways out for.
pub(super) const STEMS: usize = AUX_BUSES;

/// A console and the files that it fills.
pub(super) struct Mix {
    console: Console,
    rate: SampleRate,
    outs: Vec<Out>,
    /// Makes the programme, with its fader and limiter.
    whole: bool,
    /// Which strips of the session are soloed, and who stands for them in a console that has only some.
    solos: Vec<bool>,
    absent: Option<StripId>,
}

/// A bus on its way into a file.
struct Out {
    reader: MixReader,
    file: SoundFile,
    /// Frames that the bus is late by, and that are no part of the rendering.
    early: usize,
    left: u64,
}

impl Mix {
    /// The programme.
    pub(super) fn programme(
        session: &Session,
        rate: SampleRate,
        feeds: &mut Feeds,
        limiter: LimiterSettings,
        file: SoundFile,
        frames: u64,
    ) -> Self {
        let (queue, tap) = mix_queue(16);
        let mut mix = Self::new(Console::new(rate, [queue]), rate, session);
        mix.whole = true;
        mix.console.obey(EngineCommand::SetLimiter(limiter));
        let programme = session.bus(BusName::Programme);
        mix.console
            .obey(EngineCommand::SetBusFader(BusId::Programme, programme.fader));
        let stages = Box::new(Stages::Bus(BusId::Programme, programme.stages()));
        mix.console.obey(EngineCommand::SetStages(stages));
        mix.console.settle();
        for (index, strip) in session.strips.iter().enumerate() {
            mix.add(index, rate, feeds.input(index, rate), strip.controls);
        }
        mix.let_solo(session);
        mix.outs.push(Out {
            reader: tap.reader(),
            file,
            early: mix.console.latency().0 as usize,
            left: frames,
        });
        mix
    }

    /// What the strips at `stems`, at most [`STEMS`], add to the programme.
    pub(super) fn stems(
        session: &Session,
        rate: SampleRate,
        feeds: &mut Feeds,
        stems: Vec<(usize, SoundFile)>,
        frames: u64,
    ) -> Self {
        let (queues, taps): (Vec<_>, Vec<_>) = (0..2 + stems.len()).map(|_| mix_queue(16)).unzip();
        let mut mix = Self::new(Console::new(rate, queues), rate, session);
        mix.console.obey(EngineCommand::SetLimiter(LimiterSettings {
            on: false,
            ..LimiterSettings::default()
        }));
        let mut absent = None;
        for (index, strip) in session.strips.iter().enumerate() {
            let mut controls = strip.controls;
            let aux = stems.iter().position(|(stem, _)| *stem == index);
            // A microphone that music steps back for is needed wherever there is music.
            if aux.is_none() && controls.talkover != Talkover::Key {
                absent = Some(index);
                continue;
            }
            controls.sends = [SendSettings::default(); AUX_BUSES];
            if let Some(send) = aux.and_then(|aux| controls.sends.get_mut(aux)) {
                *send = SendSettings {
                    level: Decibels::UNITY,
                    tap: SendTap::PostFader,
                };
            }
            mix.add(index, rate, feeds.input(index, rate), controls);
        }
        if let Some(index) = absent {
            // Whatever is soloed elsewhere silences here too: a silent strip takes the part of all that are absent.
            let id = StripId::new(index, 2);
            let solo = StripControls {
                solo: mix.solos.contains(&true),
                ..StripControls::default()
            };
            let strip = Strip::new(id, rate, StripInput::Silent, solo);
            mix.console.obey(EngineCommand::AddStrip(Box::new(strip)));
            mix.absent = Some(id);
        }
        mix.let_solo(session);
        for ((_, file), tap) in stems.into_iter().zip(taps.iter().skip(2)) {
            mix.outs.push(Out {
                reader: tap.reader(),
                file,
                early: 0,
                left: frames,
            });
        }
        mix
    }

    fn new(mut console: Console, rate: SampleRate, session: &Session) -> Self {
        console.obey(EngineCommand::SetDucker(session.talkover));
        for (group, level) in (0..).zip(&session.vcas) {
            console.obey(EngineCommand::SetVca(group, *level));
        }
        Self {
            console,
            rate,
            outs: Vec::new(),
            whole: false,
            solos: session.strips.iter().map(|strip| strip.controls.solo).collect(),
            absent: None,
        }
    }

    /// Adds a strip that begins where it will stand, also when a solo elsewhere silences it.
    fn add(&mut self, index: usize, rate: SampleRate, input: StripInput, mut controls: StripControls) {
        let soloed = self.solos.contains(&true);
        controls.mute |= soloed && !controls.solo && !controls.solo_safe;
        let strip = Strip::new(id(index), rate, input, controls);
        self.console.obey(EngineCommand::AddStrip(Box::new(strip)));
    }

    /// Leaves to solo what only solo silences, once all strips are there.
    fn let_solo(&mut self, session: &Session) {
        for (index, strip) in session.strips.iter().enumerate() {
            self.console
                .obey(EngineCommand::SetMute(id(index), strip.controls.mute));
        }
    }

    /// By how many frames the latest of its buses is late.
    pub(super) fn latency(&self) -> u64 {
        self.outs.iter().map(|out| out.early as u64).max().unwrap_or(0)
    }

    /// Makes a change. A strip that is not in this console hears nothing of it.
    pub(super) fn obey(&mut self, change: &Change) {
        let command = match change {
            Change::Programme(level) if self.whole => EngineCommand::SetBusFader(BusId::Programme, *level),
            Change::Programme(_) => return,
            Change::Strip(index, control) => {
                if let Control::Solo(on) = control {
                    self.solo_elsewhere(*index, *on);
                }
                control.command(id(*index), self.rate)
            }
        };
        self.console.obey(command);
    }

    fn solo_elsewhere(&mut self, index: usize, on: bool) {
        if let Some(solo) = self.solos.get_mut(index) {
            *solo = on;
        }
        if let Some(absent) = self.absent {
            let soloed = self.solos.contains(&true);
            self.console.obey(EngineCommand::SetSolo(absent, soloed));
        }
    }

    /// Mixes one block and writes it.
    pub(super) fn step(&mut self, time: &BlockTime) -> Result<(), RenderError> {
        // As on the engine's thread: the same numbers are too small to be any.
        let flushed = Flushed::begin();
        self.console.process(time);
        drop(flushed);
        self.outs.iter_mut().try_for_each(Out::write)
    }

    /// Completes the files. Returns how many samples were cut off at full scale.
    pub(super) fn finish(self) -> Result<u64, RenderError> {
        self.outs.into_iter().map(|out| out.file.finish()).sum()
    }
}

impl Out {
    fn write(&mut self) -> Result<(), RenderError> {
        let mut block = MixBlock::default();
        self.reader.read(&mut block);
        let early = self.early.min(BLOCK_FRAMES);
        self.early -= early;
        let frames = &block.frames[early..];
        let count = usize::try_from(self.left).map_or(frames.len(), |left| left.min(frames.len()));
        self.left -= count as u64;
        self.file.write(&frames[..count])
    }
}

/// What a session's strip is called in a console.
fn id(index: usize) -> StripId {
    StripId::new(index, 1)
}
