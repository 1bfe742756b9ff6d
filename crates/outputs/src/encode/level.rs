//! How loud a stream is: a gain, a slow hand that brings its loudness to a target, and a true-peak limiter behind both.
//!
//! Runs on the encoder's thread; allocates in `new` only. What is neither moved nor steered passes to the bit and
//! without delay; else the limiter keeps it under -1 dBTP, 3 ms later. The hand looks at the short-term loudness
//! (EBU Tech 3341, 3 s) of what would be sent without it, ten times a second, and moves by at most 1 dB/s.

use airdesk_dsp::limiter::Limiter;
use airdesk_dsp::ramp::StereoRamp;
use airdesk_dsp::{BLOCK_FRAMES, Block, Decibels, SampleRate};

use crate::loudness::{Lufs, Measurement};

/// How often the hand looks, seconds.
const STEP_SECONDS: f64 = 0.1;
/// How far it moves at a time: 1 dB/s.
const STEP_DB: f32 = 0.1;
/// How far it goes from the gain that was set, dB: what needs more is another mix.
const REACH_DB: f32 = 20.0;
/// It begins once a whole window of the short-term loudness has been heard, seconds.
const WINDOW_SECONDS: f64 = 3.0;
/// Below this it rests, LUFS: a pause is not to be turned up.
const PAUSE_LUFS: f32 = -45.0;
/// It rests, too, while the momentary loudness is so far below the short-term one, or above it: a pause has begun or
/// has ended, and the window is half of it.
const FALLEN_LU: f32 = 10.0;
const RISEN_LU: f32 = 3.0;

/// How loud a stream is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StreamLevel {
    /// Added to the bus's own level.
    pub gain: Decibels,
    /// The loudness it is brought to, slowly, 20 dB to either side of the gain at most; `None` leaves it as it is.
    pub loudness: Option<Lufs>,
}

impl Default for StreamLevel {
    /// As loud as the bus.
    fn default() -> Self {
        Self {
            gain: Decibels::UNITY,
            loudness: None,
        }
    }
}

/// Brings blocks to a level.
pub(super) struct Leveller {
    ramp: StereoRamp,
    limiter: Limiter,
    gain: Decibels,
    hand: Option<Hand>,
}

/// The slow hand.
struct Hand {
    target: Lufs,
    /// Of the bus, before any gain.
    heard: Measurement,
    /// What it adds to the gain, dB.
    turned: f32,
    blocks_to_look: u32,
    blocks_a_step: u32,
}

impl Leveller {
    /// `None` where there is nothing to do. Allocates.
    pub(super) fn new(level: StreamLevel, rate: SampleRate) -> Option<Self> {
        if level == StreamLevel::default() {
            return None;
        }
        let step = rate.frames_in(STEP_SECONDS);
        let blocks_a_step = (step.0 / BLOCK_FRAMES as u32).max(1);
        Some(Self {
            ramp: StereoRamp::new([level.gain.gain(); 2], step),
            limiter: Limiter::new(rate),
            gain: level.gain,
            hand: level.loudness.map(|target| Hand {
                target,
                heard: Measurement::new(rate),
                turned: 0.0,
                blocks_to_look: blocks_a_step,
                blocks_a_step,
            }),
        })
    }

    /// Brings one block there, 3 ms late.
    pub(super) fn apply(&mut self, block: &mut Block) {
        if let Some(hand) = &mut self.hand
            && let Some(turned) = hand.listen(block, self.gain)
            && let Some(gain) = Decibels::new(self.gain.db() + turned)
        {
            self.ramp.set_target([gain.gain(); 2]);
        }
        self.ramp.apply(block);
        self.limiter.process(block);
    }
}

impl Hand {
    /// Where it stands, dB, when it has just moved.
    fn listen(&mut self, block: &Block, gain: Decibels) -> Option<f32> {
        self.heard.measure(block);
        self.blocks_to_look -= 1;
        if self.blocks_to_look > 0 {
            return None;
        }
        self.blocks_to_look = self.blocks_a_step;
        let reading = self.heard.reading();
        let (loudness, now) = (reading.short_term?.value(), reading.momentary?.value());
        let steady = (loudness - FALLEN_LU..loudness + RISEN_LU).contains(&now);
        if loudness < PAUSE_LUFS || !steady || reading.seconds < WINDOW_SECONDS {
            return None;
        }
        let wanted = (self.target.value() - loudness - gain.db()).clamp(-REACH_DB, REACH_DB);
        self.turned += (wanted - self.turned).clamp(-STEP_DB, STEP_DB);
        Some(self.turned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    /// `seconds` of a sine of 1 kHz on both sides through a leveller, and what comes out of the last second of it.
    fn heard(leveller: &mut Leveller, amplitude: f32, seconds: f64) -> crate::loudness::Loudness {
        let blocks = (seconds * f64::from(RATE)) as usize / BLOCK_FRAMES;
        let mut measurement = Measurement::new(SampleRate::DESK);
        for number in 0..blocks {
            let mut block: Block = std::array::from_fn(|n| {
                let frame = number * BLOCK_FRAMES + n;
                let angle = std::f64::consts::TAU * 1_000.0 * frame as f64 / f64::from(RATE);
                [angle.sin() as f32 * amplitude; 2]
            });
            leveller.apply(&mut block);
            if number + RATE as usize / BLOCK_FRAMES >= blocks {
                measurement.measure(&block);
            }
        }
        measurement.reading()
    }

    fn level(gain: f32, loudness: Option<f64>) -> StreamLevel {
        StreamLevel {
            gain: Decibels::new(gain).expect("a level"),
            loudness: loudness.and_then(Lufs::new),
        }
    }

    fn momentary(leveller: &mut Leveller, amplitude: f32, seconds: f64) -> f32 {
        heard(leveller, amplitude, seconds).momentary.expect("a tone").value()
    }

    #[test]
    fn a_stream_as_loud_as_its_bus_needs_no_leveller() {
        assert!(Leveller::new(StreamLevel::default(), SampleRate::DESK).is_none());
    }

    #[test]
    fn a_gain_is_heard_and_a_peak_never_rises_above_the_ceiling() {
        let mut quieter = Leveller::new(level(-6.0, None), SampleRate::DESK).expect("a gain");
        let plain = 20.0 * 0.1_f32.log10(); // a sine of 0 dBFS on both sides reads 0 LUFS
        let found = momentary(&mut quieter, 0.1, 2.0) - plain;
        assert!((found + 6.0).abs() < 0.2, "{found} dB");
        let mut louder = Leveller::new(level(20.0, None), SampleRate::DESK).expect("a gain");
        let peak = heard(&mut louder, 0.9, 2.0).true_peak_max.expect("a tone").value();
        assert!((-1.3..-0.9).contains(&peak), "{peak} dBTP");
    }

    #[test]
    fn loudness_comes_to_its_target_by_a_decibel_a_second_and_stays_there() {
        let mut leveller = Leveller::new(level(0.0, Some(-16.0)), SampleRate::DESK).expect("a target");
        let quiet = 10.0_f32.powf(-26.0 / 20.0); // 10 LU below the target
        let after = |leveller: &mut Leveller, seconds| momentary(leveller, quiet, seconds);
        let soon = after(&mut leveller, 6.0);
        assert!(
            (-23.8..-22.0).contains(&soon),
            "three seconds of moving brought it to {soon} LUFS"
        );
        let there = after(&mut leveller, 12.0);
        assert!((there + 16.0).abs() < 0.3, "{there} LUFS");
        let still = after(&mut leveller, 10.0);
        assert!((still - there).abs() < 0.1, "{still} LUFS");
    }

    #[test]
    fn a_pause_is_not_turned_up() {
        let mut leveller = Leveller::new(level(0.0, Some(-16.0)), SampleRate::DESK).expect("a target");
        let on_target = 10.0_f32.powf(-16.0 / 20.0);
        momentary(&mut leveller, on_target, 5.0);
        heard(&mut leveller, 0.0001, 30.0); // -80 LUFS
        let back = momentary(&mut leveller, on_target, 1.5);
        assert!((back + 16.0).abs() < 0.5, "{back} LUFS");
        let later = momentary(&mut leveller, on_target, 10.0);
        assert!((later + 16.0).abs() < 0.5, "{later} LUFS");
    }
}
