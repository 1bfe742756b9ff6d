//! The stages between trim and fader, for four strips or four buses at a time.
//!
//! Four stereo signals lie side by side in eight lanes, so that filters and dynamics run in vector registers
//! whatever their recurrence. A stage that is off in all four costs a comparison. Engine thread.

use airdesk_dsp::compressor::{CompressorBank, CompressorSettings};
use airdesk_dsp::de_esser::{DeEsserBank, DeEsserSettings};
use airdesk_dsp::equaliser::{Equaliser, EqualiserSettings};
use airdesk_dsp::gate::{GateBank, GateSettings};
use airdesk_dsp::high_pass::{HighPass, HighPassSettings};
use airdesk_dsp::lanes::{Arch, LaneBlock, STRIPS, deinterleave, interleave};
use airdesk_dsp::range::OutOfRange;
use airdesk_dsp::{Block, SampleRate};
use serde::{Deserialize, Serialize};

/// How a strip's stages are set, in the order in which they are passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ChainSettings {
    /// Takes away what is below the voice.
    pub high_pass: HighPassSettings,
    /// Turns down what is below a threshold.
    pub gate: GateSettings,
    /// Four bands.
    pub equaliser: EqualiserSettings,
    /// Turns down what is above a threshold.
    pub compressor: CompressorSettings,
    /// Softens sharp consonants.
    pub de_esser: DeEsserSettings,
}

impl ChainSettings {
    /// Refuses what is outside its range, by name. High-pass and equaliser cannot be made out of range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        self.gate.check()?;
        self.compressor.check()?;
        self.de_esser.check()
    }
}

/// A bus's stages: those of a strip that a sum needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BusChainSettings {
    /// Four bands.
    pub equaliser: EqualiserSettings,
    /// Turns down what is above a threshold.
    pub compressor: CompressorSettings,
}

impl BusChainSettings {
    /// Refuses what is outside its range, by name. The equaliser cannot be made out of range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        self.compressor.check()
    }
}

/// By how much the dynamics of a strip turn it down, dB, at most zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reductions {
    /// The gate.
    pub gate: f32,
    /// The compressor.
    pub compressor: f32,
    /// The de-esser.
    pub de_esser: f32,
}

/// The stages of four strips.
pub(crate) struct StripBank {
    known: [ChainSettings; STRIPS],
    high_pass: HighPass,
    gate: GateBank,
    equaliser: Equaliser,
    compressor: CompressorBank,
    de_esser: DeEsserBank,
    /// Nothing has been heard of any stage since it was set: found out once, not in every block.
    idle: bool,
}

impl StripBank {
    pub(crate) fn new(rate: SampleRate, arch: Arch) -> Self {
        Self {
            known: [ChainSettings::default(); STRIPS],
            high_pass: HighPass::on_arch(rate, arch),
            gate: GateBank::new(arch, rate),
            equaliser: Equaliser::on_arch(rate, arch),
            compressor: CompressorBank::new(arch, rate),
            de_esser: DeEsserBank::new(arch, rate),
            idle: true,
        }
    }

    /// Sets out for new settings of one place. What is out of range was refused by the station, and is left out here.
    /// A stage that stays as it was does not notice: dynamics begin to listen anew when they are set.
    pub(crate) fn set(&mut self, place: usize, settings: &ChainSettings) {
        let Some(known) = self.known.get_mut(place) else {
            return;
        };
        let before = std::mem::replace(known, *settings);
        self.idle = false;
        if before.high_pass != settings.high_pass {
            self.high_pass.set(place, settings.high_pass);
        }
        if before.equaliser != settings.equaliser {
            self.equaliser.set(place, settings.equaliser);
        }
        let mut accepted = true;
        if before.gate != settings.gate {
            accepted &= self.gate.set(place, &settings.gate).is_ok();
        }
        if before.compressor != settings.compressor {
            accepted &= self.compressor.set(place, &settings.compressor).is_ok();
        }
        if before.de_esser != settings.de_esser {
            accepted &= self.de_esser.set(place, &settings.de_esser).is_ok();
        }
        debug_assert!(accepted, "the station checks ranges");
    }

    /// Another strip takes the place: its stages arrive at once and remember nothing.
    pub(crate) fn settle(&mut self, place: usize, settings: &ChainSettings) {
        self.set(place, settings);
        self.high_pass.settle(place);
        self.gate.settle(place);
        self.equaliser.settle(place);
        self.compressor.settle(place);
        self.de_esser.settle(place);
    }

    pub(crate) fn reductions(&self, place: usize) -> Reductions {
        Reductions {
            gate: self.gate.reduction(place).db(),
            compressor: self.compressor.reduction(place).db(),
            de_esser: self.de_esser.reduction(place).db(),
        }
    }

    fn is_idle(&self) -> bool {
        self.high_pass.is_idle()
            && self.gate.is_idle()
            && self.equaliser.is_idle()
            && self.compressor.is_idle()
            && self.de_esser.is_idle()
    }

    /// One block of each, by way of `lanes`. Places without a strip are silent.
    pub(crate) fn process(&mut self, blocks: &mut [Option<&mut Block>; STRIPS], lanes: &mut LaneBlock) {
        self.idle = self.idle || self.is_idle();
        if self.idle {
            return;
        }
        interleave(borrowed(blocks), lanes);
        self.high_pass.process(lanes);
        self.gate.process(lanes);
        self.equaliser.process(lanes);
        self.compressor.process(lanes);
        self.de_esser.process(lanes);
        hand_back(lanes, blocks);
    }
}

/// The stages of four buses.
pub(crate) struct BusBank {
    known: [BusChainSettings; STRIPS],
    equaliser: Equaliser,
    compressor: CompressorBank,
    /// As with strips.
    idle: bool,
}

impl BusBank {
    pub(crate) fn new(rate: SampleRate, arch: Arch) -> Self {
        Self {
            known: [BusChainSettings::default(); STRIPS],
            equaliser: Equaliser::on_arch(rate, arch),
            compressor: CompressorBank::new(arch, rate),
            idle: true,
        }
    }

    pub(crate) fn set(&mut self, place: usize, settings: &BusChainSettings) {
        let Some(known) = self.known.get_mut(place) else {
            return;
        };
        let before = std::mem::replace(known, *settings);
        self.idle = false;
        if before.equaliser != settings.equaliser {
            self.equaliser.set(place, settings.equaliser);
        }
        if before.compressor != settings.compressor {
            let refused = self.compressor.set(place, &settings.compressor);
            debug_assert!(refused.is_ok(), "the station checks ranges");
        }
    }

    /// Nothing has been heard yet: all settings arrive at once.
    pub(crate) fn settle(&mut self) {
        for place in 0..STRIPS {
            self.equaliser.settle(place);
            self.compressor.settle(place);
        }
    }

    pub(crate) fn reduction(&self, place: usize) -> f32 {
        self.compressor.reduction(place).db()
    }

    /// One block of each, by way of `lanes`.
    pub(crate) fn process(&mut self, blocks: &mut [Option<&mut Block>; STRIPS], lanes: &mut LaneBlock) {
        self.idle = self.idle || (self.equaliser.is_idle() && self.compressor.is_idle());
        if self.idle {
            return;
        }
        interleave(borrowed(blocks), lanes);
        self.equaliser.process(lanes);
        self.compressor.process(lanes);
        hand_back(lanes, blocks);
    }
}

fn borrowed<'a>(blocks: &'a [Option<&mut Block>; STRIPS]) -> [Option<&'a Block>; STRIPS] {
    std::array::from_fn(|place| blocks.get(place).and_then(Option::as_deref))
}

fn hand_back(lanes: &LaneBlock, blocks: &mut [Option<&mut Block>; STRIPS]) {
    for (place, block) in blocks.iter_mut().enumerate() {
        if let Some(block) = block {
            deinterleave(lanes, place, block);
        }
    }
}
