//! Joins chunks that overlap: the end of one and the beginning of the next are added once, in frames.
//!
//! Of chunks with n1 and n2 frames that share `overlap`, n1 + n2 - overlap come out: as long as what they were cut from.
//! What is the same on both sides passes with gains that add up to one (cos² and sin²), what is not with powers that do
//! (cos and sin): either way what is heard stays as loud. Worker's thread; allocates.

use std::f64::consts::FRAC_PI_2;

use airdesk_dsp::Frame;

/// From this correlation on two sounds are taken for the same: between them, both curves are off by the same 1.25 dB.
const SAME: f64 = 0.5;

/// How one sound passes into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// Gains add up to one: for the same sound on both sides.
    EqualGain,
    /// Powers add up to one: for sounds that have nothing to do with each other.
    EqualPower,
}

impl Curve {
    /// The one that keeps `old` and `new` as loud, by their correlation.
    pub fn between(old: &[Frame], new: &[Frame]) -> Self {
        if correlation(old, new) >= SAME {
            Self::EqualGain
        } else {
            Self::EqualPower
        }
    }

    /// The gains of what ends and of what begins, at `place` from 0 to 1.
    pub fn gains(self, place: f64) -> [f32; 2] {
        let (sin, cos) = (FRAC_PI_2 * place).sin_cos();
        match self {
            Self::EqualGain => [(cos * cos) as f32, (sin * sin) as f32],
            Self::EqualPower => [cos as f32, sin as f32],
        }
    }
}

/// How alike two sounds are, frame by frame: 1 the same, 0 nothing in common, -1 turned over. Silence is like nothing.
pub fn correlation(one: &[Frame], other: &[Frame]) -> f64 {
    let (mut product, mut powers) = (0.0, [0.0; 2]);
    for (a, b) in one.as_flattened().iter().zip(other.as_flattened()) {
        let (a, b) = (f64::from(*a), f64::from(*b));
        product += a * b;
        powers = [powers[0] + a * a, powers[1] + b * b];
    }
    let both = (powers[0] * powers[1]).sqrt();
    if both > 0.0 { product / both } else { 0.0 }
}

/// Puts `new` over `old`, frame by frame, and leaves the sum in `new`. As many frames as both have.
pub fn overlap(old: &[Frame], new: &mut [Frame], curve: Curve) {
    let count = old.len().min(new.len());
    for (n, (new, old)) in new.iter_mut().zip(old).enumerate() {
        let [falling, rising] = curve.gains((n as f64 + 0.5) / count as f64);
        *new = [0, 1].map(|side| falling * old[side] + rising * new[side]);
    }
}

/// Joins chunk after chunk. What the next one overlaps is kept back.
#[derive(Debug, Clone)]
pub struct Crossfade {
    overlap: usize,
    curve: Option<Curve>,
    kept: Vec<Frame>,
}

impl Crossfade {
    /// For chunks whose first `overlap` frames are at the same place as the last of the chunk before. Without a curve the
    /// one that fits is chosen at each seam.
    pub fn new(overlap: usize, curve: Option<Curve>) -> Self {
        Self {
            overlap,
            curve,
            kept: Vec::with_capacity(overlap),
        }
    }

    /// Frames kept back.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// The chunks from the next on overlap by so many frames. What is kept back for the next one stays as it was.
    pub fn set_overlap(&mut self, overlap: usize) {
        self.overlap = overlap;
    }

    /// Takes one whole chunk and appends what will not change any more. A chunk that is shorter than what it overlaps is
    /// joined as far as it goes.
    pub fn push(&mut self, mut chunk: Vec<Frame>, out: &mut Vec<Frame>) {
        let shared = self.kept.len().min(chunk.len());
        let alone = self.kept.len() - shared;
        out.extend_from_slice(&self.kept[..alone]);
        let old = &self.kept[alone..];
        let curve = self.curve.unwrap_or_else(|| Curve::between(old, &chunk[..shared]));
        overlap(old, &mut chunk[..shared], curve);
        let done = chunk.len().saturating_sub(self.overlap);
        out.extend_from_slice(&chunk[..done]);
        self.kept.clear();
        self.kept.extend_from_slice(&chunk[done..]);
    }

    /// Appends what was kept back: there is no next chunk.
    pub fn finish(&mut self, out: &mut Vec<Frame>) {
        out.append(&mut self.kept);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Dice, tone};
    use super::*;

    fn join(chunks: &[Vec<Frame>], overlap: usize, curve: Option<Curve>) -> Vec<Frame> {
        let (mut crossfade, mut out) = (Crossfade::new(overlap, curve), Vec::new());
        for chunk in chunks {
            crossfade.push(chunk.clone(), &mut out);
        }
        crossfade.finish(&mut out);
        out
    }

    fn mono(samples: &[f32]) -> Vec<Frame> {
        samples.iter().map(|sample| [*sample; 2]).collect()
    }

    fn power_db(frames: &[Frame]) -> f64 {
        let power: f64 = frames
            .as_flattened()
            .iter()
            .map(|sample| f64::from(*sample).powi(2))
            .sum();
        10.0 * (power / (2 * frames.len()) as f64).log10()
    }

    #[test]
    fn lengths_add_up_without_the_overlap_and_no_overlap_changes_nothing() {
        let one = mono(&[0.1, 0.2, 0.3, 0.4, 0.5]);
        let two = mono(&[0.8, 0.9, 1.0]);
        let joined = join(&[one.clone(), two.clone()], 2, Some(Curve::EqualGain));
        assert_eq!(joined.len(), 6);
        assert_eq!((&joined[..3], joined[5]), (&one[..3], [1.0; 2]));
        // The middle of an overlap of one is half of each.
        let joined = join(&[mono(&[0.2]), mono(&[0.5])], 1, Some(Curve::EqualGain));
        assert_eq!(joined.len(), 1);
        assert!((joined[0][0] - 0.35).abs() < 1e-6);
        assert_eq!(join(&[one.clone(), two.clone()], 0, None), [one, two].concat());
    }

    #[test]
    fn chunks_cut_from_one_sound_with_an_overlap_are_that_sound_again() {
        let sound = tone(440.0, 48_000.0, 0, 100_000);
        let mut dice = Dice::new(11);
        for overlap in [1, 480, 9_600] {
            let (mut chunks, mut from) = (Vec::new(), 0);
            while from < sound.len() {
                let to = (from + 1 + overlap + dice.below(20_000) as usize).min(sound.len());
                chunks.push(sound[from..to].to_vec());
                from = if to == sound.len() { to } else { to - overlap };
            }
            let joined = join(&chunks, overlap, None);
            assert_eq!(joined.len(), sound.len(), "overlap {overlap}");
            let worst = joined
                .iter()
                .zip(&sound)
                .map(|(a, b)| (a[0] - b[0]).abs())
                .fold(0.0, f32::max);
            assert!(worst < 1e-6, "{worst}");
        }
    }

    #[test]
    fn chunks_shorter_than_their_overlap_lose_nothing_but_the_overlap() {
        let chunks = [mono(&[0.1; 10]), mono(&[0.1; 2]), mono(&[0.1; 10])];
        // Two of the ten that were kept; then two of the two.
        let joined = join(&chunks, 5, Some(Curve::EqualGain));
        assert_eq!(joined.len(), 10 + 2 - 2 + 10 - 2);
        assert!(joined.iter().all(|frame| (frame[0] - 0.1).abs() < 1e-6));
    }

    #[test]
    fn what_is_alike_and_what_is_not_stay_as_loud_within_half_a_decibel() {
        let mut dice = Dice::new(5);
        let mut noise = |count: usize| -> Vec<Frame> { (0..count).map(|_| [dice.noise(), dice.noise()]).collect() };
        for overlap in [4_800, 48_000] {
            let (one, two) = (noise(100_000), noise(100_000));
            let joined = join(&[one.clone(), two], overlap, None);
            let same = join(&[one.clone(), one[100_000 - overlap..].to_vec()], overlap, None);
            for joined in [&joined, &same] {
                let seam = &joined[100_000 - overlap..100_000];
                for part in seam.chunks(overlap / 4) {
                    let off = power_db(part) - power_db(&one);
                    assert!(off.abs() < 0.5, "{off:.2} dB");
                }
            }
        }
    }

    #[test]
    fn the_curve_is_chosen_by_how_alike_both_are() {
        let one = tone(440.0, 48_000.0, 0, 4_800);
        let turned: Vec<Frame> = one.iter().map(|frame| frame.map(|sample| -sample)).collect();
        assert_eq!(Curve::between(&one, &one), Curve::EqualGain);
        assert_eq!(Curve::between(&one, &turned), Curve::EqualPower);
        assert_eq!(
            Curve::between(&one, &tone(1_000.0, 48_000.0, 0, 4_800)),
            Curve::EqualPower
        );
        assert_eq!(Curve::between(&one, &[[0.0; 2]; 4_800]), Curve::EqualPower);
        for place in [0.0, 0.25, 0.5, 1.0] {
            let [falling, rising] = Curve::EqualGain.gains(place);
            assert!((falling + rising - 1.0).abs() < 1e-6);
            let [falling, rising] = Curve::EqualPower.gains(place);
            assert!((falling.powi(2) + rising.powi(2) - 1.0).abs() < 1e-6);
        }
    }
}
