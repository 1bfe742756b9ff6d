//! The loudness of a signal, block by block: EBU Tech 3341 (meter), Tech 3342 (range), ITU-R BS.1770 (weighting,
//! gates, true peak). No thread, no clock; allocates in `new` only, and blocks nowhere.
//!
//! `ebur128` weights and integrates, in histogram mode: without it, its history grows for ever. True peak is the
//! desk's own, because the limiter stands on the same filter: what it lets through reads no higher than its
//! ceiling here, and it costs less.

use airdesk_dsp::correlation::CorrelationMeter;
use airdesk_dsp::level::silence_bad_samples;
use airdesk_dsp::true_peak::TruePeakMeter;
use airdesk_dsp::{BLOCK_FRAMES, Block, Frame, SampleRate};
use ebur128::{EbuR128, Mode};
use serde::{Deserialize, Serialize};

use super::range::RangeHistogram;
use super::units::{Dbtp, Lu, Lufs};
use super::windows::{SHORT_TERM, SLOT_MS, Windows};

/// Slots from one value of the range to the next: 100 ms.
const RANGE_STEP: usize = 10;

/// A bus at one moment. Silence, and what has not been heard long enough, is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Loudness {
    /// Over the last 400 ms.
    pub momentary: Option<Lufs>,
    /// Over the last 3 s; what was not heard yet counts as silence.
    pub short_term: Option<Lufs>,
    /// Since the reset, gated at -70 LUFS and at 10 LU below the mean.
    pub integrated: Option<Lufs>,
    /// Loudness range since the reset. `None` for the first 3 s.
    pub range: Option<Lu>,
    /// The highest momentary loudness since the reset.
    pub momentary_max: Option<Lufs>,
    /// The highest short-term loudness since the reset.
    pub short_term_max: Option<Lufs>,
    /// The highest true peak of either side since the reset.
    pub true_peak_max: Option<Dbtp>,
    /// Phase correlation over 300 ms: +1 mono, 0 unrelated or one side silent, -1 mono hears nothing.
    pub correlation: Option<f32>,
    /// Seconds of audio measured since the reset.
    pub seconds: f64,
    /// Frames since the reset that came too late to be measured. They are not in `seconds`.
    pub frames_lost: u64,
}

/// Measures a stereo signal.
pub struct Measurement {
    rate: SampleRate,
    meter: EbuR128,
    slot_frames: usize,
    slot_filled: usize,
    windows: Windows,
    range: RangeHistogram,
    true_peak: TruePeakMeter,
    /// Linear, full scale 1.0.
    true_peak_max: f32,
    /// What comes next does not follow on what came before.
    joined: bool,
    correlation: CorrelationMeter,
    frames: u64,
    frames_lost: u64,
}

impl Measurement {
    /// Nothing heard yet. Allocates.
    pub fn new(rate: SampleRate) -> Self {
        let meter = EbuR128::new(2, rate.hz(), Mode::I | Mode::HISTOGRAM)
            .expect("ebur128 takes two channels at any rate from 16 Hz to 2.8 MHz");
        Self {
            rate,
            meter,
            slot_frames: (rate.hz() * SLOT_MS / 1000) as usize,
            slot_filled: 0,
            windows: Windows::new(),
            range: RangeHistogram::new(),
            true_peak: TruePeakMeter::new(),
            true_peak_max: 0.0,
            joined: true,
            correlation: CorrelationMeter::new(rate),
            frames: 0,
            frames_lost: 0,
        }
    }

    /// Listens to one block. What is no number counts as silence: it would stay in the filters for ever.
    pub fn measure(&mut self, block: &Block) {
        let mut block = *block;
        silence_bad_samples(&mut block);
        self.correlation.measure(&block);
        self.hear_peak(&block);
        let mut rest = block.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.slot_frames - self.slot_filled));
            self.weigh(now);
            rest = later;
        }
        self.frames += BLOCK_FRAMES as u64;
    }

    /// Blocks are missing before the next one. The measurement goes on without them.
    pub fn lose(&mut self, blocks: u64) {
        self.frames_lost += blocks * BLOCK_FRAMES as u64;
        self.joined = true;
    }

    /// What comes next is another signal.
    pub(super) fn join(&mut self) {
        self.joined = true;
    }

    /// What was measured so far.
    pub fn reading(&self) -> Loudness {
        let momentary = Lufs::of_power(self.windows.momentary());
        Loudness {
            momentary,
            short_term: Lufs::of_power(self.windows.short_term()),
            integrated: self.meter.loudness_global().ok().and_then(Lufs::new),
            range: self.range.range(),
            momentary_max: Lufs::of_power(self.windows.momentary_max()),
            short_term_max: Lufs::of_power(self.windows.short_term_max()),
            true_peak_max: Dbtp::of_peak(self.true_peak_max),
            correlation: momentary.map(|_| self.correlation.correlation()),
            seconds: self.frames as f64 / f64::from(self.rate.hz()),
            frames_lost: self.frames_lost,
        }
    }

    /// Begins everything that is "since the reset" again. Momentary, short-term and correlation go on.
    pub fn reset(&mut self) {
        self.meter.reset();
        self.slot_filled = 0; // the slot that was begun is dropped: its beginning is forgotten
        self.windows.reset_maxima();
        self.range.reset();
        self.true_peak_max = 0.0;
        self.frames = 0;
        self.frames_lost = 0;
    }

    fn hear_peak(&mut self, block: &Block) {
        let sample_peak = block.as_flattened().iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        self.true_peak.measure(block);
        self.true_peak_max = self.true_peak_max.max(sample_peak);
        // Between two signals that do not follow on each other there is a step that nobody heard: the block behind
        // it fills the filter and only its samples count.
        if !std::mem::take(&mut self.joined) {
            let [left, right] = self.true_peak.peak();
            self.true_peak_max = self.true_peak_max.max(left).max(right);
        }
    }

    /// Takes frames that do not go beyond the slot.
    fn weigh(&mut self, frames: &[Frame]) {
        let added = self.meter.add_frames_f32(frames.as_flattened());
        debug_assert!(added.is_ok(), "frames are whole");
        self.slot_filled += frames.len();
        if self.slot_filled < self.slot_frames {
            return;
        }
        self.slot_filled = 0;
        let lufs = self.meter.loudness_window(SLOT_MS).unwrap_or(f64::NEG_INFINITY);
        self.windows.push(10_f64.powf(lufs / 10.0));
        let slots = self.windows.counted();
        if slots >= SHORT_TERM && slots.is_multiple_of(RANGE_STEP) {
            self.range.add(self.windows.short_term());
        }
    }
}
