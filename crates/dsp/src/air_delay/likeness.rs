//! Where a signal is most like itself a little earlier or later: there it can be joined to itself.
//!
//! The normalised cross-correlation of WSOLA (Verhelst and Roelands, "An overlap-add technique based on waveform similarity
//! (WSOLA) for high quality time-scale modification of speech", ICASSP 1993), of both sides at once: they stay in phase.
//! Places are tried coarsely, on means of some frames, and the best of them exactly. Allocates in `new` only.

use std::ops::RangeInclusive;

use crate::{Frame, SampleRate};

/// Coarse places are as far apart as frames at about this rate, Hz.
const COARSE_HZ: u32 = 12_000;
/// So many coarse places are tried exactly.
const BEST: usize = 4;
/// Independent sums, so that the compiler may use vector registers.
const LANES: usize = 8;
/// Below this mean square, -60 dBFS, a join cannot be heard wherever it is.
const QUIET: f32 = 1e-6;
/// What the farthest place gains over the nearest where both are as alike: fewer joins.
const FARTHER: f32 = 0.002;

/// A place, and how alike it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Match {
    /// Of the run's first frame, in what was searched.
    pub(super) place: usize,
    /// 1 is the same but for its level, 0 unrelated, -1 turned over.
    pub(super) likeness: f32,
}

/// Compares runs of frames.
#[derive(Debug, Clone)]
pub(super) struct Likeness {
    /// Frames that are compared.
    run: usize,
    /// Frames between two coarse places.
    step: usize,
    coarse: Box<[Frame]>,
}

impl Likeness {
    /// Compares runs of `run` frames within up to `longest` of them. Allocates.
    pub(super) fn new(rate: SampleRate, run: usize, longest: usize) -> Self {
        let step = (rate.hz() / COARSE_HZ).max(1) as usize;
        Self {
            run,
            step,
            coarse: vec![[0.0; 2]; longest / step + 1].into(),
        }
    }

    /// Of the runs of `signal` that begin at `places`, the one most like the run that begins at `like`.
    pub(super) fn best(&mut self, signal: &[Frame], like: usize, places: RangeInclusive<usize>) -> Option<Match> {
        let wanted = signal.get(like..like + self.run)?;
        let energy = dot(wanted, wanted);
        let quiet = QUIET * 2.0 * self.run as f32;
        let mut best: Option<(f32, Match)> = None;
        let (first, last) = (*places.start(), *places.end());
        let farthest = like.abs_diff(first).max(like.abs_diff(last)).max(1) as f32;
        for near in self.coarse_best(signal, like, places)?.into_iter().flatten() {
            let exact = near.saturating_sub(self.step).max(first)..=(near + self.step).min(last);
            for place in exact {
                let Some(run) = signal.get(place..place + self.run) else {
                    break;
                };
                let other = dot(run, run);
                let likeness = if energy < quiet && other < quiet {
                    1.0
                } else {
                    normalised(dot(wanted, run), energy, other)
                };
                let score = likeness + FARTHER * like.abs_diff(place) as f32 / farthest;
                if best.is_none_or(|(before, _)| score > before) {
                    best = Some((score, Match { place, likeness }));
                }
            }
        }
        best.map(|(_, found)| found)
    }

    /// The most promising places, each at a hill's top.
    fn coarse_best(
        &mut self,
        signal: &[Frame],
        like: usize,
        places: RangeInclusive<usize>,
    ) -> Option<[Option<usize>; BEST]> {
        // The run that is compared with begins on the coarse grid.
        let skipped = like % self.step;
        let count = thin(signal.get(skipped..)?, self.step, &mut self.coarse);
        let coarse = self.coarse.get(..count)?;
        let (run, like) = (self.run / self.step, like / self.step);
        let wanted = coarse.get(like..like + run)?;
        let energy = dot(wanted, wanted);
        let grid = |place: usize| place.saturating_sub(skipped) / self.step;
        let mut hills = Hills::default();
        for place in grid(*places.start())..=grid(*places.end()) {
            let Some(other) = coarse.get(place..place + run) else {
                break;
            };
            let likeness = normalised(dot(wanted, other), energy, dot(other, other));
            hills.climb(place * self.step + skipped, likeness);
        }
        Some(hills.end())
    }
}

/// The highest tops of a row of values.
#[derive(Default)]
struct Hills {
    tops: [Option<(f32, usize)>; BEST],
    last: Option<(f32, usize)>,
    rising: bool,
}

impl Hills {
    fn climb(&mut self, place: usize, height: f32) {
        let rising = self.last.is_none_or(|(last, _)| height >= last);
        if self.rising && !rising {
            self.top();
        }
        (self.last, self.rising) = (Some((height, place)), rising);
    }

    fn top(&mut self) {
        let mut next = self.last;
        for kept in &mut self.tops {
            if next.is_some_and(|(height, _)| kept.is_none_or(|(lower, _)| height > lower)) {
                std::mem::swap(kept, &mut next);
            }
        }
    }

    /// What goes up to the end has its top there.
    fn end(mut self) -> [Option<usize>; BEST] {
        if self.rising {
            self.top();
        }
        self.tops.map(|top| top.map(|(_, place)| place))
    }
}

/// Means of `step` frames each. Returns how many there are.
fn thin(signal: &[Frame], step: usize, out: &mut [Frame]) -> usize {
    let groups = signal.chunks_exact(step).zip(out);
    groups
        .map(|(group, mean)| {
            *mean = group
                .iter()
                .fold([0.0; 2], |sum, frame| [sum[0] + frame[0], sum[1] + frame[1]]);
        })
        .count()
}

/// Both sides' products, summed.
fn dot(one: &[Frame], other: &[Frame]) -> f32 {
    let (one, rest) = one.as_flattened().as_chunks::<LANES>();
    let (other, other_rest) = other.as_flattened().as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (one, other) in one.iter().zip(other) {
        for (sum, (a, b)) in sums.iter_mut().zip(one.iter().zip(other)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest.iter().zip(other_rest).map(|(a, b)| a * b).sum::<f32>()
}

fn normalised(product: f32, one: f32, other: f32) -> f32 {
    let both = (one * other).sqrt();
    if both > f32::MIN_POSITIVE { product / both } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: usize = 768;

    fn sine(hz: f64, frames: usize) -> Vec<Frame> {
        let sample = |n: usize| (std::f64::consts::TAU * hz * n as f64 / 48_000.0).sin() as f32 * 0.3;
        (0..frames).map(|n| [sample(n), sample(n + 5)]).collect()
    }

    #[test]
    fn a_tone_is_most_like_itself_whole_periods_later_also_where_the_coarse_grid_hears_another_tone() {
        for hz in [60.0, 997.0, 1_000.0, 9_000.0, 15_000.0] {
            let signal = sine(hz, 4_000);
            let mut likeness = Likeness::new(SampleRate::DESK, RUN, signal.len());
            let found = likeness.best(&signal, 0, 192..=1_440).expect("a place");
            let periods = found.place as f64 * hz / 48_000.0;
            let off = (periods - periods.round()).abs() * 360.0;
            assert!(off < 4.0 && found.likeness > 0.995, "{hz} Hz: {found:?}, {off} degrees");
        }
    }

    #[test]
    fn earlier_places_are_found_as_later_ones_are_and_silence_fits_anywhere() {
        let signal = sine(440.0, 4_000);
        let mut likeness = Likeness::new(SampleRate::DESK, RUN, signal.len());
        let found = likeness.best(&signal, 2_000, 560..=1_808).expect("a place");
        assert!(found.likeness > 0.999, "{found:?}");
        let silence = vec![[0.0; 2]; 4_000];
        let found = likeness.best(&silence, 0, 192..=1_440).expect("a place");
        assert_eq!(
            found,
            Match {
                place: 1_440,
                likeness: 1.0
            },
            "as far as it goes"
        );
    }
}
