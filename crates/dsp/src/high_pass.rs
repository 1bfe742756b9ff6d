//! A high-pass on four stereo strips: takes away rumble, plosives and hum below the voice.
//!
//! Butterworth of second or fourth order. Changes glide over 30 ms; off it costs nothing once it has
//! arrived there. Real-time after `new`.

use serde::{Deserialize, Serialize};

use crate::SampleRate;
use crate::filter::{Cascade, Coefficients, Leap, Prototype, design};
use crate::lanes::{Arch, LaneBlock};
use crate::range::{OutOfRange, within};

/// How steep it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Slope {
    /// 12 dB an octave: second order.
    Gentle,
    /// 24 dB an octave: fourth order.
    Steep,
}

impl Slope {
    /// Q of each section: 1 / (2 cos θ), θ the angle of a Butterworth pole to the axis.
    fn qs(self) -> [Option<f64>; 2] {
        match self {
            Self::Gentle => [Some(std::f64::consts::FRAC_1_SQRT_2), None],
            Self::Steep => [Some(0.541_196_100_146_197), Some(1.306_562_964_876_376_5)],
        }
    }
}

/// One strip's high-pass, within its ranges. By default off, at 80 Hz, 12 dB an octave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", try_from = "Asked")]
pub struct HighPassSettings {
    on: bool,
    frequency: f32,
    slope: Slope,
}

impl HighPassSettings {
    /// In Hz; 80 unless set. A choice of this desk: from below the lowest note to above what any voice can spare.
    pub const FREQUENCY_RANGE: (f32, f32) = (20.0, 1_000.0);

    /// A high-pass that is on, 3 dB down at `frequency`, in Hz.
    pub fn new(frequency: f32, slope: Slope) -> Result<Self, OutOfRange> {
        Ok(Self {
            on: true,
            frequency: within("high-pass frequency in Hz", frequency, Self::FREQUENCY_RANGE)?,
            slope,
        })
    }

    /// The same, on or off. Off it keeps its settings.
    pub fn switched(self, on: bool) -> Self {
        Self { on, ..self }
    }

    /// It is heard.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Where it is 3 dB down, in Hz.
    pub fn frequency(&self) -> f32 {
        self.frequency
    }

    /// How steep it is.
    pub fn slope(&self) -> Slope {
        self.slope
    }
}

impl Default for HighPassSettings {
    fn default() -> Self {
        Self {
            on: false,
            frequency: 80.0,
            slope: Slope::Gentle,
        }
    }
}

/// The settings as they are read, before their range is checked. What is left out is as usual.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Asked {
    on: bool,
    frequency: f32,
    slope: Slope,
}

impl Default for Asked {
    fn default() -> Self {
        let HighPassSettings { on, frequency, slope } = HighPassSettings::default();
        Self { on, frequency, slope }
    }
}

impl TryFrom<Asked> for HighPassSettings {
    type Error = OutOfRange;

    fn try_from(asked: Asked) -> Result<Self, OutOfRange> {
        Self::new(asked.frequency, asked.slope).map(|settings| settings.switched(asked.on))
    }
}

/// The high-passes of four stereo strips.
#[derive(Debug, Clone)]
pub struct HighPass {
    rate: SampleRate,
    cascade: Cascade<2>,
}

impl HighPass {
    /// All off, on the fastest instructions of this machine.
    pub fn new(rate: SampleRate) -> Self {
        Self::on_arch(rate, Arch::best())
    }

    /// All off, on these instructions.
    pub fn on_arch(rate: SampleRate, arch: Arch) -> Self {
        Self {
            rate,
            cascade: Cascade::new(rate, arch, Leap::Glides),
        }
    }

    /// Sets out for a strip's new settings. A strip that is not there is left out.
    pub fn set(&mut self, strip: usize, settings: HighPassSettings) {
        for (section, q) in settings.slope.qs().into_iter().enumerate() {
            let target = match q {
                Some(q) if settings.on => design(&Prototype::high_pass(settings.frequency.into(), q), self.rate),
                _ => Coefficients::FLAT,
            };
            self.cascade.set_target(section, strip, target);
        }
    }

    /// Arrives at once and forgets what the strip sounded like: for a strip that nobody hears yet.
    pub fn settle(&mut self, strip: usize) {
        self.cascade.settle(strip);
    }

    /// Off for every strip: blocks pass as they are, at no cost.
    pub fn is_idle(&self) -> bool {
        self.cascade.is_idle()
    }

    /// Filters one block in place.
    pub fn process(&mut self, block: &mut LaneBlock) {
        self.cascade.process(block);
    }
}
