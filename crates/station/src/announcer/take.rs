//! What was said, kept so that it can be said again as it was: a minute of it at most.

use airdesk_dsp::{Frame, SampleRate};

/// The longest that is kept of one utterance, seconds.
const SECONDS_MAX: f64 = 60.0;
/// Frames that are given at once.
const PIECE: usize = 4_096;

/// An utterance in 16 bits; what came in 16 bits is given back to the bit.
#[derive(Debug, Default)]
pub(super) struct Take {
    parts: Vec<Part>,
    seconds: f64,
    /// More has come than is kept.
    is_cut: bool,
}

#[derive(Debug)]
struct Part {
    rate: SampleRate,
    samples: Vec<i16>,
    /// Both sides, in turn; else they are alike and kept once.
    stereo: bool,
}

impl Take {
    pub(super) fn keep(&mut self, rate: SampleRate, frames: &[Frame]) {
        let hz = f64::from(rate.hz());
        let room = ((SECONDS_MAX - self.seconds).max(0.0) * hz) as usize;
        let kept = &frames[..frames.len().min(room)];
        self.is_cut |= kept.len() < frames.len();
        if kept.is_empty() {
            return;
        }
        self.seconds += kept.len() as f64 / hz;
        let stereo = kept.iter().any(|frame| frame[0] != frame[1]);
        let part = match self.parts.last_mut() {
            Some(part) if part.rate == rate && part.stereo == stereo => part,
            _ => {
                self.parts.push(Part {
                    rate,
                    samples: Vec::new(),
                    stereo,
                });
                match self.parts.last_mut() {
                    Some(part) => part,
                    None => return,
                }
            }
        };
        let whole = |sample: f32| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
        if stereo {
            part.samples.extend(kept.iter().flatten().map(|sample| whole(*sample)));
        } else {
            part.samples.extend(kept.iter().map(|frame| whole(frame[0])));
        }
    }

    /// Seconds that are kept.
    pub(super) fn seconds(&self) -> f64 {
        self.seconds
    }

    /// All that has come is kept.
    pub(super) fn is_whole(&self) -> bool {
        !self.is_cut
    }

    /// What is kept, in pieces.
    pub(super) fn pieces(&self) -> Vec<(SampleRate, Vec<Frame>)> {
        let mut pieces = Vec::new();
        for part in &self.parts {
            let level = |sample: i16| f32::from(sample) / 32_768.0;
            if part.stereo {
                let (pairs, _) = part.samples.as_chunks::<2>();
                pieces.extend(pairs.chunks(PIECE).map(|piece| {
                    let frames = piece.iter().map(|[left, right]| [level(*left), level(*right)]);
                    (part.rate, frames.collect())
                }));
            } else {
                let single = part.samples.chunks(PIECE);
                pieces
                    .extend(single.map(|piece| (part.rate, piece.iter().map(|sample| [level(*sample); 2]).collect())));
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_kept_to_the_bit_and_no_more() {
        let rate = SampleRate::new(24_000).expect("a rate");
        let mono: Vec<Frame> = (0..10_000)
            .map(|n| [(n % 60_000 - 30_000) as f32 / 32_768.0; 2])
            .collect();
        let stereo = vec![[0.5, -0.5]; 100];
        let mut take = Take::default();
        take.keep(rate, &mono);
        take.keep(SampleRate::DESK, &stereo);
        let given: Vec<Frame> = take.pieces().into_iter().flat_map(|(_, frames)| frames).collect();
        assert!(given == [mono.clone(), stereo].concat() && take.is_whole());
        for _ in 0..150 {
            take.keep(rate, &mono);
        }
        assert!(
            !take.is_whole() && (59.9..=60.0).contains(&take.seconds()),
            "{}",
            take.seconds()
        );
    }
}
