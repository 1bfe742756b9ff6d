//! What a meter shows of one strip or bus, and how no peak is missed on the way to it.

use airdesk_dsp::lanes::Arch;
use airdesk_dsp::level::LevelMeter;
use airdesk_dsp::{Block, SampleRate};

/// Levels of one stereo signal since somebody last looked. Linear, full scale is 1.0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Levels {
    /// The highest sample of either sign, left and right.
    pub peak: [f32; 2],
    /// Root of the mean square over the last 300 ms, left and right.
    pub rms: [f32; 2],
    /// Samples at or above full scale since the counter was cleared; of the programme, before its limiter.
    pub clips: u32,
}

impl Levels {
    /// Keeps the peak of what came before, where it was higher.
    pub fn keep_peak(&mut self, earlier: &Levels) {
        self.peak = higher(self.peak, earlier.peak);
    }
}

fn higher(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0].max(b[0]), a[1].max(b[1])]
}

/// The largest reduction, dB, that waits until it has been seen. At most zero.
#[derive(Debug, Default)]
pub(crate) struct LargestReduction {
    recent: f32,
    unseen: f32,
}

impl LargestReduction {
    pub(crate) fn measure(&mut self, db: f32) {
        self.recent = self.recent.min(db);
    }

    /// What to report. `seen`: somebody looked at the last report.
    pub(crate) fn report(&mut self, seen: bool) -> f32 {
        let before = if seen { 0.0 } else { self.unseen };
        self.unseen = before.min(std::mem::take(&mut self.recent));
        self.unseen
    }
}

/// A meter whose peaks wait until they have been seen.
pub(crate) struct Metering {
    meter: LevelMeter,
    /// Peaks since the last report.
    recent: [f32; 2],
    /// Peaks since the last report that somebody looked at.
    unseen: [f32; 2],
}

impl Metering {
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self {
            meter: LevelMeter::new(rate),
            recent: [0.0; 2],
            unseen: [0.0; 2],
        }
    }

    /// Measures on these instructions from now on.
    pub(crate) fn set_arch(&mut self, arch: Arch) {
        self.meter.set_arch(arch);
    }

    pub(crate) fn measure(&mut self, block: &Block) {
        self.meter.measure(block);
        self.recent = higher(self.recent, self.meter.peak());
    }

    /// The same of a block that was `before` until a limiter had it: that is where clips are counted.
    pub(crate) fn measure_limited(&mut self, before: &Block, block: &Block) {
        self.meter.measure_limited(before, block);
        self.recent = higher(self.recent, self.meter.peak());
    }

    /// What to report. `seen`: somebody looked at the last report.
    pub(crate) fn report(&mut self, seen: bool) -> Levels {
        self.unseen = if seen {
            self.recent
        } else {
            higher(self.unseen, self.recent)
        };
        self.recent = [0.0; 2];
        Levels {
            peak: self.unseen,
            rms: self.meter.rms(),
            clips: self.meter.clips(),
        }
    }

    pub(crate) fn clear_clips(&mut self) {
        self.meter.clear_clips();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_reduction_waits_until_it_has_been_seen() {
        let mut limited = LargestReduction::default();
        limited.measure(-3.0);
        limited.measure(0.0);
        assert_eq!(limited.report(true), -3.0);
        assert_eq!(limited.report(false), -3.0, "nobody looked");
        limited.measure(-1.0);
        assert_eq!(limited.report(false), -3.0);
        assert_eq!(limited.report(true), 0.0);
    }
}
