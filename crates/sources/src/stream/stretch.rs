//! Makes a sound a little longer or shorter without changing its pitch to the ear.
//!
//! Two ways. A resampler reads up to 0.05 % faster or slower, 0.87 cents, and changes that by 20 ppm a second: it follows a
//! far clock. Where time is to be made up, pieces of 2.5 to 20 ms are left out or repeated at a place that is like the one before
//! it (WSOLA: Verhelst and Roelands, ICASSP 1993; NetEQ's accelerate and preemptive expand work so, too), but only where
//! nobody hears it: where both sides of the seam correlate by 0.995, as tones and held vowels do, or in a pause below
//! -50 dBFS. Other sounds are only pulled. Worker's thread; allocates in `new` only, unless the queue grows.

use std::collections::VecDeque;

use airdesk_dsp::Frame;
use airdesk_dsp::resample::StereoResampler;

use super::crossfade::{Curve, overlap};

/// Frames a call gives.
pub const STEP: usize = 64;
/// The strongest pull, relative.
pub const PULL_MOST: f64 = 500e-6;
/// How fast it changes, relative, a second.
const PULL_SLEW: f64 = 20e-6;
/// Source frames that the filter looks ahead.
const AHEAD: f64 = 64.0;
/// The shortest and the longest piece, seconds, and how long one side passes into the other.
const PIECE: (f64, f64) = (0.0025, 0.020);
const SEAM_SECONDS: f64 = 0.010;
/// From this correlation on a seam is not heard.
const ALIKE: f64 = 0.995;
/// Mean square below which nothing is, -50 dBFS.
const PAUSE: f64 = 1e-5;

/// Reads a queue of frames, stretched.
pub struct Stretch {
    rate: f64,
    resampler: StereoResampler,
    source: Vec<Frame>,
    ready: [Frame; STEP],
    given: usize,
    /// Frames taken from the queue since the beginning, with those left out and without those repeated.
    taken: i64,
    /// Where the first of those that are ready is, in frames of the queue since the beginning; and their distance.
    first: f64,
    step: f64,
    pull: f64,
    search: Vec<Frame>,
    stretched: i64,
}

impl Stretch {
    /// For a queue at `rate` Hz.
    pub fn new(rate: f64) -> Self {
        let resampler = StereoResampler::new(rate, rate, STEP);
        let longest = (rate * (PIECE.1 + SEAM_SECONDS)) as usize + 1;
        Self {
            rate,
            source: Vec::with_capacity(resampler.frames_needed_max()),
            resampler,
            ready: [[0.0; 2]; STEP],
            given: STEP,
            taken: 0,
            first: -(STEP as f64),
            step: 1.0,
            pull: 0.0,
            search: Vec::with_capacity(longest),
            stretched: 0,
        }
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        self.resampler.reset();
        (self.given, self.taken, self.first, self.step) = (STEP, 0, -(STEP as f64), 1.0);
        self.resampler.set_pull(1.0 + self.pull);
        self.stretched = 0;
    }

    /// Where the next frame given is, in frames of the queue since the beginning.
    pub fn place(&self) -> f64 {
        let next = self.first + self.given as f64 * self.step;
        next.max(0.0)
    }

    /// Frames that can be given for certain from a queue of so many.
    pub fn certain(&self, queued: usize) -> usize {
        STEP - self.given + queued / (STEP + 2) * STEP
    }

    /// Frames that are left up to `end`, in frames of the queue since the beginning.
    pub fn left(&self, end: u64) -> usize {
        // Half a frame: what is not quite at the end is heard, what is behind it is silence.
        ((end as f64 - 0.5 - self.place()) / self.step).ceil().max(0.0) as usize
    }

    /// Fills `out` as far as the queue goes. Returns how many frames.
    pub fn read(&mut self, queue: &mut VecDeque<Frame>, out: &mut [Frame]) -> usize {
        let mut heard = 0;
        while heard < out.len() {
            if self.given == STEP && self.fill(queue).is_none() {
                break;
            }
            let ready = &self.ready[self.given..];
            let count = ready.len().min(out.len() - heard);
            out[heard..heard + count].copy_from_slice(&ready[..count]);
            self.given += count;
            heard += count;
        }
        heard
    }

    fn fill(&mut self, queue: &mut VecDeque<Frame>) -> Option<()> {
        let needed = self.resampler.frames_needed();
        if queue.len() < needed {
            return None;
        }
        let passed = self.taken as f64 - self.resampler.ahead();
        self.source.clear();
        self.source.extend(queue.drain(..needed));
        self.resampler.process(&self.source, &mut self.ready);
        self.taken += needed as i64;
        let passes = self.taken as f64 - self.resampler.ahead() - passed;
        self.step = passes / STEP as f64;
        self.first = passed + self.step - AHEAD;
        // Before the beginning there is nothing but the filter's delay.
        let before = (-self.first - 0.25).max(0.0) / self.step;
        self.given = (before.ceil() as usize).min(STEP);
        Some(())
    }

    /// Reads `wanted` faster, relative, as soon as it can be changed to that; `elapsed` seconds after the last time.
    pub fn pull(&mut self, wanted: f64, elapsed: f64) {
        let most = PULL_SLEW * elapsed.max(0.0);
        let wanted = wanted.clamp(-PULL_MOST, PULL_MOST);
        self.pull += (wanted - self.pull).clamp(-most, most);
        self.resampler.set_pull(1.0 + self.pull);
    }

    /// Frames left out, less those repeated, since the beginning.
    pub fn stretched(&self) -> i64 {
        self.stretched
    }

    /// Leaves out up to `most` frames where that is not heard. Returns how many.
    pub fn shorten(&mut self, queue: &mut VecDeque<Frame>, most: usize) -> usize {
        let Some(lag) = self.find(queue, most) else { return 0 };
        // From what comes now to what comes a piece later.
        let seam = self.seam(0, lag);
        for (place, frame) in queue.iter_mut().skip(lag).zip(seam) {
            *place = frame;
        }
        queue.drain(..lag);
        self.taken += lag as i64;
        self.stretched += lag as i64;
        lag
    }

    /// Repeats up to `most` frames where that is not heard. Returns how many.
    pub fn lengthen(&mut self, queue: &mut VecDeque<Frame>, most: usize) -> usize {
        let Some(lag) = self.find(queue, most) else { return 0 };
        // What comes now, and then back to it from what would follow.
        let seam = self.seam(lag, 0);
        for (place, frame) in queue.iter_mut().zip(seam) {
            *place = frame;
        }
        for frame in self.search.iter().take(lag).rev() {
            queue.push_front(*frame);
        }
        self.taken -= lag as i64;
        self.stretched -= lag as i64;
        lag
    }

    fn seam(&self, from: usize, to: usize) -> Vec<Frame> {
        let length = (self.rate * SEAM_SECONDS) as usize;
        let old = &self.search[from..from + length];
        let mut new = self.search[to..to + length].to_vec();
        let curve = Curve::between(old, &new);
        overlap(old, &mut new, curve);
        new
    }

    /// How long a piece at the head of the queue can be left out or repeated unheard, if any.
    fn find(&mut self, queue: &VecDeque<Frame>, most: usize) -> Option<usize> {
        let seam = (self.rate * SEAM_SECONDS) as usize;
        let shortest = (self.rate * PIECE.0) as usize;
        let longest = ((self.rate * PIECE.1) as usize)
            .min(most)
            .min(queue.len().saturating_sub(seam));
        if longest < shortest {
            return None;
        }
        self.search.clear();
        self.search.extend(queue.iter().take(longest + seam));
        let power = |frames: &[Frame]| -> f64 { frames.as_flattened().iter().map(|x| f64::from(x * x)).sum() };
        if power(&self.search) < PAUSE * 2.0 * self.search.len() as f64 {
            return Some(longest);
        }
        let here = self.search.get(..seam)?;
        let power_here = power(here);
        let mut best = (ALIKE, None);
        let mut power_there = power(self.search.get(shortest..shortest + seam)?);
        for lag in shortest..=longest {
            let there = self.search.get(lag..lag + seam)?;
            // In f32 and eight at a time: the best of all lags is looked for, not its last digit.
            let alike = f64::from(product(here, there)) / (power_here * power_there).sqrt().max(1e-12);
            if alike > best.0 {
                best = (alike, Some(lag));
            }
            power_there -= power(there.get(..1)?);
            power_there += self.search.get(lag + seam..lag + seam + 1).map_or(0.0, power);
        }
        best.1
    }
}

fn product(one: &[Frame], other: &[Frame]) -> f32 {
    let (one, one_rest) = one.as_flattened().as_chunks::<8>();
    let (other, other_rest) = other.as_flattened().as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for (a, b) in one.iter().zip(other) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = one_rest.iter().zip(other_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::super::tests::{click_db, frequency, tone};
    use super::*;

    /// Ten seconds of `sound`, changed every quarter of a second by `change`.
    fn through(sound: &[Frame], mut change: impl FnMut(&mut Stretch, &mut VecDeque<Frame>)) -> (Vec<Frame>, Stretch) {
        let mut queue: VecDeque<Frame> = sound.iter().copied().collect();
        let mut stretch = Stretch::new(48_000.0);
        let mut out = Vec::new();
        let mut frame = [[0.0; 2]];
        while stretch.read(&mut queue, &mut frame) == 1 {
            out.extend(frame);
            if out.len() % 12_000 == 0 {
                change(&mut stretch, &mut queue);
            }
        }
        (out, stretch)
    }

    #[test]
    fn a_tone_that_is_pulled_or_cut_keeps_its_pitch_within_a_cent_and_has_no_click() {
        for hz in [97.0, 440.0, 997.0, 3_001.0] {
            let sound = tone(hz, 48_000.0, 0, 480_000);
            let mut pulled = 0.0;
            type Change<'a> = Box<dyn FnMut(&mut Stretch, &mut VecDeque<Frame>) + 'a>;
            let ways: [(&str, Change); 3] = [
                (
                    "pulled",
                    Box::new(|stretch, _| {
                        pulled = 500e-6;
                        stretch.pull(pulled, 60.0);
                    }),
                ),
                (
                    "shortened",
                    Box::new(|stretch, queue| {
                        stretch.shorten(queue, 960);
                    }),
                ),
                (
                    "lengthened",
                    Box::new(|stretch, queue| {
                        // Not for ever.
                        if stretch.stretched() > -20_000 {
                            stretch.lengthen(queue, 960);
                        }
                    }),
                ),
            ];
            for (name, change) in ways {
                let (out, stretch) = through(&sound, change);
                let part = &out[24_000..out.len() - 24_000];
                // What is above 5 kHz of the tone itself is nothing.
                let click = click_db(part);
                assert!(click < -80.0, "{hz} Hz {name}: {click:.1} dBFS");
                let cents = 1_200.0 * (frequency(part, hz, 48_000.0) / hz).log2();
                assert!(cents.abs() < 1.0, "{hz} Hz {name}: {cents:.2} cents");
                // The same in each half second.
                for part in part.chunks_exact(24_000) {
                    let cents = 1_200.0 * (frequency(part, hz, 48_000.0) / hz).log2();
                    assert!(cents.abs() < 1.0, "{hz} Hz {name}: {cents:.2} cents");
                }
                match name {
                    "shortened" => assert!(stretch.stretched() > 4_000, "{}", stretch.stretched()),
                    "lengthened" => assert!(stretch.stretched() < -4_000, "{}", stretch.stretched()),
                    _ => assert_eq!(stretch.stretched(), 0),
                }
            }
        }
    }

    #[test]
    fn noise_is_not_cut_and_a_pause_is() {
        let mut dice = super::super::tests::Dice::new(2);
        let loud: Vec<Frame> = (0..96_000).map(|_| [0.3 * dice.noise(), 0.3 * dice.noise()]).collect();
        let cut = |stretch: &mut Stretch, queue: &mut VecDeque<Frame>| {
            stretch.shorten(queue, 960);
        };
        assert_eq!(through(&loud, cut).1.stretched(), 0);
        let soft: Vec<Frame> = loud.iter().map(|frame| frame.map(|sample| 0.005 * sample)).collect();
        assert_eq!(through(&soft, cut).1.stretched(), 7 * 960);
    }

    #[test]
    fn the_place_that_is_heard_is_known_and_the_last_frame_is_reached() {
        // A ramp comes out as the place it is read at.
        let ramp: Vec<Frame> = (0..40_000).map(|n| [n as f32; 2]).collect();
        let mut queue: VecDeque<Frame> = ramp.iter().copied().chain([[39_999.0; 2]; 192]).collect();
        let mut stretch = Stretch::new(48_000.0);
        let mut given = 0_u32;
        while stretch.left(40_000) > 0 {
            if stretch.given == STEP {
                stretch.fill(&mut queue).expect("there is silence behind it");
                stretch.pull(if given < 20_000 { 400e-6 } else { -400e-6 }, 0.02);
                continue;
            }
            let place = stretch.place();
            let mut frame = [[0.0; 2]];
            assert_eq!(stretch.read(&mut queue, &mut frame), 1);
            given += 1;
            if given > 200 {
                assert!((f64::from(frame[0][0]) - place).abs() < 0.1, "{frame:?} at {place}");
            }
        }
        assert!((39_990..40_010).contains(&given), "{given}");
        assert!((stretch.place() - 40_000.0).abs() < 0.6);
    }
}
