//! Four bands of equaliser on four stereo strips.
//!
//! Each band is a bell or a shelf, as the analogue circuit would have it (R. Bristow-Johnson, "Audio EQ Cookbook"), also
//! close to Nyquist: up to 16 kHz, at 48 kHz, bells are within 0.1 dB at every Q, and shelves up to Q 2. Above that a
//! shelf is off by up to 0.3 dB at Q 5, 0.45 at Q 10 and 1.7 at Q 20, where its frequency is above 5 kHz. One section
//! cannot be right there: the least that any is off, at 18 dB and found by linear programming, is 0.06 dB at Q 2, 0.2 at
//! Q 5, 0.35 at Q 10 and 0.7 at Q 20, if what is between 16 and 20 kHz is to stay within 3 dB (decision 008).
//! Above 16 kHz nothing is promised but that a resonance next to Nyquist rises by less than 13 dB above the circuit's.
//! Changes glide over 30 ms, leaps of the frequency over 60 by way of flat; a band that is off, or at 0 dB,
//! is left out once it has arrived there. Real-time after `new`; a band takes 1 to 4 us to work out.

use serde::{Deserialize, Serialize};

use crate::SampleRate;
use crate::filter::{Cascade, Coefficients, Leap, Prototype, design};
use crate::lanes::{Arch, LaneBlock};
use crate::range::{OutOfRange, within};

/// Bands of a strip.
pub const BANDS: usize = 4;

/// What a band does to the spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum BandKind {
    /// Around its frequency.
    Bell,
    /// Below its frequency.
    LowShelf,
    /// Above its frequency.
    HighShelf,
}

/// One band's settings, within their ranges.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", try_from = "AskedBand")]
pub struct Band {
    kind: BandKind,
    on: bool,
    frequency: f32,
    gain: f32,
    q: f32,
}

impl Band {
    /// In Hz: the audible range. Unless set, the bands are at 80, 400, 2500 and 12 000.
    pub const FREQUENCY_RANGE: (f32, f32) = (20.0, 20_000.0);
    /// In dB; 0 unless set. A choice of this desk, for which there is no standard.
    pub const GAIN_RANGE: (f32, f32) = (-18.0, 18.0);
    /// Without a unit, as the "Audio EQ Cookbook" has it: for a bell from 6.7 octaves between the points of half the gain
    /// in dB to a fourteenth of one. Above 1/√2 a shelf overshoots. The range is a choice of this desk.
    pub const Q_RANGE: (f32, f32) = (0.1, 20.0);
    /// Unless set 1/√2, the cookbook's shelf slope 1: the steepest shelf that does not overshoot. A bell is 1.9 octaves wide.
    pub const Q_DEFAULT: f32 = std::f32::consts::FRAC_1_SQRT_2;

    /// A band that is on. `frequency` in Hz, `gain` in dB, `q` without a unit, each in its range.
    pub fn new(kind: BandKind, frequency: f32, gain: f32, q: f32) -> Result<Self, OutOfRange> {
        Ok(Self {
            kind,
            on: true,
            frequency: within("band frequency in Hz", frequency, Self::FREQUENCY_RANGE)?,
            gain: within("band gain in dB", gain, Self::GAIN_RANGE)?,
            q: within("band Q", q, Self::Q_RANGE)?,
        })
    }

    const fn flat(kind: BandKind, frequency: f32) -> Self {
        Self {
            kind,
            on: true,
            frequency,
            gain: 0.0,
            q: Self::Q_DEFAULT,
        }
    }

    /// The same band, on or off. Off it keeps its settings.
    pub fn switched(self, on: bool) -> Self {
        Self { on, ..self }
    }

    /// What it does.
    pub fn kind(&self) -> BandKind {
        self.kind
    }

    /// It is heard.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Its centre, or the middle of its slope, in Hz.
    pub fn frequency(&self) -> f32 {
        self.frequency
    }

    /// In dB.
    pub fn gain(&self) -> f32 {
        self.gain
    }

    /// How narrow it is.
    pub fn q(&self) -> f32 {
        self.q
    }

    fn coefficients(&self, rate: SampleRate) -> Coefficients {
        if !self.on || self.gain == 0.0 {
            return Coefficients::FLAT;
        }
        // The least rate of the desk leaves room for 20 kHz; a lesser one bends the band down.
        let frequency = f64::from(self.frequency).min(0.49 * f64::from(rate.hz()));
        let (gain, q) = (f64::from(self.gain), f64::from(self.q));
        let prototype = match self.kind {
            BandKind::Bell => Prototype::bell(frequency, gain, q),
            BandKind::LowShelf => Prototype::low_shelf(frequency, gain, q),
            BandKind::HighShelf => Prototype::high_shelf(frequency, gain, q),
        };
        design(&prototype, rate)
    }
}

/// A band as it is read, before its ranges are checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AskedBand {
    kind: BandKind,
    on: bool,
    frequency: f32,
    gain: f32,
    q: f32,
}

impl TryFrom<AskedBand> for Band {
    type Error = OutOfRange;

    fn try_from(asked: AskedBand) -> Result<Self, OutOfRange> {
        Self::new(asked.kind, asked.frequency, asked.gain, asked.q).map(|band| band.switched(asked.on))
    }
}

/// One strip's equaliser. By default it is on and flat: shelves at 80 Hz and 12 kHz, bells between.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EqualiserSettings {
    /// It is heard.
    pub on: bool,
    /// In the order in which they are passed.
    pub bands: [Band; BANDS],
}

impl Default for EqualiserSettings {
    fn default() -> Self {
        Self {
            on: true,
            bands: [
                Band::flat(BandKind::LowShelf, 80.0),
                Band::flat(BandKind::Bell, 400.0),
                Band::flat(BandKind::Bell, 2_500.0),
                Band::flat(BandKind::HighShelf, 12_000.0),
            ],
        }
    }
}

/// The equalisers of four stereo strips.
#[derive(Debug, Clone)]
pub struct Equaliser {
    rate: SampleRate,
    cascade: Cascade<BANDS>,
    settings: [EqualiserSettings; crate::lanes::STRIPS],
}

impl Equaliser {
    /// All flat, on the fastest instructions of this machine.
    pub fn new(rate: SampleRate) -> Self {
        Self::on_arch(rate, Arch::best())
    }

    /// All flat, on these instructions.
    pub fn on_arch(rate: SampleRate, arch: Arch) -> Self {
        Self {
            rate,
            cascade: Cascade::new(rate, arch, Leap::ThroughFlat),
            settings: [EqualiserSettings::default(); crate::lanes::STRIPS],
        }
    }

    /// Sets out for a strip's new settings. Only bands that differ are worked out anew. A strip that is not
    /// there is left out.
    pub fn set(&mut self, strip: usize, settings: EqualiserSettings) {
        let Some(known) = self.settings.get_mut(strip) else {
            return;
        };
        let before = std::mem::replace(known, settings);
        for (n, (old, new)) in before.bands.iter().zip(&settings.bands).enumerate() {
            let (old, new) = (old.switched(old.on && before.on), new.switched(new.on && settings.on));
            if old != new {
                self.cascade.set_target(n, strip, new.coefficients(self.rate));
            }
        }
    }

    /// Arrives at once and forgets what the strip sounded like: for a strip that nobody hears yet.
    pub fn settle(&mut self, strip: usize) {
        self.cascade.settle(strip);
    }

    /// Every strip is flat: blocks pass as they are, at no cost.
    pub fn is_idle(&self) -> bool {
        self.cascade.is_idle()
    }

    /// Equalises one block in place.
    pub fn process(&mut self, block: &mut LaneBlock) {
        self.cascade.process(block);
    }
}
