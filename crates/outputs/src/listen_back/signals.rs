//! Signals for tests: sounds with the grain of what is broadcast, each different for each seed.

use airdesk_dsp::Frame;

/// A sequence that looks random and is the same every time (George Marsaglia's xorshift).
#[derive(Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        let mut chance = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            chance.next();
        }
        chance
    }

    /// From -1 to +1.
    pub(super) fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    /// From `least` to `most`.
    pub(super) fn between(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * (self.next() * 0.5 + 0.5)
    }
}

/// Noise in syllables of 80 to 300 ms, each through a resonance of its own, with pauses between words.
pub(super) fn speech(seed: u64, seconds: f32, rate: u32) -> Vec<Frame> {
    let mut chance = Chance::new(seed);
    let mut frames = Vec::new();
    while frames.len() < (seconds * rate as f32) as usize {
        let length = (chance.between(0.08, 0.3) * rate as f32) as usize;
        let is_pause = chance.next() > 0.6;
        let pitch = chance.between(250.0, 3500.0) / rate as f32;
        let loud = if is_pause { 0.0 } else { chance.between(0.02, 0.2) };
        let (turn, keep) = ((std::f32::consts::TAU * pitch).cos(), 0.97_f32);
        let (mut before, mut last) = (0.0, 0.0);
        for n in 0..length {
            let shape = (std::f32::consts::PI * n as f32 / length as f32).sin();
            let now = chance.next() * 0.3 + 2.0 * keep * turn * last - keep * keep * before;
            (before, last) = (last, now);
            let hiss = chance.next() * 0.0005;
            frames.push([now * shape * loud * 0.3 + hiss, now * shape * loud * 0.25 + hiss]);
        }
    }
    frames.truncate((seconds * rate as f32) as usize);
    frames
}

/// Plucked notes in fourths of a beat at `tempo` beats a minute, over a drum on every beat.
pub(super) fn music(seed: u64, tempo: f32, seconds: f32, rate: u32) -> Vec<Frame> {
    let mut chance = Chance::new(seed);
    let mut frames = vec![[0.0_f32; 2]; (seconds * rate as f32) as usize];
    let step = 60.0 / tempo / 4.0 * rate as f32;
    for number in 0.. {
        let from = (number as f32 * step) as usize;
        if from >= frames.len() {
            break;
        }
        let hz = 110.0 * 2.0_f32.powf((chance.between(0.0, 36.0)).floor() / 12.0);
        let side = chance.between(0.3, 0.7);
        let (plays, drum) = (chance.next() > -0.3, number % 4 == 0);
        let mut noise = chance.clone();
        for (n, frame) in frames[from..].iter_mut().take(rate as usize / 2).enumerate() {
            let time = n as f32 / rate as f32;
            let mut sound = 0.0;
            if plays {
                let fade = (-time * 6.0).exp();
                sound += (1..6)
                    .map(|harmonic| (std::f32::consts::TAU * hz * harmonic as f32 * time).sin() / harmonic as f32)
                    .sum::<f32>()
                    * fade
                    * 0.1;
            }
            if drum {
                sound += noise.next() * (-time * 40.0).exp() * 0.3;
                sound += (std::f32::consts::TAU * 60.0 * time).sin() * (-time * 12.0).exp() * 0.3;
            }
            *frame = [frame[0] + sound * side, frame[1] + sound * (1.0 - side)];
        }
    }
    frames
}

/// A steady tone.
pub(super) fn tone(hz: f32, seconds: f32, rate: u32) -> Vec<Frame> {
    let sample = |n: usize| (std::f32::consts::TAU * hz * n as f32 / rate as f32).sin() * 0.1;
    (0..(seconds * rate as f32) as usize).map(|n| [sample(n); 2]).collect()
}
