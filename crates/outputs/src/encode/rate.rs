//! From the desk's rate to the stream's, in runs of a fixed length: what an encoder takes at a time.
//!
//! Exact over its whole length: what the resampler's filter holds back is left out at the beginning and asked for at
//! the end, so that so many seconds in are so many seconds out, to the nearest frame.

use std::collections::VecDeque;

use airdesk_dsp::Frame;
use airdesk_dsp::resample::StereoResampler;

/// Frames that are resampled at a time.
const STEP: usize = 64;

/// Collects desk frames and hands out runs of exactly `run` frames at the stream's rate.
pub(crate) struct RateBridge {
    resampling: Option<Resampling>,
    /// At the stream's rate.
    ready: VecDeque<Frame>,
    /// How long the next run is, and each after it.
    next: usize,
    run: usize,
}

impl RateBridge {
    pub(crate) fn new(desk_rate: u32, stream_rate: u32, run: usize) -> Self {
        Self {
            resampling: (desk_rate != stream_rate).then(|| Resampling::new(desk_rate, stream_rate)),
            ready: VecDeque::new(),
            next: run,
            run,
        }
    }

    /// The same with a first run of another length.
    pub(crate) fn beginning_with(self, first: usize) -> Self {
        Self { next: first, ..self }
    }

    pub(crate) fn push(&mut self, frames: &[Frame]) {
        match &mut self.resampling {
            None => self.ready.extend(frames),
            Some(resampling) => resampling.push(frames, &mut self.ready),
        }
    }

    /// Fills `out` with the next run, once there is one.
    pub(crate) fn pull(&mut self, out: &mut Vec<Frame>) -> bool {
        if self.ready.len() < self.next {
            return false;
        }
        out.clear();
        out.extend(self.ready.drain(..self.next));
        self.next = self.run;
        true
    }

    /// Frames at the stream's rate that the next run lacks.
    pub(crate) fn wanted(&self) -> usize {
        self.next.saturating_sub(self.ready.len())
    }

    /// Nothing comes after this. What is still inside can be pulled, and then [`RateBridge::rest`].
    pub(crate) fn end(&mut self) {
        if let Some(resampling) = &mut self.resampling {
            resampling.end(&mut self.ready);
        }
    }

    /// The last run, which is shorter than the others and may be empty.
    pub(crate) fn rest(&mut self, out: &mut Vec<Frame>) {
        out.clear();
        out.extend(self.ready.drain(..));
    }
}

struct Resampling {
    rates: (u64, u64),
    filter: StereoResampler,
    waiting: VecDeque<Frame>,
    source: Vec<Frame>,
    /// Desk frames in, and stream frames out, without those of the filter's delay.
    frames: (u64, u64),
    /// Frames of the delay that are still to come.
    early: usize,
}

impl Resampling {
    fn new(desk_rate: u32, stream_rate: u32) -> Self {
        let filter = StereoResampler::new(f64::from(desk_rate), f64::from(stream_rate), STEP);
        Self {
            rates: (u64::from(desk_rate), u64::from(stream_rate)),
            early: filter.delay(),
            filter,
            waiting: VecDeque::new(),
            source: Vec::new(),
            frames: (0, 0),
        }
    }

    fn push(&mut self, frames: &[Frame], ready: &mut VecDeque<Frame>) {
        self.frames.0 += frames.len() as u64;
        self.waiting.extend(frames);
        while self.waiting.len() >= self.filter.frames_needed() {
            self.step(ready);
        }
    }

    fn end(&mut self, ready: &mut VecDeque<Frame>) {
        let (desk, stream) = self.rates;
        let wanted = (self.frames.0 * stream + desk / 2) / desk;
        while self.frames.1 < wanted {
            self.waiting.resize(self.filter.frames_needed(), [0.0; 2]);
            self.step(ready);
        }
        let over = (self.frames.1 - wanted) as usize;
        ready.truncate(ready.len().saturating_sub(over));
        self.frames.1 = wanted;
    }

    fn step(&mut self, ready: &mut VecDeque<Frame>) {
        self.source.clear();
        self.source.extend(self.waiting.drain(..self.filter.frames_needed()));
        let mut out = [[0.0; 2]; STEP];
        self.filter.process(&self.source, &mut out);
        let early = self.early.min(STEP);
        self.early -= early;
        self.frames.1 += (STEP - early) as u64;
        ready.extend(&out[early..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_seconds_in_are_so_many_seconds_out_to_the_nearest_frame() {
        for (desk, stream) in [(48_000, 48_000), (44_100, 48_000), (96_000, 48_000), (88_200, 44_100)] {
            for frames in [1, 63, 1_000, 100_003_u64] {
                let mut bridge = RateBridge::new(desk, stream, 960);
                let (mut run, mut out) = (Vec::new(), 0);
                for _ in 0..frames {
                    bridge.push(&[[0.25; 2]]);
                    while bridge.pull(&mut run) {
                        out += run.len();
                    }
                }
                bridge.end();
                while bridge.pull(&mut run) {
                    out += run.len();
                }
                bridge.rest(&mut run);
                out += run.len();
                let wanted = (frames as f64 * f64::from(stream) / f64::from(desk)).round();
                assert_eq!(out as f64, wanted, "{frames} frames from {desk} to {stream} Hz");
            }
        }
    }

    #[test]
    fn what_is_resampled_stays_in_its_place() {
        let mut bridge = RateBridge::new(96_000, 48_000, 4_000);
        let mut frames = vec![[0.0; 2]; 8_000];
        frames[4_000] = [1.0; 2];
        bridge.push(&frames);
        bridge.end();
        let mut run = Vec::new();
        assert!(bridge.pull(&mut run));
        let loudest = (0..4_000).max_by(|a, b| run[*a][0].total_cmp(&run[*b][0]));
        assert!(matches!(loudest, Some(1_999..=2_001)), "{loudest:?}");
    }
}
