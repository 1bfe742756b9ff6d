//! How loud one file is, for the formats that say it of themselves (EBU Tech 3285 version 2). Runs on what the file is given, so
//! it is that of the file and not of the bus.

use airdesk_dsp::{BLOCK_FRAMES, Block, Frame, SILENCE, SampleRate};

use crate::loudness::{Dbtp, Lu, Lufs, Measurement};
use crate::sound_file::Closing;

/// The loudness of a file so far.
pub(super) struct FileLoudness {
    measurement: Measurement,
    /// What does not make a block yet.
    part: Block,
    filled: usize,
}

impl FileLoudness {
    pub(super) fn new(rate: SampleRate) -> Self {
        Self {
            measurement: Measurement::new(rate),
            part: SILENCE,
            filled: 0,
        }
    }

    /// These were given to the file.
    pub(super) fn hear(&mut self, mut frames: &[Frame]) {
        while !frames.is_empty() {
            let (now, later) = frames.split_at(frames.len().min(BLOCK_FRAMES - self.filled));
            self.part[self.filled..self.filled + now.len()].copy_from_slice(now);
            self.filled += now.len();
            frames = later;
            if self.filled == BLOCK_FRAMES {
                self.measurement.measure(&self.part);
                self.filled = 0;
            }
        }
    }

    /// What the file says of itself: nothing of what was silent or too short.
    pub(super) fn close(&self, closing: Closing) -> Closing {
        let reading = self.measurement.reading();
        Closing {
            loudness: reading.integrated.map(Lufs::value),
            loudness_range: reading.range.map(Lu::value),
            true_peak: reading.true_peak_max.map(Dbtp::value),
            momentary_max: reading.momentary_max.map(Lufs::value),
            short_term_max: reading.short_term_max.map(Lufs::value),
            ..closing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tone_of_tech_3341_has_its_loudness_however_it_comes_in_and_silence_has_none() {
        let sine = |n: u32| (f64::from(n) * 1_000.0 * std::f64::consts::TAU / 48_000.0).sin() as f32 * 0.070_794_6;
        let frames: Vec<Frame> = (0..20 * 48_000).map(|n| [sine(n); 2]).collect();
        let mut loudness = FileLoudness::new(SampleRate::DESK);
        frames.chunks(1_000).for_each(|run| loudness.hear(run));
        let closing = loudness.close(Closing::default());
        for value in [
            closing.loudness,
            closing.momentary_max,
            closing.short_term_max,
            closing.true_peak,
        ] {
            let value = value.expect("it is heard");
            assert!((value + 23.0).abs() < 0.1, "{closing:?}");
        }
        assert!(closing.loudness_range.is_some_and(|range| range < 0.1), "{closing:?}");
        let mut silent = FileLoudness::new(SampleRate::DESK);
        silent.hear(&vec![[0.0; 2]; 48_000]);
        assert_eq!(silent.close(Closing::default()), Closing::default());
    }
}
