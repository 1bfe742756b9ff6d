//! Finds what was heard in what was sent: normalised cross-correlation of features over the whole past by a Fourier
//! transform, or around a place that is known already, which costs next to nothing. No thread; allocates in `new` only.
//!
//! J. P. Lewis, "Fast Normalized Cross-Correlation" (1995); here the means are zero already, as features are movements.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::feature::{BANDS, Feature};

/// The longest past that is searched, features.
pub(super) const PAST_MAX: usize = 12_000;
/// Length of the transform: nothing that counts wraps around.
const LENGTH: usize = 16_384;
/// What a place must at least have in common with what was heard, as a part of one. In the tests music of the same tempo
/// with the same drum reaches 0.43, and what any of the codecs leaves at its lowest rate is 0.93.
pub(super) const ALIKE: f32 = 0.6;

/// A place in the past.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// Features from the beginning of the past, and parts of one.
    pub(super) place: f64,
    /// How much it is like what was heard: 1.0 is the same.
    pub(super) likeness: f32,
}

/// Searches.
pub(super) struct Finder {
    forward: Arc<dyn RealToComplex<f32>>,
    back: Arc<dyn ComplexToReal<f32>>,
    signal: Vec<f32>,
    sent: Vec<Complex<f32>>,
    heard: Vec<Complex<f32>>,
    sum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Finder {
    /// Allocates half a megabyte.
    pub(super) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, back) = (planner.plan_fft_forward(LENGTH), planner.plan_fft_inverse(LENGTH));
        let scratch = forward.get_scratch_len().max(back.get_scratch_len());
        let zero = Complex::new(0.0, 0.0);
        Self {
            signal: forward.make_input_vec(),
            sent: forward.make_output_vec(),
            heard: forward.make_output_vec(),
            sum: back.make_input_vec(),
            scratch: vec![zero; scratch],
            forward,
            back,
        }
    }

    /// The place in `sent` that is most like `heard`. `None` when there is less of it than was heard.
    pub(super) fn find<'a>(
        &mut self,
        sent: impl Iterator<Item = &'a Feature> + Clone,
        heard: impl Iterator<Item = &'a Feature> + Clone,
    ) -> Option<Found> {
        let (length, window) = (sent.clone().count().min(PAST_MAX), heard.clone().count());
        let places = length.checked_sub(window)? + 1;
        self.correlate(sent.clone().take(PAST_MAX), heard.clone());
        let energy = energy(heard);
        let energies = Energies::of(sent, window);
        let likeness = |place: usize, energy_there: f32| self.signal[place] / (energy * energy_there).sqrt().max(1e-3);
        let all = energies.take(places).enumerate();
        let likenesses: Vec<f32> = all.map(|(place, there)| likeness(place, there)).collect();
        let best = (0..places).max_by(|a, b| likenesses[*a].total_cmp(&likenesses[*b]))?;
        Some(refined(best, |place| likenesses.get(place).copied()))
    }

    /// The products of all places, left in `self.signal`.
    fn correlate<'a>(
        &mut self,
        sent: impl Iterator<Item = &'a Feature> + Clone,
        heard: impl Iterator<Item = &'a Feature> + Clone,
    ) {
        self.sum.fill(Complex::new(0.0, 0.0));
        for band in 0..BANDS {
            transform(
                &self.forward,
                &mut self.signal,
                sent.clone(),
                band,
                &mut self.sent,
                &mut self.scratch,
            );
            transform(
                &self.forward,
                &mut self.signal,
                heard.clone(),
                band,
                &mut self.heard,
                &mut self.scratch,
            );
            for ((sum, sent), heard) in self.sum.iter_mut().zip(&self.sent).zip(&self.heard) {
                *sum += sent * heard.conj();
            }
        }
        let done = self
            .back
            .process_with_scratch(&mut self.sum, &mut self.signal, &mut self.scratch);
        debug_assert!(done.is_ok(), "the ends of a real signal's spectrum are real");
        for value in &mut self.signal {
            *value /= LENGTH as f32;
        }
    }
}

fn transform<'a>(
    fft: &Arc<dyn RealToComplex<f32>>,
    signal: &mut [f32],
    features: impl Iterator<Item = &'a Feature>,
    band: usize,
    spectrum: &mut [Complex<f32>],
    scratch: &mut [Complex<f32>],
) {
    signal.fill(0.0);
    for (value, feature) in signal.iter_mut().zip(features) {
        *value = feature.bands[band];
    }
    let done = fft.process_with_scratch(signal, spectrum, scratch);
    debug_assert!(done.is_ok(), "the lengths are the plan's own");
}

/// The same among the first places of `sent` alone, without a transform: as many as there is more of it than was heard.
pub(super) fn find_near<'a>(
    sent: impl Iterator<Item = &'a Feature> + Clone,
    heard: impl Iterator<Item = &'a Feature> + Clone,
) -> Option<Found> {
    let (length, window) = (sent.clone().count(), heard.clone().count());
    let places = length.checked_sub(window)? + 1;
    let energy_heard = energy(heard.clone());
    let likeness = |place: usize| {
        if place >= places {
            return None;
        }
        let there = sent.clone().skip(place).take(window);
        let product: f32 = there.clone().zip(heard.clone()).map(|(a, b)| product(a, b)).sum();
        Some(product / (energy_heard * energy(there)).sqrt().max(1e-3))
    };
    let likenesses: Vec<f32> = (0..places).map_while(likeness).collect();
    let best = (0..places).max_by(|a, b| likenesses[*a].total_cmp(&likenesses[*b]))?;
    Some(refined(best, |place| likenesses.get(place).copied()))
}

/// Between the best place and its neighbours: the top of the parabola through them.
fn refined(best: usize, likeness: impl Fn(usize) -> Option<f32>) -> Found {
    let top = likeness(best).unwrap_or_default();
    let sides = best.checked_sub(1).and_then(&likeness).zip(likeness(best + 1));
    let shift = sides.map_or(0.0, |(before, after)| {
        let bend = before - 2.0 * top + after;
        if bend < 0.0 { 0.5 * (before - after) / bend } else { 0.0 }
    });
    Found {
        place: best as f64 + f64::from(shift.clamp(-0.5, 0.5)),
        likeness: top,
    }
}

fn product(a: &Feature, b: &Feature) -> f32 {
    a.bands.iter().zip(&b.bands).map(|(a, b)| a * b).sum()
}

fn energy<'a>(features: impl Iterator<Item = &'a Feature>) -> f32 {
    features.map(|feature| product(feature, feature)).sum()
}

/// The energy of each window in a row, in double precision: what is added must be gone when it is taken away.
struct Energies<I> {
    ahead: I,
    behind: I,
    sum: f64,
}

impl<'a, I: Iterator<Item = &'a Feature> + Clone> Energies<I> {
    fn of(features: I, window: usize) -> Self {
        let behind = features.clone();
        let mut ahead = features;
        let sum = ahead.by_ref().take(window).map(own).sum();
        Self { ahead, behind, sum }
    }
}

fn own(feature: &Feature) -> f64 {
    f64::from(product(feature, feature))
}

impl<'a, I: Iterator<Item = &'a Feature>> Iterator for Energies<I> {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        let now = self.sum.max(0.0) as f32;
        self.sum -= self.behind.next().map_or(0.0, own);
        self.sum += self.ahead.next().map_or(0.0, own);
        Some(now)
    }
}

#[cfg(test)]
mod tests;
