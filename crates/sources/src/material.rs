//! The material that comes with Airdesk, so that a desk without a microphone has something to mix.
//!
//! Rhythm and pad are computed, the voice is a spoken phrase (made with eSpeak NG). All loop without a
//! seam. Peaks stay below -6 dBFS, so that three strips at unity do not clip.

use std::f64::consts::TAU;
use std::io::Cursor;
use std::sync::Arc;

use airdesk_dsp::{Frame, SampleRate};

use crate::wav::WavPlayer;
use crate::{Player, SourceError};

const BEATS_PER_MINUTE: f64 = 104.0;
const BEATS: usize = 16;
/// The pad's length; every partial has a whole number of periods in it.
const PAD_SECONDS: f64 = 16.0;
/// Silence after the phrase, seconds.
const VOICE_PAUSE: f64 = 3.0;

/// A piece that starts again at its end, for ever.
pub struct Loop {
    frames: Arc<[Frame]>,
    place: usize,
}

impl Loop {
    /// Plays `frames` round and round; silence if there are none.
    pub fn new(frames: Arc<[Frame]>) -> Self {
        Self { frames, place: 0 }
    }
}

impl Player for Loop {
    fn render(&mut self, out: &mut [Frame]) -> Result<usize, SourceError> {
        let count = out.len();
        if self.frames.is_empty() {
            out.fill([0.0; 2]);
        }
        for frame in out {
            if let Some(next) = self.frames.get(self.place) {
                *frame = *next;
                self.place = (self.place + 1) % self.frames.len();
            }
        }
        Ok(count)
    }
}

/// A rhythm loop of four bars: kick, snare and hi-hat.
pub fn rhythm(rate: SampleRate) -> Arc<[Frame]> {
    let hz = f64::from(rate.hz());
    let beat = hz * 60.0 / BEATS_PER_MINUTE;
    let mut frames = vec![[0.0_f32; 2]; (beat * BEATS as f64).round() as usize];
    let mut noise = Noise(0x5eed);
    for step in 0..BEATS * 4 {
        let at = (beat * step as f64 / 4.0) as usize;
        let bar_step = step % 16;
        if matches!(bar_step, 0 | 7 | 10) {
            strike(&mut frames, at, hz, 0.35, [1.0, 1.0], |t| {
                (TAU * (48.0 * t + 9.0 * (1.0 - (-t * 28.0).exp()))).sin() * (-t * 9.0).exp() * 0.42
            });
        }
        if matches!(bar_step, 4 | 12) {
            strike(&mut frames, at, hz, 0.25, [0.9, 1.0], |t| {
                ((TAU * 185.0 * t).sin() * 0.4 + noise.next() * 0.6) * (-t * 20.0).exp() * 0.28
            });
        }
        if bar_step % 2 == 0 {
            let mut before = 0.0;
            let accent = if bar_step % 4 == 2 { 0.10 } else { 0.055 };
            strike(&mut frames, at, hz, 0.08, [1.0, 0.7], |t| {
                let white = noise.next();
                let bright = white - before;
                before = white;
                bright * (-t * 70.0).exp() * accent
            });
        }
    }
    frames.into()
}

/// Adds a sound of `seconds` at frame `at`, round the loop's seam.
fn strike(frames: &mut [Frame], at: usize, hz: f64, seconds: f64, sides: [f64; 2], mut sound: impl FnMut(f64) -> f64) {
    let length = frames.len();
    for n in 0..(seconds * hz) as usize {
        // The last hundredth of a second fades, so that a sound cut short does not click.
        let left = seconds - n as f64 / hz;
        let sample = sound(n as f64 / hz) * (left * 100.0).min(1.0);
        if let Some(frame) = frames.get_mut((at + n) % length) {
            frame[0] += (sample * sides[0]) as f32;
            frame[1] += (sample * sides[1]) as f32;
        }
    }
}

/// A slow chord, four notes with three partials each, breathing left and right.
pub fn pad(rate: SampleRate) -> Arc<[Frame]> {
    let hz = f64::from(rate.hz());
    let count = (PAD_SECONDS * hz).round() as usize;
    let whole = |note: f64| (note * PAD_SECONDS).round() / PAD_SECONDS;
    let voices: Vec<(f64, f64, f64)> = [110.0, 164.81, 220.0, 277.18, 329.63]
        .iter()
        .enumerate()
        .flat_map(|(n, note)| {
            [1.0, 2.0, 3.0].map(|partial| {
                let spread = if n % 2 == 0 { 0.35 } else { 0.65 };
                (
                    whole(note * partial * (1.0 + 0.0012 * n as f64)),
                    0.055 / (partial * partial),
                    spread,
                )
            })
        })
        .collect();
    let mut frames = vec![[0.0_f32; 2]; count];
    for (n, frame) in frames.iter_mut().enumerate() {
        let t = n as f64 / hz;
        let mut sides = [0.0, 0.0];
        for (k, (note, loudness, spread)) in voices.iter().enumerate() {
            let breath = 0.7 + 0.3 * (TAU * (1.0 + (k % 3) as f64) * t / PAD_SECONDS + k as f64).sin();
            let sample = (TAU * note * t + k as f64).sin() * loudness * breath;
            sides[0] += sample * (1.0 - spread) * 2.0;
            sides[1] += sample * spread * 2.0;
        }
        *frame = sides.map(|side| side as f32);
    }
    frames.into()
}

/// A spoken phrase and a pause.
///
/// # Errors
/// Never in a sound build: the phrase is part of the program.
pub fn voice(rate: SampleRate) -> Result<Arc<[Frame]>, SourceError> {
    let phrase = Cursor::new(include_bytes!("../assets/voice.wav").as_slice());
    let mut player = WavPlayer::new(phrase, rate)?;
    let mut frames = Vec::new();
    let mut step = [[0.0; 2]; 512];
    loop {
        let count = player.render(&mut step)?;
        frames.extend_from_slice(&step[..count]);
        if count < step.len() {
            break;
        }
    }
    let pause = rate.frames_in(VOICE_PAUSE).0 as usize;
    frames.extend(std::iter::repeat_n([0.0; 2], pause));
    Ok(frames.into())
}

/// White noise, the same each time. A linear congruential generator (Knuth's MMIX constants).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / f64::from(1_u32 << 23) - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(frames: &[Frame]) -> f32 {
        frames
            .as_flattened()
            .iter()
            .fold(0.0, |peak, sample| peak.max(sample.abs()))
    }

    #[test]
    fn every_piece_can_be_heard_and_leaves_room_for_the_others() {
        for rate in [44_100, 48_000, 96_000] {
            let rate = SampleRate::new(rate).expect("a rate");
            for piece in [rhythm(rate), pad(rate), voice(rate).expect("the phrase")] {
                let peak = peak(&piece);
                assert!((0.1..0.75).contains(&peak), "{peak}");
                assert!(piece.len() > rate.hz() as usize * 4);
            }
        }
    }

    #[test]
    fn the_loops_have_no_step_at_their_seam() {
        for piece in [pad(SampleRate::DESK), rhythm(SampleRate::DESK)] {
            let largest = piece
                .windows(2)
                .map(|w| (w[1][0] - w[0][0]).abs())
                .fold(0.0_f32, f32::max);
            let seam = (piece[0][0] - piece[piece.len() - 1][0]).abs();
            assert!(seam <= largest, "{seam} at the seam, {largest} within");
        }
    }

    #[test]
    fn a_loop_starts_again_at_its_end() {
        let mut player = Loop::new((0..5).map(|n| [n as f32; 2]).collect());
        let mut out = [[0.0; 2]; 12];
        assert_eq!(player.render(&mut out).expect("a loop cannot fail"), 12);
        assert_eq!(out.map(|frame| frame[0] as u32), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
    }
}
