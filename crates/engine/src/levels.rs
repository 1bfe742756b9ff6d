//! What a meter shows of one strip or bus, and how no peak is missed on the way to it.

use airdesk_dsp::ballistics::{BallisticsBank, QuasiPeaks};
use airdesk_dsp::lanes::{Arch, STRIPS};
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

/// What needle meters show of a bus. Linear, full scale is 1.0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Needles {
    /// The highest that quasi-peak meters read since somebody last looked.
    pub quasi_peaks: QuasiPeaks,
    /// Integral of the magnitude over time since the engine began, left and right, in seconds at full scale: the mean
    /// between two looks is the difference of their integrals over the time between them.
    pub rectified: [f64; 2],
}

impl Needles {
    /// Keeps the quasi-peaks of what came before, where they were higher.
    pub fn keep_peak(&mut self, earlier: &Needles) {
        self.quasi_peaks = self.quasi_peaks.higher(&earlier.quasi_peaks);
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

    /// The last block was silent.
    pub(crate) fn is_silent(&self) -> bool {
        self.meter.peak() == [0.0; 2]
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

/// What four buses' needle meters show; quasi-peaks wait until they have been seen.
pub(crate) struct NeedleMetering {
    bank: BallisticsBank,
    recent: [QuasiPeaks; STRIPS],
    unseen: [QuasiPeaks; STRIPS],
}

impl NeedleMetering {
    pub(crate) fn new(rate: SampleRate, arch: Arch) -> Self {
        Self {
            bank: BallisticsBank::new(rate, arch),
            recent: [QuasiPeaks::default(); STRIPS],
            unseen: [QuasiPeaks::default(); STRIPS],
        }
    }

    /// Listens to one block of each; `None` is silence.
    pub(crate) fn measure(&mut self, blocks: [Option<&Block>; STRIPS]) {
        if !self.bank.measure(blocks) {
            return;
        }
        for (place, recent) in self.recent.iter_mut().enumerate() {
            *recent = recent.higher(&self.bank.quasi_peaks(place));
        }
    }

    /// What to report of one bus. `seen`: somebody looked at the last report.
    pub(crate) fn report(&mut self, place: usize, seen: bool) -> Needles {
        let (Some(recent), Some(unseen)) = (self.recent.get_mut(place), self.unseen.get_mut(place)) else {
            return Needles::default();
        };
        let before = if seen { QuasiPeaks::default() } else { *unseen };
        *unseen = before.higher(&std::mem::take(recent));
        Needles {
            quasi_peaks: *unseen,
            rectified: self.bank.rectified(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use airdesk_dsp::BLOCK_FRAMES;

    use super::*;

    #[test]
    fn a_quasi_peak_waits_until_it_has_been_seen_and_the_integral_grows_on() {
        let mut needles = NeedleMetering::new(SampleRate::DESK, Arch::best());
        let hear = |needles: &mut NeedleMetering, level: f32, blocks: usize| {
            let block = [[level, 0.0]; BLOCK_FRAMES];
            (0..blocks).for_each(|_| needles.measure([None, Some(&block), None, None]));
        };
        hear(&mut needles, 0.5, 375);
        hear(&mut needles, 0.0, 375);
        let first = needles.report(1, true);
        assert!(first.quasi_peaks.type_i[0] > 0.45, "{first:?}");
        assert!((first.rectified[0] - 0.25).abs() < 1e-6, "{first:?}");
        hear(&mut needles, 0.01, 1);
        let second = needles.report(1, false);
        assert_eq!(second.quasi_peaks, first.quasi_peaks, "nobody looked");
        assert!(((second.rectified[0] - first.rectified[0]) * 48_000.0 - 0.64).abs() < 1e-3);
        let third = needles.report(1, true);
        assert_eq!(third.quasi_peaks, QuasiPeaks::default(), "no block since");
        assert_eq!(needles.report(0, true), Needles::default(), "another bus is silent");
    }

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
