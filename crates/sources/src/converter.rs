//! From a file's rate to the desk's: as long as the file is at the desk's rate, the resampler's delay left out, and from any
//! place as if it had played through. Never runs on the audio thread; allocates when made and at first use.

use airdesk_dsp::resample::{Quality, StereoResampler};
use airdesk_dsp::{Frame, SampleRate};

/// Frames converted at a time.
const STEP: usize = 256;

/// Gives frames at the desk's rate from ones at another. Equal rates pass through untouched.
pub(crate) struct Converter {
    /// Rates of the file and of the desk, divided by what they have in common.
    ratio: (u64, u64),
    passage: Option<Passage>,
    /// Frames of the file read, and of the desk given, both counted from the file's beginning.
    read: u64,
    given: u64,
    /// Frames of the desk in all, once the file has ended.
    end: Option<u64>,
}

struct Passage {
    resampler: StereoResampler,
    source: Vec<Frame>,
    out: [Frame; STEP],
    /// Next of `out`.
    place: usize,
    /// Frames still to be left out: the resampler's delay, and what a seek has to pass.
    skip: u64,
}

impl Converter {
    pub(crate) fn new(from: SampleRate, to: SampleRate, quality: Quality) -> Self {
        let (from, to) = (from.hz(), to.hz());
        let common = u64::from(common_divisor(from, to));
        Self {
            ratio: (u64::from(from) / common, u64::from(to) / common),
            passage: (from != to).then(|| Passage::new(from, to, quality)),
            read: 0,
            given: 0,
            end: None,
        }
    }

    /// How many frames of the desk so many of the file are, to the nearest.
    pub(crate) fn scaled(&self, frames: u64) -> u64 {
        let (from, to) = self.ratio;
        let scaled = (u128::from(frames) * u128::from(to) + u128::from(from / 2)) / u128::from(from);
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }

    /// Goes on at frame `place` of the desk. The file has to be read from the frame that is returned.
    pub(crate) fn seek(&mut self, place: u64) -> u64 {
        self.given = place;
        self.end = None;
        self.read = match &mut self.passage {
            None => place,
            Some(passage) => {
                // From where a frame of the one rate falls onto one of the other, and so early that the filter is full.
                let periods = place.saturating_sub(passage.delay() + 4) / self.ratio.1;
                passage.start_again(place - periods * self.ratio.1);
                periods * self.ratio.0
            }
        };
        self.read
    }

    /// Fills `out` with what `read` gives of the file. Fewer frames mean the end, as they do of `read`.
    pub(crate) fn render<E>(
        &mut self,
        out: &mut [Frame],
        mut read: impl FnMut(&mut [Frame]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let mut done = 0;
        while done < out.len() {
            let left = self.end.map_or(u64::MAX, |end| end.saturating_sub(self.given));
            let part = out[done..].len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if part == 0 {
                break;
            }
            let part = &mut out[done..done + part];
            let count = match &mut self.passage {
                None if self.end.is_some() => 0,
                None => {
                    let count = read(part)?;
                    self.read += count as u64;
                    if count < part.len() {
                        self.end = Some(self.read);
                    }
                    count
                }
                Some(passage) if !passage.has_more() => {
                    let ended = self.end.is_some();
                    let (count, wanted) = passage.refill(|source| if ended { Ok(0) } else { read(source) })?;
                    self.read += count as u64;
                    if count < wanted && !ended {
                        self.end = Some(self.scaled(self.read));
                    }
                    0
                }
                Some(passage) => passage.take(part),
            };
            done += count;
            self.given += count as u64;
        }
        Ok(done)
    }
}

impl Passage {
    fn new(from: u32, to: u32, quality: Quality) -> Self {
        let resampler = StereoResampler::with_quality(f64::from(from), f64::from(to), STEP, quality);
        Self {
            skip: resampler.delay() as u64,
            resampler,
            source: Vec::new(),
            out: [[0.0; 2]; STEP],
            place: STEP,
        }
    }

    fn delay(&self) -> u64 {
        self.resampler.delay() as u64
    }

    fn start_again(&mut self, frames_to_skip: u64) {
        self.resampler.reset();
        self.place = STEP;
        self.skip = self.delay() + frames_to_skip;
    }

    /// Whether something is left of what was converted.
    fn has_more(&self) -> bool {
        self.place < STEP
    }

    /// Converts more. Returns how many frames there were, and how many were asked for; silence follows a file's end.
    fn refill<E>(&mut self, read: impl FnOnce(&mut [Frame]) -> Result<usize, E>) -> Result<(usize, usize), E> {
        let wanted = self.resampler.frames_needed();
        self.source.resize(wanted, [0.0; 2]);
        let count = read(&mut self.source)?;
        self.source[count..].fill([0.0; 2]);
        self.resampler.process(&self.source, &mut self.out);
        self.place = self.skip.min(STEP as u64) as usize;
        self.skip -= self.place as u64;
        Ok((count, wanted))
    }

    fn take(&mut self, out: &mut [Frame]) -> usize {
        let count = out.len().min(STEP - self.place);
        out[..count].copy_from_slice(&self.out[self.place..][..count]);
        self.place += count;
        count
    }
}

/// Euclid's.
fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn rate(hz: u32) -> SampleRate {
        SampleRate::new(hz).expect("a rate")
    }

    /// Noise, the same each time.
    fn noise(place: u64) -> Frame {
        let mixed = place.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed;
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        [
            (mixed >> 40) as f32 / 16_777_216.0 - 0.5,
            (mixed & 0xff_ffff) as f32 / 16_777_216.0 - 0.5,
        ]
    }

    /// What a converter gives of so many frames of noise, from a place of the desk on.
    fn heard(converter: &mut Converter, frames: u64, from: Option<u64>, most: usize) -> Vec<Frame> {
        let mut place = from.map_or(0, |from| converter.seek(from));
        let mut heard = Vec::new();
        let mut step = [[0.0; 2]; 333];
        while heard.len() < most {
            let count = converter.render(&mut step, |source| {
                let count = source
                    .len()
                    .min(usize::try_from(frames.saturating_sub(place)).expect("few"));
                for frame in &mut source[..count] {
                    *frame = noise(place);
                    place += 1;
                }
                Ok::<_, Infallible>(count)
            });
            let Ok(count) = count;
            heard.extend_from_slice(&step[..count]);
            if count < step.len() {
                break;
            }
        }
        heard
    }

    #[test]
    fn a_file_is_as_long_as_it_was_at_every_rate() {
        for from in [8_000, 22_050, 44_100, 44_101, 48_000, 96_000, 192_000, 384_000] {
            for to in [44_100, 48_000, 96_000] {
                for frames in [0, 1, 2, 255, 256, 10_007] {
                    let mut converter = Converter::new(rate(from), rate(to), Quality::Best);
                    let expected = (frames as f64 * f64::from(to) / f64::from(from)).round() as u64;
                    assert_eq!(converter.scaled(frames), expected);
                    let count = heard(&mut converter, frames, None, usize::MAX).len() as u64;
                    assert_eq!(count, expected, "{frames} frames, {from} to {to} Hz");
                }
            }
        }
    }

    #[test]
    fn a_place_sounds_the_same_whether_it_was_sought_or_reached() {
        for (from, to) in [
            (44_100, 48_000),
            (48_000, 44_100),
            (44_101, 48_000),
            (96_000, 48_000),
            (8_000, 48_000),
            (48_000, 48_000),
        ] {
            let frames = u64::from(from) * 3;
            let mut converter = Converter::new(rate(from), rate(to), Quality::Best);
            let straight = heard(&mut converter, frames, None, usize::MAX);
            let mut place = 1_u64;
            for _ in 0..50 {
                place = (place * 48_271 + 11) % (straight.len() as u64 + 10);
                let sought = heard(&mut converter, frames, Some(place), 2_000);
                let expected = &straight[straight.len().min(place as usize)..];
                assert_eq!(
                    sought.len().min(1_000),
                    expected.len().min(1_000),
                    "{place}, {from} to {to} Hz"
                );
                for (one, other) in sought.iter().zip(expected) {
                    let off = (one[0] - other[0]).abs().max((one[1] - other[1]).abs());
                    assert!(off < 1e-5, "{off} at {place}, {from} to {to} Hz");
                }
            }
        }
    }

    #[test]
    fn the_same_is_heard_however_much_is_asked_for_at_a_time() {
        for (from, to) in [(44_100, 48_000), (96_000, 48_000), (48_000, 48_000)] {
            let by = |at_a_time: usize| {
                let mut converter = Converter::new(rate(from), rate(to), Quality::Balanced);
                let (mut out, mut place) = (vec![[0.0; 2]; 20_000], 0);
                let parts = out.chunks_mut(at_a_time);
                let counts = parts.map(|part| {
                    let count = converter.render(part, |source| {
                        let count = source.len().min(10_007 - place as usize);
                        for frame in &mut source[..count] {
                            *frame = noise(place);
                            place += 1;
                        }
                        Ok::<_, Infallible>(count)
                    });
                    let Ok(count) = count;
                    count
                });
                let count: usize = counts.sum();
                (count, out)
            };
            let whole = by(20_000);
            assert!(
                [1, 63, 256, 1000].iter().all(|at_a_time| by(*at_a_time) == whole),
                "{from} to {to} Hz"
            );
        }
    }
}
