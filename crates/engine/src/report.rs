//! What the engine tells the eye: levels, inputs, its own health. The newest report wins, and no peak
//! is missed: the engine keeps peaks until a report that had them was taken.

use triple_buffer::{Input, Output, triple_buffer};

use crate::bus::BUSES;
use crate::chain::Reductions;
use crate::console::MAX_STRIPS;
use crate::id::StripId;
use crate::levels::{Levels, Needles};

/// What one strip's input is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct InputReport {
    /// What it is doing.
    pub phase: InputPhase,
    /// From the device's callback to the mix, seconds.
    pub latency: f32,
    /// The device's clock against the desk's, ppm; positive is fast.
    pub ppm: f32,
    /// By how much the delay through its bridge is off its target, seconds; positive is too long.
    pub error: f32,
    /// The bridge holds the delay within a quarter of a millisecond, and its ratio hardly moves.
    pub locked: bool,
    /// Frames the source delivered and the ring could not take.
    pub frames_lost: u64,
    /// Frames the source did not deliver in time.
    pub frames_missing: u64,
}

/// What an input is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InputPhase {
    /// There is no source.
    #[default]
    Silent,
    /// Waiting for (more) audio.
    Waiting,
    /// Ready, and told not to play.
    Paused,
    /// Sounding.
    Running,
    /// The source is gone and all of it has been played.
    Ended,
}

/// One strip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StripReport {
    /// Which.
    pub id: StripId,
    /// After its stages, before its fader.
    pub levels: Levels,
    /// Its input.
    pub input: InputReport,
    /// What its dynamics do.
    pub reductions: Reductions,
}

/// One bus.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BusReport {
    /// As published.
    pub levels: Levels,
    /// The same for meters with a needle.
    pub needles: Needles,
    /// By how much its compressor turns it down, dB, at most zero.
    pub compressor: f32,
    /// By how much its limiter did at most since a report was seen, dB, at most zero. The programme's alone.
    pub limiter: f32,
}

/// The engine's own health.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Health {
    /// Frames mixed since start.
    pub frames: u64,
    /// Part of a block's time that mixing took, mean of the last second.
    pub load: f32,
    /// The same of the worst block of the last second.
    pub load_peak: f32,
    /// How far the engine runs ahead of the main output, frames.
    pub lead: u32,
    /// The desk's clock against the machine's, ppm.
    pub ppm: f32,
    /// An output's clock is followed.
    pub follows_outlet: bool,
    /// By how much that output's callbacks are off the desk's clock, to either side, seconds, mean of five seconds.
    pub clock_error: f32,
    /// The desk's clock has kept to that output's for five seconds, and the output goes on calling back.
    pub clock_locked: bool,
    /// Blocks mixed later than the main output could wait.
    pub blocks_late: u64,
    /// Samples that were no number.
    pub bad_samples: u64,
}

/// All of it.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// Programme, cue and aux buses.
    pub buses: [BusReport; BUSES],
    /// By how much music steps back, dB, at most zero.
    pub ducking: f32,
    strips: [Option<StripReport>; MAX_STRIPS],
    count: usize,
    /// The engine itself.
    pub health: Health,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            buses: Default::default(),
            ducking: 0.0,
            strips: [None; MAX_STRIPS],
            count: 0,
            health: Health::default(),
        }
    }
}

impl Report {
    /// The strips, by place.
    pub fn strips(&self) -> impl Iterator<Item = &StripReport> {
        self.strips.iter().take(self.count).flatten()
    }

    pub(crate) fn clear_strips(&mut self) {
        self.count = 0;
    }

    pub(crate) fn push_strip(&mut self, strip: StripReport) {
        if let Some(place) = self.strips.get_mut(self.count) {
            *place = Some(strip);
            self.count += 1;
        }
    }
}

/// Makes both ends.
pub(crate) fn report_channel() -> (ReportWriter, ReportReader) {
    let (input, output) = triple_buffer(&Report::default());
    (ReportWriter(input), ReportReader(output))
}

/// The engine's end.
pub(crate) struct ReportWriter(Input<Report>);

impl ReportWriter {
    /// Somebody has looked at the last report.
    pub(crate) fn was_seen(&self) -> bool {
        self.0.consumed()
    }

    /// Fills in and publishes the next report. Real-time.
    pub(crate) fn publish(&mut self, fill: impl FnOnce(&mut Report)) {
        fill(self.0.input_buffer_mut());
        self.0.publish();
    }
}

/// The station's end.
pub struct ReportReader(Output<Report>);

impl ReportReader {
    /// The newest report.
    pub fn latest(&mut self) -> &Report {
        self.0.read()
    }
}
