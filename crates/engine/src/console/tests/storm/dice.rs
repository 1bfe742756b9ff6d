//! Throws every parameter that a command can carry, within its range. A counter with a seed: what failed once fails again.

use airdesk_dsp::compressor::{CompressorSettings, Ratio};
use airdesk_dsp::de_esser::DeEsserSettings;
use airdesk_dsp::delay::DelaySettings;
use airdesk_dsp::ducker::DuckerSettings;
use airdesk_dsp::equaliser::{Band, BandKind, EqualiserSettings};
use airdesk_dsp::gate::GateSettings;
use airdesk_dsp::high_pass::{HighPassSettings, Slope};
use airdesk_dsp::input_matrix::ChannelMode;
use airdesk_dsp::limiter::LimiterSettings;
use airdesk_dsp::{Decibels, Pan};

use super::super::*;
use super::SLOTS;
use crate::send::{SendSettings, SendTap};

pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// A number below `sides`: a weak generator (Knuth's MMIX) is wild enough here.
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    pub(super) fn coin(&mut self) -> bool {
        self.roll(2) == 0
    }

    /// Anywhere in the range, and often at its ends.
    pub(super) fn within(&mut self, (least, greatest): (f32, f32)) -> f32 {
        match self.roll(6) {
            0 => least,
            1 => greatest,
            _ => least + (greatest - least) * self.roll(1001) as f32 / 1000.0,
        }
    }

    pub(super) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.roll(choices.len())]
    }

    /// Where a fader may stand.
    pub(super) fn fader(&mut self) -> Decibels {
        if self.roll(5) == 0 {
            Decibels::SILENCE
        } else {
            level(self.within((-90.0, 10.0)))
        }
    }

    pub(super) fn id(&mut self) -> StripId {
        StripId::new(self.of(&SLOTS), 1 + self.roll(2) as u32)
    }

    pub(super) fn some_id(&mut self) -> Option<StripId> {
        self.coin().then(|| self.id())
    }

    pub(super) fn bus(&mut self) -> BusId {
        match self.roll(4) {
            0 => BusId::Programme,
            1 => BusId::Cue,
            // One more than there are.
            _ => BusId::Aux(self.roll(AUX_BUSES + 1) as u8),
        }
    }

    pub(super) fn send(&mut self) -> SendSettings {
        SendSettings {
            level: self.fader(),
            tap: self.of(&[SendTap::PreFader, SendTap::PostFader]),
        }
    }

    pub(super) fn delay(&mut self) -> DelaySettings {
        DelaySettings {
            delay_ms: self.within((0.0, 500.0)),
        }
    }

    pub(super) fn equaliser(&mut self) -> EqualiserSettings {
        let kinds = [BandKind::Bell, BandKind::LowShelf, BandKind::HighShelf];
        let bands = [(); 4].map(|()| {
            // As often in each octave.
            let (least, most) = Band::FREQUENCY_RANGE;
            let hz = (least * self.within((0.0, (most / least).log2())).exp2()).min(most);
            let kind = self.of(&kinds);
            // Not the narrowest: at 20 Hz they ring for longer than the silence that is awaited.
            let (gain, q) = (self.within(Band::GAIN_RANGE), self.within((0.1, 4.0)));
            Band::new(kind, hz, gain, q).expect("in range").switched(self.coin())
        });
        EqualiserSettings { on: self.coin(), bands }
    }

    pub(super) fn compressor(&mut self) -> CompressorSettings {
        CompressorSettings {
            on: self.coin(),
            threshold_dbfs: self.within((-60.0, 0.0)),
            ratio: if self.coin() {
                Ratio::Limit
            } else {
                Ratio::To(self.within((1.0, 20.0)))
            },
            knee_db: self.within((0.0, 24.0)),
            attack_ms: self.within((0.1, 200.0)),
            release_ms: self.within((5.0, 3000.0)),
            make_up_db: self.within((-20.0, 24.0)),
            side_high_pass_hz: self.coin().then(|| self.within((20.0, 500.0))),
        }
    }

    pub(super) fn chain(&mut self) -> ChainSettings {
        let slope = self.of(&[Slope::Gentle, Slope::Steep]);
        let high_pass = HighPassSettings::new(self.within(HighPassSettings::FREQUENCY_RANGE), slope);
        ChainSettings {
            high_pass: high_pass.expect("in range").switched(self.coin()),
            gate: GateSettings {
                on: self.coin(),
                threshold_dbfs: self.within((-80.0, 0.0)),
                hysteresis_db: self.within((0.0, 24.0)),
                range_db: self.within((0.0, 80.0)),
                ratio: self.within((1.0, 100.0)),
                attack_ms: self.within((0.1, 200.0)),
                hold_ms: self.within((0.0, 2000.0)),
                release_ms: self.within((5.0, 3000.0)),
                side_high_pass_hz: self.coin().then(|| self.within((20.0, 500.0))),
            },
            equaliser: self.equaliser(),
            compressor: self.compressor(),
            de_esser: DeEsserSettings {
                on: self.coin(),
                frequency_hz: self.within((2000.0, 12_000.0)),
                threshold_dbfs: self.within((-60.0, 0.0)),
                range_db: self.within((0.0, 24.0)),
            },
        }
    }

    pub(super) fn stages(&mut self) -> Stages {
        if self.roll(3) == 0 {
            let (equaliser, compressor) = (self.equaliser(), self.compressor());
            return Stages::Bus(self.bus(), BusChainSettings { equaliser, compressor });
        }
        Stages::Strip(self.id(), self.chain())
    }

    pub(super) fn limiter(&mut self) -> LimiterSettings {
        LimiterSettings {
            on: self.roll(4) > 0,
            ceiling_dbtp: self.within((-20.0, 0.0)),
            release_ms: self.within((10.0, 1000.0)),
        }
    }

    pub(super) fn ducker(&mut self) -> DuckerSettings {
        DuckerSettings {
            on: self.coin(),
            threshold_dbfs: self.within((-60.0, 0.0)),
            depth_db: self.within((0.0, 60.0)),
            attack_ms: self.within((5.0, 500.0)),
            hold_ms: self.within((0.0, 5000.0)),
            release_ms: self.within((50.0, 5000.0)),
        }
    }

    pub(super) fn controls(&mut self) -> StripControls {
        StripControls {
            channels: self.channels(),
            inverted: [self.coin(), self.coin()],
            trim: self.trim(),
            delay: self.delay(),
            chain: self.chain(),
            fader: self.fader(),
            pan: self.pan(),
            pan_law: self.pan_law(),
            sends: [(); AUX_BUSES].map(|()| self.send()),
            vca: self.vca(),
            talkover: self.talkover(),
            mute: self.coin(),
            solo: self.coin(),
            solo_safe: self.coin(),
            cue: self.coin(),
        }
    }

    pub(super) fn channels(&mut self) -> ChannelMode {
        use ChannelMode::{LeftOnly, Mono, RightOnly, Stereo, Swapped};
        self.of(&[Stereo, Mono, Swapped, LeftOnly, RightOnly])
    }

    pub(super) fn trim(&mut self) -> Decibels {
        level(self.within((-20.0, 40.0)))
    }

    pub(super) fn pan(&mut self) -> Pan {
        Pan::new(self.within((-1.0, 1.0))).expect("a position")
    }

    pub(super) fn pan_law(&mut self) -> PanLaw {
        self.of(&[PanLaw::Pan, PanLaw::Balance])
    }

    pub(super) fn vca(&mut self) -> Option<u8> {
        self.coin().then(|| self.roll(VCA_GROUPS + 1) as u8)
    }

    pub(super) fn talkover(&mut self) -> Talkover {
        self.of(&[Talkover::Off, Talkover::Key, Talkover::Ducked])
    }

    /// One block of any sound, and of what is none.
    pub(super) fn sound(&mut self, kind: usize) -> Block {
        let mut block = SILENCE;
        for (n, sample) in block.as_flattened_mut().iter_mut().enumerate() {
            *sample = match kind {
                0 => 0.0,
                1 => 1.0,
                2 => [1.0, -1.0][n / 32 % 2],
                3 => 1e-40,
                4 => self.within((-1.0, 1.0)),
                5 => self.of(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 0.3]),
                _ => (n as f32 * 0.2).sin(),
            };
        }
        block
    }
}
