//! How a sound would most likely go on: linear prediction, so that what is cut can be joined without a click.
//!
//! Burg's method (J. P. Burg, "Maximum entropy spectral analysis", 1967) in `f64`: the predictor never grows without
//! bound, and tones go on as tones. Used for a few milliseconds where the rate of a stream changes. Allocates; about
//! 0.1 ms a call.

use airdesk_dsp::Frame;

/// Predicts from so many frames before.
const ORDER: usize = 32;
/// Learns from no more than the last so many frames, and has nothing to say with fewer than the second.
pub const HISTORY: usize = 480;
const HISTORY_LEAST: usize = 16;

/// `count` frames as they would follow `before`; silence where too little is known.
pub fn after(before: &[Frame], count: usize) -> Vec<Frame> {
    let before = &before[before.len().saturating_sub(HISTORY)..];
    let sides = [0, 1].map(|side| go_on(before.iter().map(|frame| f64::from(frame[side])).collect(), count));
    sides[0]
        .iter()
        .zip(&sides[1])
        .map(|(left, right)| [*left as f32, *right as f32])
        .collect()
}

/// `count` frames as they would have come before `behind`.
pub fn before(behind: &[Frame], count: usize) -> Vec<Frame> {
    let turned: Vec<Frame> = behind.iter().take(HISTORY).rev().copied().collect();
    let mut frames = after(&turned, count);
    frames.reverse();
    frames
}

/// One side of it.
fn go_on(mut signal: Vec<f64>, count: usize) -> Vec<f64> {
    let known = signal.len();
    if known < HISTORY_LEAST {
        return vec![0.0; count];
    }
    let predictor = burg(&signal, ORDER.min(known / 3));
    for _ in 0..count {
        let last = signal.iter().rev();
        let next = predictor.iter().zip(last).map(|(factor, sample)| factor * sample).sum();
        signal.push(next);
    }
    signal.split_off(known)
}

/// The factors of the samples before, the nearest first.
fn burg(signal: &[f64], order: usize) -> Vec<f64> {
    let (mut forward, mut backward) = (signal.to_vec(), signal.to_vec());
    let mut factors: Vec<f64> = Vec::with_capacity(order);
    for m in 0..order {
        let pairs = || forward[m + 1..].iter().zip(&backward[m..signal.len() - 1]);
        let power: f64 = pairs().map(|(f, b)| f * f + b * b).sum();
        if power < 1e-20 {
            break; // all is told
        }
        let reflection = 2.0 * pairs().map(|(f, b)| f * b).sum::<f64>() / power;
        let mirrored: Vec<f64> = factors.iter().rev().copied().collect();
        for (factor, mirror) in factors.iter_mut().zip(mirrored) {
            *factor -= reflection * mirror;
        }
        factors.push(reflection);
        for n in (m + 1..signal.len()).rev() {
            let (f, b) = (forward[n], backward[n - 1]);
            forward[n] = f - reflection * b;
            backward[n] = b - reflection * f;
        }
    }
    factors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(from: i32, count: usize) -> Vec<Frame> {
        let at = |n: i32| {
            let phase = f64::from(n) * 0.13;
            [
                (0.5 * phase.sin()) as f32,
                (0.3 * (phase * 2.1).cos() + 0.1 * phase.sin()) as f32,
            ]
        };
        (from..from + count as i32).map(at).collect()
    }

    fn worst(one: &[Frame], other: &[Frame]) -> f32 {
        assert_eq!(one.len(), other.len());
        let pairs = one.as_flattened().iter().zip(other.as_flattened());
        pairs.map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn tones_go_on_as_tones_and_come_from_where_they_came_from() {
        assert!(worst(&after(&tone(0, 480), 240), &tone(480, 240)) < 0.01);
        assert!(worst(&before(&tone(240, 480), 240), &tone(0, 240)) < 0.01);
    }

    #[test]
    fn noise_dies_away_and_nothing_grows_without_bound() {
        let mut dice = super::super::tests::Dice::new(7);
        let noise: Vec<Frame> = (0..480).map(|_| [dice.noise(), dice.noise()]).collect();
        let frames = after(&noise, 2_000);
        assert!(frames.as_flattened().iter().all(|sample| sample.abs() < 4.0));
        assert_eq!(after(&[[0.5; 2]; 3], 5), [[0.0; 2]; 5]);
        assert_eq!(after(&[[0.0; 2]; 480], 5), [[0.0; 2]; 5]);
    }
}
