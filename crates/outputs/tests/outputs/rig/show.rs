//! A console without a thread whose strips play noise in which every frame is known: any frame that is lost, doubled or in
//! another place is found. It mixes as fast as it is asked to.

use airdesk_dsp::limiter::LimiterSettings;
use airdesk_dsp::{BLOCK_FRAMES, Frame, SampleRate};
use airdesk_engine::inlet::{InletWriter, inlet};
use airdesk_engine::input::{BlockTime, Direct, StripInput};
use airdesk_engine::mix_queue::{MixTap, mix_queue};
use airdesk_engine::{Console, EngineCommand, PanLaw, Strip, StripControls, StripId, TapPoint, TapReader, tap};

/// Blocks that a tap holds.
const TAP: usize = 4096;

/// A console at work.
pub(crate) struct Show {
    console: Console,
    pub(crate) programme: MixTap,
    sources: Vec<Source>,
    /// Blocks mixed.
    pub(crate) blocks: u64,
}

struct Source {
    strip: StripId,
    writer: InletWriter,
    /// The number of its first frame is this.
    seed: u64,
    frames: u64,
}

/// The frame that a strip with this seed plays at this frame of its own: noise of 24 bits.
pub(crate) fn noise(seed: u64, frame: u64) -> Frame {
    let mut mixed = (frame ^ seed << 40).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let side = |bits: u64| ((bits & 0xff_ffff) as i32 - 0x80_0000) as f32 / 8_388_608.0;
    [side(mixed >> 8), side(mixed >> 40)]
}

impl Show {
    /// Without strips, and with its limiter off: what the programme is made of passes it bit by bit.
    pub(crate) fn new() -> Self {
        let (programme, tap) = mix_queue(8192);
        let mut console = Console::new(SampleRate::DESK, [programme]);
        console.obey(EngineCommand::SetLimiter(LimiterSettings {
            on: false,
            ..LimiterSettings::default()
        }));
        console.settle();
        Self {
            console,
            programme: tap,
            sources: Vec::new(),
            blocks: 0,
        }
    }

    /// By how many frames the programme is later than the strips.
    pub(crate) fn latency(&self) -> airdesk_dsp::Frames {
        self.console.latency()
    }

    /// A strip that plays from the next block on; only one that is not muted is in the programme.
    pub(crate) fn add_strip(&mut self, slot: usize, seed: u64, mute: bool) -> StripId {
        let (writer, reader) = inlet(48_000.0, 4 * BLOCK_FRAMES);
        let strip = StripId::new(slot, 1);
        let controls = StripControls {
            pan_law: PanLaw::Balance,
            mute,
            ..StripControls::default()
        };
        let input = StripInput::Direct(Direct::new(reader));
        let made = Strip::new(strip, SampleRate::DESK, input, controls);
        assert!(self.console.obey(EngineCommand::AddStrip(Box::new(made))).is_none());
        self.sources.push(Source {
            strip,
            writer,
            seed,
            frames: 0,
        });
        strip
    }

    /// A strip that plays nothing.
    pub(crate) fn add_silent_strip(&mut self, slot: usize) -> StripId {
        let strip = StripId::new(slot, 1);
        let made = Strip::new(strip, SampleRate::DESK, StripInput::Silent, StripControls::default());
        assert!(self.console.obey(EngineCommand::AddStrip(Box::new(made))).is_none());
        strip
    }

    /// What a strip gives from the next block on.
    pub(crate) fn tap(&mut self, strip: StripId, point: TapPoint) -> TapReader {
        self.tap_of(strip, point, TAP)
    }

    /// The same by a ring of so many blocks.
    pub(crate) fn tap_of(&mut self, strip: StripId, point: TapPoint, blocks: usize) -> TapReader {
        let (writer, reader) = tap(blocks);
        let home = self.console.obey(EngineCommand::AddTap(strip, point, Box::new(writer)));
        assert!(home.is_none(), "it has a place");
        reader
    }

    /// The strip is gone at once, with its taps.
    pub(crate) fn remove(&mut self, strip: StripId) {
        self.console.obey(EngineCommand::RemoveStrip(strip));
        let mut gone = false;
        for _ in 0..100 {
            self.mix();
            gone |= self.console.retire().is_some();
        }
        assert!(gone, "it has left");
        self.sources.retain(|source| source.strip != strip);
    }

    fn mix(&mut self) {
        for source in &mut self.sources {
            // Always ahead of what is played.
            while source.writer.room() >= BLOCK_FRAMES {
                let frames: [Frame; BLOCK_FRAMES] =
                    std::array::from_fn(|n| noise(source.seed, source.frames + n as u64));
                source.writer.write(&frames);
                source.frames += BLOCK_FRAMES as u64;
            }
        }
        let due = self.blocks as f64 * BLOCK_FRAMES as f64 / 48_000.0;
        self.console.process(&BlockTime { due, speed: 1.0 });
        self.blocks += 1;
    }

    /// Mixes blocks at once, faster than anybody reads.
    pub(crate) fn play_at_once(&mut self, blocks: u64) {
        (0..blocks).for_each(|_| self.mix());
    }
}
