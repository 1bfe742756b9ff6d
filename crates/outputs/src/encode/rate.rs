//! From the desk's rate to the stream's, in runs of a fixed length: what an encoder takes at a time.

use std::collections::VecDeque;

use airdesk_dsp::Frame;
use airdesk_dsp::resample::StereoResampler;

/// Collects desk frames and hands out runs of exactly `run` frames at the stream's rate.
pub(crate) struct RateBridge {
    waiting: VecDeque<Frame>,
    resampler: Option<StereoResampler>,
    source: Vec<Frame>,
    run: usize,
}

impl RateBridge {
    pub(crate) fn new(desk_rate: u32, stream_rate: u32, run: usize) -> Self {
        let resampler =
            (desk_rate != stream_rate).then(|| StereoResampler::new(f64::from(desk_rate), f64::from(stream_rate), run));
        Self {
            waiting: VecDeque::new(),
            resampler,
            source: Vec::new(),
            run,
        }
    }

    pub(crate) fn push(&mut self, frames: &[Frame]) {
        self.waiting.extend(frames);
    }

    /// Fills `out` with the next run, once there is one.
    pub(crate) fn pull(&mut self, out: &mut Vec<Frame>) -> bool {
        let needed = self.resampler.as_ref().map_or(self.run, StereoResampler::frames_needed);
        if self.waiting.len() < needed {
            return false;
        }
        out.clear();
        match &mut self.resampler {
            None => out.extend(self.waiting.drain(..needed)),
            Some(resampler) => {
                self.source.clear();
                self.source.extend(self.waiting.drain(..needed));
                out.resize(self.run, [0.0; 2]);
                resampler.process(&self.source, out);
            }
        }
        true
    }

    /// The last run, filled up with silence; how many of its frames were asked for. Nothing if empty.
    pub(crate) fn pull_rest(&mut self, out: &mut Vec<Frame>) -> usize {
        let rest = self.waiting.len();
        if rest == 0 {
            return 0;
        }
        let needed = self.resampler.as_ref().map_or(self.run, StereoResampler::frames_needed);
        self.waiting.resize(needed.max(rest), [0.0; 2]);
        self.pull(out);
        (rest * self.run).div_ceil(needed).min(self.run)
    }
}
