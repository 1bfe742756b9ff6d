//! A console at work without a thread: strips that play, each through the stages that a voice needs.

use airdesk_dsp::compressor::CompressorSettings;
use airdesk_dsp::equaliser::{Band, BandKind, EqualiserSettings};
use airdesk_dsp::lanes::Arch;
use airdesk_dsp::{BLOCK_FRAMES, Decibels, Frame, SampleRate};
use airdesk_engine::inlet::{InletWriter, inlet};
use airdesk_engine::input::{BlockTime, Direct, StripInput};
use airdesk_engine::mix_queue::mix_queue;
use airdesk_engine::{ChainSettings, Console, EngineCommand, Strip, StripControls, StripId};

/// One block's time, in seconds.
pub(crate) const PERIOD: f64 = BLOCK_FRAMES as f64 / 48_000.0;
/// Blocks that a source writes at once.
const AHEAD: usize = 4;

/// The bells of a voice: frequency in Hz, gain in dB; Q is 1.
pub(crate) const BELLS: [(f32, f32); 4] = [(100.0, 3.0), (400.0, -3.0), (2_500.0, 2.0), (8_000.0, -2.0)];

/// A console at work, and what feeds it.
pub(crate) struct Show {
    pub(crate) console: Console,
    writers: Vec<InletWriter>,
    audio: Vec<Frame>,
    block: usize,
}

impl Show {
    /// `strips` strips set to `chain`, on these instructions, with their faders at this level, dB: at unity the sum is too
    /// loud and limited.
    pub(crate) fn new(strips: usize, arch: Arch, chain: ChainSettings, fader: f32) -> Self {
        let fader = Decibels::new(fader).expect("a level");
        // Nobody reads: the writer overwrites.
        let (programme, _) = mix_queue(64);
        let (cue, _) = mix_queue(64);
        let rate = SampleRate::DESK;
        let mut console = Console::on_arch(rate, arch, [programme, cue]);
        let mut writers = Vec::new();
        for slot in 0..strips {
            let (writer, reader) = inlet(48_000.0, 2 * AHEAD * BLOCK_FRAMES);
            writers.push(writer);
            let controls = StripControls {
                chain,
                fader,
                ..StripControls::default()
            };
            let input = StripInput::Direct(Direct::new(reader));
            let strip = Strip::new(StripId::new(slot, 1), rate, input, controls);
            console.obey(EngineCommand::AddStrip(Box::new(strip)));
        }
        // -12 dBFS: above the compressors' threshold.
        let audio = (0..AHEAD * BLOCK_FRAMES).map(|n| [(n as f32 * 0.05).sin() * 0.25; 2]);
        let mut show = Self {
            console,
            writers,
            audio: audio.collect(),
            block: 0,
        };
        show.feed();
        show
    }

    /// Sources write what is played in the next blocks, one write ahead of what is needed.
    fn feed(&mut self) {
        for writer in &mut self.writers {
            writer.write(&self.audio);
        }
    }

    /// One block, and what its sources do for it.
    pub(crate) fn step(&mut self) {
        self.bring();
        self.mix();
    }

    /// What the sources do before the next block.
    pub(crate) fn bring(&mut self) {
        if self.block.is_multiple_of(AHEAD) {
            self.feed();
        }
    }

    /// The console's part of a block.
    pub(crate) fn mix(&mut self) {
        self.block += 1;
        let due = self.block as f64 * PERIOD;
        self.console.process(&BlockTime { due, speed: 1.0 });
    }
}

/// Four bells and a compressor, all at work: what the peers of `mix` get, too.
pub(crate) fn voice() -> ChainSettings {
    let bands = BELLS
        .map(|(frequency, gain)| Band::new(BandKind::Bell, frequency, gain, 1.0).expect("a band within its ranges"));
    ChainSettings {
        equaliser: EqualiserSettings { on: true, bands },
        compressor: CompressorSettings {
            on: true,
            ..CompressorSettings::default()
        },
        ..ChainSettings::default()
    }
}
